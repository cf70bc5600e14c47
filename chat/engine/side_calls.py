"""Calls of AIs that WeBox makes itself, beside the answers of a turn: reserved, asked and settled."""

import asyncio
from dataclasses import dataclass

from chat.ais.access import Grant
from chat.engine.parts import EngineParts
from chat.store import booking
from providers.base import ChatRequest, Finished, ProtocolName, TextDelta, Usage


@dataclass(frozen=True, slots=True)
class ReservedCall:
    """A call whose cost is reserved already."""

    protocol: ProtocolName
    request: ChatRequest
    grant: Grant
    booked: booking.BookedCall


async def run_call(engine: EngineParts, call: ReservedCall, limit_s: float) -> str:
    """The text that the AI gave; the call is settled whatever happens.

    Raises the provider's WeBoxError, and TimeoutError after `limit_s` seconds.
    """
    text, usage = "", None
    try:
        async with asyncio.timeout(limit_s):
            text, usage = await _ask(engine, call)
    finally:
        await engine.database(booking.settle_call, call.booked, text, usage)
    return text


async def _ask(engine: EngineParts, call: ReservedCall) -> tuple[str, Usage]:
    pieces, usage = [], Usage()
    async for event in engine.adapter(call.protocol).stream(call.request, call.grant.endpoint):
        if isinstance(event, TextDelta):
            pieces.append(event.text)
        elif isinstance(event, Finished):
            usage = event.usage
    return "".join(pieces), usage
