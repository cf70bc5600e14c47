"""Which parts of a WeBox of several processes are there: each says so now and then, in the shared cache."""

from collections.abc import Iterable

from django.core.cache import cache
from redis.exceptions import RedisError

SHOW_EVERY_S = 10
GONE_AFTER_S = 45
"""Three missed signs, and what a busy machine needs."""
PARTS = ("turns", "statistics", "beat")
"""Two kinds of workers, by their queues, and what sends the periodic tasks."""


def show(parts: Iterable[str]) -> None:
    """Say that these are there. While Redis is away nothing is said: its absence is told otherwise."""
    try:
        cache.set_many(dict.fromkeys(map(_key, parts), 1), GONE_AFTER_S)
    except (RedisError, OSError):
        return


def seen() -> dict[str, bool]:
    """Of each part, whether it has shown itself lately. Raises RedisError while Redis is away."""
    found = cache.get_many([_key(part) for part in PARTS])
    return {part: _key(part) in found for part in PARTS}


def _key(part: str) -> str:
    return f"alive:{part}"
