"""Plans over real servers: under load as many questions as there are, and what changes holds at once."""

from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any

import httpx
import pytest

from tests.site.client import Watcher
from tests.site.running import Account, Site, manage
from tests.site.vendor import Vendor, answering

ASKS, AT_ONCE, LIMIT = 200, 40, 10
numbers = count(1)


@pytest.fixture(params=["embedded_site", pytest.param("scaled_site", marks=pytest.mark.services)])
def limited(request: pytest.FixtureRequest) -> Account:
    """Somebody with a plan of their own, on SQLite alone and on PostgreSQL with workers."""
    site: Site = request.getfixturevalue(request.param)
    name = f"limited{next(numbers)}"
    person = site.account(name)
    plan(person, "--uses-server-keys", "yes", "--messages-per-day", str(LIMIT))
    manage(site.env, "plan", "give", name, name)
    return person


def plan(person: Account, *words: str) -> None:
    """Set what this person may do."""
    manage(person.site.env, "plan", "set", person.name, *words)


def ask(client: httpx.Client, **more: Any) -> httpx.Response:
    body = {"message": "How?", "selected_providers": ["openai", "mistral"]} | more
    return client.post("/api/chat/send", json=body, headers={"Prefer": "respond-async"})


def test_of_two_hundred_questions_at_once_exactly_as_many_are_accepted_as_the_plan_has(
    limited: Account, vendor_scripts: Vendor
) -> None:
    vendor_scripts.scripts = {"openai": answering("one"), "mistral": answering("two")}
    options: Any = {
        "base_url": limited.site.url,
        "headers": limited.headers,
        "trust_env": False,
        "timeout": 120,
    }
    with httpx.Client(**options) as client, ThreadPoolExecutor(AT_ONCE) as pool:
        got = [*pool.map(lambda _: ask(client), range(ASKS))]
    statuses = [answer.status_code for answer in got]
    assert (statuses.count(202), statuses.count(429)) == (LIMIT, ASKS - LIMIT), set(statuses)
    refused = {answer.json()["code"] for answer in got if answer.status_code == 429}
    assert refused == {"questions_used_up"}
    assert limited.get("/api/usage").json()["messages_per_day"]["left"] == 0
    assert len(limited.get("/api/chat/conversations").json()) == LIMIT


def test_a_lowered_limit_holds_at_the_next_command_of_an_open_socket(
    limited: Account, vendor_scripts: Vendor
) -> None:
    vendor_scripts.scripts = {"openai": answering("one")}
    with Watcher(limited, limited.conversation()) as watcher:
        watcher.ask("First?", ["openai"], "first")
        watcher.read_to_the_end()
        plan(limited, "--messages-per-day", "1")
        watcher.send(type="ask", message="Second?", targets=["openai"], client_id="second")
        refused = watcher.read_until(lambda frame: frame["type"] == "error")
        assert (refused["code"], refused["client_id"]) == ("questions_used_up", "second")
        plan(limited, "--messages-per-day", "none", "--uses-server-keys", "no")
        watcher.ask("Third?", ["openai"], "third")
        ended = watcher.read_until(lambda frame: frame["type"] == "answer" and frame["status"] == "failed")
        assert ended["error"]["code"] == "premium"


def test_premium_that_is_taken_away_holds_at_the_next_command_of_an_open_socket(
    limited: Account, vendor_scripts: Vendor
) -> None:
    kept_for_premium = "openai:gpt-4.1-mini"
    vendor_scripts.scripts = {"openai": answering("one")}
    manage(limited.site.env, "plan", "give", "none", limited.name)
    change(limited, "Model.objects.filter(name='gpt-4.1-mini').update(premium_only=True)")
    change(limited, "premium.give(person, by=None)")
    with Watcher(limited, limited.conversation()) as watcher:
        watcher.ask("First?", [kept_for_premium], "first")
        watcher.read_to_the_end()
        assert set(watcher.states.values()) == {"done"}
        change(limited, "premium.take(person, by=None)")
        watcher.ask("Second?", [kept_for_premium], "second")
        ended = watcher.read_until(lambda frame: frame["type"] == "answer" and frame["status"] == "failed")
        assert ended["error"]["code"] == "premium"


def change(person: Account, what: str) -> None:
    """As an administrator's page does it, in a process beside the server's."""
    manage(
        person.site.env,
        "shell",
        "--command",
        "from accounts.plans import premium; from accounts.models import User; "
        "from chat.models import Model; "
        f"person = User.objects.by_login({person.name!r}); {what}",
    )
