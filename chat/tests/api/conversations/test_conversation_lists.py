"""The list of conversations: searched, filtered, sorted, pinned and archived."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from chat.api import pagination
from chat.models import Conversation, Tag
from tests.api.problems import fields_of

LIST = "/api/chat/conversations"
NOW = datetime.fromisoformat("2026-03-01T12:00:00+00:00")


def make(owner: User, title: str, days_ago: int = 0, **more: Any) -> Conversation:
    updated_at = NOW - timedelta(days=days_ago)
    return Conversation.objects.create(owner=owner, title=title, updated_at=updated_at, **more)


def titles(client: Client, **query: str) -> list[str]:
    got = client.get(LIST, query)
    assert got.status_code == 200, got.content
    return [one["title"] for one in got.json()]


def test_search_finds_all_words_of_a_title_in_any_case_and_without_accents(
    as_alice: Client, alice: User, bob: User
) -> None:
    make(alice, "Événement à l’Opéra", 1)
    make(alice, "Opera in Paris", 2)
    make(alice, "100 % sure_thing", 3)
    make(bob, "Opéra")
    assert titles(as_alice, search="opera") == ["Événement à l’Opéra", "Opera in Paris"]
    assert titles(as_alice, search="OPÉRA événement") == ["Événement à l’Opéra"]
    assert titles(as_alice, search="e\u0301ve") == ["Événement à l’Opéra"]
    assert titles(as_alice, search="ra Pa") == ["Opera in Paris"]
    # What means something to SQL means nothing here.
    assert titles(as_alice, search="%") == titles(as_alice, search="e_t") == ["100 % sure_thing"]
    assert titles(as_alice, search="nothing like it") == []
    assert len(titles(as_alice, search="  ")) == 3


def test_a_title_is_found_by_its_new_words_alone(as_alice: Client, alice: User) -> None:
    path = f"{LIST}/{make(alice, 'Before').pk}"
    as_alice.patch(path, {"title": "Après"}, content_type="application/json")
    assert (titles(as_alice, search="before"), titles(as_alice, search="apres")) == ([], ["Après"])


def test_the_title_of_a_first_question_is_found(as_alice: Client) -> None:
    body = {"message": "Où est la gare ?", "selected_providers": ["demo:quick"]}
    as_alice.post("/api/chat/send", body, content_type="application/json")
    assert titles(as_alice, search="ou gare") == ["Où est la gare ?"]


def test_filters_by_folder_and_date_go_together(as_alice: Client, alice: User) -> None:
    make(alice, "a", 1, folder="Work")
    make(alice, "b", 5, folder="Work")
    make(alice, "c", 3)
    assert titles(as_alice, folder="Work") == ["a", "b"]
    assert titles(as_alice, folder="Général") == ["c"]
    assert titles(as_alice, since="2026-02-26T12:00:00Z") == ["a", "c"]
    assert titles(as_alice, until="2026-02-26T12:00:00Z") == ["b"]
    assert titles(as_alice, since="2026-02-25", until="2026-02-27") == ["c"]
    assert titles(as_alice, folder="Work", since="2026-02-26", search="a") == ["a"]


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("-updated_at", ["b", "É", "a"]),
        ("updated_at", ["a", "É", "b"]),
        ("title", ["a", "b", "É"]),
        ("-title", ["É", "b", "a"]),
        ("created_at", ["É", "a", "b"]),
        ("-created_at", ["b", "a", "É"]),
    ],
)
def test_the_order_is_as_asked_for(as_alice: Client, alice: User, order: str, expected: list[str]) -> None:
    make(alice, "É", 2)
    make(alice, "a", 3)
    make(alice, "b", 1)
    assert titles(as_alice, order=order) == expected


def test_the_archived_are_apart(as_alice: Client, alice: User) -> None:
    make(alice, "kept")
    path = f"{LIST}/{make(alice, 'put away', 1).pk}"
    changed = as_alice.patch(path, {"is_archived": True}, content_type="application/json").json()
    assert changed["is_archived"] is True
    assert titles(as_alice) == ["kept"]
    assert titles(as_alice, archived="true") == ["put away"]
    # It is not gone.
    assert as_alice.get(path).status_code == 200


def test_the_pinned_can_be_asked_for(as_alice: Client, alice: User) -> None:
    make(alice, "other")
    path = f"{LIST}/{make(alice, 'pinned', 1).pk}"
    assert as_alice.patch(path, {"is_pinned": True}, content_type="application/json").json()["is_pinned"]
    assert titles(as_alice, pinned="true") == ["pinned"]
    assert titles(as_alice, pinned="false") == ["other"]
    # The guide's order stays.
    assert titles(as_alice) == ["other", "pinned"]


def test_favourites_can_be_asked_for(as_alice: Client, alice: User) -> None:
    make(alice, "other")
    path = f"{LIST}/{make(alice, 'dear', 1).pk}"
    changed = as_alice.patch(path, {"is_favourite": True}, content_type="application/json").json()
    assert changed["is_favourite"] is True
    assert titles(as_alice, favourite="true") == ["dear"]
    assert titles(as_alice, favourite="false") == ["other"]


def test_a_long_key_is_no_failure(as_alice: Client) -> None:
    # One character that is eighteen where it is searched.
    made = as_alice.post(LIST, {"title": "\ufdfa" * 255}, content_type="application/json")
    assert made.status_code == 201
    assert len(titles(as_alice, search="\ufdfa")) == 1


def test_apostrophes_and_ligatures_are_found_as_they_are_typed(as_alice: Client, alice: User) -> None:
    make(alice, "L’œuvre de Laëtitia")
    assert titles(as_alice, search="l'oeuvre laetitia") == ["L’œuvre de Laëtitia"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"archived": "maybe"}, "archived"),
        ({"pinned": "1"}, "pinned"),
        ({"favourite": "yes"}, "favourite"),
        ({"tag": ""}, "tag"),
        ({"tag": "x" * 51}, "tag"),
        ({"order": "owner__password"}, "order"),
        ({"since": "yesterday"}, "since"),
        ({"since": "0001-01-01T00:00:00+23:59"}, "since"),
        ({"until": "9999-12-31T23:59:59-23:59"}, "until"),
        ({"search": "x" * 201}, "search"),
        ({"search": "\0"}, "search"),
    ],
)
def test_bad_queries_are_refused_by_name(as_alice: Client, query: dict[str, str], field: str) -> None:
    got = as_alice.get(LIST, query)
    assert got.status_code == 400
    assert fields_of(got.json()) == [field]


@pytest.mark.parametrize("body", [{"is_pinned": 1}, {"is_favourite": "yes"}, {"is_archived": None}])
def test_truth_is_true_or_false(as_alice: Client, alice: User, body: dict[str, object]) -> None:
    path = f"{LIST}/{make(alice, 'x').pk}"
    assert as_alice.patch(path, body, content_type="application/json").status_code == 400


def test_a_browsers_form_leaves_what_it_does_not_say(as_alice: Client) -> None:
    made = as_alice.post(LIST, {"title": "From a form"})
    assert (made.status_code, made.json()["is_pinned"]) == (201, False)


def test_pinning_leaves_the_time_alone(as_alice: Client, alice: User) -> None:
    conversation = make(alice, "x", 9)
    as_alice.patch(f"{LIST}/{conversation.pk}", {"is_pinned": True}, content_type="application/json")
    conversation.refresh_from_db()
    assert timezone.now() - conversation.updated_at > timedelta(days=1)


def test_counting_ends_and_the_pages_go_on(
    as_alice: Client, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pagination, "COUNTED", 3)
    for number in range(5):
        make(alice, str(number), number)
    first = as_alice.get(LIST, {"limit": 2, "offset": 2})
    assert first["X-Total-Count"] == "3"
    assert "offset=4" in first["Link"]
    last = as_alice.get(LIST, {"limit": 2, "offset": 4})
    assert [one["title"] for one in last.json()] == ["4"]
    assert 'rel="next"' not in last["Link"]


@pytest.mark.parametrize(
    "query",
    [{}, {"folder": "F"}, {"search": "x"}, {"since": "2020-01-01"}, {"order": "title"}, {"tag": "T"}],
)
def test_a_list_takes_the_same_queries_however_many_there_are(
    as_alice: Client, alice: User, query: dict[str, str]
) -> None:
    counts = []
    tag = Tag.objects.create(owner=alice, name="T")
    for _ in range(2):
        made = Conversation.objects.bulk_create(
            Conversation(owner=alice, title="x", title_key="x", folder="F", updated_at=NOW) for _ in range(60)
        )
        tag.conversations.add(*made)
        with CaptureQueriesContext(connection) as queries:
            assert len(as_alice.get(LIST, query).json()) >= 60
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 5


@pytest.mark.parametrize(
    ("query", "index"),
    [
        ({}, "conversation_of_owner"),
        ({"archived": "true"}, "conversation_archived"),
        ({"pinned": "true"}, "conversation_pinned"),
        ({"favourite": "true"}, "conversation_favourite"),
        ({"since": "2026-01-01"}, "conversation_of_owner"),
        ({"folder": "F"}, "conversation_of_folder"),
        ({"order": "title"}, "conversation_by_title"),
    ],
)
def test_a_list_is_read_from_an_index_in_its_order(
    as_alice: Client, alice: User, query: dict[str, str], index: str
) -> None:
    """SQLite says how it reads; what it would sort by itself grows with the owner."""
    with CaptureQueriesContext(connection) as queries:
        as_alice.get(LIST, query)
    page = next(one["sql"] for one in queries if "ORDER BY" in one["sql"] and "LIMIT" in one["sql"])
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {page}")
        plan = " ".join(str(row) for row in cursor.fetchall())
    assert index in plan
    assert "TEMP B-TREE" not in plan
