"""The URL of every page."""

from django.contrib import admin
from django.urls import path
from django.views.generic import RedirectView

from taskbell.web import addresses, mail, pages, password, profile, projects, session, tasks

urlpatterns = [
    path("", pages.front, name="home"),
    path("sign-up/", session.sign_up, name="sign-up"),
    path("sign-in/", session.sign_in, name="sign-in"),
    path("sign-out/", session.sign_out, name="sign-out"),
    path("setup/<str:token>/", session.set_up, name="setup"),
    path("invite/<str:token>/", session.join, name="join"),
    path("password/change/", password.change, name="password-change"),
    path("password/reset/", password.ask_reset, name="password-reset"),
    path("password/reset/<str:uid>/<str:token>/", password.choose, name="password-choose"),
    path("email/change/", addresses.change, name="email-change"),
    path("email/resend/", addresses.resend, name="email-resend"),
    path("email/<str:use>/<str:token>/", addresses.link, name="email-link"),
    path("projects/join/<str:token>/", projects.join, name="project-join"),
    path("profile/", profile.profile, name="profile"),
    path("tasks/<int:pk>/", tasks.task, name="task"),
    path("mail/<str:token>/", mail.mail_button, name="mail-button"),
    path("profile/sessions/end-others/", profile.end_other_sessions, name="end-other-sessions"),
    path("profile/sessions/<uuid:session_id>/end/", profile.end_session, name="end-session"),
    path("favicon.ico", RedirectView.as_view(url="/static/web/favicon.svg"), name="favicon"),
    # The admin's own pages create Django sessions, which we don't use; these come first and replace them.
    path("admin/login/", session.admin_sign_in),
    path("admin/logout/", session.sign_out),
    path("admin/password_change/", RedirectView.as_view(pattern_name="password-change")),
    path("admin/", admin.site.urls),
]
