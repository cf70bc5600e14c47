"""What answers cost: prices that are known, and the sum for one answer.

Known prices come from genai-prices, which is loaded only when the catalogue is filled.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from importlib import import_module
from typing import Any

from providers.base import Usage

NANO = 1_000_000_000
_PER_MILLION_TO_NANO = Decimal(1000)
"""One US dollar for a million tokens is 1,000 nano-dollars for one."""


@dataclass(frozen=True, slots=True)
class Tier:
    """Prices that hold for the whole answer once its input has more tokens than `above`."""

    above: int
    input: Decimal | None
    output: Decimal | None
    cached: Decimal | None


@dataclass(frozen=True, slots=True)
class Prices:
    """US dollars for a million tokens. Without a price of its own, cached input costs what input does."""

    input: Decimal
    output: Decimal
    cached: Decimal | None = None
    tiers: tuple[Tier, ...] = ()


@dataclass(frozen=True, slots=True)
class Known:
    """What genai-prices says of a model now."""

    context_window: int | None
    prices: Prices | None


def cost_nanousd(prices: Prices | None, usage: Usage) -> int | None:
    """What an answer cost in billionths of a US dollar; None where a price or a count is missing.

    The vendor's own word goes before our sum.
    """
    if usage.cost_usd is not None:
        return round(usage.cost_usd * NANO)
    if prices is None or usage.input_tokens is None or usage.output_tokens is None:
        return None
    price_in, price_out, price_cached = _in_force(prices, usage.input_tokens)
    cached = min(usage.cached_tokens or 0, usage.input_tokens)
    total = (
        (usage.input_tokens - cached) * price_in
        + cached * (price_in if price_cached is None else price_cached)
        + usage.output_tokens * price_out
    )
    return int((total * _PER_MILLION_TO_NANO).to_integral_value())


def _in_force(prices: Prices, input_tokens: int) -> tuple[Decimal, Decimal, Decimal | None]:
    found = prices.input, prices.output, prices.cached
    for tier in sorted(prices.tiers, key=lambda tier: tier.above):
        if input_tokens > tier.above:
            found = (
                found[0] if tier.input is None else tier.input,
                found[1] if tier.output is None else tier.output,
                found[2] if tier.cached is None else tier.cached,
            )
    return found


def known(price_list: str, model: str) -> Known | None:
    """What is known of a model, as genai-prices names its vendor; None for one it does not know."""
    # A tenth of a second and pydantic: too much for every start.
    snapshot = import_module("genai_prices.data_snapshot").get_snapshot()
    vendor = next((one for one in snapshot.providers if one.id == price_list), None)
    info = vendor.find_model(model, all_providers=snapshot.providers) if vendor else None
    if info is None:
        return None
    return Known(info.context_window, _prices(info.get_prices(datetime.now(UTC))) if info.prices else None)


def _prices(price: Any) -> Prices | None:
    given, made, cached = (getattr(price, f"{unit}_mtok", None) for unit in ("input", "output", "cache_read"))
    if given is None or made is None:
        return None
    starts = {tier.start for one in (given, made, cached) for tier in getattr(one, "tiers", ())}
    tiers = tuple(
        Tier(start, *(_from(one, start) for one in (given, made, cached))) for start in sorted(starts)
    )
    return Prices(_base(given), _base(made), None if cached is None else _base(cached), tiers)


def _base(price: Any) -> Decimal:
    return Decimal(getattr(price, "base", price))


def _from(price: Any, start: int) -> Decimal | None:
    """The price of the tier that starts there, or of the nearest one below."""
    below = [tier for tier in getattr(price, "tiers", ()) if tier.start <= start]
    return Decimal(max(below, key=lambda tier: tier.start).price) if below else None
