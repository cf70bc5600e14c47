"""`manage.py rebuild_usage`: count the hours of some days anew from the ledger."""

from datetime import date, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.models import LedgerEntry
from accounts.plans.periods import Periods, start_of
from dashboard import aggregate


class Command(BaseCommand):
    help = "Count usage anew from the ledger, for some days by the site's clock."

    def add_arguments(self, parser: CommandParser) -> None:
        first = "the first day, like 2026-11-01; the ledger's first if not given"
        parser.add_argument("--from", dest="first", metavar="DAY", help=first)
        last = "the last day, itself included; today if not given"
        parser.add_argument("--to", dest="last", metavar="DAY", help=last)

    def handle(self, *args: Any, first: str | None, last: str | None, **options: Any) -> None:
        oldest = LedgerEntry.objects.order_by("asked_at").first()
        if oldest is None:
            self.stdout.write("The ledger is empty.")
            return
        begins = Periods.of(oldest.asked_at).day
        start = _day(first) if first else begins
        today = Periods.of(timezone.now()).day
        end = min(_day(last), today) if last else today
        if start > end:
            raise CommandError(f"{start} is after {end}.")
        if start < begins:
            # Older entries may have been purged: their hours are all that is left of them.
            raise CommandError(f"The ledger begins on {begins}: earlier days can't be counted anew.")
        counted = aggregate.rebuild(start_of(start), start_of(end + timedelta(days=1)))
        self.stdout.write(f"{counted} entries counted.")


def _day(word: str) -> date:
    try:
        return date.fromisoformat(word)
    except ValueError as error:
        raise CommandError(f"“{word}” is no day: write it like 2026-11-01.") from error
