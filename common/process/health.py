"""Whether what WeBox stands on answers: for the probes, the figures and `manage.py doctor`."""

import threading

import redis
from django.conf import settings
from django.db import DatabaseError, connection

from common.process import alive

PROBE_S = 2
draining = threading.Event()
"""Set once this process is about to stop: the proxy in front sends nothing more to it."""


def services() -> dict[str, bool]:
    """Whether the database answers, and Redis in scaled mode; a page can't be served without them."""
    found = {"database": _database_answers()}
    if settings.SCALED:
        found["redis"] = _redis_answers()
    return found


def parts() -> dict[str, bool]:
    """In scaled mode, which other parts have shown themselves lately; all are missing while Redis is away."""
    if not settings.SCALED:
        return {}
    try:
        return alive.seen()
    except (redis.RedisError, OSError):
        return dict.fromkeys(alive.PARTS, False)


def _database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def _redis_answers() -> bool:
    options = {"socket_connect_timeout": PROBE_S, "socket_timeout": PROBE_S}
    try:
        with redis.Redis.from_url(settings.REDIS_URL, **options) as client:
            client.ping()
    except redis.RedisError:
        return False
    return True
