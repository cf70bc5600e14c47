"""Pages of lists: a plain JSON list, with the way to the others in `Link` headers."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter
from rest_framework.pagination import LimitOffsetPagination
from rest_framework.response import Response

PAGING = (
    OpenApiParameter(
        "limit", {"type": "integer", "minimum": 1, "maximum": 1000}, description=_("At most so many.")
    ),
    OpenApiParameter(
        "offset", {"type": "integer", "minimum": 0}, description=_("So many are left out before.")
    ),
)


class LinkPagination(LimitOffsetPagination):
    """A plain JSON list; `Link` headers lead to the pages beside it."""

    default_limit = 100
    max_limit = 1000

    def get_paginated_response(self, data: Any) -> Response:
        links = [(self.get_next_link(), "next"), (self.get_previous_link(), "prev")]
        header = ", ".join(f'<{url}>; rel="{name}"' for url, name in links if url)
        return Response(data, headers={"Link": header} if header else None)
