"""A turn's events over SSE: the same as over the socket, resumed by the id of the last one."""

import functools
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from tests.site.client import FINAL, Watcher
from tests.site.running import Account, Site
from tests.site.vendor import Exchange, Vendor

Events = Iterator[tuple[str, str, Any]]


@functools.cache
def account(site: Site) -> Account:
    return site.account("reader")


@contextmanager
def events_of(person: Account, message_id: int, last_id: str = "") -> Iterator[Events]:
    """(event, id, data) of each event of a turn."""
    headers = person.headers | ({"Last-Event-ID": last_id} if last_id else {})
    url = f"{person.site.url}/api/chat/messages/{message_id}/events"
    with (
        httpx.Client(trust_env=False, timeout=30) as client,
        client.stream("GET", url, headers=headers | {"Accept": "text/event-stream"}) as got,
    ):
        assert got.status_code == 200, got.read()
        assert got.headers["content-type"] == "text/event-stream; charset=utf-8"
        yield parsed(got.iter_lines())


def parsed(lines: Iterator[str]) -> Events:
    fields: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(": ")
        if line:
            fields[name] = value
        elif "data" in fields:
            yield fields["event"], fields["id"], json.loads(fields["data"])
            fields = {}


def read_to_the_end(events: Events, texts: dict[int, str]) -> str:
    """Apply everything to `texts`; returns the last id."""
    last_id = ""
    for kind, event_id, data in events:
        last_id = event_id
        if kind == "snapshot":
            texts.clear()
            texts |= {one["id"]: one["text"] for message in data["messages"] for one in message["answers"]}
        if kind == "deltas":
            for answer_id, offset, piece in data["deltas"]:
                assert len(texts[answer_id]) == offset
                texts[answer_id] += piece
    return last_id


def saved(person: Account, conversation_id: int) -> dict[int, str]:
    last: Any = person.messages(conversation_id)[-1]
    assert all(answer["status"] in FINAL for answer in last["answers"])
    return {answer["id"]: answer["text"] for answer in last["answers"]}


def test_a_stream_that_is_cut_goes_on_where_it_was(site: Site, vendor_scripts: Vendor) -> None:
    first_half, go_on = threading.Event(), threading.Event()

    def script(exchange: Exchange) -> None:
        exchange.start()
        exchange.text("The first half, ")
        first_half.set()
        exchange.wait_for(go_on)
        for word in ["and", "then", "the", "second", "half", "🎉"]:
            exchange.text(word + " ")
        exchange.finish()

    vendor_scripts.scripts = {"openai": script, "mistral": lambda exchange: exchange.answer("at once")}
    person = account(site)
    conversation_id = person.conversation()
    texts: dict[int, str] = {}
    with Watcher(person, conversation_id) as watcher:
        accepted = watcher.ask("Hello", ["openai", "mistral"], "c1")
        message_id = accepted["answers"][0]["message_id"]
        assert first_half.wait(30)
        watcher.read_until(lambda event: "The first half, " in watcher.texts.values())
    with events_of(person, message_id) as events:
        kind, last_id, data = next(events)
        assert kind == "snapshot"
        texts = {one["id"]: one["text"] for one in data["messages"][-1]["answers"]}
        assert "The first half, " in texts.values()
    go_on.set()
    with events_of(person, message_id, last_id) as events:
        last_id = read_to_the_end(events, texts)
    assert texts == saved(person, conversation_id)
    assert last_id == ",".join(f"a{key}:{len(text)}:0" for key, text in texts.items())
    # An EventSource comes back after the end: 204 tells it to stay away.
    done = httpx.get(
        f"{site.url}/api/chat/messages/{message_id}/events",
        headers=person.headers | {"Last-Event-ID": last_id},
        trust_env=False,
    )
    assert done.status_code == 204


def test_an_ended_turn_is_told_whole_and_ends_the_stream(embedded_site: Site, vendor_scripts: Vendor) -> None:
    vendor_scripts.scripts["openai"] = lambda exchange: exchange.answer("All of it")
    person = account(embedded_site)
    sent = person.post("/api/chat/send", message="Hello", selected_providers=["openai"]).json()
    texts: dict[int, str] = {}
    with events_of(person, sent["message_id"]) as events:
        told = [(kind, data) for kind, _, data in events]
    assert [kind for kind, _ in told] == ["snapshot", "turn"]
    with events_of(person, sent["message_id"]) as events:
        read_to_the_end(events, texts)
    assert texts == saved(person, sent["conversation_id"])


def test_who_comes_back_hears_of_what_ended_meanwhile(embedded_site: Site, vendor_scripts: Vendor) -> None:
    vendor_scripts.scripts["openai"] = lambda exchange: exchange.answer("All of it")
    person = account(embedded_site)
    sent = person.post("/api/chat/send", message="Hello", selected_providers=["openai"]).json()
    with events_of(person, sent["message_id"], f"a{sent['answers'][0]['id']}:3:0") as events:
        told = [(kind, data) for kind, _, data in events]
    assert [kind for kind, _ in told] == ["deltas", "answer", "turn"]
    assert (told[1][1]["status"], told[1][1]["output_tokens"]) == ("done", 1)


def test_outsider_gets_404_and_a_stranger_401(embedded_site: Site) -> None:
    person, other = account(embedded_site), embedded_site.account("no-reader")
    sent = person.post("/api/chat/send", message="Hello", selected_providers=["demo:quick"]).json()
    path = f"/api/chat/messages/{sent['message_id']}/events"
    assert other.get(path).status_code == 404
    assert person.get("/api/chat/messages/999999999/events").status_code == 404
    assert httpx.get(embedded_site.url + path, trust_env=False).status_code == 401


def test_an_id_of_another_stream_is_refused(embedded_site: Site) -> None:
    person = account(embedded_site)
    sent = person.post("/api/chat/send", message="Hello", selected_providers=["demo:quick"]).json()
    for mark in ("x", "a1:2", "a1:2:3,", "a1:2:3;a2:3:4", "a0:1:1", "a1:-1:0", "a1:1:1," * 2000):
        got = httpx.get(
            f"{embedded_site.url}/api/chat/messages/{sent['message_id']}/events",
            headers=person.headers | {"Last-Event-ID": mark},
            trust_env=False,
        )
        assert (got.status_code, got.json()["code"]) == (400, "bad_event_id")


def test_a_deleted_conversation_ends_its_streams(embedded_site: Site, vendor_scripts: Vendor) -> None:
    started = threading.Event()

    def script(exchange: Exchange) -> None:
        exchange.start()
        exchange.text("Before the end")
        started.set()
        exchange.hang()

    vendor_scripts.scripts["openai"] = script
    person = account(embedded_site)
    conversation_id = person.conversation()
    with Watcher(person, conversation_id) as watcher:
        accepted = watcher.ask("Hello", ["openai"], "c1")
        assert started.wait(30)
        with events_of(person, accepted["answers"][0]["message_id"]) as events:
            next(events)
            gone = httpx.delete(
                f"{embedded_site.url}/api/chat/conversations/{conversation_id}",
                headers=person.headers,
                trust_env=False,
            )
            assert gone.status_code == 204
            assert "complete" not in [data.get("state") for _, _, data in events]
