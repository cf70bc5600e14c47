"""The hub carries text: from the turns that are being written to the sockets that watch them.

Local for one process, over Redis for several. Publishing is allowed from any thread; a subscriber is
always called on its own loop.
"""

import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Protocol

import redis.asyncio as redis
from redis.exceptions import RedisError

from chat import events
from chat.engine.broadcast.frames import AnyFrame, Frame, decode

log = logging.getLogger(__name__)
RECONNECT_S = 0.5
CONNECT_S = 5
JOIN_S = 1.0
LISTEN_S = 5.0
"""Between two looks at whether the connection still lives."""
REDIS_AWAY = (RedisError, OSError)


class Subscriber(Protocol):
    """A client that watches one conversation."""

    id: str
    loop: asyncio.AbstractEventLoop
    user_id: int
    session_key: str | None

    def deliver(self, frame: Frame) -> None:
        """Take a frame without waiting; called on `loop`."""
        ...

    def close(self, code: int) -> None:
        """End this client's watching, with a close code of its socket; called on `loop`."""
        ...


class Hub:
    """Hands each frame to the subscribers of this process that watch its conversation."""

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

    async def joined(self, conversation_id: int) -> None:
        """Return once frames of a joined conversation do arrive, or after a second without."""

    def leave(self, conversation_id: int, subscriber: Subscriber) -> None:
        with self._lock:
            watching = self._subscribers.get(conversation_id, set())
            watching.discard(subscriber)
            if not watching:
                self._subscribers.pop(conversation_id, None)

    def close(self, code: int, which: Callable[[int, Subscriber], bool]) -> None:
        """Close those for whom `which(conversation id, subscriber)` is true."""
        with self._lock:
            everybody = [(key, one) for key, watching in self._subscribers.items() for one in watching]
        found = [one for key, one in everybody if which(key, one)]
        for subscriber in found:
            _call(subscriber, subscriber.close, code)

    def count(self, user_id: int) -> int:
        """How many subscribers one person has in this process."""
        with self._lock:
            return sum(one.user_id == user_id for watching in self._subscribers.values() for one in watching)

    @property
    def size(self) -> int:
        """How many subscribers this process has."""
        with self._lock:
            return sum(map(len, self._subscribers.values()))

    def publish(
        self,
        conversation_id: int,
        event: AnyFrame,
        *,
        skip_id: str = "",
        only_id: str = "",
    ) -> None:
        """Send an event to all who watch the conversation: but `skip_id`, or to `only_id` alone."""
        if conversation_id in self._subscribers:
            self._hand_out(conversation_id, Frame(event, events.encode(event)), skip_id, only_id)

    def _hand_out(self, conversation_id: int, frame: Frame, skip_id: str, only_id: str) -> None:
        with self._lock:
            watching = tuple(self._subscribers.get(conversation_id, ()))
        for subscriber in watching:
            if subscriber.id != skip_id and only_id in ("", subscriber.id):
                _call(subscriber, subscriber.deliver, frame)


def _call(subscriber: Subscriber, function: Callable[..., None], *args: object) -> None:
    if subscriber.loop is _running_loop():
        function(*args)
    else:
        # A subscriber whose loop has ended is being closed; it misses nothing it could still send.
        with contextlib.suppress(RuntimeError):
            subscriber.loop.call_soon_threadsafe(function, *args)


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
        self._changes: set[asyncio.Task[None]] = set()
        self._heard: dict[int, Future[None]] = {}
        """Conversations whose channel was subscribed to; done once Redis has said so."""

    async def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        # No time limit on reading: an idle channel is silent for hours. A dead peer is found by the pings.
        self._redis = redis.Redis.from_url(
            self._url,
            socket_timeout=None,
            socket_connect_timeout=CONNECT_S,
            socket_keepalive=True,
            health_check_interval=15,
        )
        self._pubsub = self._redis.pubsub()
        # Two that subscribe at the same moment would each open a connection, and one would be forgotten.
        self._subscribing = asyncio.Lock()
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
        self._on_loop(lambda: self._subscribe(conversation_id))

    async def joined(self, conversation_id: int) -> None:
        heard = self._heard.get(conversation_id)
        if heard:
            with contextlib.suppress(TimeoutError):
                # Shielded: a second socket may wait for the same word.
                await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(heard)), JOIN_S)

    def leave(self, conversation_id: int, subscriber: Subscriber) -> None:
        super().leave(conversation_id, subscriber)
        self._on_loop(lambda: self._unsubscribe(conversation_id))

    def publish(
        self,
        conversation_id: int,
        event: AnyFrame,
        *,
        skip_id: str = "",
        only_id: str = "",
    ) -> None:
        message = (self._channel(conversation_id), f"{skip_id} {only_id}\n{events.encode(event)}")
        self._on_loop(lambda: self._post(message))

    def _channel(self, conversation_id: int) -> str:
        return f"{self._prefix}:conversation:{conversation_id}"

    def _on_loop(self, call: Callable[[], object]) -> None:
        if _running_loop() is self._loop:
            call()
        else:
            self._loop.call_soon_threadsafe(call)

    def _subscribe(self, conversation_id: int) -> None:
        if conversation_id not in self._heard:
            self._heard[conversation_id] = Future()
            self._change(self._pubsub.subscribe, conversation_id)

    def _unsubscribe(self, conversation_id: int) -> None:
        if conversation_id not in self._subscribers and conversation_id in self._heard:
            del self._heard[conversation_id]
            self._change(self._pubsub.unsubscribe, conversation_id)

    def _change(self, change: Callable[[str], object], conversation_id: int) -> None:
        async def apply() -> None:
            # While Redis is away the reader subscribes again to all that is watched.
            with contextlib.suppress(*REDIS_AWAY):
                async with self._subscribing:
                    await change(self._channel(conversation_id))  # type: ignore[misc]

        task = asyncio.create_task(apply())
        self._changes.add(task)
        task.add_done_callback(self._changes.discard)

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
            except REDIS_AWAY:
                # Lost frames show as a gap in the offsets and heal by a snapshot.
                log.warning("Redis is away: %s frames were not published", len(batch))

    async def _read(self) -> None:
        is_listening = False
        while True:
            try:
                if not is_listening:
                    # A channel nobody publishes on: reading needs at least one subscription.
                    async with self._subscribing:
                        await self._pubsub.subscribe(f"{self._prefix}:hub")
                    is_listening = True
                message = await self._pubsub.get_message(timeout=LISTEN_S)
            except REDIS_AWAY:
                await asyncio.sleep(RECONNECT_S)
                continue
            if message:
                self._take(message)

    def _take(self, message: dict[str, bytes]) -> None:
        """A frame, or Redis's word that a channel is subscribed to."""
        kind, channel = str(message["type"]), message["channel"].decode()
        number = channel.rpartition(":")[2]
        if kind == "subscribe" and number.isdecimal():
            heard = self._heard.get(int(number))
            if heard and not heard.done():
                heard.set_result(None)
        elif kind == "message":
            head, _, text = message["data"].decode().partition("\n")
            skip_id, _, only_id = head.partition(" ")
            self._hand_out(int(number), Frame(decode(text), text), skip_id, only_id)
