"""A turn's events as Server-Sent Events: the same as over the socket, for clients without one."""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any, cast

from django.db.models import Q
from django.http import StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import User
from chat import events, limits, turns
from chat.engine import engine_of_process
from chat.engine.frames import AnyFrame
from chat.engine.resume import read_messages, take_snapshot
from chat.engine.writer import DATABASE_AWAY
from chat.errors import BadEventId, MessageNotFound
from chat.models import Answer, Message
from chat.outbox import QUIET_S, Ended, Outbox
from chat.records import ended_event
from chat.sockets import request_credential
from webox.database import give_back_connection
from webox.schema import operation

HEARTBEAT_S = 15.0
RETRY_MS = 1000
RESYNC_EVERY_S = 0.25
MARK = re.compile(r"a([1-9]\d{0,17}):(\d{1,9}):(\d{1,9})")
MARK_CHARS = 2000

Marks = dict[int, tuple[int, int]]
"""Answer id → how much of its text and reasoning a client has, in code points."""


def read_mark(text: str) -> Marks:
    """The marks in an event id, `a12:120:45,a13:88:0`; none in an empty one. Raises BadEventId."""
    if not text:
        return {}
    parts = [MARK.fullmatch(part) for part in text.split(",")] if len(text) <= MARK_CHARS else [None]
    if not all(parts):
        raise BadEventId
    return {int(part[1]): (int(part[2]), int(part[3])) for part in parts if part}


class EventStream:
    """One client's way through the events of one turn: what it has, and what it still lacks."""

    def __init__(
        self,
        message: Message,
        who: tuple[int, str | None],
        marks: Marks,
        is_allowed: Callable[[], bool],
    ) -> None:
        """`who`: user id and session key. `marks`: what the client has already.

        `is_allowed` reads again whether it may go on.
        """
        self._message_id = message.pk
        self._conversation_id = message.conversation_id
        self._who = who
        self._marks = marks
        self._is_allowed = is_allowed
        self._running: set[int] = set()
        self._lacks = False
        self._engine = engine_of_process()

    async def frames(self) -> AsyncIterator[str]:
        """The text of the stream, until the turn is complete or the client loses its right to it."""
        self._outbox = Outbox(*self._who, self._resync)
        self._engine.hub.join(self._conversation_id, self._outbox)
        try:
            yield f"retry: {RETRY_MS}\n\n"
            await self._engine.hub.joined(self._conversation_id)
            await self._resync()
            checked_at = sent_at = time.monotonic()
            while True:
                for event in await self._next():
                    sent_at = time.monotonic()
                    yield self._wire(event)
                    if isinstance(event, events.TurnChanged) and event.state == "complete":
                        return
                if time.monotonic() - sent_at > HEARTBEAT_S:
                    sent_at = time.monotonic()
                    yield ": still here\n\n"
                if time.monotonic() - checked_at > limits.SOCKET_RECHECK_S:
                    checked_at = time.monotonic()
                    if not await self._engine.serve(self._is_allowed):
                        return
        except (Ended, *DATABASE_AWAY):
            # The client comes back by itself, with the id of what it has.
            return
        finally:
            self._engine.hub.leave(self._conversation_id, self._outbox)

    async def _next(self) -> list[events.AnyEvent]:
        """What the next frame tells this client; nothing after a silence."""
        try:
            async with asyncio.timeout(QUIET_S):
                told = self._told((await self._outbox.take()).event)
        except TimeoutError:
            # A turn that runs says so every second; else its end may have been lost.
            told, self._lacks = [], True
        if self._lacks and time.monotonic() - self._resynced_at > RESYNC_EVERY_S:
            await self._resync()
        return told

    async def _resync(self) -> None:
        self._lacks = False
        self._resynced_at = time.monotonic()
        await take_snapshot(
            self._engine,
            self._outbox,
            self._conversation_id,
            lambda: read_messages(self._conversation_id, {self._message_id}),
        )

    def _told(self, event: AnyFrame) -> list[events.AnyEvent]:
        match event:
            case events.Snapshot():
                return self._from_snapshot(event)
            case events.Deltas():
                return self._grow(event)
            case events.Lengths():
                return self._lengths(event)
            case events.AnswerChanged() if event.id in self._marks:
                return self._changed(event)
            case events.TurnChanged() if event.message_id == self._message_id:
                return self._turn(event)
        return []

    def _from_snapshot(self, snapshot: events.Snapshot) -> list[events.AnyEvent]:
        """Whole records to a client that does not know them; else only what it lacks."""
        answers = [one for message in snapshot.messages for one in message.answers]
        unfinished = {one.id for one in answers if one.status in ("queued", "streaming")}
        told: list[events.AnyEvent] = []
        if any(one.id not in self._marks for one in answers):
            told.append(snapshot)
            self._marks = {one.id: (len(one.text), len(one.reasoning)) for one in answers}
        else:
            text = [(one.id, 0, one.text) for one in answers]
            reasoning = [(one.id, 0, one.reasoning) for one in answers]
            told += self._grow(events.Deltas(deltas=text, reasoning=reasoning))
            told += [ended_event(one) for one in answers if one.id in self._running - unfinished]
        self._running = unfinished
        if not unfinished:
            told.append(events.TurnChanged(state="complete", message_id=self._message_id))
        return told

    def _changed(self, event: events.AnswerChanged) -> list[events.AnyEvent]:
        if event.status in events.FINAL_STATUSES:
            self._running.discard(event.id)
            text, reasoning = self._marks[event.id]
            self._lacks |= text < event.text_length or reasoning < event.reasoning_length
        return [event]

    def _turn(self, event: events.TurnChanged) -> list[events.AnyEvent]:
        for answer in event.answers:
            self._marks.setdefault(answer.id, (0, 0))
            self._running.add(answer.id)
        if event.state == "complete" and (self._lacks or self._running):
            # The snapshot that follows brings the rest, and the end.
            self._lacks = True
            return []
        return [event]

    def _lengths(self, event: events.Lengths) -> list[events.AnyEvent]:
        own = [one for one in event.lengths if one[0] in self._marks]
        self._lacks |= any(
            self._marks[key][0] < text or self._marks[key][1] < reasoning for key, text, reasoning in own
        )
        return [events.Lengths(lengths=own)] if own else []

    def _grow(self, event: events.Deltas) -> list[events.AnyEvent]:
        """The part of these deltas that lies behind what the client has."""
        deltas = [self._rest(delta, 0) for delta in event.deltas]
        reasoning = [self._rest(delta, 1) for delta in event.reasoning]
        grown = events.Deltas(
            deltas=[one for one in deltas if one], reasoning=[one for one in reasoning if one]
        )
        return [grown] if grown.deltas or grown.reasoning else []

    def _rest(self, delta: events.Delta, which: int) -> events.Delta | None:
        answer_id, offset, piece = delta
        if answer_id not in self._marks:
            return None
        have = self._marks[answer_id][which]
        self._lacks |= offset > have
        if offset > have or offset + len(piece) <= have:
            return None
        lengths = [*self._marks[answer_id]]
        lengths[which] = offset + len(piece)
        self._marks[answer_id] = (lengths[0], lengths[1])
        return (answer_id, have, piece[have - offset :])

    def _wire(self, event: events.AnyEvent) -> str:
        mark = ",".join(f"a{key}:{text}:{reasoning}" for key, (text, reasoning) in self._marks.items())
        return f"event: {event.__struct_config__.tag}\nid: {mark}\ndata: {events.encode(event)}\n\n"


