"""What a person can do to a turn: ask, stop, retry.

Each reads and writes in one transaction; what others must hear goes out after the commit.
"""

from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone
from msgspec import UNSET

from accounts import quota
from accounts.models import User
from accounts.quota import Settlement
from chat import booking, branches, dispatch, events, limits, uploads
from chat.engine import engine_of_process
from chat.errors import (
    AnswerNotFound,
    ClientIdConflict,
    ConversationNotFound,
    EmptyMessage,
    MessageTooLong,
)
from chat.models import Answer, Attachment, Conversation, Message
from chat.records import answer_record, message_record, with_answers
from chat.saving import ParentId, ask_again, content_hash_of, save_turn
from chat.targets import Target
from webox.prepared import prepared

OnAccepted = Callable[[events.Accepted], object]


@dataclass
class Asked:
    """A turn that is saved; `running` ends with it where this process runs it."""

    conversation_id: int
    message_id: int
    running: Future[None] | None = None


def ask(
    user: User,
    *,
    conversation_id: int | None,
    message: str,
    targets: list[Target],
    attachments: Sequence[UUID] = (),
    client_id: str | None = None,
    on_accepted: OnAccepted | None = None,
    skip_id: str = "",
    parent_id: ParentId = UNSET,
    context: events.Context = "own",
) -> Asked:
    """Save one question to several AIs and start the turn.

    `attachments` are images the user has uploaded. `conversation_id` None makes a new conversation.
    `parent_id` is the message after which the question goes, None for the beginning: where another question
    stands there already, this begins a branch, which is shown from now on. `context` is what each AI is told
    of the turns before.
    What it may cost is reserved with it.
    `on_accepted` is called after the commit and before the turn starts, from this thread; the other sockets
    (all but `skip_id`) hear `turn` started. The same `client_id` with the same content is the same turn.
    Raises ConversationNotFound, MessageNotFound, EmptyMessage, MessageTooLong, TooManyImages,
    AttachmentNotFound, ClientIdConflict, or what the person's plan refuses (accounts.quota.reserve); then
    nothing is saved.
    """
    if not message.strip():
        raise EmptyMessage
    if len(message) > limits.MESSAGE_CHARS:
        raise MessageTooLong(chars=len(message), limit=limits.MESSAGE_CHARS)
    dispatch.prepare()
    content_hash = content_hash_of(message, targets, attachments, parent_id, context)
    with transaction.atomic():
        conversation = _conversation_for(user, conversation_id, client_id)
        repeated = _sent_before(conversation, client_id, content_hash)
        if repeated is not None:
            accepted = _accepted(conversation, repeated, client_id)
            return _announced(accepted, on_accepted, skip_id, is_new=False)
        return begin(
            user,
            conversation,
            message,
            targets,
            uploads.claim(user, attachments),
            client_id=client_id,
            content_hash=content_hash,
            on_accepted=on_accepted,
            skip_id=skip_id,
            parent_id=parent_id,
            context=context,
        )


def begin(
    user: User,
    conversation: Conversation,
    message: str,
    targets: Sequence[Target],
    images: Sequence[Attachment],
    *,
    client_id: str | None = None,
    content_hash: str = "",
    on_accepted: OnAccepted | None = None,
    skip_id: str = "",
    parent_id: ParentId = UNSET,
    context: events.Context = "own",
) -> Asked:
    """Save one question in the user's conversation, and start its turn once the caller's transaction ends.

    The caller holds the conversation, and has checked the message. The rest is as for `ask`.
    """
    records = save_turn(conversation, message, targets, images, client_id, content_hash, parent_id, context)
    assistant = records[-1]
    columns = [
        booking.Column(
            answer_id=record.id,
            name=target.name,
            slug=target.provider.slug,
            provider=target.provider,
            model=target.model,
            settings=target.settings,
        )
        for record, target in zip(assistant.answers, targets, strict=True)
    ]
    booking.reserve(user, columns, conversation_id=conversation.pk, message_id=assistant.id, context=context)
    return _announced(_accepted(conversation, records, client_id), on_accepted, skip_id, is_new=True)


def _accepted(
    conversation: Conversation, records: list[events.MessageRecord], client_id: str | None
) -> events.Accepted:
    return events.Accepted(
        client_id=client_id,
        conversation_id=conversation.pk,
        title=conversation.title,
        messages=records,
        answers=records[-1].answers,
    )


