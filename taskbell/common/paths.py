"""What paths of both doors have in common."""

from django.urls import register_converter
from django.urls.converters import IntConverter


class IdConverter(IntConverter):
    """The ID of a row, in the range of every database; other paths give 404."""

    regex = "[0-9]{1,18}"


register_converter(IdConverter, "id")
