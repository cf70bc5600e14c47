"""Celery's entries into the engine, in scaled mode."""

from celery import shared_task
from celery.signals import worker_shutting_down

from chat.engine.process import engine_of_process
from chat.errors import EngineStopping
from chat.search import indexing
from common.process import alive

INDEXING_S = 3.0
"""At a time, on the statistics worker: no turn waits for it."""


@shared_task
def run_turn(message_id: int) -> None:
    """Run one turn on this worker's engine and wait for its end."""
    engine = engine_of_process()
    engine.ensure_started()
    try:
        running = engine.start_turn(message_id)
    except EngineStopping:
        # Fetched in the moment in which this worker was told to stop: another one takes it.
        run_turn.delay(message_id)
        return
    running.result()


@shared_task(acks_late=True)
def reap() -> None:
    """End what lost its process, and start what nobody has claimed; beat sends this."""
    engine = engine_of_process()
    engine.ensure_started()
    engine.reap().result()
    alive.show(("beat",))


@shared_task(acks_late=True)
def index() -> None:
    """Let search know what is new; beat sends this."""
    indexing.index_some(INDEXING_S)


@worker_shutting_down.connect
def end_running_answers(**_: object) -> None:
    """A thread pool can't interrupt its tasks: the engine ends their answers instead, text saved."""
    engine_of_process().begin_shutdown()
