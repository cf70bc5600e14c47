"""Snapshots: finished answers from the rows, running ones from the memory of the turn that writes them."""

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Protocol

from chat import events
from chat.engine.broadcast.frames import RunningText
from chat.engine.loop import Engine
from chat.models import Answer, Message
from chat.store.branches import active_ids, head_of, siblings
from chat.store.records import answer_record, ended_event, message_record, with_answers

ANSWER_WITHIN_S = 0.2
"""How long the process that writes an answer may take to send its text; then the row's is taken."""


class Watcher(Protocol):
    """A client that takes snapshots."""

    id: str

    def hold(self) -> None:
        """Keep back what comes until `release`."""
        ...

    def release(self, first: events.Snapshot | None) -> None:
        """Send `first`, then what was kept back."""
        ...

    def expect(self, answer_ids: set[int]) -> "asyncio.Future[None]":
        """A future that ends once texts of all these have come from other processes."""
        ...

    def expected(self) -> dict[int, RunningText]:
        """The texts that have come, by answer id."""
        ...


def read_joining(conversation_id: int) -> list[events.MessageRecord]:
    """What a socket needs when it joins: of the branch that is shown the last turn and all that run."""
    turns = Message.objects.filter(conversation_id=conversation_id, role=Message.Role.ASSISTANT)
    running = Answer.objects.filter(message__conversation_id=conversation_id, status__in=Answer.UNFINISHED)
    head_id = head_of(conversation_id)
    if head_id is not None:
        # What runs in another branch is not on the screen.
        active = active_ids(conversation_id, head_id)
        turns, running = turns.filter(pk__in=active), running.filter(message__in=active)
    last = turns.order_by("-pk").values_list("pk", flat=True)[:1]
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
    rows = with_answers(Message.objects.filter(pk__in=wanted))
    beside = siblings(conversation_id) if head_of(conversation_id) is not None else {}
    return [message_record(row, siblings=beside.get(row.pk, ())) for row in rows]


def ended_answers(message_id: int) -> list[events.AnswerChanged]:
    """The events of a turn's answers that have ended, from the rows."""
    ended = Answer.objects.filter(message_id=message_id).exclude(status__in=Answer.UNFINISHED)
    return [ended_event(answer_record(answer)) for answer in ended.select_related("message")]


async def take_snapshot(
    engine: Engine, watcher: Watcher, conversation_id: int, read: Callable[[], list[events.MessageRecord]]
) -> None:
    """Give a watcher the records that `read` returns, with the newest text of what is being written.

    Its text ends where the next delta starts: frames that come meanwhile follow after it. A text that its
    process does not send in time (it is gone, or Redis is) comes from the row, and `from_rows` says so.
    """
    watcher.hold()
    first = None
    try:
        messages = await engine.serve(read)
        texts = await _running_texts(engine, watcher, conversation_id, messages)
        # They ended between our reading and now; their rows were final before their process let go of them.
        left = {answer.message_id for answer in _streaming(messages) if answer.id not in texts}
        if left:
            again = await engine.serve(read_messages, conversation_id, left)
            fresh = {message.id: message for message in again}
            messages = [fresh.get(message.id, message) for message in messages]
        first = snapshot(messages, texts)
    finally:
        watcher.release(first)


async def _running_texts(
    engine: Engine, watcher: Watcher, conversation_id: int, messages: list[events.MessageRecord]
) -> dict[int, RunningText]:
    texts = {one.id: one for one in engine.texts({a.id for message in messages for a in message.answers})}
    elsewhere = {answer.id for answer in _streaming(messages)} - texts.keys()
    if elsewhere and engine.is_shared:
        coming = watcher.expect(elsewhere)
        engine.tell(
            type="texts.wanted", conversation_id=conversation_id, answer_ids=sorted(elsewhere), to=watcher.id
        )
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(coming), ANSWER_WITHIN_S)
        texts |= watcher.expected()
    return texts


def _streaming(messages: list[events.MessageRecord]) -> Iterator[events.AnswerRecord]:
    return (answer for message in messages for answer in message.answers if answer.status == "streaming")


def snapshot(messages: list[events.MessageRecord], texts: Mapping[int, RunningText]) -> events.Snapshot:
    """The snapshot of these records, with these texts where they are still being written."""
    from_rows = []
    for message in messages:
        for answer in message.answers:
            running = texts.get(answer.id)
            if running:
                answer.status = "streaming"
                answer.text = running.text
                answer.reasoning = running.reasoning
                answer.first_token_ms = running.first_token_ms
            elif answer.status in ("queued", "streaming"):
                from_rows.append(answer.id)
    return events.Snapshot(messages=messages, from_rows=from_rows)
