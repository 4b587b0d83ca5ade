"""Categories: names that tasks are grouped by."""

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.views import APIView

from taskbell.api.answers import page_of
from taskbell.api.authentication import person_of
from taskbell.api.fields import DocumentedText, StrictSerializer, body_of
from taskbell.api.lists import PAGING, rows_response
from taskbell.api.schema import operation
from taskbell.common.clock import utc_now
from taskbell.common.values import read_id
from taskbell.payloads.names import CategoryOut, category_as_json
from taskbell.search.keyset import BY_NAME
from taskbell.search.parameters import read_parameter
from taskbell.tasks import categories
from taskbell.tasks.categories import MAX_NAME
from taskbell.tasks.models import Category
from taskbell.tasks.policy import check_may_change_shared, check_may_create_category


class CategoryIn(StrictSerializer):
    ignored = frozenset({"id", "created_by", "created_at"})
    name = DocumentedText(max_length=MAX_NAME)


class CategoryChange(CategoryIn):
    name = DocumentedText(max_length=MAX_NAME, required=False)


class Categories(APIView):
    @operation("categories_list", "categories", page_of(CategoryOut), parameters=PAGING)
    def get(self, request: Request) -> Any:
        """Lists the categories by name."""
        return rows_response(request, Category.objects.all(), BY_NAME, category_as_json)

    @operation(
        "categories_create",
        "categories",
        CategoryOut,
        status=201,
        takes=CategoryIn,
        may=check_may_create_category,
        is_repeatable=True,
    )
    def post(self, request: Request) -> CategoryOut:
        """Creates a category. Its name must be unique, regardless of case and surrounding space."""
        name = body_of(request, CategoryIn)["name"]
        return category_as_json(categories.create_category(name, by=person_of(request), now=utc_now()))


class CategoryDetail(APIView):
    @operation("categories_read", "categories", CategoryOut)
    def get(self, request: Request, pk: int) -> CategoryOut:
        """Shows the category."""
        return category_as_json(get_object_or_404(Category, pk=pk))

    @operation("categories_replace", "categories", CategoryOut, takes=CategoryIn)
    def put(self, request: Request, pk: int) -> CategoryOut:
        """Renames the category."""
        return self._rename(request, pk, CategoryIn)

    @operation("categories_change", "categories", CategoryOut, takes=CategoryChange)
    def patch(self, request: Request, pk: int) -> CategoryOut:
        """Renames the category."""
        return self._rename(request, pk, CategoryChange)

    @operation(
        "categories_delete",
        "categories",
        parameters=[OpenApiParameter("move_to", int, description="The category that its tasks go to.")],
    )
    def delete(self, request: Request, pk: int) -> None:
        """Deletes the category. If it has tasks, `move_to` is required."""
        check_may_change_shared(person_of(request), get_object_or_404(Category, pk=pk))
        move_to = read_parameter(request.query_params, "move_to", read_id, None)
        categories.delete_category(pk, move_to=move_to, by=person_of(request), now=utc_now())

    def _rename(self, request: Request, pk: int, form: type[CategoryIn]) -> CategoryOut:
        category = get_object_or_404(Category, pk=pk)
        check_may_change_shared(person_of(request), category)
        name = body_of(request, form).get("name", category.name)
        return category_as_json(categories.rename_category(pk, name, by=person_of(request), now=utc_now()))
