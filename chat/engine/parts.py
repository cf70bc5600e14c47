"""What the parts of the engine need of the whole."""

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Protocol

from chat.engine.broadcast.hub import Hub
from chat.engine.claiming.waiting import Claims, WaitingRoom
from chat.engine.running import RunningTurn
from chat.engine.saving.writer import Writer
from providers.base import Adapter, ProtocolName


class EngineParts(Protocol):
    """What a turn needs of the engine that runs it: the engine itself, but for what only its owner does."""

    hub: Hub
    writer: Writer
    turns: dict[int, RunningTurn]
    claims: Claims
    waiting: WaitingRoom

    def database(self, function: Callable[..., Any], *args: Any) -> Awaitable[Any]: ...
    def adapter(self, protocol: ProtocolName) -> Adapter: ...
    def flush(self, turn: RunningTurn) -> None: ...
    def flush_soon(self, turn: RunningTurn) -> None: ...
    def call_soon(self, coroutine: Coroutine[Any, Any, None]) -> None: ...
