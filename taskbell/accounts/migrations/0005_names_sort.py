"""People sort, and are found, by their names as people read them."""

from typing import Any

from django.db import migrations

from taskbell.common.add_column import AddColumn
from taskbell.common.folding import FoldedField, SortKeyField, fold, sort_key

NAMES = ("first_name", "last_name", "username")


def fill(apps: Any, schema_editor: Any) -> None:
    people = apps.get_model("accounts", "User").objects
    for pk, *names in people.values_list("pk", *NAMES).iterator():
        text = " ".join(filter(None, names))
        people.filter(pk=pk).update(name_sort=sort_key(text), name_folded=fold(text))


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_installation_key")]
    operations = [
        AddColumn("user", "name_sort", SortKeyField(*NAMES)),
        AddColumn("user", "name_folded", FoldedField(*NAMES)),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