def _announced(
    accepted: events.Accepted, on_accepted: OnAccepted | None, skip_id: str, *, is_new: bool
) -> Asked:
    asked = Asked(accepted.conversation_id, accepted.messages[-1].id)
    transaction.on_commit(partial(_announce, asked, accepted, on_accepted, skip_id, is_new=is_new))
    return asked


def owns(user: User, conversation_id: int) -> bool:
    """Whether the conversation exists and is theirs."""
    return Conversation.objects.for_user(user).filter(pk=conversation_id).exists()


def stop(user: User, conversation_id: int, answer_ids: list[int] | None) -> None:
    """Stop these answers, or all that run in the conversation; what is already ended stays as it is.

    Raises ConversationNotFound.
    """
    stop_running(_find_conversation(user, conversation_id).pk, answer_ids)


def stop_running(conversation_id: int, answer_ids: Collection[int] | None) -> None:
    """Stop what runs in a conversation, whoever asks for it."""
    running = Answer.objects.filter(message__conversation=conversation_id, status__in=Answer.UNFINISHED)
    if answer_ids is not None:
        running = running.filter(pk__in=answer_ids)
    with transaction.atomic():
        stopped = [
            answer
            for answer in running.order_by("pk")
            if Answer.objects.filter(pk=answer.pk, status=answer.status).update(
                status=Answer.Status.STOPPED, finished_at=Now()
            )
        ]
        # Whoever writes an answer knows what it has taken, and settles it; nobody writes these.
        quota.settle(
            {
                answer.pk: Settlement(outcome=Answer.Status.STOPPED)
                for answer in stopped
                if answer.status == Answer.Status.QUEUED
            }
        )
    transaction.on_commit(partial(_announce_stop, conversation_id, stopped))


def retry(
    user: User,
    conversation_id: int,
    answer_ids: list[int],
    *,
    on_accepted: OnAccepted | None = None,
    skip_id: str = "",
) -> list[Asked]:
    """Ask the AIs of these ended answers again; each gets a new answer, the old ones stay.

    Raises ConversationNotFound, AnswerNotFound, AnswerStillRunning, or what the person's plan refuses; then
    nothing is saved.
    """
    dispatch.prepare()
    with transaction.atomic():
        conversation = _lock_conversation(user, conversation_id)
        answers = Answer.objects.filter(message__conversation=conversation, pk__in=answer_ids)
        by_message: dict[int, list[Answer]] = {}
        for answer in answers.select_related("message", "provider_row").order_by("message_id", "position"):
            by_message.setdefault(answer.message_id, []).append(ask_again(answer))
        if sum(map(len, by_message.values())) != len(set(answer_ids)):
            raise AnswerNotFound
        Conversation.objects.filter(pk=conversation.pk).update(updated_at=timezone.now(), is_indexed=False)
        retried = []
        for message_id, again in by_message.items():
            _reserve_again(user, conversation.pk, again)
            asked = Asked(conversation.pk, message_id)
            retried.append(asked)
            accepted = events.Accepted(
                client_id=None,
                conversation_id=conversation.pk,
                title=conversation.title,
                messages=[],
                answers=[answer_record(answer) for answer in again],
            )
            transaction.on_commit(partial(_announce, asked, accepted, on_accepted, skip_id, is_new=True))
    return retried


def _reserve_again(user: User, conversation_id: int, again: Sequence[Answer]) -> None:
    columns = [
        booking.Column(
            answer_id=answer.pk,
            name=answer.name,
            slug=answer.provider,
            provider=answer.provider_row,
            model=answer.model,
            settings=answer.settings,
        )
        for answer in again
    ]
    message = again[0].message
    booking.reserve(
        user,
        columns,
        conversation_id=conversation_id,
        message_id=message.pk,
        context=message.context,  # type: ignore[arg-type]  # written from the same words
        is_again=True,
    )


def choose(answer: Answer, *, is_chosen: bool) -> None:
    """Make an answer the chosen one of its turn, in place of another, or no more."""
    message = answer.message
    turn = Message.objects.filter(pk=message.pk)
    if is_chosen:
        turn.update(chosen=answer)
    elif not turn.filter(chosen=answer).update(chosen=None):
        return
    event = events.Chosen(message_id=message.pk, answer_id=answer.pk if is_chosen else None)
    transaction.on_commit(partial(engine_of_process().hub.publish, message.conversation_id, event))


