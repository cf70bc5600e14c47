"""Where a turn runs: on this process's engine, or in a Celery worker."""

import asyncio
import logging
import threading
import time
import uuid
from collections.abc import Collection
from concurrent.futures import Future
from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.conf import settings
from django.db.models import Q, QuerySet
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from chat import events, tasks
from chat.engine import engine_of_process
from chat.engine.clock import ago
from chat.engine.control import GROUP
from chat.engine.frames import Frame
from chat.errors import EngineStopping
from chat.models import Answer
from webox.database import without_connection

log = logging.getLogger(__name__)
LOOK_EVERY_S = 2.0
LAST_WORDS_S = 3
"""Within this, who writes a stopped answer has saved what it held of it, or is gone."""
ENQUEUE_AGAIN_S = 1.0
ENQUEUE_TRIES = 30
"""After so many the reaper takes over: it finds what nobody looks after."""


def prepare() -> None:
    """Make sure that somebody is there to run turns, before anything is accepted."""
    engine_of_process().ensure_started()


def start(message_id: int) -> Future[None] | None:
    """Run a turn that is saved. Where nobody can take it now, the reaper starts it later: nothing is lost."""
    engine = engine_of_process()
    if settings.SCALED:
        engine.call_soon(_enqueue(message_id))
        return None
    try:
        return engine.start_turn(message_id)
    except EngineStopping:
        return None


async def _enqueue(message_id: int) -> None:
    """Hand a turn to the workers, in a thread where nobody waits: with Redis away Celery blocks."""
    engine = engine_of_process()
    for _ in range(ENQUEUE_TRIES):
        try:
            await engine.beside(tasks.run_turn.delay, message_id)
        except (OperationalError, RedisError, OSError) as error:
            log.warning("Redis is away (%s): a turn waits in the database", type(error).__name__)
            await asyncio.sleep(ENQUEUE_AGAIN_S)
        else:
            return


def tell(**message: Any) -> None:
    """Tell every process of this WeBox something of chat.engine.control, from any thread or command."""
    engine = engine_of_process()
    if engine.is_running:
        engine.tell(**message)
    elif settings.SCALED:
        try:
            async_to_sync(get_channel_layer().group_send)(GROUP, message)
        except (RedisError, OSError) as error:
            log.warning("Redis is away (%s): %s was not told", type(error).__name__, message["type"])


def stop(answer_ids: list[int]) -> None:
    """End streams whose rows say stopped; where the message is lost, the row itself ends them in a second."""
    tell(type="answers.stop", answer_ids=answer_ids)


class _Waiter:
    """Watches a conversation for the ends of one turn's answers."""

    def __init__(self, message_id: int, answer_ids: Collection[int], user_id: int) -> None:
        self.id = uuid.uuid4().hex
        self.session_key: str | None = None
        self.loop = engine_of_process().loop
        self.user_id = user_id
        self.news = threading.Event()
        self._message_id = message_id
        self._answer_ids = answer_ids

    def deliver(self, frame: Frame) -> None:
        event = frame.event
        is_turns = isinstance(event, events.TurnChanged) and event.message_id == self._message_id
        if is_turns or (isinstance(event, events.AnswerChanged) and event.id in self._answer_ids):
            self.news.set()

    def close(self, code: int) -> None:
        self.news.set()


def being_written(message_id: int) -> QuerySet[Answer]:
    """The answers of a turn that are not over, or are stopped and having their last words saved."""
    # A stop is in the row before the end of the text is (decision 2); the time comes with the text.
    last_words = Q(status=Answer.Status.STOPPED, started_at__isnull=False, total_ms=None)
    return Answer.objects.filter(
        Q(status__in=Answer.UNFINISHED) | last_words & Q(finished_at__gt=ago(LAST_WORDS_S)),
        message_id=message_id,
    )


def wait(
    conversation_id: int,
    message_id: int,
    user_id: int,
    timeout_s: float,
    answer_ids: Collection[int] = (),
) -> None:
    """Return when no answer of the turn (or none of these) is being written any more, or after `timeout_s`.

    What was written of a stopped one is saved by then. When this process is told to stop, it returns after
    the grace time at the latest. Meanwhile no database connection is held.
    """
    engine = engine_of_process()
    waiter = _Waiter(message_id, answer_ids, user_id)
    deadline = time.monotonic() + timeout_s
    unfinished = being_written(message_id)
    if answer_ids:
        unfinished = unfinished.filter(pk__in=answer_ids)
    engine.hub.join(conversation_id, waiter)
    try:
        while unfinished.exists() and time.monotonic() < deadline:
            with without_connection():
                waiter.news.wait(LOOK_EVERY_S)
            waiter.news.clear()
            if engine.is_stopping:
                deadline = min(deadline, time.monotonic() + settings.STOP_GRACE_S)
    finally:
        engine.hub.leave(conversation_id, waiter)
