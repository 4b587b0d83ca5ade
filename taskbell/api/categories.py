"""Categories: shared labels."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from taskbell.api import idempotency
from taskbell.api.answers import page_of
from taskbell.api.authentication import person_of
from taskbell.api.etags import etag_response
from taskbell.api.fields import DocumentedText, StrictSerializer
from taskbell.api.pagination import frame_of
from taskbell.api.parameters import PAGING, id_parameter, query_of
from taskbell.api.session import validated
from taskbell.common.clock import utc_now
from taskbell.common.errors import NotFound
from taskbell.payloads.categories import CategoryOut, category_as_json
from taskbell.search.keyset import Key
from taskbell.search.pages import page_of_rows
from taskbell.tasks import categories
from taskbell.tasks.categories import MAX_NAME
from taskbell.tasks.models import Category
from taskbell.tasks.policy import check_may_change_category, check_may_create_category


class CategoryIn(StrictSerializer):
    ignored = frozenset({"id", "created_by", "created_at"})
    name = DocumentedText(max_length=MAX_NAME)


class CategoryChange(CategoryIn):
    name = DocumentedText(max_length=MAX_NAME, required=False)


def _shown(pk: int) -> Category:
    category = Category.objects.filter(pk=pk).first()
    if category is None:
        raise NotFound
    return category


class Categories(APIView):
    """The labels that everybody shares."""

    @extend_schema(
        operation_id="categories_list", tags=["categories"], parameters=PAGING, responses={200: page_of(CategoryOut)}
    )
    def get(self, request: Request) -> Any:
        """Lists the categories by name."""
        page = page_of_rows(Category.objects.all(), query_of(request), person_of(request), keys=[Key("key")])
        results = [category_as_json(category) for category in page.rows]
        return etag_response(request, frame_of(page, request) | {"results": results})

    @extend_schema(
        operation_id="categories_create",
        tags=["categories"],
        parameters=[idempotency.HEADER],
        request=CategoryIn,
        responses={201: CategoryOut},
    )
    def post(self, request: Request) -> Any:
        """Creates a category. Its name must be unique, regardless of case and surrounding space."""
        check_may_create_category(person_of(request))
        return idempotency.once(request, lambda: self._create(request))

    def _create(self, request: Request) -> Response:
        name = validated(CategoryIn(data=request.data))["name"]
        category = categories.create_category(name, by=person_of(request), now=utc_now())
        return Response(category_as_json(category), status=status.HTTP_201_CREATED)


class CategoryDetail(APIView):
    """One category."""

    @extend_schema(operation_id="categories_read", tags=["categories"], responses={200: CategoryOut})
    def get(self, request: Request, pk: int) -> Response:
        """Shows the category."""
        return Response(category_as_json(_shown(pk)))

    @extend_schema(
        operation_id="categories_replace", tags=["categories"], request=CategoryIn, responses={200: CategoryOut}
    )
    def put(self, request: Request, pk: int) -> Response:
        """Renames the category."""
        return self._rename(request, pk, CategoryIn)

    @extend_schema(
        operation_id="categories_change", tags=["categories"], request=CategoryChange, responses={200: CategoryOut}
    )
    def patch(self, request: Request, pk: int) -> Response:
        """Renames the category."""
        return self._rename(request, pk, CategoryChange)

    @extend_schema(
        operation_id="categories_delete",
        tags=["categories"],
        parameters=[OpenApiParameter("move_to", int, description="The category that its tasks go to.")],
        responses={204: None},
    )
    def delete(self, request: Request, pk: int) -> Response:
        """Deletes the category. If it has tasks, `move_to` is required."""
        check_may_change_category(person_of(request), _shown(pk))
        move_to = id_parameter(request, "move_to")
        categories.delete_category(pk, move_to=move_to, by=person_of(request), now=utc_now())
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _rename(self, request: Request, pk: int, form: type[CategoryIn]) -> Response:
        category = _shown(pk)
        check_may_change_category(person_of(request), category)
        name = validated(form(data=request.data)).get("name", category.name)
        renamed = categories.rename_category(pk, name, by=person_of(request), now=utc_now())
        return Response(category_as_json(renamed))