def show_branch(message: Message) -> None:
    """Show the branch that this message is in, to its newest end."""
    head_id = branches.last_of(message)
    Conversation.objects.filter(pk=message.conversation_id).update(head=head_id)
    event = events.BranchShown(head_id=head_id)
    transaction.on_commit(partial(engine_of_process().hub.publish, message.conversation_id, event))


def _find_conversation(user: User, conversation_id: int) -> Conversation:
    conversation = Conversation.objects.for_user(user).filter(pk=conversation_id).first()
    if conversation is None:
        raise ConversationNotFound
    return conversation


def _conversation_for(user: User, conversation_id: int | None, client_id: str | None) -> Conversation:
    """The conversation to ask in: a new one without an id, but for a send that is repeated."""
    if conversation_id is not None:
        return _lock_conversation(user, conversation_id)
    if client_id is not None:
        # Held until the transaction ends, so that of twenty sends at once one is the first.
        User.objects.select_for_update(no_key=True).filter(pk=user.pk).first()
        begun = Conversation.objects.for_user(user).filter(
            messages__client_id=client_id, messages__parent=None
        )
        before = begun.first()
        if before is not None:
            return before
    return Conversation.objects.create(owner=user, updated_at=timezone.now())


def _lock_conversation(user: User, conversation_id: int) -> Conversation:
    """The conversation, held until the transaction ends, so that two tabs can't fork it unawares."""
    locked = _locked_conversation(user.pk, conversation_id)
    if not locked:
        raise ConversationNotFound
    return locked[0]


@prepared
def _locked_conversation(user_id: int, conversation_id: int) -> QuerySet[Conversation]:
    theirs = Conversation.objects.for_user(User(pk=user_id)).filter(pk=conversation_id)
    return theirs.select_for_update()


def _sent_before(
    conversation: Conversation, client_id: str | None, content_hash: str
) -> list[events.MessageRecord] | None:
    """The question and its answers that were already sent under this client id."""
    if client_id is None:
        return None
    sent = _questions(conversation.pk, client_id)
    if not sent:
        return None
    question = sent[0]
    if question.client_hash != content_hash:
        raise ClientIdConflict
    turn = Q(pk=question.pk) | Q(parent=question, role=Message.Role.ASSISTANT)
    beside = branches.siblings(conversation.pk).get(question.pk, [])
    return [message_record(row, siblings=beside) for row in with_answers(Message.objects.filter(turn))]


@prepared
def _questions(conversation_id: int, client_id: str) -> QuerySet[Message]:
    return Message.objects.filter(conversation=conversation_id, client_id=client_id)


def _announce(
    asked: Asked, accepted: events.Accepted, on_accepted: OnAccepted | None, skip_id: str, *, is_new: bool
) -> None:
    """In this order: the asker knows the ids before anybody can send it a delta of them."""
    if on_accepted:
        on_accepted(accepted)
    if not is_new:
        if any(answer.status == "queued" for answer in accepted.answers):
            # Whoever saved it may have died before it told the workers; to start it twice does no harm.
            asked.running = dispatch.start(asked.message_id)
        return
    started = events.TurnChanged(
        state="started",
        message_id=asked.message_id,
        title=accepted.title,
        messages=accepted.messages,
        answers=accepted.answers,
    )
    engine_of_process().hub.publish(asked.conversation_id, started, skip_id=skip_id)
    asked.running = dispatch.start(asked.message_id)


def _announce_stop(conversation_id: int, stopped: list[Answer]) -> None:
    engine = engine_of_process()
    # Whoever writes an answer announces its end, with the text it still holds; the others end here.
    elsewhere = [one for one in stopped if engine.running_answer(one.message_id, one.pk) is None]
    dispatch.stop([answer.pk for answer in stopped])
    for answer in elsewhere:
        event = events.AnswerChanged(
            id=answer.pk,
            status="stopped",
            text_length=len(answer.text),
            reasoning_length=len(answer.reasoning),
            first_token_ms=answer.first_token_ms,
        )
        engine.hub.publish(conversation_id, event)
    for message_id in {answer.message_id for answer in elsewhere}:
        if not Answer.objects.filter(message_id=message_id, status__in=Answer.UNFINISHED).exists():
            engine.hub.publish(conversation_id, events.TurnChanged(state="complete", message_id=message_id))
