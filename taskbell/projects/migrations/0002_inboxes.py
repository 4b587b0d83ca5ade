"""Gives everybody an Inbox: those who are there, and by a trigger everybody who comes, however their row is written."""

from typing import Any

from django.db import migrations

from taskbell.common.folding import sort_key

INBOX = """
INSERT INTO projects_project
    (name, name_sort, description, colour, inbox_of_id, created_by_id, created_at, updated_at, version)
SELECT 'Inbox', '{sort}', '', 'grey', id, id, {now}, {now}, 1 FROM {people}
"""
MEMBERSHIP = """
INSERT INTO projects_membership (project_id, person_id, role, added_at)
SELECT project.id, inbox_of_id, 'OWNER', created_at FROM projects_project AS project WHERE inbox_of_id {which}
"""
MISSING = "accounts_user WHERE id NOT IN (SELECT inbox_of_id FROM projects_project WHERE inbox_of_id IS NOT NULL)"


def make_inboxes(apps: Any, schema_editor: Any) -> None:
    sort = sort_key("Inbox").replace("'", "''")
    known = INBOX.format(sort=sort, now="date_joined", people=MISSING)
    newcomer = INBOX.format(sort=sort, now="NEW.date_joined", people="(SELECT NEW.id AS id) AS person")
    body = f"{newcomer}; {MEMBERSHIP.format(which='= NEW.id')};"
    if schema_editor.connection.vendor == "postgresql":
        statements = [
            f"CREATE FUNCTION projects_inbox() RETURNS trigger AS $$BEGIN {body} RETURN NULL; END$$ LANGUAGE plpgsql",
            "CREATE TRIGGER projects_inbox AFTER INSERT ON accounts_user "
            "FOR EACH ROW EXECUTE FUNCTION projects_inbox()",
        ]
    else:
        statements = [f"CREATE TRIGGER projects_inbox AFTER INSERT ON accounts_user BEGIN {body} END"]
    for statement in [*statements, known, MEMBERSHIP.format(which="IS NOT NULL")]:
        schema_editor.execute(statement)


def unmake_inboxes(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP TRIGGER projects_inbox ON accounts_user")
        schema_editor.execute("DROP FUNCTION projects_inbox")
    else:
        schema_editor.execute("DROP TRIGGER projects_inbox")
    schema_editor.execute("DELETE FROM projects_membership")
    schema_editor.execute("DELETE FROM projects_project")


class Migration(migrations.Migration):
    dependencies = [("projects", "0001_initial")]
    operations = [migrations.RunPython(make_inboxes, unmake_inboxes)]
