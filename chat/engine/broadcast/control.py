"""What the processes of one WeBox tell each other now and then, over the channel layer.

Stop these answers, send that socket your newest texts, close those sockets. Each is only faster than what
the rows say anyway: a message that is lost costs a moment, nothing else.
"""

import asyncio
import logging
import uuid
from collections.abc import Callable
from typing import Any

from channels.layers import get_channel_layer

log = logging.getLogger(__name__)
GROUP = "engines"
RETRY_S = 1.0

Message = dict[str, Any]


class Control:
    """Hands every message to `take`: at once in this process, over the layer in the others."""

    def __init__(self, take: Callable[[Message], None], *, is_shared: bool) -> None:
        """`is_shared`: there are other processes. `take` is called on the engine's loop."""
        self._take = take
        self._is_shared = is_shared
        self._id = uuid.uuid4().hex

    async def tell(self, message: Message) -> None:
        """Tell every process, this one first; called on the engine's loop."""
        self._take(message)
        if not self._is_shared:
            return
        try:
            await get_channel_layer().group_send(GROUP, message | {"from": self._id})
        except Exception as error:
            # Whatever the layer's client raises while Redis is away.
            log.warning("Redis is away (%s): %s was not told", type(error).__name__, message["type"])

    async def listen(self) -> None:
        """Take what other processes tell, for ever; the layer subscribes again after an outage."""
        layer = get_channel_layer()
        while True:
            try:
                channel = await layer.new_channel()
                await layer.group_add(GROUP, channel)
                break
            except Exception as error:
                log.warning("Redis is away (%s): other processes are not heard", type(error).__name__)
                await asyncio.sleep(RETRY_S)
        while True:
            message = await layer.receive(channel)
            if message.pop("from", None) == self._id:
                continue
            try:
                self._take(message)
            except Exception:
                # One message that could not be followed must not be the last one heard.
                log.exception("A message between processes failed")
