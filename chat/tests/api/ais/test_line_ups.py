"""Line-ups: AIs that are asked together, under a name."""

import threading
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from accounts.models import User
from chat import limits
from chat.models import LineUp
from tests.api.problems import fields_of

ADDRESS = "/api/chat/line-ups"


def keep(client: Client, **body: object) -> Any:
    body = {"name": "My two", "targets": ["openai", "demo:quick"]} | body
    return client.post(ADDRESS, body, content_type="application/json")


def test_a_line_up_is_kept_listed_changed_and_removed(as_alice: Client) -> None:
    warm = {"target": "openai:gpt-5.5", "settings": {"temperature": 1.5}}
    made = keep(as_alice, targets=["demo:quick", warm])
    assert made.status_code == 201
    record = made.json()
    assert record["targets"] == [{"target": "demo:quick", "settings": {}}, warm]
    address = f"{ADDRESS}/{record['id']}"
    assert made["Location"].endswith(address)
    keep(as_alice, name="Another")
    assert [one["name"] for one in as_alice.get(ADDRESS).json()] == ["Another", "My two"]
    body = {"name": "Mine", "targets": ["demo:code"]}
    changed = as_alice.patch(address, body, content_type="application/json").json()
    assert (changed["name"], changed["targets"]) == ("Mine", [{"target": "demo:code", "settings": {}}])
    only_name = as_alice.patch(address, {"name": "Ours"}, content_type="application/json").json()
    assert (only_name["name"], only_name["targets"]) == ("Ours", changed["targets"])
    assert as_alice.get(address).json() == only_name
    assert as_alice.delete(address).status_code == 204
    assert as_alice.get(address).status_code == 404


def test_an_outsider_gets_404_and_changes_nothing(as_alice: Client, as_bob: Client) -> None:
    address = f"{ADDRESS}/{keep(as_alice).json()['id']}"
    body = {"name": "Taken"}
    assert as_bob.get(address).status_code == 404
    assert as_bob.patch(address, body, content_type="application/json").status_code == 404
    assert as_bob.delete(address).status_code == 404
    assert as_bob.get(ADDRESS).json() == []
    assert LineUp.objects.get().name == "My two"
    # A name is one's own.
    assert keep(as_bob).status_code == 201


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": 4}, "name"),
        ({"targets": []}, "targets"),
        ({"targets": ["demo"] * 9}, "targets"),
        ({"targets": "demo"}, "targets"),
        ({"targets": [4]}, "targets/0"),
        ({"targets": [""]}, "targets/0"),
        ({"targets": [{"target": "demo", "settings": {"temperature": 3}}]}, "targets/0"),
        ({"targets": [{"target": "demo", "colour": "red"}]}, "targets/0"),
        ({"owner": 1}, "owner"),
        ({"name_key": "x"}, "name_key"),
    ],
)
def test_bad_input_names_its_place(as_alice: Client, body: dict[str, Any], field: str) -> None:
    got = keep(as_alice, **body)
    assert got.status_code == 400
    assert fields_of(got.json()) == [field.partition("/")[0]]
    assert not LineUp.objects.exists()


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"name": "a/b"}, 400, "bad_line_up_name"),
        ({"name": "a,b"}, 400, "bad_line_up_name"),
        ({"name": "---"}, 400, "bad_line_up_name"),
        ({"name": "ChatGPT"}, 409, "line_up_name_taken"),
        ({"name": "OpenAI"}, 409, "line_up_name_taken"),
        ({"targets": ["nobody"]}, 400, "unknown_provider"),
    ],
)
def test_what_could_not_be_asked_is_not_kept(
    as_alice: Client, body: dict[str, Any], status: int, code: str
) -> None:
    got = keep(as_alice, **body)
    assert (got.status_code, got.json()["code"]) == (status, code)
    assert not LineUp.objects.exists()


def test_a_name_is_taken_in_any_case(as_alice: Client) -> None:
    first = keep(as_alice).json()
    again = keep(as_alice, name="MY TWO")
    assert (again.status_code, again.json()["code"]) == (409, "line_up_name_taken")
    other = keep(as_alice, name="Other").json()
    renamed = as_alice.patch(f"{ADDRESS}/{other['id']}", {"name": "my two"}, content_type="application/json")
    assert renamed.status_code == 409
    # Its own name it may keep.
    same = as_alice.patch(f"{ADDRESS}/{first['id']}", {"name": "My Two"}, content_type="application/json")
    assert same.json()["name"] == "My Two"


def test_many_at_once_do_not_pass_the_limit(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "LINE_UPS_OF_A_PERSON", 3)
    statuses = list[int]()

    def keep_one(number: int) -> None:
        client = Client()
        client.force_login(alice)
        statuses.append(keep(client, name=f"Number {number}").status_code)
        connection.close()

    threads = [threading.Thread(target=keep_one, args=[number]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(statuses) == [201] * 3 + [409] * 5
