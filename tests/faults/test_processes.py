"""A process of WeBox is killed or told to stop in mid-stream, and started again."""

import json
import signal
import threading
import time

import pytest

from tests.faults.invariants import check_invariants
from tests.faults.parts import EmbeddedSite, FaultSite, Part, ScaledSite
from tests.faults.scripts import Flow, words
from tests.faults.services import wait_until
from tests.faults.story import Story
from tests.faults.tab import Asked, Tab
from tests.site.client import FINAL, frames_until, open_socket

pytestmark = pytest.mark.timeout(240)

INTERRUPTED_S = 60
"""Within this, an answer whose process was killed says so."""
STOP_S = 20
"""Within this, a process that was told to stop is gone."""
BACK_S = 15


def streaming(story: Story) -> tuple[Tab, Asked, Flow]:
    """A tab with one answer that streams for seconds already, and a sibling that is done."""
    flow = story.flow("openai")
    story.vendor.scripts["mistral"] = lambda exchange: exchange.answer(words(5))
    tab = story.tab()
    asked = story.ask(tab, "openai", "mistral")
    story.whole[asked.answers["mistral"]] = words(5)
    tab.wait_for_end(asked.answers["mistral"])
    # Long enough for the rows to have been written more than once.
    tab.wait_for_text(asked.answers["openai"], len(words(60)))
    return tab, asked, flow


def is_complete(tab: Tab, asked: Asked) -> bool:
    return any(
        frame["type"] == "turn" and frame["state"] == "complete" and frame["message_id"] == asked.message_id
        for _, frame in tab.frames
    )


def works_again(story: Story, door: int = 0) -> None:
    story.vendor.scripts["groq"] = lambda exchange: exchange.answer(words(5))
    tab = story.tab(door=door)
    asked = story.ask(tab, "groq")
    tab.wait_for_end(*asked.answers.values(), within_s=BACK_S)
    story.whole[asked.answers["groq"]] = words(5)


@pytest.mark.services
def test_a_killed_worker_costs_at_most_the_last_second(scaled: ScaledSite, scaled_story: Story) -> None:
    story = scaled_story
    tab, asked, flow = streaming(story)
    answer_id = asked.answers["openai"]
    story.vendor.scripts["groq"] = lambda exchange: exchange.answer(words(5))
    other = story.tab()
    killed_at = scaled.worker.kill()
    assert flow.left.wait(5)
    # Asked while nobody could run it; run once somebody can.
    waiting = story.ask(other, "groq")
    assert other.states[waiting.answers["groq"]] == "queued"
    scaled.worker.start()
    other.wait_for_end(*waiting.answers.values(), within_s=BACK_S)
    story.whole[waiting.answers["groq"]] = words(5)
    tab.wait_for_end(answer_id, within_s=killed_at + INTERRUPTED_S - time.monotonic())
    assert (tab.states[answer_id], tab.errors[answer_id]) == ("interrupted", "lost")
    rows = check_invariants(story, killed_at=killed_at)
    assert rows.answer(answer_id).text
    tab.wait(lambda: is_complete(tab, asked), "the turn is said to be complete", 5)


@pytest.mark.services
def test_a_plain_socket_can_go_on_after_a_killed_worker(scaled: ScaledSite, scaled_story: Story) -> None:
    story = scaled_story
    flow = story.flow("openai")
    conversation_id = story.conversation()
    with open_socket(scaled.door(), conversation_id) as plain:
        plain.send(json.dumps({"message": "Plainly?", "providers": ["openai"]}))
        frames_until(plain, lambda frame: "chunk" in frame)
        killed_at = scaled.worker.kill()
        scaled.worker.start()
        ends = {}

        def has_ended() -> bool:
            ends.update({one.id: one for one in scaled.database.read().of({conversation_id}).answers})
            return all(one.status in FINAL for one in ends.values())

        wait_until(has_ended, killed_at + INTERRUPTED_S - time.monotonic(), "the answer is interrupted")
        frames = frames_until(plain, lambda frame: frame == {"status": "complete"})
        assert {"lost"} == {frame["code"] for frame in frames if "error" in frame}
        story.vendor.scripts["openai"] = lambda exchange: exchange.answer("Again")
        plain.send(json.dumps({"message": "Again?", "providers": ["openai"]}))
        assert {"provider": "openai", "chunk": "Again"} in frames_until(
            plain, lambda frame: frame == {"status": "complete"}
        )
    assert flow.left.wait(1)
    check_invariants(story, killed_at=killed_at)


@pytest.mark.services
def test_a_worker_told_to_stop_loses_nothing_of_what_was_shown(
    scaled: ScaledSite, scaled_story: Story
) -> None:
    loses_nothing_on_sigterm(scaled_story, scaled.worker)
    scaled.worker.start()
    works_again(scaled_story)
    check_invariants(scaled_story)


