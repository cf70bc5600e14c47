"""The hub carries text: from the turns that are being written to the sockets that watch them.

Local for one process, over Redis for several. Publishing is allowed from any thread; a subscriber is
always called on its own loop.
"""

import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import redis.asyncio as redis
from redis.exceptions import RedisError

from chat import events

log = logging.getLogger(__name__)
RECONNECT_S = 0.5


@dataclass(frozen=True, slots=True)
class Frame:
    """An event and its wire form, encoded once for all sockets."""

    event: events.AnyEvent
    text: str


class Subscriber(Protocol):
    """A socket that watches one conversation."""

    id: str
    loop: asyncio.AbstractEventLoop

    def deliver(self, frame: Frame) -> None:
        """Take a frame without waiting; called on `loop`."""
        ...


class Hub:
    """Hands each frame to the sockets of this process that watch its conversation."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._subscribers: dict[int, set[Subscriber]] = {}

    async def start(self) -> None:
        """Begin to carry frames; the engine calls it on its loop."""

    async def stop(self) -> None:
        """Stop carrying frames."""

    def join(self, conversation_id: int, subscriber: Subscriber) -> None:
        with self._lock:
            self._subscribers.setdefault(conversation_id, set()).add(subscriber)

    def leave(self, conversation_id: int, subscriber: Subscriber) -> None:
        with self._lock:
            watching = self._subscribers.get(conversation_id, set())
            watching.discard(subscriber)
            if not watching:
                self._subscribers.pop(conversation_id, None)

    def publish(self, conversation_id: int, event: events.AnyEvent, skip_id: str = "") -> None:
        """Send an event to all who watch the conversation but the subscriber with `skip_id`."""
        if conversation_id in self._subscribers:
            self._hand_out(conversation_id, Frame(event, events.encode(event)), skip_id)

    def _hand_out(self, conversation_id: int, frame: Frame, skip_id: str) -> None:
        with self._lock:
            watching = tuple(self._subscribers.get(conversation_id, ()))
        here = _running_loop()
        for subscriber in watching:
            if subscriber.id == skip_id:
                continue
            if subscriber.loop is here:
                subscriber.deliver(frame)
            else:
                # A socket whose loop has ended is being closed; it misses nothing it could still send.
                with contextlib.suppress(RuntimeError):
                    subscriber.loop.call_soon_threadsafe(subscriber.deliver, frame)


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


class RedisHub(Hub):
    """The hub of several processes: one channel per watched conversation, one pipeline per batch.

    Channels begin with `prefix`, which no other WeBox on the same Redis server may have: its conversations
    have the same numbers.
    """

    def __init__(self, url: str, prefix: str) -> None:
        super().__init__()
        self._url = url
        self._prefix = prefix
        self._outbox: list[tuple[str, str]] = []
        self._flushing: asyncio.Task[None] | None = None
        self._reading: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._redis = redis.Redis.from_url(self._url, socket_timeout=None, socket_connect_timeout=5)
        self._pubsub = self._redis.pubsub(ignore_subscribe_messages=True)
        # A channel nobody publishes on: reading needs at least one subscription.
        await self._pubsub.subscribe(f"{self._prefix}:hub")
        self._reading = asyncio.create_task(self._read())

    async def stop(self) -> None:
        if self._flushing:
            await self._flushing
        if self._reading:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)
        await self._pubsub.aclose()  # type: ignore[no-untyped-call]  # redis-py leaves it unannotated
        await self._redis.aclose()

    def join(self, conversation_id: int, subscriber: Subscriber) -> None:
        super().join(conversation_id, subscriber)
        self._on_loop(lambda: self._change(self._pubsub.subscribe, conversation_id))

    def leave(self, conversation_id: int, subscriber: Subscriber) -> None:
        super().leave(conversation_id, subscriber)
        if conversation_id not in self._subscribers:
            self._on_loop(lambda: self._change(self._pubsub.unsubscribe, conversation_id))

    def publish(self, conversation_id: int, event: events.AnyEvent, skip_id: str = "") -> None:
        message = (self._channel(conversation_id), f"{skip_id}\n{events.encode(event)}")
        self._on_loop(lambda: self._post(message))

    def _channel(self, conversation_id: int) -> str:
        return f"{self._prefix}:conversation:{conversation_id}"

    def _on_loop(self, call: Callable[[], object]) -> None:
        if _running_loop() is self._loop:
            call()
        else:
            self._loop.call_soon_threadsafe(call)

    def _change(self, change: Callable[[str], object], conversation_id: int) -> None:
        async def apply() -> None:
            # While Redis is away the reader subscribes again to all that is watched.
            with contextlib.suppress(RedisError, OSError):
                await change(self._channel(conversation_id))  # type: ignore[misc]

        self._keep(asyncio.create_task(apply()))

    def _keep(self, task: asyncio.Task[None]) -> None:
        self._changes = {one for one in getattr(self, "_changes", set()) if not one.done()} | {task}

    def _post(self, message: tuple[str, str]) -> None:
        self._outbox.append(message)
        if self._flushing is None or self._flushing.done():
            self._flushing = asyncio.create_task(self._flush())

    async def _flush(self) -> None:
        while self._outbox:
            batch, self._outbox = self._outbox, []
            pipeline = self._redis.pipeline(transaction=False)
            for channel, text in batch:
                pipeline.publish(channel, text)
            try:
                await pipeline.execute()
            except (RedisError, OSError):
                # Lost frames show as a gap in the offsets and heal by a snapshot.
                log.warning("Redis is away: %s frames were not published", len(batch))

    async def _read(self) -> None:
        while True:
            try:
                message = await self._pubsub.get_message(timeout=None)
            except (RedisError, OSError):
                await asyncio.sleep(RECONNECT_S)
                continue
            if message and message["type"] == "message":
                conversation_id = int(message["channel"].rsplit(b":", 1)[1])
                skip_id, _, text = message["data"].decode().partition("\n")
                self._hand_out(conversation_id, Frame(events.decode(text), text), skip_id)
