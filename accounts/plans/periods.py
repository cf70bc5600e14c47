"""Days and months by the site's clock (TIME_ZONE): when limits count anew."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.utils import timezone


@dataclass(frozen=True, slots=True)
class Periods:
    """The day and the month that a moment is in, by their first days."""

    day: date
    month: date

    @classmethod
    def of(cls, moment: datetime) -> "Periods":
        day = timezone.localtime(moment, timezone.get_default_timezone()).date()
        return cls(day, day.replace(day=1))

    @property
    def next_day(self) -> datetime:
        """When the next day begins."""
        return start_of(self.day + timedelta(days=1))

    @property
    def next_month(self) -> datetime:
        """When the next month begins."""
        return start_of((self.month + timedelta(days=31)).replace(day=1))


def start_of(day: date) -> datetime:
    """The first moment of a day, however long it is."""
    return timezone.make_aware(datetime.combine(day, time.min), timezone.get_default_timezone())
