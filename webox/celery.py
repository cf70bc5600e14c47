"""The Celery application of scaled mode; asgi.py and manage.py import it so that tasks find their broker."""

import os
from typing import Any

from celery import Celery
from celery.signals import worker_ready

from common.process import alive

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webox.settings")

app = Celery("webox")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_ready.connect
def keep_showing(sender: Any, **_: object) -> None:
    """From now on this worker says now and then which queues it serves."""
    queues = tuple(sender.app.amqp.queues.consume_from)
    alive.show(queues)
    sender.timer.call_repeatedly(alive.SHOW_EVERY_S, alive.show, (queues,))