EVENTS = OpenApiResponse(
    OpenApiTypes.STR, description=_("The events of the socket’s protocol, each with its id.")
)
LAST_EVENT_ID = OpenApiParameter(
    "Last-Event-ID", str, OpenApiParameter.HEADER, description=_("The id of the last event that came.")
)


class WhateverIsAsked(BaseContentNegotiation):
    """Errors are JSON for a client that asks for an event stream, too."""

    def select_parser(self, request: Request, parsers: Iterable[Any]) -> Any:
        return next(iter(parsers))

    def select_renderer(
        self, request: Request, renderers: Iterable[Any], format_suffix: str | None = None
    ) -> tuple[Any, str]:
        renderer = next(iter(renderers))
        return renderer, renderer.media_type


class EventsView(APIView):
    """The events of one turn as they come: `text/event-stream`, the same events as over the socket.

    First a `snapshot`, at last `turn` complete. The id of each event says how much of every answer a client
    has; with it in `Last-Event-ID` only the rest is sent, and 204 where there is none.
    """

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
            return now is not None and turns.owns(now, message.conversation_id)

        engine_of_process().ensure_started()
        stream = EventStream(message, (user.pk, credential.session_key), marks, is_allowed)
        answer = StreamingHttpResponse(stream.frames(), content_type="text/event-stream")
        # For nginx, which else would collect it.
        answer.headers["X-Accel-Buffering"] = "no"
        # The stream lasts for minutes, and reads on other threads.
        give_back_connection()
        return answer


def find_turn(user: User, message_id: int) -> Message:
    """The assistant message of a turn, by its id or its question's. Raises MessageNotFound."""
    own = Message.objects.filter(conversation__owner_id=user.pk, role=Message.Role.ASSISTANT)
    found = own.filter(Q(pk=message_id) | Q(parent_id=message_id)).order_by("pk").first()
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
