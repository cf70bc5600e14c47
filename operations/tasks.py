"""Celery's entry into upkeep, in scaled mode."""

from celery import shared_task

from operations import upkeep


# Its name is that of 0.9.0, whose beat and workers may still run beside this code.
@shared_task(name="chat.tasks.tidy", acks_late=True)
def tidy() -> None:
    """Delete expired data and renew prices; beat sends this."""
    upkeep.tidy()
