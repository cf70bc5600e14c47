"""Rows as the records that clients see; the same for the socket, the REST API and the page."""

from collections.abc import Iterable, Sequence

from django.db.models import Prefetch, QuerySet

from chat import events
from chat.models import Answer, Attachment, Message
from common.words.times import timestamp

_CHANGED = events.AnswerChanged.__struct_fields__
_SETTINGS = events.TargetSettings.__struct_fields__


def with_answers(messages: QuerySet[Message]) -> QuerySet[Message]:
    """Messages in order, their answers and images at hand: three queries however many there are."""
    answers = Answer.objects.order_by("position", "version")
    images = Attachment.objects.order_by("position")
    return messages.order_by("pk").prefetch_related(
        Prefetch("answers", queryset=answers), Prefetch("attachments", queryset=images)
    )


def answer_record(answer: Answer) -> events.AnswerRecord:
    return events.AnswerRecord(
        id=answer.pk,
        message_id=answer.message_id,
        target=answer.target,
        name=answer.name,
        provider=answer.provider,
        label=answer.label or answer.provider,
        mark=answer.mark or answer.provider[:1].upper(),
        model=answer.model,
        settings=events.TargetSettings(*(answer.settings.get(name) for name in _SETTINGS)),
        position=answer.position,
        version=answer.version,
        is_chosen=answer.message.chosen_id == answer.pk,
        status=answer.status,  # type: ignore[arg-type]  # the column's constraint holds the same words
        text=answer.text,
        reasoning=answer.reasoning,
        error=events.ErrorInfo(answer.error_code, answer.error_params) if answer.error_code else None,
        refusal=answer.refusal,
        notes=answer.notes,
        finish_reason=answer.finish_reason,
        vendor_finish_reason=answer.vendor_finish_reason,
        request_id=answer.request_id,
        attempts=answer.attempts,
        input_tokens=answer.input_tokens,
        output_tokens=answer.output_tokens,
        cached_tokens=answer.cached_tokens,
        reasoning_tokens=answer.reasoning_tokens,
        cost_usd=answer.cost_usd,
        is_estimated=answer.is_estimated,
        first_token_ms=answer.first_token_ms,
        reasoning_ms=answer.reasoning_ms,
        total_ms=answer.total_ms,
        created_at=timestamp(answer.created_at),
        started_at=timestamp(answer.started_at) if answer.started_at else None,
    )


def ended_event(record: events.AnswerRecord) -> events.AnswerChanged:
    """The event of an answer's state, for whoever did not see it change."""
    same = {name: getattr(record, name) for name in _CHANGED if hasattr(record, name)}
    return events.AnswerChanged(**same, text_length=len(record.text), reasoning_length=len(record.reasoning))


def attachment_record(image: Attachment) -> events.AttachmentRecord:
    return events.AttachmentRecord(
        id=str(image.pk),
        url=f"/api/chat/attachments/{image.pk}",
        media_type=image.media_type,
        width=image.width,
        height=image.height,
        size_bytes=image.size_bytes,
    )


def message_record(
    message: Message,
    answers: Iterable[Answer] | None = None,
    images: Iterable[Attachment] | None = None,
    siblings: Sequence[int] = (),
) -> events.MessageRecord:
    """A message with these answers and images, or with its own where it was read through `with_answers`.

    `siblings` are needed where its conversation has branches (chat.store.branches.siblings).
    """
    is_question = message.role == Message.Role.USER
    rows = [*(message.answers.all() if answers is None else answers)]
    return events.MessageRecord(
        id=message.pk,
        parent_id=message.parent_id,
        role=message.role,  # type: ignore[arg-type]  # the column's constraint holds the same words
        content=content_of(message, rows),
        created_at=timestamp(message.created_at),
        context=message.context,  # type: ignore[arg-type]  # written from the same words
        siblings=([*siblings] or [message.pk]) if is_question else [],
        attachments=[
            attachment_record(image) for image in (message.attachments.all() if images is None else images)
        ],
        answers=[answer_record(answer) for answer in rows],
    )


def content_of(message: Message, answers: Iterable[Answer]) -> str:
    """A message's text: of an assistant's the chosen answer's, empty where none is chosen."""
    chosen = (answer.text for answer in answers if answer.pk == message.chosen_id)
    return message.content or next(chosen, "")


def newest(answers: Iterable[Answer]) -> list[Answer]:
    """The newest version of each column, in order of columns."""
    columns = {answer.position: answer for answer in sorted(answers, key=lambda one: one.version)}
    return [columns[position] for position in sorted(columns)]