@pytest.mark.fuzz
def test_an_embedded_site_told_to_stop_loses_nothing_of_what_was_shown(
    embedded: EmbeddedSite, embedded_story: Story
) -> None:
    loses_nothing_on_sigterm(embedded_story, embedded.writer)
    embedded.start()
    works_again(embedded_story)
    check_invariants(embedded_story)


def loses_nothing_on_sigterm(story: Story, part: Part) -> None:
    """Two answers run while the process that writes them is told to stop; one would end right after."""
    soon, endless = story.flow("mistral"), story.flow("openai")
    tab = story.tab()
    asked = story.ask(tab, "mistral", "openai")
    for answer_id in asked.answers.values():
        tab.wait_for_text(answer_id, len(words(20)))
    part.signal(signal.SIGTERM)
    whole = soon.finish()
    wait_until(lambda: not part.is_running, STOP_S, f"{part.name} has stopped")
    rows = {one.name: one for one in story.site.database.read().of(story.conversations).answers}
    assert rows["mistral"].status in ("done", "interrupted")
    if rows["mistral"].status == "done":
        assert rows["mistral"].text == whole
    assert rows["openai"].status == "interrupted"
    assert endless.left.wait(1)


def test_a_killed_embedded_site_costs_at_most_the_last_second(
    embedded: EmbeddedSite, embedded_story: Story
) -> None:
    story = embedded_story
    tab, asked, _flow = streaming(story)
    answer_id = asked.answers["openai"]
    killed_at = embedded.writer.kill()
    embedded.start()
    # At once: nobody else can be writing what the last life left.
    tab.wait_for_end(answer_id, within_s=3)
    assert (tab.states[answer_id], tab.errors[answer_id]) == ("interrupted", "lost")
    works_again(story)
    rows = check_invariants(story, killed_at=killed_at)
    assert rows.answer(answer_id).text


@pytest.mark.services
def test_a_killed_web_process_is_replaced_by_another(scaled: ScaledSite, scaled_story: Story) -> None:
    story = scaled_story
    tab, asked, flow = streaming(story)
    scaled.webs[0].kill()
    tab.wait_for_more(asked.answers["openai"], within_s=BACK_S)
    story.whole[asked.answers["openai"]] = flow.finish()
    tab.wait_for_end(asked.answers["openai"])
    check_invariants(story)


@pytest.mark.services
def test_a_question_whose_web_process_dies_is_asked_once(scaled: ScaledSite, scaled_story: Story) -> None:
    story = scaled_story
    story.vendor.scripts["openai"] = lambda exchange: exchange.answer(words(5))
    tab = story.tab()
    # Killed while it saves or answers: the tab asks again at the other, under the same client id.
    killer = threading.Timer(0.005, scaled.webs[0].kill)
    killer.start()
    asked = story.ask(tab, "openai")
    killer.join()
    story.whole[asked.answers["openai"]] = words(5)
    tab.wait_for_end(*asked.answers.values(), within_s=BACK_S)
    rows = check_invariants(story)
    assert len(rows.answers) == 1


def test_a_question_accepted_just_before_a_kill_is_not_lost(
    embedded: EmbeddedSite, embedded_story: Story
) -> None:
    story = embedded_story
    story.vendor.scripts["openai"] = lambda exchange: exchange.answer(words(5))
    tab = story.tab()
    asked = story.ask(tab, "openai")
    killed_at = embedded.writer.kill()
    embedded.start()
    tab.wait_for_end(*asked.answers.values(), within_s=BACK_S)
    rows = check_invariants(story, killed_at=killed_at)
    assert rows.answer(asked.answers["openai"]).status in ("done", "interrupted")


@pytest.mark.services
def test_answers_end_though_no_web_process_lives(scaled: ScaledSite, scaled_story: Story) -> None:
    story = scaled_story
    tab, asked, flow = streaming(story)
    for web in scaled.webs:
        web.kill()
    story.whole[asked.answers["openai"]] = flow.finish()
    wait_until(lambda: is_done(scaled, asked), 10, "the answer ends with nobody connected")
    scaled.start()
    tab.wait_for_end(asked.answers["openai"])
    check_invariants(story)


def is_done(site: FaultSite, asked: Asked) -> bool:
    rows = site.database.read()
    return all(rows.answer(pk).status == "done" for pk in asked.answers.values())


@pytest.mark.services
def test_a_web_process_told_to_stop_hands_its_tabs_over(scaled: ScaledSite, scaled_story: Story) -> None:
    story = scaled_story
    tab, asked, flow = streaming(story)
    assert scaled.webs[0].terminate() < STOP_S
    tab.wait_for_more(asked.answers["openai"], within_s=BACK_S)
    story.whole[asked.answers["openai"]] = flow.finish()
    tab.wait_for_end(asked.answers["openai"])
    works_again(story, door=1)
    check_invariants(story)
