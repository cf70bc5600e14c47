"""What waits for one client: bounded, in order, and never an ended answer that begins again."""

import asyncio

import pytest

from chat import events, limits
from chat.engine.broadcast.frames import Frame, RunningText, Texts
from chat.live.outbox import ENDS_KEPT, Ended, Outbox
from chat.tests.live.test_resume import record


def frame(event: events.AnyEvent | Texts) -> Frame:
    return Frame(event, events.encode(event))


def deltas(offset: int, text: str) -> Frame:
    return frame(events.Deltas(deltas=[(1, offset, text)], reasoning=[]))


def state(status: events.AnswerStatus) -> Frame:
    return frame(events.AnswerChanged(id=1, status=status, text_length=0, reasoning_length=0))


def snapshot(status: events.AnswerStatus) -> events.Snapshot:
    answer = record(1)
    answer.status = status
    message = events.MessageRecord(
        id=1,
        parent_id=None,
        role="assistant",
        content="",
        created_at="",
        context="own",
        siblings=[],
        attachments=[],
        answers=[answer],
    )
    return events.Snapshot(messages=[message], from_rows=[])


async def taken(outbox: Outbox, count: int) -> list[events.AnyEvent | Texts]:
    async with asyncio.timeout(30):
        return [(await outbox.take()).event for _ in range(count)]


async def never() -> None:
    raise AssertionError("nothing was skipped")


async def test_what_comes_while_a_snapshot_is_made_follows_it() -> None:
    outbox = Outbox(1, None, never)
    outbox.hold()
    outbox.deliver(deltas(0, "late"))
    first = snapshot("streaming")
    outbox.release(first)
    assert await taken(outbox, 2) == [first, deltas(0, "late").event]


async def test_an_answer_that_has_ended_does_not_begin_again() -> None:
    outbox = Outbox(1, None, never)
    outbox.hold()
    outbox.deliver(state("streaming"))
    outbox.deliver(state("done"))
    first = snapshot("done")
    outbox.release(first)
    assert await taken(outbox, 2) == [first, state("done").event]


@pytest.mark.parametrize("ended", ["done", "stopped"])
async def test_what_another_process_said_before_the_end_and_comes_after_it_is_left_out(
    ended: events.AnswerStatus,
) -> None:
    outbox = Outbox(1, None, never)
    for late in (state(ended), state("streaming"), deltas(0, "shown"), state(ended)):
        outbox.deliver(late)
    assert await taken(outbox, 3) == [state(ended).event, deltas(0, "shown").event, state(ended).event]


async def test_a_snapshot_tells_of_ends_too() -> None:
    outbox = Outbox(1, None, never)
    outbox.hold()
    outbox.release(snapshot("stopped"))
    outbox.deliver(state("streaming"))
    outbox.deliver(deltas(0, "shown"))
    assert await taken(outbox, 2) == [snapshot("stopped"), deltas(0, "shown").event]


async def test_only_so_many_ends_are_remembered() -> None:
    outbox = Outbox(1, None, never)
    for number in range(3 * ENDS_KEPT):
        outbox.deliver(
            frame(events.AnswerChanged(id=number, status="done", text_length=0, reasoning_length=0))
        )
    assert len(outbox._ended) == ENDS_KEPT


async def test_a_slow_client_costs_a_bounded_queue_and_gets_the_current_text() -> None:
    first = snapshot("streaming")

    async def resync() -> None:
        outbox.put(first)

    outbox = Outbox(1, None, resync)
    piece = "x" * 1000
    for number in range(5 * limits.SOCKET_QUEUE_CHARS // len(piece)):
        outbox.deliver(deltas(number * len(piece), piece))
        assert outbox._chars <= limits.SOCKET_QUEUE_CHARS + 2 * len(piece)
    told = await taken(outbox, len(outbox._frames) + 1)
    assert told[-1] == first


async def test_texts_from_other_processes_are_collected_and_not_sent() -> None:
    outbox = Outbox(1, None, never)
    arrived = outbox.expect({1, 2})
    outbox.deliver(frame(Texts(texts=[RunningText(1, "one", "", None)])))
    assert not arrived.done()
    outbox.deliver(frame(Texts(texts=[RunningText(2, "two", "", None)])))
    assert arrived.done()
    assert {key: one.text for key, one in outbox.expected().items()} == {1: "one", 2: "two"}
    outbox.deliver(state("done"))
    assert await taken(outbox, 1) == [state("done").event]


async def test_a_closed_one_says_with_which_code() -> None:
    outbox = Outbox(1, None, never)
    outbox.deliver(state("done"))
    outbox.close(4401)
    outbox.close(4404)
    with pytest.raises(Ended) as ended:
        await outbox.take()
    assert ended.value.code == 4401
