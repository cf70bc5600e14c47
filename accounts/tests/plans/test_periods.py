"""When limits count anew: at midnight and on the first of a month, by the site's clock."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from accounts.plans.periods import Periods

PARIS = ZoneInfo("Europe/Paris")


@pytest.fixture(autouse=True)
def site_in_paris(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "get_default_timezone", lambda: PARIS)


@pytest.mark.parametrize("month", range(1, 13))
@pytest.mark.parametrize("day", [1, 28])
def test_a_month_ends_on_the_first_of_the_next(month: int, day: int) -> None:
    following = datetime(2027, 1, 1) if month == 12 else datetime(2026, month + 1, 1)
    periods = Periods.of(datetime(2026, month, day, 12, tzinfo=PARIS))
    assert (periods.day, periods.month) == (date(2026, month, day), date(2026, month, 1))
    assert periods.next_month == following.replace(tzinfo=PARIS)


def test_a_day_ends_at_the_sites_midnight() -> None:
    # 23:30 in London is the next day, month and year in Paris.
    periods = Periods.of(datetime(2026, 12, 31, 23, 30, tzinfo=UTC))
    assert (periods.day, periods.month) == (date(2027, 1, 1), date(2027, 1, 1))
    assert periods.next_day == datetime(2027, 1, 2, tzinfo=PARIS)


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25)])
def test_a_day_is_as_long_as_the_clocks_make_it(day: date, hours: int) -> None:
    periods = Periods.of(datetime(day.year, day.month, day.day, 12, tzinfo=PARIS))
    begun = datetime(day.year, day.month, day.day, tzinfo=PARIS)
    assert (periods.next_day.astimezone(UTC) - begun.astimezone(UTC)).total_seconds() == hours * 3600
