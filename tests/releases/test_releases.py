"""The database of every released version becomes this version's, with all that was in it, and goes on."""

import copy
import json
import os
import re
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from common.words.times import timestamp
from operations.tests.test_backup import run
from tests.faults.services import OwnRedis, wait_until
from tests.releases import ENGINES, Release, differences, kept
from tests.releases.asking import told_by
from tests.releases.person import Person
from tests.site.fixtures import new_database
from tests.site.running import Site, environment, free_port, running_site, server_command
from tests.site.vendor import Vendor, answering
from tests.whole.test_search import found

# A process for every step: together they take minutes.
pytestmark = pytest.mark.fuzz

RELEASES = kept()
PARTS_WITHIN_S = 60
SERVICES = {"postgresql": [pytest.mark.services]}
OF_THE_CODE = {
    *("auth_permission", "chat_model", "chat_provider", "django_content_type", "django_migrations"),
}
"""Tables that every version fills with what it knows: they may grow."""
EMPTY_IN_0_9 = {
    *("account_emailaddress", "account_emailconfirmation", "auth_group", "auth_group_permissions"),
    *("accounts_ownerlink", "accounts_socketticket", "accounts_user_groups"),
    "accounts_user_user_permissions",
}
"""Nobody has those of others' applications here, and those of seconds are over."""


@dataclass(frozen=True)
class Migrated:
    """A release's database in this version, which does not run; `now` is what it told after its migration."""

    release: Release
    engine: str
    env: Mapping[str, str]
    now: Mapping[str, Any]

    @property
    def known(self) -> Any:
        return self.release.document[self.engine]["known"]

    @property
    def told(self) -> Any:
        """What the release told."""
        return self.release.document[self.engine]["told"]


@pytest.fixture(
    scope="module",
    params=[
        pytest.param((release, engine), id=f"{release.version}-{engine}", marks=SERVICES.get(engine, []))
        for release in RELEASES
        for engine in ENGINES
    ],
)
def migrated(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Migrated]:
    release, engine = request.param
    var = tmp_path_factory.mktemp("release") / "var"
    document = release.document[engine]
    with ExitStack() as stack:
        env = environment(var, **document["settings"])
        if engine == "postgresql":
            url = stack.enter_context(own_database())
            env |= {"DATABASE_URL": url, "REDIS_URL": stack.enter_context(OwnRedis()).url}
        restore(release, engine, env)
        yield Migrated(release, engine, env, told_by(env, document["known"]))


def own_database() -> AbstractContextManager[str]:
    """The URL of a PostgreSQL database that is new."""
    admin = os.environ.get("WEBOX_TEST_DATABASE_URL", "postgres://postgres@127.0.0.1:5432/postgres")
    return new_database(admin, f"webox_release_{free_port()}")


