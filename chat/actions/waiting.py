"""Waiting until a turn's answers have ended, for clients that want them whole."""

import threading
import time
import uuid
from collections.abc import Collection

from django.conf import settings
from django.db.models import Q, QuerySet

from chat import events, limits
from chat.engine.broadcast.frames import Frame
from chat.engine.process import engine_of_process
from chat.models import Answer
from common.data.database import without_connection
from common.data.database_time import ago

LOOK_EVERY_S = 2.0


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
        Q(status__in=Answer.UNFINISHED) | last_words & Q(finished_at__gt=ago(limits.FINAL_SAVE_S)),
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
