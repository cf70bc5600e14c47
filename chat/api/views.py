"""The chat over REST: send, and the conversations with their messages."""

from typing import cast

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, OpenApiParameter
from msgspec import to_builtins
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import PersonalToken, User
from chat import dispatch, limits, turns
from chat.api.pagination import PAGING, LinkPagination
from chat.api.records import MessageListed, Sent, message_listed, read_sent
from chat.api.serializers import ConversationInput, ConversationSerializer, SendSerializer
from chat.errors import BadIdempotencyKey, ConversationNotFound
from chat.models import Answer, Conversation
from chat.records import with_answers
from chat.targets import resolve
from webox.api import answer
from webox.schema import LOCATION, ListOf, operation

IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "maxLength": limits.CLIENT_ID_CHARS},
    OpenApiParameter.HEADER,
    description=_("A name of yours for this send: repeated with the same content it is the same turn."),
)


PREFER = OpenApiParameter(
    "Prefer",
    {"type": "string", "examples": ["respond-async"]},
    OpenApiParameter.HEADER,
    description=_("`respond-async`: do not wait for the answers."),
)
SEND_EXAMPLE = OpenApiExample(
    "Two AIs, one of them with a model",
    {
        "conversation_id": None,
        "message": "Which of the two is faster, and why?",
        "selected_providers": ["anthropic", "openai"],
        "selected_models": {"openai": "gpt-5"},
    },
    request_only=True,
)


def find_conversation(request: Request, conversation_id: int) -> Conversation:
    """The signed-in person's conversation. Raises ConversationNotFound, also for somebody else's."""
    found = Conversation.objects.for_user(cast("User", request.user)).filter(pk=conversation_id).first()
    if found is None:
        raise ConversationNotFound
    return found


def prefers_async(request: Request) -> bool:
    """Whether `respond-async` is among what the client prefers (RFC 7240)."""
    return "respond-async" in {one.strip().lower() for one in request.headers.get("Prefer", "").split(",")}


class SendView(APIView):
    """Ask several AIs at once and wait for all of their answers.

    200 also when some of them fail: their text so far stays in `ai_responses`, and `errors` says why; an
    answer that is still being written when the waiting ends says `still_running` there. With the same
    `Idempotency-Key` and the same content a repeated send is the same turn; with other content it is a 409.

    `Prefer: respond-async` (RFC 7240) waits for nothing: 202, and `Location` leads to the message that holds
    the answers; `…/events` streams them.
    """

    token_scope = PersonalToken.Scope.CHAT
    serializer_class = SendSerializer

    @operation(
        "send",
        _("Ask several AIs and wait for their answers"),
        body=SendSerializer,
        answer=Sent,
        accepted=_("Saved and being answered; `Location` leads to the answers."),
        parameters=[IDEMPOTENCY_KEY, PREFER, LOCATION],
        examples=[SEND_EXAMPLE],
        errors=(404, 409),
    )
    def post(self, request: Request) -> Response:
        body = SendSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        client_id = request.headers.get("Idempotency-Key") or None
        if client_id and len(client_id) > limits.CLIENT_ID_CHARS:
            raise BadIdempotencyKey(limit=limits.CLIENT_ID_CHARS)
        given = body.validated_data
        user = cast("User", request.user)
        targets = resolve(
            user,
            given["selected_providers"],
            models=given["selected_models"],
            temperature=given["temperature"],
            max_tokens=given["max_tokens"],
        )
        asked = turns.ask(
            user,
            conversation_id=given["conversation_id"],
            message=given["message"],
            targets=targets,
            attachments=given["attachments"],
            client_id=client_id,
        )
        is_async = prefers_async(request)
        if not is_async:
            dispatch.wait(asked.conversation_id, asked.message_id, user.pk, limits.SEND_TIMEOUT_S)
        sent = read_sent(asked.conversation_id, asked.message_id, given["message"])
        if sent is None:
            # Deleted while its answers were being written.
            raise ConversationNotFound
        if not is_async:
            return answer(sent)
        location = request.build_absolute_uri(f"/api/chat/messages/{asked.message_id}")
        headers = {"Location": location, "Preference-Applied": "respond-async"}
        return answer(sent, status=202, headers=headers)


class ConversationsView(APIView):
    """Your conversations, the most recently used first; POST starts an empty one."""

    token_scope = PersonalToken.Scope.CHAT
    serializer_class = ConversationInput

    @operation(
        "listConversations",
        _("Your conversations"),
        answer=ConversationSerializer(many=True),
        parameters=PAGING,
    )
    def get(self, request: Request) -> Response:
        conversations = Conversation.objects.for_user(cast("User", request.user))
        pagination = LinkPagination()
        page = pagination.paginate_queryset(conversations, request, view=self)
        return pagination.get_paginated_response(ConversationSerializer(page, many=True).data)

    @operation(
        "createConversation",
        _("Start a conversation"),
        body=ConversationInput,
        answer=ConversationSerializer,
        status=201,
        parameters=[LOCATION],
    )
    def post(self, request: Request) -> Response:
        body = ConversationInput(data=request.data)
        body.is_valid(raise_exception=True)
        made = Conversation.objects.create(
            owner=cast("User", request.user), updated_at=timezone.now(), **body.validated_data
        )
        location = request.build_absolute_uri(f"/api/chat/conversations/{made.pk}")
        return Response(ConversationSerializer(made).data, status=201, headers={"Location": location})


class ConversationView(APIView):
    """One conversation: read, rename or move it, delete it with everything in it."""

    token_scope = PersonalToken.Scope.CHAT
    serializer_class = ConversationInput

    @operation("getConversation", _("One conversation"), answer=ConversationSerializer)
    def get(self, request: Request, conversation_id: int) -> Response:
        return Response(ConversationSerializer(find_conversation(request, conversation_id)).data)

    @operation(
        "changeConversation",
        _("Rename or move a conversation"),
        body=ConversationInput,
        answer=ConversationSerializer,
    )
    def patch(self, request: Request, conversation_id: int) -> Response:
        conversation = find_conversation(request, conversation_id)
        body = ConversationInput(data=request.data, partial=True)
        body.is_valid(raise_exception=True)
        # Not `updated_at`: renaming an old conversation must not move it to the top of the list.
        for name, value in body.validated_data.items():
            setattr(conversation, name, value)
        conversation.save(update_fields=list(body.validated_data))
        return Response(ConversationSerializer(conversation).data)

    @operation("deleteConversation", _("Delete a conversation"), status=204)
    def delete(self, request: Request, conversation_id: int) -> Response:
        conversation = find_conversation(request, conversation_id)
        running = Answer.objects.filter(message__conversation=conversation, status__in=Answer.UNFINISHED)
        answer_ids = list(running.values_list("pk", flat=True))
        conversation.delete()
        dispatch.tell(type="conversation.gone", conversation_id=conversation_id, answer_ids=answer_ids)
        return Response(status=204)


class MessagesView(APIView):
    """A conversation's messages in order of creation: all of them, unless `limit` or `offset` is given."""

    @operation(
        "listMessages",
        _("The messages of a conversation"),
        answer=ListOf(MessageListed),
        parameters=PAGING,
    )
    def get(self, request: Request, conversation_id: int) -> Response:
        conversation = find_conversation(request, conversation_id)
        messages = with_answers(conversation.messages.all())
        if not {"limit", "offset"} & request.query_params.keys():
            return answer([message_listed(message) for message in messages])
        pagination = LinkPagination()
        page = pagination.paginate_queryset(messages, request, view=self)
        listed = [message_listed(message) for message in page or []]
        return pagination.get_paginated_response(to_builtins(listed))
