"""Redis or PostgreSQL goes away in mid-stream: nothing accepted is lost, and all of it works again after."""

import contextlib
import json

import httpx
import pytest
from websockets.exceptions import ConnectionClosed

from chat.live.socket import TRY_LATER
from tests.faults.invariants import check_invariants
from tests.faults.parts import ScaledSite
from tests.faults.scripts import Flow, words
from tests.faults.services import wait_until
from tests.faults.story import Story
from tests.faults.tab import Asked, Refused, Tab
from tests.site.client import frames_until, open_socket

pytestmark = [pytest.mark.services, pytest.mark.timeout(240)]

EVERY_S = 0.05
AWAY_S = 10
BACK_S = 30
"""Within this, what reconnects by itself has done so."""
UNCLAIMED_S = 60
"""Within this, a turn that nobody heard of is found in the rows and run."""


def streaming(story: Story) -> tuple[Tab, int, Flow]:
    """A tab with an answer in mid-stream, its id, and the flow behind it."""
    flow = story.flow("openai", every_s=EVERY_S)
    tab = story.tab()
    asked = story.ask(tab, "openai")
    [answer_id] = asked.answers.values()
    tab.wait_for_text(answer_id, len(words(20)))
    return tab, answer_id, flow


def goes_on(flow: Flow, seconds: float) -> None:
    """Wait for as many words as the vendor sends in so many seconds: WeBox still takes them."""
    aim = flow.sent + int(seconds / EVERY_S * 0.8)
    wait_until(lambda: flow.sent >= aim, seconds * 2, "the vendor's words are still taken")


def a_further_question_works(story: Story, within_s: float) -> None:
    """Anybody may ask again, at every door."""
    story.vendor.scripts["groq"] = lambda exchange: exchange.answer(words(5))
    for door in range(len(story.site.doors)):
        tab = story.tab(door=door)
        asked = story.ask(tab, "groq", within_s=within_s)
        tab.wait_for_end(*asked.answers.values(), within_s=within_s)
        story.whole[asked.answers["groq"]] = words(5)


def ask_in_the_outage(story: Story, tab: Tab) -> Asked | None:
    """What was accepted, or None where it was refused in a frame with a code."""
    story.vendor.scripts["mistral"] = lambda exchange: exchange.answer(words(5))
    try:
        return story.ask(tab, "mistral", within_s=BACK_S)
    except Refused:
        return None


def test_redis_killed_in_mid_stream_loses_neither_text_nor_a_turn(
    scaled: ScaledSite, scaled_story: Story
) -> None:
    story = scaled_story
    tab, answer_id, flow = streaming(story)
    other = story.tab()
    scaled.redis.kill()
    asked = ask_in_the_outage(story, other)
    refreshed = story.tab(tab.conversation_id, waits=False)
    goes_on(flow, AWAY_S)
    scaled.redis.start()
    for one in (tab, refreshed):
        one.wait_for_text(answer_id, len(words(flow.sent)), within_s=BACK_S)
    story.whole[answer_id] = flow.finish()
    for one in (tab, refreshed):
        one.wait_for_end(answer_id, within_s=BACK_S)
    a_further_question_works(story, BACK_S)
    if asked:
        other.wait_for_end(*asked.answers.values(), within_s=UNCLAIMED_S)
        story.whole[asked.answers["mistral"]] = words(5)
    check_invariants(story)


def test_redis_flushed_in_mid_stream_changes_nothing(scaled: ScaledSite, scaled_story: Story) -> None:
    story = scaled_story
    tab, answer_id, flow = streaming(story)
    scaled.redis.flush_all()
    tab.wait_for_more(answer_id, within_s=5)
    # A question that nobody's worker hears of still waits in the rows.
    a_further_question_works(story, UNCLAIMED_S)
    story.whole[answer_id] = flow.finish()
    tab.wait_for_end(answer_id)
    check_invariants(story)


def test_postgres_restarted_in_mid_stream_loses_nothing(scaled: ScaledSite, scaled_story: Story) -> None:
    story = scaled_story
    tab, answer_id, flow = streaming(story)
    other = story.tab()
    scaled.postgres.stop_fast()
    asked = ask_in_the_outage(story, other)
    # A word that was shown while nobody could save it is saved later.
    goes_on(flow, AWAY_S / 2)
    scaled.postgres.start()
    a_further_question_works(story, BACK_S)
    tab.wait_for_text(answer_id, len(words(flow.sent)), within_s=BACK_S)
    story.whole[answer_id] = flow.finish()
    if asked:
        other.wait_for_end(*asked.answers.values(), within_s=UNCLAIMED_S)
    check_invariants(story, settle_s=BACK_S)


def test_an_answer_that_ends_while_postgres_is_away_is_saved_when_it_is_back(
    scaled: ScaledSite, scaled_story: Story
) -> None:
    story = scaled_story
    tab, answer_id, flow = streaming(story)
    scaled.postgres.stop_fast()
    story.whole[answer_id] = flow.finish()
    tab.wait_for_text(answer_id, len(story.whole[answer_id]))
    scaled.postgres.start()
    tab.wait_for_end(answer_id, within_s=BACK_S)
    check_invariants(story)


def test_a_plain_socket_is_closed_with_a_code_when_nobody_can_tell_it_the_rest(
    scaled: ScaledSite, scaled_story: Story
) -> None:
    story = scaled_story
    story.flow("openai")
    with open_socket(scaled.door(), story.conversation()) as plain:
        plain.send(json.dumps({"message": "Plainly?", "providers": ["openai"]}))
        frames_until(plain, lambda frame: "chunk" in frame)
        with contextlib.ExitStack() as stack:
            scaled.postgres.stop_fast()
            stack.callback(scaled.postgres.start)
            killed_at = scaled.worker.kill()
            stack.callback(scaled.worker.start)
            with pytest.raises(ConnectionClosed) as closed:
                frames_until(plain, lambda frame: frame == {"status": "complete"})
    assert closed.value.rcvd
    assert closed.value.rcvd.code == TRY_LATER
    a_further_question_works(story, BACK_S)
    check_invariants(story, killed_at=killed_at, settle_s=BACK_S)


def test_rest_says_503_while_postgres_is_away(scaled: ScaledSite, scaled_story: Story) -> None:
    conversation_id = scaled_story.conversation()
    scaled.postgres.stop_fast()
    door = scaled.door()
    question = "Is anybody there to save this?"
    scaled_story.refused.append(question)
    body = {"conversation_id": conversation_id, "message": question, "selected_providers": ["openai"]}
    with contextlib.ExitStack() as stack:
        stack.callback(scaled.postgres.start)
        got = httpx.post(
            f"{door.site.url}/api/chat/send", json=body, headers=door.headers, trust_env=False, timeout=30
        )
        signed_in = {"Cookie": "webox_session=somebody", "Accept-Language": "fr"}
        page = httpx.get(f"{door.site.url}/chat/", headers=signed_in, trust_env=False, timeout=30)
        ready = httpx.get(f"{door.site.url}/readyz", trust_env=False, timeout=30)
    assert (got.status_code, got.json()["code"]) == (503, "unavailable"), got.text[:500]
    assert got.headers["Retry-After"] == "2"
    assert page.status_code == 503, page.text[:500]
    assert "WeBox revient dans un instant" in page.text
    assert ready.status_code == 503
    told = ready.json()
    assert (told["status"], told["database"], told["redis"]) == ("unavailable", "unreachable", "ok")
    a_further_question_works(scaled_story, BACK_S)
    check_invariants(scaled_story)
