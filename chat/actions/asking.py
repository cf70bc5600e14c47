"""Asks a question: one transaction saves the turn and reserves its cost, then it starts."""

from collections.abc import Sequence

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.models import User
from chat import events, limits
from chat.actions import starting
from chat.actions.announcing import NOBODY, Asked, Asker, accepted_event, announce_on_commit
from chat.errors import ClientIdConflict, EmptyMessage, MessageTooLong
from chat.models import Attachment, Conversation, Message
from chat.store import booking, branches, uploads
from chat.store.finding import lock_conversation
from chat.store.records import message_record, with_answers
from chat.store.saving import Question, save_turn
from common.data.prepared import prepared


def ask(user: User, conversation_id: int | None, question: Question, asker: Asker = NOBODY) -> Asked:
    """Save one question to several AIs, reserve its estimated cost, and start the turn.

    `conversation_id` None makes a new conversation.
    Raises ConversationNotFound, MessageNotFound, BadParent, EmptyMessage, MessageTooLong, TooManyImages,
    AttachmentNotFound, ClientIdConflict, or what the user's plan refuses (accounts.plans.ledger.reserve);
    then nothing is saved.
    """
    if not question.message.strip():
        raise EmptyMessage
    if len(question.message) > limits.MESSAGE_CHARS:
        raise MessageTooLong(chars=len(question.message), limit=limits.MESSAGE_CHARS)
    starting.prepare()
    with transaction.atomic():
        conversation = _conversation_for(user, conversation_id, question.client_id)
        repeated = _sent_before(conversation, question)
        if repeated is not None:
            accepted = accepted_event(conversation, repeated[-1].answers, repeated, question.client_id)
            return announce_on_commit(repeated[-1].id, accepted, asker, is_new=False)
        return begin(user, conversation, question, uploads.claim(user, question.attachments), asker)


def begin(
    user: User,
    conversation: Conversation,
    question: Question,
    images: Sequence[Attachment],
    asker: Asker = NOBODY,
) -> Asked:
    """Save one question in the user's conversation, and start its turn once the caller's transaction ends.

    The caller has locked the conversation and checked the message; `images` are its attachments.
    Raises as `ask` does.
    """
    records = save_turn(conversation, question, images)
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
        for record, target in zip(assistant.answers, question.targets, strict=True)
    ]
    booking.reserve(
        user,
        columns,
        conversation_id=conversation.pk,
        message_id=assistant.id,
        context=question.context,
    )
    accepted = accepted_event(conversation, assistant.answers, records, question.client_id)
    return announce_on_commit(assistant.id, accepted, asker, is_new=True)


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


def _sent_before(conversation: Conversation, question: Question) -> list[events.MessageRecord] | None:
    """Both messages of the turn that was already saved under this client id, or None."""
    if question.client_id is None:
        return None
    sent = _questions(conversation.pk, question.client_id)
    if not sent:
        return None
    row = sent[0]
    if row.client_hash != question.content_hash:
        raise ClientIdConflict
    turn = Q(pk=row.pk) | Q(parent=row, role=Message.Role.ASSISTANT)
    beside = branches.siblings(conversation.pk).get(row.pk, [])
    return [message_record(one, siblings=beside) for one in with_answers(Message.objects.filter(turn))]


@prepared
def _questions(conversation_id: int, client_id: str) -> QuerySet[Message]:
    return Message.objects.filter(conversation=conversation_id, client_id=client_id)
