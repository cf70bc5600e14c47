"""What a person can do to a turn: ask, stop, retry.

Each reads and writes in one transaction; what others must hear goes out after the commit.
"""

from collections.abc import Sequence
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from msgspec import UNSET

from accounts.models import User
from chat import events, limits
from chat.actions import starting
from chat.actions.announcing import Asked, OnAccepted, accepted_event, announce_on_commit
from chat.ais.targets import Target
from chat.errors import (
    ClientIdConflict,
    EmptyMessage,
    MessageTooLong,
)
from chat.models import Attachment, Conversation, Message
from chat.store import booking, branches, uploads
from chat.store.finding import lock_conversation
from chat.store.records import message_record, with_answers
from chat.store.saving import ParentId, content_hash_of, save_turn
from common.data.prepared import prepared


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
    AttachmentNotFound, ClientIdConflict, or what the person's plan refuses
    (accounts.plans.ledger.reserve); then nothing is saved.
    """
    if not message.strip():
        raise EmptyMessage
    if len(message) > limits.MESSAGE_CHARS:
        raise MessageTooLong(chars=len(message), limit=limits.MESSAGE_CHARS)
    starting.prepare()
    content_hash = content_hash_of(message, targets, attachments, parent_id, context)
    with transaction.atomic():
        conversation = _conversation_for(user, conversation_id, client_id)
        repeated = _sent_before(conversation, client_id, content_hash)
        if repeated is not None:
            accepted = accepted_event(conversation, repeated, client_id)
            return announce_on_commit(accepted, on_accepted, skip_id, is_new=False)
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
    return announce_on_commit(
        accepted_event(conversation, records, client_id), on_accepted, skip_id, is_new=True
    )


def _conversation_for(user: User, conversation_id: int | None, client_id: str | None) -> Conversation:
    """The conversation to ask in: a new one without an id, but for a send that is repeated."""
    if conversation_id is not None:
        return lock_conversation(user, conversation_id)
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
