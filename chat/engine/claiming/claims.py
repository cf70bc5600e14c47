"""Which queued answers may start now: as many of a provider as it bears at once, people in fair turns.

The rows are the queue. A provider's row is locked while its calls are counted, so that several processes
together never pass its limit. Who has the fewest of its calls running goes first, then who asked first.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from django.conf import settings
from django.db import connection, transaction
from django.db.models import QuerySet

from chat import limits
from chat.events import Context
from chat.models import Answer, Conversation, Message, Provider
from common.data.database_time import ago_sql, now_sql
from common.data.prepared import prepared

_ANSWER = Answer._meta.db_table
_MESSAGE = Message._meta.db_table
_CONVERSATION = Conversation._meta.db_table
# Literals, as the partial indexes have them: with parameters SQLite would not use these.
_UNFINISHED = "status IN ('queued', 'streaming')"


@dataclass(frozen=True, slots=True)
class Asked:
    """Where a turn's answers belong: an assistant message, its question, and whose conversation it is."""

    message_id: int
    question_id: int | None
    conversation_id: int
    owner_id: int
    context: Context


@dataclass(frozen=True, slots=True)
class Claim:
    """What was taken and what waits for a free place, providers at hand, and their turns by message id."""

    taken: list[Answer] = field(default_factory=list)
    waiting: list[Answer] = field(default_factory=list)
    turns: dict[int, Asked] = field(default_factory=dict)


def claim(message_ids: Collection[int]) -> Claim:
    """Take what may start of these turns' queued answers: they are streaming from now on.

    A compare-and-swap: two processes never take the same answer. What waits is marked as looked after.
    """
    with transaction.atomic():
        answers = _queued(message_ids)
        if not answers:
            return Claim()
        providers = {row.pk: row for row in _locked({answer.provider_row_id or 0 for answer in answers})}
        for answer in answers:
            answer.provider_row = providers.get(answer.provider_row_id or 0)
        bounds = {row.pk: row.max_calls or settings.CALLS_PER_PROVIDER for row in providers.values()}
        allowed = _allowed(answers, bounds)
        taken = _take([answer.pk for answer in answers if answer.pk in allowed])
        waiting = [answer for answer in answers if answer.pk not in allowed]
        _look_after([answer.pk for answer in waiting])
        turns = _turns({answer.message_id for answer in answers})
    return Claim([answer for answer in answers if answer.pk in taken], waiting, turns)


@prepared
def _queued(message_ids: Collection[int]) -> QuerySet[Answer]:
    queued = Answer.objects.filter(message_id__in=message_ids, status=Answer.Status.QUEUED)
    return queued.order_by("message_id", "position")


@prepared
def _locked(provider_ids: Collection[int]) -> QuerySet[Provider]:
    """These providers, each held until the transaction ends."""
    return Provider.objects.filter(pk__in=provider_ids).order_by("pk").select_for_update(no_key=True)


def _turns(message_ids: set[int]) -> dict[int, Asked]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT m.id, m.parent_id, m.conversation_id, c.owner_id, m.context "  # noqa: S608  # names and placeholders
            f"FROM {_MESSAGE} m JOIN {_CONVERSATION} c ON c.id = m.conversation_id "
            f"WHERE m.id IN ({_places(message_ids)})",
            [*message_ids],
        )
        return {row[0]: Asked(*row) for row in cursor.fetchall()}


def _allowed(answers: list[Answer], bounds: dict[int, int]) -> set[int]:
    """The ids of those that may start. A provider that was removed has no limit: its answers fail at once."""
    load = _load(bounds)
    crowded = {pk for pk, bound in bounds.items() if load[pk] > bound}
    allowed = {answer.pk for answer in answers if answer.provider_row_id not in crowded}
    if crowded:
        allowed |= _fair_share({pk: bounds[pk] for pk in crowded}, {answer.message_id for answer in answers})
    return allowed


def _load(bounds: dict[int, int]) -> Counter[int]:
    """How many answers of each provider run or want to."""
    if not bounds:
        return Counter()
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT provider_row_id, COUNT(*) FROM {_ANSWER} "  # noqa: S608  # names and placeholders alone
            f"WHERE {_UNFINISHED} AND provider_row_id IN ({_places(bounds)}) GROUP BY provider_row_id",
            [*bounds],
        )
        return Counter(dict(cursor.fetchall()))


def _fair_share(bounds: dict[int, int], message_ids: set[int]) -> set[int]:
    """Of all that wait for these providers, in any process, the ids of those whose turn it is.

    Left out is what nobody looks after at this moment: it could not start, and would keep the place empty.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT a.provider_row_id, c.owner_id, a.id, a.status "  # noqa: S608  # as above
            f"FROM {_ANSWER} a JOIN {_MESSAGE} m ON m.id = a.message_id "
            f"JOIN {_CONVERSATION} c ON c.id = m.conversation_id "
            f"WHERE a.{_UNFINISHED} AND a.provider_row_id IN ({_places(bounds)}) AND (a.status = 'streaming' "
            f"OR a.message_id IN ({_places(message_ids)}) "
            f"OR a.heartbeat_at > {ago_sql(limits.WAITING_STALE_S)}) ORDER BY a.id",
            [*bounds, *message_ids],
        )
        rows = cursor.fetchall()
    calls: dict[int, Counter[int]] = defaultdict(Counter)
    waiting: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for provider_id, owner_id, answer_id, status in rows:
        if status == Answer.Status.STREAMING:
            calls[provider_id][owner_id] += 1
        else:
            waiting[provider_id].append((owner_id, answer_id))
    return {
        answer_id
        for provider_id, bound in bounds.items()
        for answer_id in in_fair_order(waiting[provider_id], calls[provider_id])[
            : max(0, bound - calls[provider_id].total())
        ]
    }


def in_fair_order(waiting: Iterable[tuple[int, int]], running: Counter[int]) -> list[int]:
    """Answer ids in the order in which they get a place: (owner id, answer id) of each, oldest first.

    `running`: how many calls each owner has already.
    """
    places = Counter(running)
    ranked = []
    for owner_id, answer_id in waiting:
        ranked.append((places[owner_id], answer_id))
        places[owner_id] += 1
    return [answer_id for _, answer_id in sorted(ranked)]


def _take(answer_ids: list[int]) -> set[int]:
    if not answer_ids:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {_ANSWER} "  # noqa: S608  # as above
            f"SET status = 'streaming', started_at = {now_sql()}, heartbeat_at = {now_sql()} "
            f"WHERE id IN ({_places(answer_ids)}) AND status = 'queued' RETURNING id",
            answer_ids,
        )
        return {row[0] for row in cursor.fetchall()}


def _look_after(answer_ids: list[int]) -> None:
    if not answer_ids:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {_ANSWER} SET heartbeat_at = {now_sql()} "  # noqa: S608  # as above
            f"WHERE id IN ({_places(answer_ids)}) AND status = 'queued'",
            answer_ids,
        )


def _places(values: Collection[int]) -> str:
    return ", ".join(["%s"] * len(values))
