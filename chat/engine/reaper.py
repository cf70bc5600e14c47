"""The reaper: no answer waits for ever for a process that is gone."""

from datetime import timedelta

from django.db.models import DateTimeField, DurationField, ExpressionWrapper, Q, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Now

from chat import events, limits
from chat.errors import Lost
from chat.models import Answer


def ago(seconds: float) -> Combinable:
    """Database time, so many seconds before now."""
    return ExpressionWrapper(
        Now() - Value(timedelta(seconds=seconds), output_field=DurationField()), output_field=DateTimeField()
    )


def reap(own: set[int], stale_s: float = limits.HEARTBEAT_STALE_S) -> list[tuple[int, events.AnswerChanged]]:
    """Mark as interrupted what lost its process; return (conversation id, event) of each.

    `own`: answers alive in this process, which are never touched: a sleeping laptop ages their heartbeats.
    """
    ended = []
    stale = Q(heartbeat_at__lt=ago(stale_s)) | Q(heartbeat_at=None)
    lost = Answer.objects.filter(stale, status=Answer.Status.STREAMING).exclude(pk__in=own)
    for answer in lost.select_related("message"):
        still_lost = Answer.objects.filter(stale, pk=answer.pk, status=Answer.Status.STREAMING)
        if still_lost.update(status=Answer.Status.INTERRUPTED, error_code=Lost.code, finished_at=Now()):
            event = events.AnswerChanged(
                id=answer.pk,
                status="interrupted",
                text_length=len(answer.text),
                reasoning_length=len(answer.reasoning),
                error=events.ErrorInfo(Lost.code, {}),
                first_token_ms=answer.first_token_ms,
            )
            ended.append((answer.message.conversation_id, event))
    return ended


def unclaimed_turns(older_than_s: float) -> list[int]:
    """Assistant messages with a queued answer that nobody has claimed for so long."""
    waiting = Answer.objects.filter(status=Answer.Status.QUEUED, created_at__lt=ago(older_than_s))
    return list(waiting.values_list("message_id", flat=True).distinct())
