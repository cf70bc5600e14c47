"""Choosing an answer of a turn, and the branch that is shown."""

from functools import partial

from django.db import transaction

from chat import events
from chat.engine.process import engine_of_process
from chat.models import Answer, Conversation, Message
from chat.store import branches


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
