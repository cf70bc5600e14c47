"""A vendor that is away, mute, slow, broken off or too fast costs its own answer at the most."""

import time

import pytest

from tests.faults.conftest import TOTAL_S
from tests.faults.invariants import check_invariants
from tests.faults.scripts import flood, stall_after, words
from tests.faults.story import Story
from tests.site.vendor import Exchange

BODY = "VENDOR-CANARY: the body of a refusal"
FRAMES_PER_S = 1 / 0.033


def test_a_vendor_that_is_not_there_costs_its_answer_alone(story: Story) -> None:
    story.vendor.scripts["mistral"] = lambda exchange: exchange.answer(words(20))
    tab = story.tab()
    began = time.monotonic()
    asked = story.ask(tab, "deepseek", "mistral")
    tab.wait_for_end(asked.answers["deepseek"], within_s=5)
    assert time.monotonic() - began < 5
    assert tab.errors[asked.answers["deepseek"]] == "unreachable"
    story.whole[asked.answers["mistral"]] = words(20)
    rows = check_invariants(story)
    assert rows.answer(asked.answers["deepseek"]).status == "failed"


@pytest.mark.parametrize(("status", "code"), [(401, "bad_key"), (500, "overloaded")])
def test_a_refusal_is_told_in_our_own_words(story: Story, status: int, code: str) -> None:
    story.vendor.scripts |= {
        "openai": lambda exchange: exchange.refuse(status, BODY),
        "mistral": lambda exchange: exchange.answer(words(20)),
    }
    tab = story.tab()
    asked = story.ask(tab, "openai", "mistral")
    tab.wait_for_end(asked.answers["openai"], within_s=5)
    assert tab.errors[asked.answers["openai"]] == code
    story.whole[asked.answers["mistral"]] = words(20)
    rows = check_invariants(story)
    assert rows.answer(asked.answers["openai"]).status == "failed"
    heard = (
        str(tab.frames)
        + story.site.door().get(f"/api/chat/conversations/{tab.conversation_id}/messages").text
    )
    assert BODY not in heard


def test_silence_ends_its_own_answer_and_keeps_what_was_said(story: Story) -> None:
    story.vendor.scripts |= {"mistral": Exchange.hang, "groq": stall_after(3)}
    flow = story.flow("openai")
    tab = story.tab()
    asked = story.ask(tab, "mistral", "groq", "openai")
    mute, stalled, sibling = asked.answers.values()
    tab.wait_for_end(mute, stalled)
    # The sibling speaks on after both are silent.
    tab.wait_for_more(sibling)
    assert {tab.errors[mute], tab.errors[stalled]} == {"stalled"}
    story.whole[sibling] = flow.finish()
    rows = check_invariants(story)
    assert (rows.answer(mute).status, rows.answer(mute).text) == ("interrupted", "")
    assert (rows.answer(stalled).status, rows.answer(stalled).text) == ("interrupted", words(3))


def test_a_drip_is_stopped_within_a_second(story: Story) -> None:
    drip = story.flow("openai", every_s=0.2)
    tab = story.tab()
    asked = story.ask(tab, "openai")
    [dripping] = asked.answers.values()
    tab.wait_for_text(dripping)
    began = time.monotonic()
    tab.send(type="stop", answer_ids=[dripping])
    tab.wait_for_end(dripping, within_s=1)
    story.stopped.add(dripping)
    # A vendor notices when it next writes into the closed connection.
    assert drip.left.wait(began + 2 - time.monotonic()), "the vendor is still being paid"
    check_invariants(story)


@pytest.mark.fuzz
def test_a_drip_that_nobody_stops_ends_at_the_total_limit(embedded_story: Story) -> None:
    story = embedded_story
    drip = story.flow("openai", every_s=0.5)
    tab = story.tab()
    asked = story.ask(tab, "openai")
    [dripping] = asked.answers.values()
    tab.wait_for_end(dripping, within_s=TOTAL_S + 3)
    assert tab.errors[dripping] == "time_limit"
    assert drip.left.wait(2), "the vendor is still being paid"
    rows = check_invariants(story)
    assert rows.answer(dripping).status == "interrupted"
    assert rows.answer(dripping).text


def test_an_answer_cut_off_is_never_taken_for_a_whole_one(story: Story) -> None:
    flow = story.flow("openai")
    story.vendor.scripts["mistral"] = lambda exchange: exchange.answer(words(20))
    tab = story.tab()
    asked = story.ask(tab, "openai", "together", "mistral")
    ended_early, reset, sibling = asked.answers.values()
    tab.wait_for_text(ended_early)
    flow.break_off()
    tab.wait_for_end(ended_early, reset)
    assert (tab.errors[ended_early], tab.errors[reset]) == ("cut_off", "cut_off")
    story.whole[sibling] = words(20)
    rows = check_invariants(story)
    assert (rows.answer(ended_early).status, rows.answer(reset).status) == ("interrupted", "interrupted")
    assert rows.answer(ended_early).text == words(flow.sent)
    assert rows.answer(reset).text == words(3)


def test_a_flood_comes_whole_and_in_few_frames(story: Story) -> None:
    chunks = 10_000
    story.vendor.scripts["openai"] = flood(chunks)
    tab = story.tab()
    asked = story.ask(tab, "openai")
    [flooded] = asked.answers.values()
    tab.wait_for_end(flooded)
    story.whole[flooded] = words(chunks)
    check_invariants(story)
    times = [at for at, frame in tab.frames if frame["type"] == "deltas"]
    assert len(times) <= (times[-1] - times[0]) * FRAMES_PER_S + 5
