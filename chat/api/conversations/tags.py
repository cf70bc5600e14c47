"""`/api/chat/tags`: the words that a person has put on conversations."""

from typing import cast

from django.utils.translation import gettext_lazy as _
from msgspec import Struct
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import User
from chat.store import tags
from common.http.api import answer
from common.http.schema import ListOf, operation


class TagRecord(Struct, frozen=True, kw_only=True):
    """A tag, and how many conversations have it that are not archived."""

    name: str
    count: int


class TagsView(APIView):
    description = _(
        "The tags of your conversations, by name. A tag is made when it is first put on a conversation, and "
        "goes with the last conversation that has it."
    )

    @operation("listTags", _("Your tags"), answer=ListOf(TagRecord))
    def get(self, request: Request) -> Response:
        counted = tags.counts(cast("User", request.user))
        return answer([TagRecord(name=name, count=count) for name, count in counted])
