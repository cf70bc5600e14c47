"""Celery's entries into the engine, in scaled mode."""

from celery import shared_task
from celery.signals import worker_shutting_down

from chat import upkeep
from chat.engine import engine_of_process


@shared_task
def run_turn(message_id: int) -> None:
    """Run one turn on this worker's engine and wait for its end."""
    engine = engine_of_process()
    engine.ensure_started()
    engine.start_turn(message_id).result()


@shared_task
def reap() -> None:
    """End what lost its process, and start what nobody has claimed; beat sends this."""
    engine = engine_of_process()
    engine.ensure_started()
    engine.reap().result()


@shared_task
def tidy() -> None:
    """Old uploads and prices; beat sends this."""
    upkeep.tidy()


@worker_shutting_down.connect
def end_running_answers(**_: object) -> None:
    """A thread pool can't interrupt its tasks: the engine ends their answers instead, text saved."""
    engine_of_process().begin_shutdown()
