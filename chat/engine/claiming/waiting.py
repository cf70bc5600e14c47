"""Turns of this process that want to start, and those of which an answer waits for a free place."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from chat.engine.claiming.jobs import Claimed, claim_turns
from chat.engine.saving.writer import DATABASE_AWAY, RETRY_S

log = logging.getLogger(__name__)
LOOK_EVERY_S = 0.5
"""Places freed in this process are seen at once; those of other processes so often."""


class Claims:
    """Claims turns that have just begun; those that come while others are being claimed go together."""

    def __init__(self, database: Callable[..., Awaitable[Any]]) -> None:
        """`database` runs a function in the engine's database thread."""
        self._database = database
        self._turns: dict[int, asyncio.Future[Claimed | None]] = {}
        self._claiming: asyncio.Task[None] | None = None

    async def claim(self, message_id: int) -> Claimed | None:
        """What of a turn may start now; None where nothing is queued, or it is being claimed already."""
        if message_id in self._turns:
            return None
        claimed: asyncio.Future[Claimed | None] = asyncio.get_running_loop().create_future()
        self._turns[message_id] = claimed
        if self._claiming is None or self._claiming.done():
            self._claiming = asyncio.create_task(self._claim_all())
        return await claimed

    async def _claim_all(self) -> None:
        while self._turns:
            asked, self._turns = self._turns, {}
            try:
                found = await claim_patiently(self._database, [*asked])
            except Exception as error:
                for claimed in asked.values():
                    claimed.set_exception(error)
                continue
            for message_id, claimed in asked.items():
                claimed.set_result(found.get(message_id))


async def claim_patiently(
    database: Callable[..., Awaitable[Any]], message_ids: list[int]
) -> dict[int, Claimed]:
    """Claim these turns as soon as the database is there."""
    while True:
        try:
            return {one.message_id: one for one in await database(claim_turns, message_ids)}
        except DATABASE_AWAY as error:
            log.warning("The database is away (%s); %s turns wait", type(error).__name__, len(message_ids))
            await asyncio.sleep(RETRY_S)


class WaitingRoom:
    """Asks for all turns that wait here together, whenever a place may be free. Used on one event loop."""

    def __init__(self, database: Callable[..., Awaitable[Any]]) -> None:
        """`database` runs a function in the engine's database thread."""
        self._database = database
        self._turns: dict[int, asyncio.Future[Claimed | None]] = {}
        self._freed = asyncio.Event()
        self._serving: asyncio.Task[None] | None = None
        self._closing = False

    def __contains__(self, message_id: int) -> bool:
        return message_id in self._turns

    async def next(self, message_id: int) -> Claimed | None:
        """Wait until something of the turn may start, and return it claimed.

        None once nothing of it waits any more (stopped, deleted, taken elsewhere), when another run of the
        turn waits for it already, or when the room was closed.
        """
        if self._closing or message_id in self._turns:
            return None
        self._turns[message_id] = asyncio.get_running_loop().create_future()
        if self._serving is None or self._serving.done():
            self._serving = asyncio.create_task(self._serve())
        return await self._turns[message_id]

    def place_freed(self) -> None:
        """An answer ended here: somebody may start."""
        self._freed.set()

    async def close(self) -> list[int]:
        """Let nobody start any more; returns the turns that still waited, for another process to take."""
        self._closing = True
        self._freed.set()
        if self._serving:
            await self._serving
        left = [message_id for message_id, future in self._turns.items() if not future.done()]
        for message_id in left:
            self._answer(message_id, None)
        return left

    async def _serve(self) -> None:
        while self._turns and not self._closing:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY_S):
                    await self._freed.wait()
            self._freed.clear()
            if self._closing:
                return
            asked = [*self._turns]
            try:
                found = await claim_patiently(self._database, asked)
            except Exception:
                # They ask again: what waits must not wait for ever.
                log.exception("Turns that wait could not be claimed")
                continue
            for message_id in asked:
                claimed = found.get(message_id)
                if claimed is None or claimed.jobs:
                    self._answer(message_id, claimed)

    def _answer(self, message_id: int, claimed: Claimed | None) -> None:
        self._turns.pop(message_id).set_result(claimed)
