"""`POST /api/chat/send`: one question to several AIs."""

from typing import cast

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter
from msgspec import UNSET
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import PersonalToken, User
from chat import limits
from chat.actions import asking, waiting
from chat.ais.targets import resolve
from chat.api.records import Sent, read_sent
from chat.api.serializers import SendSerializer
from chat.errors import BadIdempotencyKey, ConversationNotFound
from chat.store.saving import Question
from common.http.api import answer
from common.http.schema import LOCATION, operation

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
SEND_EXAMPLE = {
    "conversation_id": None,
    "message": "Which of the two is faster, and why?",
    "selected_providers": ["anthropic", "openai"],
    "selected_models": {"openai": "gpt-5"},
}


def prefers_async(request: Request) -> bool:
    """Whether `respond-async` is among what the client prefers (RFC 7240)."""
    return "respond-async" in {one.strip().lower() for one in request.headers.get("Prefer", "").split(",")}


class SendView(APIView):
    description = _(
        "Ask several AIs at once and wait for all of their answers.\n\n"
        "200 also when some of them fail: their text so far stays in `ai_responses`, and `errors` says "
        "why; an answer that is still being written when the waiting ends says `still_running` there. "
        "With the same `Idempotency-Key` and the same content a repeated send is the same turn; with "
        "other content it is a 409.\n\n"
        "`Prefer: respond-async` (RFC 7240) waits for nothing: 202, and `Location` leads to the message "
        "that holds the answers; `…/events` streams them."
    )

    token_scope = PersonalToken.Scope.CHAT
    serializer_class = SendSerializer

    @operation(
        "send",
        _("Ask several AIs and wait for their answers"),
        body=SendSerializer,
        answer=Sent,
        accepted=_("Saved and being answered; `Location` leads to the answers."),
        parameters=[IDEMPOTENCY_KEY, PREFER, LOCATION],
        example=SEND_EXAMPLE,
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
        question = Question(
            message=given["message"],
            targets=targets,
            attachments=given["attachments"],
            client_id=client_id,
            parent_id=given.get("parent_id", UNSET),
            context=given["context"],
        )
        asked = asking.ask(user, given["conversation_id"], question)
        is_async = prefers_async(request)
        if not is_async:
            waiting.wait(asked.conversation_id, asked.message_id, user.pk, limits.SEND_TIMEOUT_S)
        sent = read_sent(asked.conversation_id, asked.message_id, given["message"])
        if sent is None:
            # Deleted while its answers were being written.
            raise ConversationNotFound
        if not is_async:
            return answer(sent)
        location = request.build_absolute_uri(f"/api/chat/messages/{asked.message_id}")
        headers = {"Location": location, "Preference-Applied": "respond-async"}
        return answer(sent, status=202, headers=headers)
