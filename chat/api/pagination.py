"""Pages of lists: a plain JSON list; how many there are and the way to the other pages are in headers."""

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.pagination import LimitOffsetPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param
from rest_framework.views import APIView

MAX_OFFSET = 2**31 - 1
COUNTED = 10_000
"""Counting further would take longer the more there are."""
PAGING = (
    OpenApiParameter(
        "limit", {"type": "integer", "minimum": 1, "maximum": 1000}, description=_("At most so many.")
    ),
    OpenApiParameter(
        "offset",
        {"type": "integer", "minimum": 0, "maximum": MAX_OFFSET},
        description=_("So many are left out before."),
    ),
    OpenApiParameter(
        "Link",
        str,
        OpenApiParameter.HEADER,
        description=_('The pages beside this one (RFC 8288): `rel="next"`, `rel="prev"`.'),
        response=[200],
    ),
    OpenApiParameter(
        "X-Total-Count",
        int,
        OpenApiParameter.HEADER,
        description=_("How many there are on all pages together, counted up to 10,000."),
        response=[200],
    ),
)


class LinkPagination(LimitOffsetPagination):
    """A plain JSON list; `X-Total-Count` says of how many, `Link` leads to the pages beside it."""

    default_limit = 100
    max_limit = 1000

    def get_limit(self, request: Request) -> int:
        return _number(request, "limit", self.default_limit, 1, self.max_limit)

    def get_offset(self, request: Request) -> int:
        return _number(request, "offset", 0, 0, MAX_OFFSET)

    def paginate_queryset(self, queryset: Any, request: Request, view: APIView | None = None) -> list[Any]:
        limit, offset = self.get_limit(request), self.get_offset(request)
        self.request, self.limit, self.offset = request, limit, offset
        self.count = self.get_count(queryset)
        # One more than the page tells whether there is another, also where nobody has counted so far.
        rows = list(queryset[offset : offset + limit + 1])
        self._next_offset = offset + limit if len(rows) > limit else None
        return rows[:limit]

    def get_count(self, queryset: Any) -> int:
        return queryset.order_by()[:COUNTED].count() if isinstance(queryset, QuerySet) else len(queryset)

    def get_next_link(self) -> str | None:
        if self._next_offset is None:
            return None
        assert self.request is not None
        url = replace_query_param(self.request.build_absolute_uri(), "limit", self.limit)
        return replace_query_param(url, "offset", self._next_offset)

    def get_paginated_response(self, data: Any) -> Response:
        links = [(self.get_next_link(), "next"), (self.get_previous_link(), "prev")]
        beside = ", ".join(f'<{url}>; rel="{name}"' for url, name in links if url)
        headers = {"X-Total-Count": str(self.count)} | ({"Link": beside} if beside else {})
        return Response(data, headers=headers)


def _number(request: Request, name: str, default: int, least: int, most: int) -> int:
    """A number of the query. Raises DRF's ValidationError, which names it."""
    text = request.query_params.get(name)
    if text is None:
        return default
    try:
        number: int = serializers.IntegerField(min_value=least, max_value=most).run_validation(text)
    except serializers.ValidationError as error:
        raise serializers.ValidationError({name: error.detail}) from error
    return number