def restore(release: Release, engine: str, env: Mapping[str, str]) -> None:
    """Put a release's database into an empty site of this version, which migrates it."""
    words = [str(release.backup(engine)), "--keys", str(release.keys(engine)), "--yes"]
    done = run(env, "restore", *words)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def running(
    migrated: Migrated, far_vendor: Vendor, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """The site on that database, started by this version."""
    port, log = free_port(), tmp_path_factory.mktemp("running") / "log"
    env = dict(migrated.env) | {"MISTRAL_BASE_URL": far_vendor.address("mistral")}
    with running_site(server_command(port), env, port, log) as site:
        # Beat, the last of the parts, takes some seconds.
        wait_until(lambda: "missing" not in ready(site), PARTS_WITHIN_S, "every part shows itself")
        yield site


def ready(site: Site) -> str:
    return httpx.get(f"{site.url}/readyz", **site.options).text


MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


def comparable(told: Mapping[str, Any]) -> Any:
    """Without what may be another with every version: migrations and rows have tests of their own."""
    rest = copy.deepcopy({name: told[name] for name in ("site", "keys", "people", "had_back")})
    exports = [person["export"] for person in rest["people"].values()]
    for export in (*exports, rest["had_back"]["account"]):
        del export["version"], export["exported_at"]
    return in_utc(rest)


def in_utc(told: Any) -> Any:
    """With every moment written as the API writes it today; 0.9.0 wrote some with +00:00 (decision 34)."""
    if isinstance(told, dict):
        return {name: in_utc(inner) for name, inner in told.items()}
    if isinstance(told, list):
        return [in_utc(inner) for inner in told]
    is_moment = isinstance(told, str) and MOMENT.fullmatch(told)
    return timestamp(datetime.fromisoformat(told)) if is_moment else told


# --- As it is after the migration -----------------------------------------------------------------------


def test_there_is_a_release() -> None:
    assert "0.9" in [release.version for release in RELEASES]


def test_what_a_release_told_is_told_again(migrated: Migrated) -> None:
    assert differences(comparable(migrated.told), comparable(migrated.now)) == []


def test_every_table_has_its_rows(migrated: Migrated) -> None:
    before, now = migrated.told["rows"], migrated.now["rows"]
    assert {name: now.get(name) for name in before.keys() - OF_THE_CODE} == {
        name: count for name, count in before.items() if name not in OF_THE_CODE
    }
    assert all(now[name] >= before[name] for name in OF_THE_CODE)


def test_stored_keys_open_where_they_belong_and_nowhere_else(migrated: Migrated) -> None:
    owners = {(one["owner"], one["provider"]) for one in migrated.now["keys"]}
    assert owners >= {(None, "groq"), ("zoé", "openai")}
    assert all(one["here"].endswith(one["last4"]) for one in migrated.now["keys"])
    assert {one["elsewhere"] for one in migrated.now["keys"]} == {None}
    assert {one["as_somebody_elses"] for one in migrated.now["keys"]} == {None}


def test_a_token_of_a_program_is_still_good(migrated: Migrated) -> None:
    by_token = {name: person.get("by_token") for name, person in migrated.now["people"].items()}
    assert {name for name, by in by_token.items() if by == name} == {"zoé", "max"}


def test_what_is_kept_has_something_of_everything() -> None:
    """Of the first release: a fixture with nothing in it would prove nothing."""
    for engine in ENGINES:
        told = RELEASES[0].document[engine]["told"]
        assert {name for name, count in told["rows"].items() if not count} == EMPTY_IN_0_9
        conversations = told["people"]["zoé"]["export"]["conversations"]
        messages = [message for one in conversations for message in one["messages"]]
        answers = [answer for message in messages for answer in message["answers"]]
        assert {one["status"] for one in answers} == {"done", "failed", "stopped", "interrupted"}
        assert {one["version"] for one in answers} == {1, 2}
        assert {message["context"] for message in messages} == {"own", "all", "chosen"}
        parents = Counter(message["parent_id"] for message in messages)
        assert max(parents[one["id"]] for one in messages) == 2, "no branch"
        for name in ("is_chosen", "reasoning", "refusal", "error", "notes", "cost_usd", "is_estimated"):
            assert any(one[name] for one in answers), name
        assert any(image["data"] for message in messages for image in message["attachments"])
        assert [told["had_back"]["conversation"]["id"]] == [
            message["conversation_id"] for message in told["had_back"]["messages"][:1]
        ]


NEWER = (
    "CREATE TABLE chat_answer (id bigint PRIMARY KEY, text text)",
    "CREATE TABLE chat_newer (answer_id bigint REFERENCES chat_answer (id))",
)
"""A table of a version that is yet to come, which holds on to one that there is now."""


@pytest.mark.parametrize("engine", [pytest.param(one, marks=SERVICES.get(one, [])) for one in ENGINES])
def test_what_a_newer_version_made_is_gone_once_an_older_one_is_back(engine: str, tmp_path: Path) -> None:
    with ExitStack() as stack:
        env = environment(tmp_path / "var")
        if engine == "postgresql":
            env |= {"DATABASE_URL": stack.enter_context(own_database())}
        script = f"from django.db import connection; [connection.cursor().execute(one) for one in {NEWER}]"
        assert run(env, "shell", "--no-imports", "--command", script).returncode == 0
        restore(RELEASES[0], engine, env)
        tables = "from django.db import connection; print(connection.introspection.table_names())"
        told = run(env, "shell", "--no-imports", "--command", tables).stdout
        assert "'chat_answer'" in told
        assert "chat_newer" not in told


# --- What would be noticed ------------------------------------------------------------------------------


def test_a_changed_text_and_lost_rows_would_be_noticed(tmp_path: Path) -> None:
    release, var = RELEASES[0], tmp_path / "var"
    document = release.document["sqlite"]
    env = environment(var, **document["settings"])
    restore(release, "sqlite", env)
    with closing(sqlite3.connect(var / "webox.sqlite3")) as database, database:
        database.execute("UPDATE chat_answer SET text = 'Ailleurs' WHERE text LIKE '%Cancale%'")
        database.execute("DELETE FROM accounts_premiumchange WHERE reason = 'Par erreur'")
        zoes = "(SELECT secret FROM chat_providerkey WHERE owner_id IS NOT NULL LIMIT 1)"
        database.execute(f"UPDATE chat_providerkey SET secret = {zoes} WHERE owner_id IS NULL")  # noqa: S608
    now, told = told_by(env, document["known"]), document["told"]
    assert now["rows"]["accounts_premiumchange"] == told["rows"]["accounts_premiumchange"] - 1
    found = "\n".join(differences(comparable(told), comparable(now)))
    assert "/site/premium had 3 items and has 2" in found
    assert re.search("/people/zoé/export/.*/text was 'À .* and is 'Ailleurs'", found)
    assert re.search("/keys/0/here was 'sk-.*' and is None", found)


@pytest.mark.parametrize(
    ("old", "new", "noticed"),
    [
        ({"a": 1}, {"a": 1, "b": 2}, []),
        ({"a": 1, "b": {"c": 2}}, {"a": 1, "b": {}}, ["/b/c is gone"]),
        ({"a": [1, {"b": None}]}, {"a": [1, {"b": 0}]}, ["/a/1/b was None and is 0"]),
        ([1, 2], [1, 2, 3], [" had 2 items and has 3"]),
        ([1, 2], [2, 1], ["/0 was 1 and is 2", "/1 was 2 and is 1"]),
        ({"a": True}, {"a": 1}, ["/a was True and is 1"]),
        ({"a": "é"}, {"a": "é "}, ["/a was 'é' and is 'é '"]),
    ],
)
def test_differences_are_what_is_gone_or_another(old: Any, new: Any, noticed: list[str]) -> None:
    assert differences(old, new) == noticed


# --- As it goes on --------------------------------------------------------------------------------------


def test_everybody_signs_in_with_their_password(running: Site, migrated: Migrated) -> None:
    for name, person in migrated.known["people"].items():
        otp = person["codes"][0] if "codes" in person else ""
        assert Person(running, name, person["password"], otp).rest("GET", "/api/auth/me")["username"] == name


def test_the_doctor_finds_no_error(running: Site) -> None:
    done = run(running.env, "doctor")
    assert (done.returncode, done.stdout.splitlines()[-1][:8]) == (0, "0 errors"), done.stdout


def test_an_old_conversation_goes_on_and_is_found(
    running: Site, migrated: Migrated, vendor_scripts: Vendor
) -> None:
    vendor_scripts.scripts["mistral"] = answering("Toujours", " en Bretagne, au sanctuaire.")
    zoe = Person(running, "zoé", otp=migrated.known["people"]["zoé"]["codes"][1])
    [old] = [one for one in migrated.told["people"]["zoé"]["conversations"] if one["is_pinned"]]
    question = {"message": "Et aujourd’hui\u202f?", "selected_providers": ["mistral"]}
    answered = zoe.rest("POST", "/api/chat/send", conversation_id=old["id"], **question)
    assert answered["ai_responses"] == {"mistral": "Toujours en Bretagne, au sanctuaire."}
    [asked] = [body for name, body in vendor_scripts.asked if name == "mistral"]
    said = [message["content"] for message in asked["messages"]]
    assert said[0].startswith("Réponds en français")
    assert said[1:3] == ["Où passer l’été au bord de la mer\u202f? 🌊", "En Bretagne."]
    shown = [one["id"] for one in zoe.rest("GET", f"/api/chat/conversations/{old['id']}/messages")]
    assert shown[:-2] == migrated.told["people"]["zoé"]["shown"][str(old["id"])]
    assert [one["conversation_id"] for one in found(zoe.program, "sanctuaire", 1)] == [old["id"]]
    for words, hits in migrated.told["people"]["zoé"]["found"].items():
        assert {one["title"] for one in found(zoe.program, words, len(hits))} >= {
            one["title"] for one in hits
        }


def test_what_a_release_exported_can_be_brought_in(running: Site, migrated: Migrated) -> None:
    document = migrated.told["people"]["zoé"]["export"]
    with closing(Person(running, "ève")) as eve:
        eve.enter()
        eve.page("/accounts/data")
        file = ("export.json", json.dumps(document), "application/json")
        eve.send("/chat/import", {}, files={"file": file})
    path = "/api/chat/conversations?limit=200"
    listed = eve.rest("GET", path) + eve.rest("GET", f"{path}&archived=true")
    exported = {one["title"]: len(one["messages"]) for one in document["conversations"]}
    brought = {one["title"]: one["id"] for one in listed if one["title"] in exported}
    assert brought.keys() == exported.keys()
    for title, number in brought.items():
        messages = eve.rest("GET", f"/api/chat/conversations/{number}/messages?branch=all")
        assert len(messages) == exported[title]
