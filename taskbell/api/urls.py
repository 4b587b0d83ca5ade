"""Every URL of the API on one screen."""

from typing import Any

from django.urls import path

from taskbell.api import (
    activity,
    addresses,
    bulk,
    categories,
    changes,
    comments,
    insights,
    labels,
    members,
    notifications,
    people,
    projects,
    quick_add,
    reminders,
    reports,
    session,
    tasks,
    transfer,
)
from taskbell.api.aliases import aliases_of
from taskbell.api.document import DocsView, DocumentView, ReferenceView
from taskbell.common import paths  # noqa: F401 - the converter of ids

READ_ONLY: Any = {"url_name": "schema", "http_method_names": ["get", "head"]}  # no template renders OPTIONS

canonical = [
    path("register/", session.Register.as_view()),
    path("token/", session.SignIn.as_view()),
    path("token/refresh/", session.TokenRefresh.as_view()),
    path("logout/", session.Logout.as_view()),
    path("sessions/", session.Sessions.as_view()),
    path("sessions/<uuid:pk>/", session.SessionDetail.as_view()),
    path("password/reset/", session.PasswordReset.as_view()),
    path("password/reset/confirm/", session.PasswordResetConfirm.as_view()),
    path("password/change/", session.PasswordChange.as_view()),
    path("email/confirm/", addresses.EmailConfirm.as_view()),
    path("email/undo/", addresses.EmailUndo.as_view()),
    path("email/resend/", addresses.EmailResend.as_view()),
    path("profile/", people.OwnProfile.as_view()),
    path("users/", people.Users.as_view()),
    path("users/<id:pk>/", people.UserDetail.as_view()),
    path("invites/", people.Invites.as_view()),
    path("invites/<id:pk>/", people.InviteDetail.as_view()),
    path("projects/", projects.Projects.as_view()),
    path("projects/<id:pk>/", projects.ProjectDetail.as_view()),
    path("projects/<id:pk>/restore/", projects.ProjectRestore.as_view()),
    path("projects/<id:pk>/members/", members.Members.as_view()),
    path("projects/<id:pk>/members/<id:person>/", members.MemberDetail.as_view()),
    path("projects/<id:pk>/invites/", members.ProjectInvites.as_view()),
    path("projects/<id:pk>/invites/<id:invite>/", members.ProjectInviteDetail.as_view()),
    path("projects/<id:pk>/logs/", projects.ProjectLogs.as_view()),
    path("categories/", categories.Categories.as_view()),
    path("categories/<id:pk>/", categories.CategoryDetail.as_view()),
    path("labels/", labels.Labels.as_view()),
    path("labels/<id:pk>/", labels.LabelDetail.as_view()),
    path("tasks/", tasks.Tasks.as_view()),
    path("tasks/quick/", quick_add.QuickAdd.as_view()),
    path("tasks/bulk/", bulk.Bulk.as_view()),
    path("tasks/import/", transfer.TaskImport.as_view()),
    path("tasks/export/", transfer.TaskExport.as_view()),
    path("tasks/trash/", tasks.TaskTrash.as_view()),
    path("tasks/logs/", activity.Logs.as_view()),
    path("tasks/<id:pk>/", tasks.TaskDetail.as_view()),
    path("tasks/<id:pk>/restore/", tasks.TaskRestore.as_view()),
    path("tasks/<id:pk>/skip/", tasks.TaskSkip.as_view()),
    path("tasks/<id:pk>/snooze/", reminders.Snooze.as_view()),
    path("tasks/<id:pk>/schedule/", reminders.Schedule.as_view()),
    path("tasks/<id:pk>/reminders/", reminders.Reminders.as_view()),
    path("tasks/<id:pk>/reminders/<id:rid>/", reminders.ReminderDetail.as_view()),
    path("tasks/<id:pk>/comments/", comments.Comments.as_view()),
    path("tasks/<id:pk>/comments/<id:cid>/", comments.CommentDetail.as_view()),
    path("notifications/", notifications.Notifications.as_view()),
    path("notifications/read/", notifications.AllRead.as_view()),
    path("notifications/<id:pk>/", notifications.NotificationDetail.as_view()),
    path("changes/", changes.Changes.as_view()),
    path("recurrence/preview/", reminders.Preview.as_view()),
    path("tasks/<id:pk>/logs/", activity.TaskLogs.as_view()),
    path("reports/insights/", insights.Insights.as_view()),
    path("reports/", reports.Reports.as_view()),
    path("reports/<id:pk>/", reports.ReportDetail.as_view()),
    path("reports/<id:pk>/download/", reports.ReportDownload.as_view()),
    path("schema/", DocumentView.as_view(), name="schema"),
    path("docs/", DocsView.as_view(**READ_ONLY), name="docs"),
    path("redoc/", ReferenceView.as_view(**READ_ONLY), name="redoc"),
]

urlpatterns = canonical + aliases_of(canonical)
