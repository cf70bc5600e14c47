"""Where a turn runs: on this process's engine, or in a Celery worker."""

import logging
import time
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout

from django.conf import settings
from kombu.exceptions import OperationalError

from chat import tasks
from chat.engine import engine_of_process
from chat.errors import EngineStopping
from chat.models import Answer

log = logging.getLogger(__name__)
POLL_S = 0.2


def prepare() -> None:
    """Make sure that somebody is there to run turns, before anything is accepted."""
    engine_of_process().ensure_started()


def start(message_id: int) -> Future[None] | None:
    """Run a turn that is saved. Where nobody can take it now, the reaper starts it later: nothing is lost."""
    if settings.SCALED:
        try:
            tasks.run_turn.delay(message_id)
        except OperationalError:
            log.warning("Redis is away: a turn waits in the database")
        return None
    try:
        return engine_of_process().start_turn(message_id)
    except EngineStopping:
        return None


def stop(answer_ids: list[int]) -> None:
    """End streams whose rows say stopped; in another process the row itself ends them within a second."""
    engine_of_process().stop_answers(answer_ids)


def wait(message_id: int, running: Future[None] | None, timeout_s: float) -> None:
    """Return when no answer of the turn is being written any more, or after `timeout_s`."""
    deadline = time.monotonic() + timeout_s
    if running:
        try:
            running.result(timeout_s)
        except FutureTimeout:
            return
    # Elsewhere, or taken over by another process: the rows tell.
    unfinished = Answer.objects.filter(message_id=message_id, status__in=Answer.UNFINISHED)
    while unfinished.exists() and time.monotonic() < deadline:
        time.sleep(POLL_S)
