"""Celery's entry into the statistics, in scaled mode."""

from celery import shared_task

from dashboard import aggregate


@shared_task(acks_late=True)
def count_new() -> None:
    """Add up what has been settled since the last time; beat sends this."""
    aggregate.count_new()
