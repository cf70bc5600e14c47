"""The main job over real servers: embedded, under daphne, and scaled on PostgreSQL, Redis and Celery."""

import functools
import json
import re
import threading
from typing import Any

import httpx

from tests.site.client import FINAL, Watcher, frames_until, open_socket
from tests.site.running import Account, Site
from tests.site.vendor import Exchange, Vendor

NAMES = ["openai", "mistral", "groq", "xai"]
COMPLETE = {"status": "complete"}


@functools.cache
def account(site: Site) -> Account:
    """One person a site for all tests here: sign-ups from one address are limited."""
    return site.account("someone")


def saved_texts(person: Account, conversation_id: int) -> dict[str, str]:
    """What the rows say, by name."""
    last: Any = person.messages(conversation_id)[-1]
    return dict(last["ai_responses"])


def is_complete(frame: dict[str, Any]) -> bool:
    return frame == COMPLETE


def test_plain_frames_are_the_guides_to_the_letter(site: Site, vendor_scripts: Vendor) -> None:
    took_turns = threading.Barrier(4)

    def script(exchange: Exchange) -> None:
        # Every vendor sends its first half before any of them sends its second.
        exchange.start()
        exchange.text("first ")
        took_turns.wait(timeout=60)
        exchange.text("second")
        exchange.finish()

    vendor_scripts.scripts = dict.fromkeys(NAMES, script)
    person = account(site)
    conversation_id = person.conversation()
    with open_socket(person, conversation_id) as socket:
        socket.send(json.dumps({"message": "Bonjour", "providers": ["GPT-4", "mistral", "groq", "Grok"]}))
        frames = frames_until(socket, is_complete)
    assert frames.count(COMPLETE) == 1
    assert all(set(frame) == {"provider", "chunk"} for frame in frames[:-1])
    texts: dict[str, str] = {}
    for frame in frames[:-1]:
        texts[frame["provider"]] = texts.get(frame["provider"], "") + frame["chunk"]
    assert texts == dict.fromkeys(["GPT-4", "mistral", "groq", "Grok"], "first second")
    # Interleaved: each provider has spoken before any has ended.
    assert {frame["provider"] for frame in frames[:-1] if "first" in frame["chunk"]} == set(texts)
    assert saved_texts(person, conversation_id) == texts


def test_a_failing_one_ends_in_its_own_state_on_the_plain_socket(site: Site, vendor_scripts: Vendor) -> None:
    vendor_scripts.scripts = {
        "openai": lambda exchange: exchange.refuse(401, "bad key"),
        "mistral": lambda exchange: exchange.answer("fine"),
    }
    person = account(site)
    conversation_id = person.conversation()
    with open_socket(person, conversation_id) as socket:
        socket.send(json.dumps({"message": "?", "providers": ["openai", "mistral"]}))
        frames = frames_until(socket, is_complete)
    [failure] = [frame for frame in frames if "error" in frame]
    assert (failure["provider"], failure["code"]) == ("openai", "bad_key")
    assert {"provider": "mistral", "chunk": "fine"} in frames


def test_offsets_are_gapless_and_the_text_equals_the_rows(site: Site, vendor_scripts: Vendor) -> None:
    pieces = ["Où ", "est ", "l’été ", "👩‍👩‍👧 ", "?"] * 20
    vendor_scripts.scripts = dict.fromkeys(NAMES, lambda exchange: exchange.answer(*pieces))
    person = account(site)
    conversation_id = person.conversation()
    with Watcher(person, conversation_id) as watcher:
        accepted = watcher.ask("Où ?", NAMES, "one")
        assert [answer["name"] for answer in accepted["answers"]] == NAMES
        watcher.read_to_the_end()
    assert watcher.gaps == 0
    assert set(watcher.states.values()) == {"done"}
    shown = {watcher.names[answer_id]: text for answer_id, text in watcher.texts.items()}
    assert shown == dict.fromkeys(NAMES, "".join(pieces)) == saved_texts(person, conversation_id)


