"""Conversations over REST: list and search, start, change, delete and have back, and their messages.

Several at once: chat.api.conversations.bulk.
"""

from datetime import UTC, datetime
from typing import Any, cast

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from msgspec import to_builtins
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import PersonalToken, User
from chat.actions import conversations
from chat.api.pagination import PAGING, LinkPagination
from chat.api.records import MessageListed, message_listed
from chat.api.serializers import ConversationInput, ConversationQuery, ConversationSerializer, MessageQuery
from chat.errors import ConversationNotFound
from chat.models import Conversation, sorting_key
from chat.store import branches
from chat.store.records import with_answers
from common.http.api import answer
from common.http.schema import LOCATION, ListOf, operation

# Times that no time zone carries out of the calendar.
EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)


def find_conversation(request: Request, conversation_id: int) -> Conversation:
    """The signed-in person's conversation. Raises ConversationNotFound, also for somebody else's."""
    found = Conversation.objects.for_user(cast("User", request.user)).filter(pk=conversation_id).first()
    if found is None:
        raise ConversationNotFound
    return found


def chosen_by(query: dict[str, Any], rows: QuerySet[Conversation]) -> QuerySet[Conversation]:
    """Those that a query asks for, in the order that it asks for."""
    rows = rows.filter(is_archived=query["archived"] == "true")
    if "pinned" in query:
        rows = rows.filter(is_pinned=query["pinned"] == "true")
    if "favourite" in query:
        rows = rows.filter(is_favourite=query["favourite"] == "true")
    if "folder" in query:
        rows = rows.filter(folder=query["folder"])
    if "tag" in query:
        rows = rows.filter(tags__name_key=sorting_key(query["tag"]))
    if "since" in query:
        rows = rows.filter(updated_at__gte=max(query["since"], EARLIEST))
    if "until" in query:
        rows = rows.filter(updated_at__lt=min(query["until"], LATEST))
    if query["search"]:
        rows = conversations.search(rows, query["search"])
    field = query["order"].lstrip("-")
    sign = query["order"][: -len(field)]
    return rows.order_by(f"{sign}{'title_key' if field == 'title' else field}", f"{sign}pk")


class ConversationsView(APIView):
    description = _(
        "Your conversations, the most recently used first, without the archived ones; POST starts an "
        "empty one.\n\n"
        "`search` finds the words of a title in any case, with or without accents; what was asked and "
        "answered is found by `/api/chat/search`."
    )

    token_scope = PersonalToken.Scope.CHAT
    serializer_class = ConversationInput

    @operation(
        "listConversations",
        _("Your conversations"),
        answer=ConversationSerializer(many=True),
        parameters=[ConversationQuery, *PAGING],
    )
    def get(self, request: Request) -> Response:
        query = ConversationQuery(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        own = Conversation.objects.for_user(cast("User", request.user)).prefetch_related("tags")
        rows = chosen_by(query.validated_data, own)
        pagination = LinkPagination()
        page = pagination.paginate_queryset(rows, request, view=self)
        return pagination.get_paginated_response(ConversationSerializer(page, many=True).data)

    @operation(
        "createConversation",
        _("Start a conversation"),
        body=ConversationInput,
        answer=ConversationSerializer,
        status=201,
        parameters=[LOCATION],
        example={"title": "Which laptop?", "folder": "Work", "tags": ["buying"]},
    )
    def post(self, request: Request) -> Response:
        body = ConversationInput(data=request.data)
        body.is_valid(raise_exception=True)
        made = conversations.make(cast("User", request.user), body.validated_data)
        location = request.build_absolute_uri(f"/api/chat/conversations/{made.pk}")
        return Response(ConversationSerializer(made).data, status=201, headers={"Location": location})


class ConversationView(APIView):
    description = _(
        "One conversation: read it; rename, move, tag, pin or archive it, make it a favourite; delete it "
        "with everything in it.\n\n"
        "What is deleted is gone from everywhere at once, and what runs in it is stopped. For an hour it "
        "can be had back (`…/undo`); some hours later it is removed for good."
    )

    token_scope = PersonalToken.Scope.CHAT
    serializer_class = ConversationInput

    @operation("getConversation", _("One conversation"), answer=ConversationSerializer)
    def get(self, request: Request, conversation_id: int) -> Response:
        return Response(ConversationSerializer(find_conversation(request, conversation_id)).data)

    @operation(
        "changeConversation",
        _("Change a conversation"),
        body=ConversationInput,
        answer=ConversationSerializer,
        example={"title": "Which laptop, then?", "is_pinned": True},
    )
    def patch(self, request: Request, conversation_id: int) -> Response:
        conversation = find_conversation(request, conversation_id)
        body = ConversationInput(data=request.data, partial=True)
        body.is_valid(raise_exception=True)
        conversations.change(conversation, body.validated_data)
        return Response(ConversationSerializer(conversation).data)

    @operation("deleteConversation", _("Delete a conversation"), status=204)
    def delete(self, request: Request, conversation_id: int) -> Response:
        conversations.delete(find_conversation(request, conversation_id))
        return Response(status=204)


class UndoView(APIView):
    description = _("Have a deleted conversation back, as it was; what ran in it stays stopped.")

    token_scope = PersonalToken.Scope.CHAT

    @operation("undoDelete", _("Have a deleted conversation back"), answer=ConversationSerializer)
    def post(self, request: Request, conversation_id: int) -> Response:
        back = conversations.undo_delete(cast("User", request.user), conversation_id)
        return Response(ConversationSerializer(back).data)


class MessagesView(APIView):
    description = _(
        "A conversation’s messages in order of creation: all of them, unless `limit` or `offset` is "
        "given.\n\n"
        "Where a question was asked again in other words, those of the branch that is shown."
    )

    @operation(
        "listMessages",
        _("The messages of a conversation"),
        answer=ListOf(MessageListed),
        parameters=[MessageQuery, *PAGING],
    )
    def get(self, request: Request, conversation_id: int) -> Response:
        conversation = find_conversation(request, conversation_id)
        query = MessageQuery(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        is_all = query.validated_data["branch"] == "all"
        messages = with_answers(conversation.messages.all() if is_all else branches.shown(conversation))
        beside = branches.siblings(conversation.pk) if conversation.head_id is not None else {}
        if not {"limit", "offset"} & request.query_params.keys():
            return answer([message_listed(message, beside.get(message.pk, ())) for message in messages])
        pagination = LinkPagination()
        page = pagination.paginate_queryset(messages, request, view=self)
        listed = [message_listed(message, beside.get(message.pk, ())) for message in page or []]
        return pagination.get_paginated_response(to_builtins(listed))
