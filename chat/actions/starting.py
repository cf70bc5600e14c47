"""Where a turn runs: on this process's engine, or in a Celery worker."""

import asyncio
import logging
from concurrent.futures import Future

from django.conf import settings
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from chat import tasks
from chat.engine.process import engine_of_process
from chat.errors import EngineStopping

log = logging.getLogger(__name__)
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
