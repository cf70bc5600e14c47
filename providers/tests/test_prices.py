"""What an answer costs, to the billionth of a dollar."""

from decimal import Decimal

import pytest

from providers.base import Usage
from providers.prices import Prices, Tier, cost_nanousd

# Two dollars in, ten out, a quarter for what is cached; above a thousand tokens of input both cost more.
PLAIN = Prices(Decimal(2), Decimal(10))
CACHED = Prices(Decimal(2), Decimal(10), Decimal("0.25"))
LONG = Prices(
    Decimal(2),
    Decimal(10),
    Decimal("0.25"),
    (
        Tier(5000, Decimal(8), None, Decimal(1)),
        Tier(1000, Decimal(4), Decimal(15), None),
    ),
)


@pytest.mark.parametrize(
    ("prices", "usage", "nanousd"),
    [
        (PLAIN, Usage(100, 7), 100 * 2000 + 7 * 10_000),
        (PLAIN, Usage(100, 7, cached_tokens=40), 100 * 2000 + 7 * 10_000),
        (CACHED, Usage(100, 7, cached_tokens=40), 60 * 2000 + 40 * 250 + 7 * 10_000),
        # No more can be cached than was told.
        (CACHED, Usage(100, 7, cached_tokens=400), 100 * 250 + 7 * 10_000),
        (PLAIN, Usage(0, 0), 0),
        (LONG, Usage(1000, 1), 1000 * 2000 + 10_000),
        (LONG, Usage(1001, 1, cached_tokens=1), 1000 * 4000 + 250 + 15_000),
        (LONG, Usage(5001, 1, cached_tokens=1), 5000 * 8000 + 1000 + 15_000),
        # The vendor's own word goes before our sum.
        (PLAIN, Usage(100, 7, cost_usd=0.5), 500_000_000),
        (None, Usage(cost_usd=0.0), 0),
        (None, Usage(100, 7), None),
        (PLAIN, Usage(None, 7), None),
        (PLAIN, Usage(100, None), None),
    ],
)
def test_an_answer_costs_what_its_tokens_cost(
    prices: Prices | None, usage: Usage, nanousd: int | None
) -> None:
    assert cost_nanousd(prices, usage) == nanousd
