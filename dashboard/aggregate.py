"""From the ledger to the hours: what is settled and not counted yet is added, once, in order of the ledger.

The mark on each entry is the watermark: it is set in the transaction that adds the entry, so that a late
settlement, a crash or a second run never leaves one out or counts one twice. A rebuild takes an hour's rows
away and its marks off, and counts again.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Min, Q, QuerySet
from django.utils import timezone

from accounts.models import LedgerEntry
from dashboard.models import COUNTS, SKETCHES, Counting, PersonHour, SiteHour, UsageHour
from dashboard.sketch import Sketch

BATCH = 2_000
"""Entries at a time: what memory and the longest wait for the lock depend on."""
HOUR = timedelta(hours=1)
Key = tuple[Any, ...]
MOMENT_OF = {
    LedgerEntry.Outcome.DONE.value: "good_at",
    LedgerEntry.Outcome.FAILED.value: "bad_at",
    LedgerEntry.Outcome.INTERRUPTED.value: "bad_at",
}


@dataclass(slots=True)
class Tally:
    """What is to be added to one row."""

    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(COUNTS, 0))
    sketches: dict[str, Sketch] = field(default_factory=lambda: {name: Sketch() for name in SKETCHES})
    moments: dict[str, datetime] = field(default_factory=dict)

    def add(self, entry: LedgerEntry) -> None:
        counts = self.counts
        counts["input_tokens"] += entry.input_tokens or 0
        counts["output_tokens"] += entry.output_tokens or 0
        counts["reasoning_tokens"] += entry.reasoning_tokens or 0
        counts["nanousd"] += entry.nanousd or 0
        if entry.payer == LedgerEntry.Payer.SERVER:
            counts["server_nanousd"] += entry.nanousd or 0
        if entry.purpose == LedgerEntry.Purpose.TITLE:
            counts["titles"] += 1
            return
        counts["questions"] += entry.is_first
        counts["questions_of_provider"] += entry.is_first_of_provider
        counts["answers"] += 1
        counts[entry.outcome] += 1
        if moment := MOMENT_OF.get(entry.outcome):
            self.moments[moment] = max(entry.asked_at, self.moments.get(moment, entry.asked_at))
        counts["unpriced"] += entry.nanousd is None and bool(entry.output_tokens)
        if entry.first_token_ms is not None:
            self.sketches["first_token_ms"].add(entry.first_token_ms)
        if entry.outcome == LedgerEntry.Outcome.DONE and entry.total_ms is not None:
            self.sketches["total_ms"].add(entry.total_ms)
            if (speed := _speed(entry)) is not None:
                self.sketches["speed"].add(speed)


def _speed(entry: LedgerEntry) -> float | None:
    """Tokens a second from the first word to the last."""
    if entry.first_token_ms is None or not entry.output_tokens:
        return None
    writing_ms = (entry.total_ms or 0) - entry.first_token_ms
    return 1000 * entry.output_tokens / writing_ms if writing_ms > 0 else None


def count_new(*, user_id: int | None = None, batch: int = BATCH) -> int:
    """Add what has been settled since the last time, of one person or of all; return how many entries.

    Safe to repeat and to call from several processes: one counts while the others wait.
    """
    counted = 0
    while _uncounted(user_id).exists():
        with transaction.atomic():
            _hold()
            counted += _count(_uncounted(user_id), batch)
    return counted


def rebuild(first: datetime, end: datetime) -> int:
    """Count the hours from `first` up to `end` anew, an hour a transaction; return how many entries.

    Readers see an hour as it was or as it is, never half of it.
    """
    counted = 0
    hour = hour_of(first)
    while hour < end:
        following = _after(hour)
        within = Q(asked_at__gte=hour, asked_at__lt=following)
        with transaction.atomic():
            _hold()
            for model in (PersonHour, SiteHour):
                model.objects.filter(hour=hour).delete()
            LedgerEntry.objects.filter(within, is_counted=True).update(is_counted=False)
            while found := _count(_uncounted(None).filter(within), BATCH):
                counted += found
        hour = following
    return counted


def hour_of(moment: datetime) -> datetime:
    """The beginning of the hour that a moment is in, by the site's clock; where a clock is turned back, the
    two hours of one name stay two."""
    local = timezone.localtime(moment, timezone.get_default_timezone())
    return local.replace(minute=0, second=0, microsecond=0).astimezone(UTC)


def _after(hour: datetime) -> datetime:
    """The hour that follows. Clocks that are turned by half an hour make one of an hour and a half."""
    following = hour + HOUR
    while hour_of(following) == hour:
        following += HOUR / 2
    return hour_of(following)


def _hold() -> None:
    Counting.objects.update_or_create(pk=1, defaults={"counted_at": timezone.now()})


def waits_since() -> datetime | None:
    """When the oldest of what is not counted yet was settled; None where all is counted."""
    first: datetime | None = _uncounted(None).aggregate(first=Min("settled_at"))["first"]
    return first


def _uncounted(user_id: int | None) -> QuerySet[LedgerEntry]:
    entries = LedgerEntry.objects.filter(is_counted=False).exclude(outcome="")
    return entries if user_id is None else entries.filter(user_id=user_id)


def _count(uncounted: QuerySet[LedgerEntry], batch: int) -> int:
    entries = list(uncounted.order_by("asked_at", "pk")[:batch])
    _add(PersonHour, [(key, entry) for entry in entries if (key := _person_key(entry))])
    _add(SiteHour, [((hour_of(one.asked_at), one.provider, one.model), one) for one in entries])
    LedgerEntry.objects.filter(pk__in=[entry.pk for entry in entries]).update(is_counted=True)
    return len(entries)


def _person_key(entry: LedgerEntry) -> Key | None:
    if entry.user_id is None:
        return None
    hour = hour_of(entry.asked_at)
    return (entry.user_id, hour, entry.provider, entry.model, entry.conversation_id)


def _add(model: type[PersonHour] | type[SiteHour], keyed: Iterable[tuple[Key, LedgerEntry]]) -> None:
    """Add entries to the rows of their keys; the caller holds the counting, so nobody else writes them."""
    tallies: dict[Key, Tally] = {}
    for key, entry in keyed:
        tallies.setdefault(key, Tally()).add(entry)
    if not tallies:
        return
    names = model.KEY
    near = {name: {key[place] for key in tallies} for place, name in enumerate(names)}
    found = model.objects.filter(**{f"{name}__in": near[name] for name in ("hour", names[0])})
    rows: dict[Key, UsageHour] = {tuple(getattr(row, name) for name in names): row for row in found}
    for key, tally in tallies.items():
        row = rows.get(key) or model(**dict(zip(names, key, strict=True)))
        rows[key] = _sum(row, tally)
    model.objects.bulk_create(
        [rows[key] for key in tallies],  # type: ignore[misc]  # rows of this model alone
        batch_size=500,
        update_conflicts=True,
        unique_fields=[name.removesuffix("_id") if name == "user_id" else name for name in names],
        update_fields=[*COUNTS, *SKETCHES, *model.MOMENTS],
    )


def _sum(row: UsageHour, tally: Tally) -> UsageHour:
    for name, count in tally.counts.items():
        setattr(row, name, getattr(row, name) + count)
    for name, sketch in tally.sketches.items():
        sketch.merge(getattr(row, name))
        setattr(row, name, sketch.stored())
    for name in {*row.MOMENTS} & {*tally.moments}:
        setattr(row, name, max(tally.moments[name], getattr(row, name) or tally.moments[name]))
    row.pk = None
    return row
