"""Pages of lists: a plain JSON list; how many there are and the way to the other pages are in headers."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.pagination import LimitOffsetPagination
from rest_framework.request import Request
from rest_framework.response import Response

MAX_OFFSET = 2**31 - 1
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
        description=_("How many there are on all pages together."),
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
