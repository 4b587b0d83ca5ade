"""A migration that adds a column and keeps the table."""

from functools import partial
from typing import Any

from django.db.migrations.operations import AddField

from taskbell.common.online import patiently


class AddColumn(AddField):
    """Adds a column that is never NULL, with its default, or a text that is empty; or a foreign key, NULL at first.

    On SQLite, Django would copy the whole table for it or for its removal, and drop the triggers that count tasks.
    """

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if schema_editor.connection.vendor != "sqlite":
            act = partial(super().database_forwards, app_label, schema_editor, from_state, to_state)
            patiently(schema_editor, act)
            return
        model = to_state.apps.get_model(app_label, self.model_name)
        field = model._meta.get_field(self.name)
        default = field.db_default if field.has_db_default() else "''"
        initial = "" if field.is_relation else f" DEFAULT {default} NOT NULL"
        type_ = field.db_type(schema_editor.connection)
        schema_editor.execute(f"ALTER TABLE {model._meta.db_table} ADD COLUMN {field.column} {type_}{initial}")

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if schema_editor.connection.vendor != "sqlite":
            act = partial(super().database_backwards, app_label, schema_editor, from_state, to_state)
            patiently(schema_editor, act)
            return
        model = from_state.apps.get_model(app_label, self.model_name)
        column = model._meta.get_field(self.name).column
        schema_editor.execute(f"ALTER TABLE {model._meta.db_table} DROP COLUMN {column}")
