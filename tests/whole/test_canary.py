"""A key, a prompt and a vendor's own words turn up nowhere where they have no business."""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.site.client import Watcher
from tests.site.fixtures import vendor_settings
from tests.site.running import Account, Site, environment, free_port, running_site, server_command
from tests.site.vendor import Exchange, Vendor

SERVER_KEY = "sk-CANARY-of-the-server-0123456789"
OWN_KEY = "sk-CANARY-of-a-person-9876543210"
PROMPT = "PROMPT-CANARY: where is the treasure?"
WORDS = "VENDOR-CANARY: your prompt was"


@pytest.fixture
def canary_site(vendor_scripts: Vendor, tmp_path: Path) -> Iterator[Site]:
    env = environment(tmp_path, **vendor_settings(vendor_scripts), WEBOX_LOG_LEVEL="debug")
    env |= {name: SERVER_KEY for name in env if name.endswith("_API_KEY")}
    port = free_port()
    with running_site(server_command(port), env, port, tmp_path / "log") as site:
        yield site


def echo(exchange: Exchange) -> str:
    """What a careless vendor puts into its error: the key it got and the question."""
    return f"{WORDS} {exchange.body['messages'][-1]['content']}, your key {exchange.header('Authorization')}"


def refuse(exchange: Exchange) -> None:
    exchange.refuse(401, echo(exchange), code="invalid_api_key")


def fail_inside(exchange: Exchange) -> None:
    exchange.start()
    exchange.text("So far")
    exchange.send({"error": {"message": echo(exchange), "code": echo(exchange)}})


def no_json(exchange: Exchange) -> None:
    exchange.start()
    exchange.raw(f"data: {echo(exchange)}\n\n")


def shown_to(person: Account) -> str:
    """Everything that a person can read over REST and on the pages, and over a socket as it happens."""
    conversation = person.conversation()
    names = ["openai", "mistral", "groq", "xai"]
    with Watcher(person, conversation) as watcher:
        watcher.ask(PROMPT, names, "canary")
        watcher.read_to_the_end()
        heard = json.dumps(watcher.frames)
    sent = person.post("/api/chat/send", message=PROMPT, selected_providers=names)
    assert len(sent.json()["errors"]) == 4
    tested = [person.post(f"/api/chat/providers/{name}/test").text for name in names]
    rest = [
        person.get(path).text
        for path in ("/api/chat/providers", f"/api/chat/conversations/{conversation}/messages")
    ]
    return "\n".join([heard, sent.text, *tested, *rest])


def test_keys_and_vendors_words_stay_where_they_belong(canary_site: Site, vendor_scripts: Vendor) -> None:
    vendor_scripts.scripts = {"openai": refuse, "mistral": fail_inside, "groq": Exchange.hang, "xai": no_json}
    person = canary_site.account("canary")
    saved = httpx.put(
        f"{canary_site.url}/api/chat/providers/openai/key",
        json={"key": OWN_KEY},
        headers=person.headers,
        trust_env=False,
    )
    assert saved.status_code == 200, saved.text
    shown = saved.text + shown_to(person)
    assert f"Bearer {OWN_KEY}" in vendor_scripts.keys
    assert f"Bearer {SERVER_KEY}" in vendor_scripts.keys
    log = canary_site.log.read_text()
    rows = dump(canary_site.log.parent / "webox.sqlite3")
    assert PROMPT in rows
    for secret in (SERVER_KEY, OWN_KEY, WORDS):
        assert secret not in shown
        assert secret not in log
        assert secret not in rows
    assert PROMPT not in log


def dump(database: Path) -> str:
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        return "\n".join(connection.iterdump())
