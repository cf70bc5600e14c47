"""A turn's events as Server-Sent Events: the same as over the socket, for clients without one."""

import re
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import cast

from django.db.models import Q
from django.http.response import HttpResponseBase
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import User
from chat import events
from chat.engine.process import engine_of_process
from chat.engine.saving.writer import DATABASE_AWAY
from chat.errors import BadEventId, MessageNotFound
from chat.live.credentials import request_credential
from chat.live.following import Marks, TurnEvents
from chat.live.outbox import Ended
from chat.models import Answer, Message
from chat.store import finding
from common.http.api import WhateverIsAsked, event_stream
from common.http.schema import EventsOf, operation

RETRY_MS = 1000
MARK = re.compile(r"a([1-9]\d{0,17}):(\d{1,9}):(\d{1,9})")
MARK_CHARS = 2000


def read_mark(text: str) -> Marks:
    """The marks in an event id, `a12:120:45,a13:88:0`; none in an empty one. Raises BadEventId."""
    if not text:
        return {}
    parts = [MARK.fullmatch(part) for part in text.split(",")] if len(text) <= MARK_CHARS else [None]
    if not all(parts):
        raise BadEventId
    return {int(part[1]): (int(part[2]), int(part[3])) for part in parts if part}


async def frames(turn: TurnEvents) -> AsyncIterator[str]:
    """The text of the stream, until the turn is complete or the client loses its right to it."""
    yield f"retry: {RETRY_MS}\n\n"
    try:
        async with aclosing(turn.follow()) as coming:
            async for event in coming:
                yield ": still here\n\n" if event is None else _wire(event, turn.marks)
    except (Ended, *DATABASE_AWAY):
        # The client comes back by itself, with the id of what it has.
        return


def _wire(event: events.AnyEvent, marks: Marks) -> str:
    mark = ",".join(f"a{key}:{text}:{reasoning}" for key, (text, reasoning) in marks.items())
    return f"event: {event.__struct_config__.tag}\nid: {mark}\ndata: {events.encode(event)}\n\n"


EVENTS = OpenApiResponse(EventsOf(), description=_("The events of the socket’s protocol, each with its id."))
LAST_EVENT_ID = OpenApiParameter(
    "Last-Event-ID",
    {"type": "string", "maxLength": MARK_CHARS, "pattern": f"^({MARK.pattern}(,{MARK.pattern})*)?$"},
    OpenApiParameter.HEADER,
    description=_("The id of the last event that came."),
)


class EventsView(APIView):
    description = _(
        "The events of one turn as they come: `text/event-stream`, the same events as over the socket.\n\n"
        "First a `snapshot`, at last `turn` complete. The id of each event says how much of every answer "
        "a client has; with it in `Last-Event-ID` only the rest is sent, and 204 where there is none."
    )

    content_negotiation_class = WhateverIsAsked
    renderer_classes = (JSONRenderer,)

    @operation(
        "streamEvents",
        _("Watch a turn’s answers being written"),
        answer=EVENTS,
        media_type="text/event-stream",
        parameters=[LAST_EVENT_ID],
        also={204: _("The turn has ended, and the client has all of it.")},
    )
    def get(self, request: Request, message_id: int) -> HttpResponseBase:
        user = cast("User", request.user)
        message = find_turn(user, message_id)
        marks = read_mark(request.headers.get("Last-Event-ID", ""))
        if has_everything(message, marks):
            return Response(status=204)
        credential = request_credential(request._request)

        def is_allowed() -> bool:
            now = credential.user()
            return now is not None and finding.owns(now, message.conversation_id)

        engine_of_process().ensure_started()
        who = (user.pk, credential.session_key)
        turn = TurnEvents(message.conversation_id, message.pk, who, marks, is_allowed)
        return event_stream(frames(turn))


def find_turn(user: User, message_id: int) -> Message:
    """The assistant message of a turn, by its id or its question's. Raises MessageNotFound."""
    own = Message.objects.for_user(user).filter(role=Message.Role.ASSISTANT)
    # By its key: one that is too large for the database is none, where a foreign key's would be an error.
    question = Message.objects.filter(pk=message_id)
    found = own.filter(Q(pk=message_id) | Q(parent__in=question)).order_by("pk").first()
    if found is None:
        raise MessageNotFound
    return found


def has_everything(message: Message, marks: Marks) -> bool:
    """Whether a turn has ended and a client with these marks lacks nothing of it."""
    answers = message.answers.all()
    return bool(marks) and all(
        answer.status not in Answer.UNFINISHED
        and marks.get(answer.pk) == (len(answer.text), len(answer.reasoning))
        for answer in answers
    )
