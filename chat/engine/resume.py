"""Snapshots: finished answers from the rows, running ones from the memory of the turn that writes them."""

from collections.abc import Iterable

from chat import events
from chat.engine.loop import Engine
from chat.models import Answer, Message
from chat.records import message_record, with_answers


def read_joining(conversation_id: int) -> list[events.MessageRecord]:
    """What a socket needs when it joins: the last turn, and every turn that still runs."""
    of_conversation = Message.objects.filter(conversation_id=conversation_id)
    last = (
        of_conversation.filter(role=Message.Role.ASSISTANT).order_by("-pk").values_list("pk", flat=True)[:1]
    )
    running = Answer.objects.filter(message__conversation_id=conversation_id, status__in=Answer.UNFINISHED)
    wanted = {*last, *running.values_list("message_id", flat=True)}
    return read_messages(conversation_id, wanted)


def read_of_answers(conversation_id: int, answer_ids: Iterable[int]) -> list[events.MessageRecord]:
    """The turns of these answers, where they belong to the conversation."""
    answers = Answer.objects.filter(pk__in=list(answer_ids), message__conversation_id=conversation_id)
    return read_messages(conversation_id, set(answers.values_list("message_id", flat=True)))


def read_messages(conversation_id: int, message_ids: set[int]) -> list[events.MessageRecord]:
    """These assistant messages and their questions, in order."""
    assistants = Message.objects.filter(conversation_id=conversation_id, pk__in=message_ids)
    questions = assistants.values_list("parent_id", flat=True)
    wanted = message_ids | {pk for pk in questions if pk}
    return [message_record(row) for row in with_answers(Message.objects.filter(pk__in=wanted))]


def left_behind(engine: Engine, messages: list[events.MessageRecord]) -> set[int]:
    """Messages with an answer that the rows call streaming and this process no longer writes."""
    return {
        message.id
        for message in messages
        for answer in message.answers
        if answer.status == "streaming" and engine.running_answer(message.id, answer.id) is None
    }


def snapshot(engine: Engine, messages: list[events.MessageRecord]) -> events.Snapshot:
    """The snapshot of these records, with the newest text of what this process writes.

    Its text ends where the next delta starts. Called on the engine's loop, or where a delta more or less
    does no harm: clients skip what they have.
    """
    from_rows = []
    for message in messages:
        for answer in message.answers:
            running = engine.running_answer(message.id, answer.id)
            if running:
                answer.status = "streaming"
                answer.text = running.text.shown()
                answer.reasoning = running.reasoning.shown()
                answer.first_token_ms = running.first_token_ms
            elif answer.status in ("queued", "streaming"):
                from_rows.append(answer.id)
    return events.Snapshot(messages=messages, from_rows=from_rows)