def test_a_second_tab_and_a_reload_in_mid_stream_see_the_same_text(
    site: Site, vendor_scripts: Vendor
) -> None:
    may_end = threading.Event()

    def script(exchange: Exchange) -> None:
        exchange.start()
        exchange.text("Before the reload. ")
        exchange.wait_for(may_end)
        exchange.text("After it.")
        exchange.finish()

    vendor_scripts.scripts = {"openai": script}
    person = account(site)
    conversation_id = person.conversation()
    with Watcher(person, conversation_id) as first:
        first.ask("Stay?", ["openai"], "one")
        first.read_until(lambda event: event["type"] == "deltas")
    # The first tab is gone; two new ones join while the answer is being written.
    with Watcher(person, conversation_id) as second, Watcher(person, conversation_id) as third:
        for tab in (second, third):
            tab.read_until(lambda event: event["type"] == "snapshot")
            while "Before the reload. " not in tab.texts.values():
                # Where another process writes, the rows follow within a second; the beat says when to look.
                tab.read_until(lambda event: event["type"] == "lengths")
                tab.send(type="resume", answer_ids=list(tab.texts))
                tab.read_until(lambda event: event["type"] == "snapshot")
        may_end.set()
        for tab in (second, third):
            tab.read_to_the_end()
            assert list(tab.texts.values()) == ["Before the reload. After it."]
            assert tab.gaps == 0
    assert saved_texts(person, conversation_id) == {"openai": "Before the reload. After it."}


def test_stopping_one_keeps_its_text_and_leaves_the_other(site: Site, vendor_scripts: Vendor) -> None:
    may_end = threading.Event()

    def endless(exchange: Exchange) -> None:
        exchange.start()
        exchange.text("Kept. ")
        exchange.hang()

    def patient(exchange: Exchange) -> None:
        exchange.start()
        exchange.text("Go on")
        exchange.wait_for(may_end)
        exchange.text(" to the end")
        exchange.finish()

    vendor_scripts.scripts = {"openai": endless, "mistral": patient}
    person = account(site)
    conversation_id = person.conversation()
    with Watcher(person, conversation_id) as watcher:
        accepted = watcher.ask("Stop?", ["openai", "mistral"], "one")
        stopped_id = accepted["answers"][0]["id"]
        watcher.read_until(lambda _: set(watcher.texts.values()) == {"Kept. ", "Go on"})
        watcher.send(type="stop", answer_ids=[stopped_id])
        watcher.read_until(lambda _: watcher.states[stopped_id] in FINAL)
        may_end.set()
        watcher.read_to_the_end()
        assert watcher.states[stopped_id] == "stopped"
        watcher.send(type="stop")
        # Stopping what has ended changes nothing: the next command is answered as ever.
        vendor_scripts.scripts["openai"] = lambda exchange: exchange.answer("Better")
        watcher.send(type="retry", answer_ids=[stopped_id])
        retried = watcher.read_until(lambda event: event["type"] == "accepted")
        assert (retried["answers"][0]["position"], retried["answers"][0]["version"]) == (0, 2)
        watcher.read_to_the_end()
    first, again = sorted(watcher.texts)[0], retried["answers"][0]["id"]
    assert watcher.texts[first] == "Kept. "
    assert watcher.texts[again] == "Better"
    assert saved_texts(person, conversation_id) == {"openai": "Better", "mistral": "Go on to the end"}


def test_rest_send_waits_for_all_and_lists_show_it(site: Site, vendor_scripts: Vendor) -> None:
    vendor_scripts.scripts = dict.fromkeys(NAMES, lambda exchange: exchange.answer("Hello ", "you"))
    person = account(site)
    got = person.post("/api/chat/send", message="Hi", selected_providers=NAMES)
    assert got.status_code == 200, got.text
    assert got.json()["ai_responses"] == dict.fromkeys(NAMES, "Hello you")
    listed = person.get("/api/chat/conversations").json()[0]
    assert listed["id"] == got.json()["conversation_id"]
    assert listed["title"] == "Hi"
    roles = [message["role"] for message in person.messages(listed["id"])]
    assert roles == ["user", "assistant"]


def test_a_page_and_its_static_files_are_served(site: Site) -> None:
    page = httpx.get(f"{site.url}/accounts/login/", trust_env=False)
    assert page.status_code == 200
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    [address] = re.findall(r'href="(/static/[^"]+/webox/tokens.css)"', page.text)
    style = httpx.get(f"{site.url}{address}", trust_env=False)
    assert style.status_code == 200
    # Its address changes with what is in it, so browsers need not ask again.
    assert "max-age=31536000" in style.headers["Cache-Control"]
