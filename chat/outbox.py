"""What waits to be sent to one socket: bounded, with one sender, so that a slow client costs little."""

import asyncio
import uuid
from collections import deque
from collections.abc import Awaitable, Callable
from typing import TypeVar

from django.utils import translation

from chat import events, limits
from chat.engine.hub import Frame
from chat.wording import sentence

Send = Callable[[str], Awaitable[None]]
Item = TypeVar("Item")


class Outbox:
    """The queue of a `webox.v1` socket. A slow one skips to the current text instead of queueing."""

    def __init__(self, send: Send, resync: Callable[[], Awaitable[None]]) -> None:
        """`resync` puts a snapshot of what runs; it is called after frames were skipped."""
        self.id = uuid.uuid4().hex
        self.loop = asyncio.get_running_loop()
        self._send = send
        self._resync = resync
        self._frames: deque[str] = deque()
        self._chars = 0
        self._skipped = False
        self._wake = asyncio.Event()

    def deliver(self, frame: Frame) -> None:
        """Take a frame of the hub."""
        if self._chars + len(frame.text) > limits.SOCKET_QUEUE_CHARS:
            self._frames.clear()
            self._chars = 0
            self._skipped = True
        self._put(frame.text)

    def put(self, event: events.Event) -> None:
        """Send an event to this socket alone."""
        self._put(events.encode(event))

    def _put(self, text: str) -> None:
        self._frames.append(text)
        self._chars += len(text)
        self._wake.set()

    async def run(self) -> None:
        """Send until cancelled, or until the client is gone."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._frames:
                text = self._frames.popleft()
                self._chars -= len(text)
                await self._send(text)
            if self._skipped:
                self._skipped = False
                await self._resync()


class PlainOutbox:
    """The queue of a plain socket: chunks by provider name, and only of the turn asked on it.

    It has no offsets, so nothing may be skipped: what waits is sent in larger chunks, and text that the
    hub lost is read again from the rows at the end.
    """

    def __init__(self, send: Send, read_text: Callable[[int], Awaitable[str]], language: str) -> None:
        """`read_text` returns an answer's saved text."""
        self.id = uuid.uuid4().hex
        self.loop = asyncio.get_running_loop()
        self.message_id: int | None = None
        """The turn being written; None when the next may be asked."""
        self._send = send
        self._read_text = read_text
        self._language = language
        self._names: dict[int, str] = {}
        self._taken: dict[int, int] = {}
        self._waiting: dict[int, list[str]] = {}
        self._ended: list[events.AnswerChanged] = []
        self._complete = False
        self._refusals: list[events.PlainRefusal] = []
        self._wake = asyncio.Event()

    def accept(self, accepted: events.Accepted) -> None:
        """The turn asked here is saved: from now on its chunks are taken."""
        self.message_id = accepted.answers[0].message_id
        self._names = {answer.id: answer.name for answer in accepted.answers}
        self._taken = dict.fromkeys(self._names, 0)

    def refuse(self, refusal: events.PlainRefusal) -> None:
        self._refusals.append(refusal)
        self._wake.set()

    def deliver(self, frame: Frame) -> None:
        """Take what belongs to the turn asked here."""
        event = frame.event
        if isinstance(event, events.Deltas):
            for answer_id, offset, text in event.deltas:
                # After a lost frame the offsets no longer meet; the rest comes from the rows at the end.
                if self._taken.get(answer_id) == offset:
                    self._taken[answer_id] += len(text)
                    self._waiting.setdefault(answer_id, []).append(text)
        elif isinstance(event, events.AnswerChanged):
            if event.id in self._names and event.status in events.FINAL_STATUSES:
                self._ended.append(event)
        elif isinstance(event, events.TurnChanged) and event.message_id == self.message_id:
            self._complete = self._complete or event.state == "complete"
        self._wake.set()

    async def run(self) -> None:
        """Send until cancelled, or until the client is gone."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            await self._send_waiting()
            for refusal in _take(self._refusals):
                await self._send(events.encode(refusal))
            for ended in _take(self._ended):
                await self._send_end(ended)
            if self._complete and not self._waiting and not self._ended:
                self._complete = False
                self.message_id = None
                await self._send(events.encode(events.PlainStatus()))

    async def _send_waiting(self) -> None:
        while self._waiting:
            answer_id = next(iter(self._waiting))
            text = "".join(self._waiting.pop(answer_id))
            await self._send(events.encode(events.PlainChunk(self._names[answer_id], text)))

    async def _send_end(self, ended: events.AnswerChanged) -> None:
        taken = self._taken[ended.id]
        if taken < ended.text_length:
            rest = (await self._read_text(ended.id))[taken:]
            self._taken[ended.id] = taken + len(rest)
            if rest:
                await self._send(events.encode(events.PlainChunk(self._names[ended.id], rest)))
        if ended.error:
            with translation.override(self._language):
                failure = sentence(ended.error.code, ended.error.params)
            await self._send(
                events.encode(events.PlainFailure(self._names[ended.id], failure, ended.error.code))
            )


def _take(items: list[Item]) -> list[Item]:
    taken = items[:]
    items.clear()
    return taken
