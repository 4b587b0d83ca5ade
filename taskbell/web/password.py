"""Resetting a forgotten password, and changing one."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from taskbell.accounts.middleware import client_of, know_browser, remember
from taskbell.common.clock import utc_now
from taskbell.people.passwords import change_password, mail_password_reset, person_of_reset_token, reset_password
from taskbell.web.door import form_page, page, person_of
from taskbell.web.forms import AskResetForm, ChangePasswordForm, ResetPasswordForm


@require_http_methods(["GET", "HEAD", "POST"])
def ask_reset(request: HttpRequest) -> HttpResponse:
    """Emails a link; the response is the same whether or not an account has the address."""
    form = AskResetForm(request.POST if request.method == "POST" else None)

    def act() -> HttpResponse:
        mail_password_reset(form.cleaned_data["email"], client=client_of(request), now=utc_now())
        return page(request, "password_mailed.html")

    return form_page(request, "password_ask.html", form, act)


@sensitive_post_parameters("new_password")
@require_http_methods(["GET", "HEAD", "POST"])
def choose(request: HttpRequest, uid: str, token: str) -> HttpResponse:
    """Sets a new password for the holder of the emailed link."""
    if person_of_reset_token(uid, token) is None:
        return page(request, "password_link_over.html", status=404)
    form = ResetPasswordForm(request.POST if request.method == "POST" else None)

    def act() -> HttpResponse:
        person = reset_password(uid, token, form.cleaned_data["new_password"], now=utc_now())
        know_browser(request, person.pk)
        messages.success(request, _("Your password has been changed. Sign in with the new one."))
        return redirect("sign-in")

    return form_page(request, "password_choose.html", form, act)


@sensitive_post_parameters("old_password", "new_password")
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest) -> HttpResponse:
    """Changes the password of a person who knows the current one, and signs them out everywhere else."""
    form = ChangePasswordForm(request.POST if request.method == "POST" else None)

    def act() -> HttpResponse:
        given = form.cleaned_data
        session = change_password(
            person_of(request),
            old=given["old_password"],
            new=given["new_password"],
            client=client_of(request),
            now=utc_now(),
        )
        remember(request, session)
        messages.success(request, _("Your password has been changed. You are signed out everywhere else."))
        return redirect("settings-security")

    return form_page(request, "password_change.html", form, act)
