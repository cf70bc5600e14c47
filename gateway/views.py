"""`/v1`: OpenAI's protocol, with a personal access token as the key."""

from collections.abc import Callable
from typing import cast

from asgiref.sync import async_to_sync
from django.http.response import HttpResponseBase
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from msgspec import to_builtins
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.authentication import TokenAuthentication
from accounts.models import PersonalToken, User
from chat import limits
from chat.live.credentials import request_credential
from common.data.database import without_connection
from common.errors import NotFound
from common.http.api import WhateverIsAsked, answer, event_stream
from common.http.parsers import StrictJSONParser
from common.http.schema import EventsOf, operation
from gateway import names
from gateway.answering import Chunks, completion_of, failure_of
from gateway.asking import Following, ask, read_answers
from gateway.body import CompletionBody, read
from gateway.errors import Failed, exception_handler
from gateway.records import Chunk, Completion, ModelList, ModelObject

NEVER_AGAIN = {"x-should-retry": "false"}
"""OpenAI's SDKs would ask, and pay, twice more; WeBox has tried again where that is of use."""
EXAMPLE = {
    "model": "openai/gpt-5.4-mini,anthropic/claude-sonnet-5",
    "messages": [{"role": "user", "content": "Which of the two is faster, and why?"}],
    "stream": True,
}


class GatewayParser(StrictJSONParser):
    """JSON as everywhere in WeBox, but larger: it brings whole conversations, with their images."""

    max_bytes = limits.GATEWAY_BYTES


class GatewayView(APIView):
    """What all of `/v1` shares: the key in `Authorization: Bearer`, and errors as OpenAI has them."""

    authentication_classes = (TokenAuthentication,)
    parser_classes = (GatewayParser,)
    renderer_classes = (JSONRenderer,)
    content_negotiation_class = WhateverIsAsked
    token_scope = PersonalToken.Scope.CHAT
    error_record = (Failed, "application/json")

    def get_exception_handler(self) -> Callable[..., Response | None]:
        return exception_handler


class ModelsView(GatewayView):
    description = _("The models that you may ask now, as `provider/model`, and your line-ups by name.")

    @operation("gatewayListModels", _("The models you may ask"), answer=ModelList)
    def get(self, request: Request) -> Response:
        return answer(ModelList(object="list", data=[*names.listed(cast("User", request.user))]))


class ModelView(GatewayView):
    description = _("One of the models that you may ask.")

    @operation("gatewayGetModel", _("One model"), answer=ModelObject)
    def get(self, request: Request, name: str) -> Response:
        return answer(names.find(cast("User", request.user), name))


class CompletionsView(GatewayView):
    description = _(
        "Ask one AI or several, as OpenAI’s clients do; each answer is a choice, which names its model.\n\n"
        "Where several are asked, one that fails has `finish_reason` `error` and says why in `error`; "
        "where all of them fail it is an error. A streamed answer is server-sent events of chunks, "
        "`[DONE]` at the end.\n\n"
        "What is asked counts like a question in WeBox. Its words are erased as soon as it is answered, "
        "and when you go away before that it is stopped; with `store` it is a conversation like any "
        "other, and goes on."
    )

    @operation(
        "gatewayComplete",
        _("Ask, in OpenAI’s protocol"),
        body=CompletionBody,
        answer=Completion,
        errors=(403, 404, 413, 500, 502, 503, 504),
        example=EXAMPLE,
        events=EventsOf((Chunk, Failed)),
    )
    def post(self, request: Request) -> HttpResponseBase:
        user = cast("User", request.user)
        wanted = read(request.data)
        targets = names.targets(user, wanted)
        asked = ask(user, wanted, targets)
        following = Following(user, request_credential(request._request), asked)
        if wanted.is_streamed:
            chunks = Chunks(asked, wanted.model, includes_usage=wanted.includes_usage)
            return event_stream(chunks.stream(following))
        with without_connection():
            # On the server's loop, so that a client that goes away is noticed.
            async_to_sync(following.wait)()
        answers = read_answers(asked)
        following.leave(is_whole=True)
        failure = failure_of(answers)
        if failure:
            fault, status = failure
            return Response(to_builtins(Failed(fault)), status=status, headers=NEVER_AGAIN)
        return answer(completion_of(asked, answers, wanted.model))


class NothingView(GatewayView):
    """What OpenAI has and WeBox has not."""

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:
        raise NotFound

    post = put = patch = delete = get
