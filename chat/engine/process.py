"""The engine of this process, and what any thread or command may tell all processes of this WeBox."""

import logging
from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.conf import settings
from redis.exceptions import RedisError

from chat.engine.broadcast.control import GROUP
from chat.engine.loop import Engine

log = logging.getLogger(__name__)


class _Slot:
    """Holds the engine that the application makes when Django starts."""

    engine: Engine | None = None


def install(engine: Engine) -> None:
    """Make this the engine of the process; `ChatConfig.ready` calls it once."""
    _Slot.engine = engine


def engine_of_process() -> Engine:
    """The one engine of this process, started or not. Raises RuntimeError before Django is set up."""
    if _Slot.engine is None:
        raise RuntimeError("Call django.setup() first: the chat application makes the engine.")
    return _Slot.engine


def tell(**message: Any) -> None:
    """Send a message of chat.engine.broadcast.control to every process of this WeBox, from any thread."""
    engine = engine_of_process()
    if engine.is_running:
        engine.tell(**message)
    elif settings.SCALED:
        try:
            async_to_sync(get_channel_layer().group_send)(GROUP, message)
        except (RedisError, OSError) as error:
            log.warning("Redis is away (%s): %s was not told", type(error).__name__, message["type"])


def stop(answer_ids: list[int]) -> None:
    """End streams whose rows say stopped; where the message is lost, the row itself ends them in a second."""
    tell(type="answers.stop", answer_ids=answer_ids)
