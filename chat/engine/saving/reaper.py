"""The reaper: no answer waits for ever for a process that is gone."""

from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from chat import events, limits
from chat.engine.saving.writer import is_complete
from chat.errors import Lost
from chat.models import Answer
from chat.store import booking
from common.data.database_time import ago, ago_sql, now_sql

Ended = tuple[int, events.AnswerChanged | events.TurnChanged]


def reap(own: set[int], stale_s: float = limits.HEARTBEAT_STALE_S) -> list[Ended]:
    """Mark as interrupted what lost its process; return (conversation id, event) of each, and of ended turns.

    `own`: answers alive in this process, which are never touched: a sleeping laptop ages their heartbeats.
    """
    ended: list[Ended] = []
    turns: dict[int, int] = {}
    stale = Q(heartbeat_at__lt=ago(stale_s)) | Q(heartbeat_at=None)
    lost = Answer.objects.filter(stale, status=Answer.Status.STREAMING).exclude(pk__in=own)
    for answer in lost.select_related("message"):
        still_lost = Answer.objects.filter(stale, pk=answer.pk, status=Answer.Status.STREAMING)
        if _interrupt(still_lost, answer):
            event = events.AnswerChanged(
                id=answer.pk,
                status="interrupted",
                text_length=len(answer.text),
                reasoning_length=len(answer.reasoning),
                error=events.ErrorInfo(Lost.code, {}),
                input_tokens=answer.input_tokens,
                output_tokens=answer.output_tokens,
                cost_usd=answer.cost_usd,
                is_estimated=answer.is_estimated,
                first_token_ms=answer.first_token_ms,
            )
            ended.append((answer.message.conversation_id, event))
            turns[answer.message_id] = answer.message.conversation_id
    for message_id, conversation_id in turns.items():
        if is_complete(message_id):
            ended.append((conversation_id, events.TurnChanged(state="complete", message_id=message_id)))
    booking.settle_left()
    return ended


def _interrupt(still_lost: QuerySet[Answer], answer: Answer) -> bool:
    """End an answer, and settle what its saved text has cost; False where somebody was faster."""
    with transaction.atomic():
        changed = {"status": Answer.Status.INTERRUPTED, "error_code": Lost.code}
        if not still_lost.update(**changed, finished_at=Now()):
            return False
        answer.status = Answer.Status.INTERRUPTED
        booking.estimate_lost([answer])
        booking.settle([answer])
    return True


def unclaimed_turns(older_than_s: int) -> list[int]:
    """Assistant messages with a queued answer that nobody has looked after for so long.

    They count as looked after from now on: several processes that ask find each of them once.
    """
    table = Answer._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} SET heartbeat_at = {now_sql()} WHERE status = 'queued' AND "  # noqa: S608  # no input
            f"COALESCE(heartbeat_at, created_at) <= {ago_sql(older_than_s)} RETURNING message_id",
            [],
        )
        return sorted({row[0] for row in cursor.fetchall()})
