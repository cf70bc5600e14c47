"""`/api/chat/search`: what a person has asked and was answered, found by its words."""

from typing import Literal, cast

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter
from msgspec import Struct, to_builtins
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import User
from chat import limits
from chat.api.pagination import PAGING, LinkPagination
from chat.errors import NothingToSearch
from chat.folding import words_of
from chat.models import Conversation
from chat.search import finding
from chat.search.finding import Found
from chat.search.snippets import CHARS, snippet, without_marks
from common.http.api import TextField
from common.http.schema import ListOf, operation
from common.words.times import timestamp

TITLE_CHARS = 255


class SnippetPart(Struct, frozen=True, kw_only=True):
    """A piece of a snippet, as plain text: one of the words that were searched, or what stands between."""

    text: str
    is_hit: bool


class SearchHit(Struct, frozen=True, kw_only=True):
    """A place where all the words are: an answer, a question or a title, whose ids are null.

    `label` and `model` name the AI that wrote the answer. `snippet` is the part of the text around the words,
    an answer's without the marks of Markdown.
    """

    conversation_id: int
    title: str
    folder: str
    is_archived: bool
    updated_at: str
    message_id: int | None
    answer_id: int | None
    found_in: Literal["title", "question", "answer"]
    label: str
    model: str
    snippet: list[SnippetPart]


class SearchQuery(serializers.Serializer[Conversation]):
    """What is searched."""

    words = TextField(
        max_length=limits.SEARCH_CHARS,
        help_text=_("All of them must be there; the last one may be the beginning of a word."),
    )


class SearchPagination(LinkPagination):
    """Smaller pages: each hit is cut out of its whole text."""

    default_limit = 20
    max_limit = 100


LIMIT = OpenApiParameter(
    "limit",
    {"type": "integer", "minimum": 1, "maximum": SearchPagination.max_limit},
    description=_("At most so many."),
)


class SearchView(APIView):
    description = _(
        "Your conversations, searched by the words of titles, questions and answers, in any case, with or "
        "without accents; what is archived too. Those whose title has the words come first, then the most "
        "recently used; of each conversation at most ten places, one after the other.\n\n"
        "What has just been written is found some seconds later."
    )

    @operation(
        "search",
        _("Search your conversations"),
        answer=ListOf(SearchHit),
        parameters=[SearchQuery, LIMIT, *PAGING[1:]],
    )
    def get(self, request: Request) -> Response:
        query = SearchQuery(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        words = words_of(query.validated_data["words"])
        if not words:
            raise NothingToSearch
        user = cast("User", request.user)
        pagination = SearchPagination()
        page = pagination.paginate_queryset(finding.find(user, words), request, view=self)
        hits = [_hit(found, words) for found in finding.read(user, page)]
        return pagination.get_paginated_response(to_builtins(hits))


def _hit(found: Found, words: list[str]) -> SearchHit:
    conversation = found.conversation
    text = without_marks(found.text) if found.found_in == "answer" else found.text
    parts = snippet(text, words, TITLE_CHARS if found.found_in == "title" else CHARS)
    return SearchHit(
        conversation_id=conversation.pk,
        title=conversation.title,
        folder=conversation.folder,
        is_archived=conversation.is_archived,
        updated_at=timestamp(conversation.updated_at),
        message_id=found.message_id,
        answer_id=found.answer_id,
        found_in=found.found_in,
        label=found.label,
        model=found.model,
        snippet=[SnippetPart(text=part.text, is_hit=part.is_hit) for part in parts],
    )
