"""Clients that go, come back, open twice, send twice, stop too late or delete: all see what is saved."""

import contextlib
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.faults.invariants import check_invariants
from tests.faults.scripts import word, words
from tests.faults.services import wait_until
from tests.faults.story import Story
from tests.faults.tab import Asked
from tests.site.client import FINAL, Watcher
from tests.site.vendor import Exchange

ROUNDS = 40


def test_answers_are_written_on_while_nobody_looks(story: Story) -> None:
    flow = story.flow("openai", "mistral")
    asked, conversation_id = asked_by_one_who_left(story)
    before = flow.sent
    wait_until(lambda: flow.sent > before + 10, 10, "the vendor goes on for nobody")
    flow.finish()
    rows = check_invariants(story)
    assert {rows.answer(pk).status for pk in asked.answers.values()} == {"done"}
    # Who comes back finds it all in the first frame.
    back = story.tab(conversation_id)
    assert {back.texts[pk] for pk in asked.answers.values()} == {
        rows.answer(pk).text for pk in asked.answers.values()
    }


def asked_by_one_who_left(story: Story) -> tuple[Asked, int]:
    tab = story.tab()
    asked = story.ask(tab, "openai", "mistral")
    for answer_id in asked.answers.values():
        tab.wait_for_text(answer_id)
    tab.close()
    return asked, tab.conversation_id


def test_a_refresh_and_a_second_tab_see_the_same_text(story: Story) -> None:
    flow = story.flow("openai")
    first = story.tab()
    asked = story.ask(first, "openai")
    [answer_id] = asked.answers.values()
    first.wait_for_text(answer_id)
    second = story.tab(first.conversation_id)
    first.close()
    # A refresh is a new tab that knows nothing.
    refreshed = story.tab(first.conversation_id)
    for tab in (second, refreshed):
        tab.wait_for_more(answer_id)
    story.whole[answer_id] = flow.finish()
    for tab in (second, refreshed):
        tab.wait_for_end(answer_id)
    check_invariants(story)


def test_a_tab_that_was_offline_catches_up(story: Story) -> None:
    flow = story.flow("openai", every_s=0.02)
    stayed, left = story.tab(), None
    asked = story.ask(stayed, "openai")
    [answer_id] = asked.answers.values()
    left = story.tab(stayed.conversation_id)
    left.wait_for_text(answer_id)
    left.offline()
    missed = flow.sent + 150
    wait_until(lambda: flow.sent >= missed, 15, "the flow goes on meanwhile")
    left.online()
    left.wait_for_text(answer_id, len(words(missed)), within_s=5)
    story.whole[answer_id] = flow.finish()
    for tab in (stayed, left):
        tab.wait_for_end(answer_id)
    check_invariants(story)


def test_a_question_sent_twenty_times_at_once_is_asked_once(story: Story) -> None:
    for name in ("openai", "mistral"):
        story.vendor.scripts[name] = lambda exchange: exchange.answer(words(3))
    conversation_id = story.conversation()
    question, client_id = f"Only once, {uuid.uuid4().hex}?", uuid.uuid4().hex
    together = threading.Barrier(5)

    def impatient(door: int) -> list[int]:
        with Watcher(story.site.doors[door % len(story.site.doors)], conversation_id) as tab:
            together.wait(30)
            for _ in range(4):
                tab.send(type="ask", message=question, targets=["openai", "mistral"], client_id=client_id)
            accepted = [tab.read_until(lambda event: event["type"] == "accepted") for _ in range(4)]
        return [event["messages"][1]["id"] for event in accepted]

    with ThreadPoolExecutor(5) as pool:
        message_ids = {pk for found in pool.map(impatient, range(5)) for pk in found}
    assert len(message_ids) == 1
    late = story.tab(conversation_id)
    story.asked.append(late.ask(question, ["openai", "mistral"], client_id))
    assert {story.asked[0].message_id} == message_ids
    rows = check_invariants(story)
    assert [message.role for message in rows.messages] == ["user", "assistant"]
    assert len(rows.answers) == 2


def test_a_stop_against_a_finish_leaves_one_end_that_all_are_told(story: Story) -> None:
    gate = threading.Barrier(2)

    def ends_at_the_gate(exchange: Exchange) -> None:
        exchange.start()
        exchange.text(word(0))
        with contextlib.suppress(threading.BrokenBarrierError):
            gate.wait(30)
        exchange.text(word(1))
        exchange.finish()

    story.vendor.scripts["openai"] = ends_at_the_gate
    story.vendor.scripts["mistral"] = lambda exchange: exchange.answer(words(2))
    tabs = [story.tab() for _ in range(4)]
    ends = []
    for number in range(ROUNDS):
        tab = tabs[number % 4]
        asked = story.ask(tab, "openai", "mistral")
        answer_id = asked.answers["openai"]
        story.whole[asked.answers["mistral"]] = words(2)
        tab.wait_for_text(answer_id)
        # The stop goes first and the vendor ends so much later: the race is lost and won on both sides.
        tab.send(type="stop", answer_ids=[answer_id])
        time.sleep(number // 4 * 0.001)
        gate.wait(30)
        tab.wait_for_end(*asked.answers.values(), within_s=5)
        ends.append((answer_id, tab.states[answer_id]))
    rows = check_invariants(story)
    for answer_id, end in ends:
        answer = rows.answer(answer_id)
        assert answer.status == end
        assert end in ("done", "stopped")
        assert answer.text in ((words(2),) if end == "done" else ("", words(1), words(2)))


def test_stopped_stays_stopped_though_the_vendor_goes_on(story: Story) -> None:
    flow = story.flow("openai", "mistral")
    tab = story.tab()
    asked = story.ask(tab, "openai", "mistral")
    stopped, sibling = asked.answers.values()
    tab.wait_for_text(stopped)
    tab.send(type="stop", answer_ids=[stopped])
    tab.wait_for_end(stopped, within_s=1)
    story.stopped.add(stopped)
    tab.wait_for_more(sibling)
    flow.finish()
    rows = check_invariants(story)
    assert rows.answer(sibling).status == "done"
    assert rows.answer(sibling).text == tab.texts[sibling]


def test_a_conversation_deleted_in_mid_stream_is_gone_for_good(story: Story) -> None:
    flow = story.flow("openai")
    tab, other = story.tab(), story.tab()
    asked = story.ask(tab, "openai")
    [answer_id] = asked.answers.values()
    tab.wait_for_text(answer_id)
    story.delete(tab.conversation_id)
    assert flow.left.wait(3), "the vendor is still being paid"
    # The writer has had its chance to bring it back: a later turn is written by the same one.
    story.vendor.scripts["openai"] = lambda exchange: exchange.answer(words(5))
    later = story.ask(other, "openai")
    story.whole[later.answers["openai"]] = words(5)
    other.wait_for_end(*later.answers.values())
    rows = check_invariants(story)
    assert all(answer.status in FINAL for answer in rows.answers)
    back = Watcher(story.site.door(), tab.conversation_id)
    with pytest.raises(Exception, match="4404"), back:
        back.read_until(lambda _: False)
