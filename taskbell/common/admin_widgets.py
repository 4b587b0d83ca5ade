"""Fields of forms in the admin that take what browsers send."""

import re
from typing import Any

from django.contrib.admin.widgets import AutocompleteSelect, RelatedFieldWidgetWrapper
from django.utils.translation import gettext

ID = re.compile("[0-9]{1,18}")


class CarefulAutocomplete(AutocompleteSelect):
    """A search for a row. Text that is not an id selects nothing, and the field reports the error."""

    chosen: Any = None  # the selected row, if it has been loaded

    def build_attrs(self, base_attrs: Any, extra_attrs: Any = None) -> Any:
        return super().build_attrs(base_attrs, extra_attrs) | {"data-placeholder": gettext("Search")}

    def optgroups(self, name: str, value: Any, attr: Any = None) -> Any:
        if self.chosen is not None and [str(one) for one in value] == [str(self.chosen.pk)]:
            return [(None, [self.create_option(name, self.chosen.pk, str(self.chosen), True, 0)], 0)]
        return super().optgroups(name, [one for one in value if not one or ID.fullmatch(str(one))], attr)


def without_shortcuts(field: Any) -> Any:
    """The field without the small buttons that change other rows."""
    if field is not None and isinstance(field.widget, RelatedFieldWidgetWrapper):
        field.widget.can_add_related = field.widget.can_change_related = False
        field.widget.can_delete_related = field.widget.can_view_related = False
    return field
