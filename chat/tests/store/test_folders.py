"""Folders: named, renamed and removed, with what is in them; empty ones stay."""

import threading
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.models import User
from chat import limits
from chat.models import Conversation, Folder
from chat.tests.api.conversations.test_views import LIST, make
from tests.api.problems import fields_of

FOLDERS = "/api/chat/folders"
migration = import_module("chat.migrations.0005_search_folders_tags")


def create(client: Client, name: object) -> Any:
    return client.post(FOLDERS, {"name": name}, content_type="application/json")


def rename(client: Client, folder_id: int, name: object) -> Any:
    return client.patch(f"{FOLDERS}/{folder_id}", {"name": name}, content_type="application/json")


def listed(client: Client) -> list[tuple[str, int]]:
    return [(one["name"], one["count"]) for one in client.get(FOLDERS).json()]


def test_everybody_has_the_first_folder(as_alice: Client) -> None:
    assert as_alice.get(FOLDERS).json() == [{"id": None, "name": "Général", "count": 0}]


def test_folders_are_listed_by_name_with_what_is_not_archived(
    as_alice: Client, alice: User, bob: User
) -> None:
    for folder in ("Work", "Work", "Général", "Été"):
        make(alice, folder=folder)
    make(alice, folder="Old", is_archived=True)
    make(bob, folder="Bob’s")
    assert create(as_alice, "Empty").json()["count"] == 0
    assert listed(as_alice) == [("Général", 1), ("Empty", 0), ("Été", 1), ("Old", 0), ("Work", 2)]


def test_a_conversation_makes_its_folder_and_keeps_to_the_one_there_is(as_alice: Client) -> None:
    names = ["Éco", "ECO", "éco ", "GENERAL"]
    made = [as_alice.post(LIST, {"folder": name}, content_type="application/json") for name in names]
    assert [one.json()["folder"] for one in made] == ["Éco", "Éco", "Éco", "Général"]
    path = f"{LIST}/{made[0].json()['id']}"
    moved = as_alice.patch(path, {"folder": "Elsewhere"}, content_type="application/json")
    assert moved.json()["folder"] == "Elsewhere"
    assert listed(as_alice) == [("Général", 1), ("Éco", 2), ("Elsewhere", 1)]


def test_renaming_takes_along_what_is_in_it(as_alice: Client, alice: User, bob: User) -> None:
    kept, archived, deleted = make(alice, folder="A"), make(alice, folder="A"), make(alice, folder="A")
    theirs = make(bob, folder="A")
    Conversation.objects.filter(pk=archived.pk).update(is_archived=True)
    as_alice.delete(f"{LIST}/{deleted.pk}")
    folder = Folder.objects.get(owner=alice)
    assert rename(as_alice, folder.pk, "B").json() == {"id": folder.pk, "name": "B", "count": 1}
    assert as_alice.patch(f"{FOLDERS}/{folder.pk}", {}, content_type="application/json").status_code == 200
    # The same again changes nothing; another case is another name.
    assert rename(as_alice, folder.pk, "B").status_code == rename(as_alice, folder.pk, "b").status_code == 200
    assert as_alice.post(f"{LIST}/{deleted.pk}/undo").json()["folder"] == "b"
    for conversation in (kept, archived):
        assert as_alice.get(f"{LIST}/{conversation.pk}").json()["folder"] == "b"
    theirs.refresh_from_db()
    assert theirs.folder == "A"


def test_what_is_in_a_removed_folder_goes_to_the_first_one(as_alice: Client, alice: User) -> None:
    kept, deleted = make(alice, folder="A"), make(alice, folder="A")
    as_alice.delete(f"{LIST}/{deleted.pk}")
    path = f"{FOLDERS}/{Folder.objects.get().pk}"
    assert as_alice.delete(path).status_code == 204
    assert listed(as_alice) == [("Général", 1)]
    assert as_alice.post(f"{LIST}/{deleted.pk}/undo").json()["folder"] == "Général"
    assert as_alice.get(f"{LIST}/{kept.pk}").json()["folder"] == "Général"
    assert as_alice.delete(path).status_code == 404


def test_a_taken_name_is_409(as_alice: Client) -> None:
    first, second = create(as_alice, "One").json(), create(as_alice, "Two").json()
    for taken in ("one", "ÖNE", "Général", "general"):
        for got in (create(as_alice, taken), rename(as_alice, second["id"], taken)):
            assert (got.status_code, got.json()["code"]) == (409, "folder_name_taken")
    assert [one["id"] for one in as_alice.get(FOLDERS).json()] == [None, first["id"], second["id"]]


def test_an_outsider_gets_404(as_alice: Client, as_bob: Client) -> None:
    folder_id = create(as_alice, "Mine").json()["id"]
    assert rename(as_bob, folder_id, "Taken").status_code == 404
    assert as_bob.delete(f"{FOLDERS}/{folder_id}").status_code == 404
    assert listed(as_alice) == [("Général", 0), ("Mine", 0)]
    # A name is one's own.
    assert create(as_bob, "Mine").status_code == 201


@pytest.mark.parametrize("name", ["", " ", "x" * 101, 4, None])
def test_bad_names_are_refused(as_alice: Client, name: object) -> None:
    folder_id = create(as_alice, "Good").json()["id"]
    for got in (create(as_alice, name), rename(as_alice, folder_id, name)):
        assert got.status_code == 400
        assert fields_of(got.json()) == ["name"]


def test_many_at_once_do_not_pass_the_limit(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "FOLDERS_OF_A_PERSON", 3)
    statuses = list[int]()

    def create_one(number: int) -> None:
        client = Client()
        client.force_login(alice)
        statuses.append(create(client, f"Number {number}").status_code)
        connection.close()

    threads = [threading.Thread(target=create_one, args=[number]) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(statuses) == [201] * 3 + [409] * 3


def test_folders_that_were_there_before_get_their_rows(alice: User, bob: User) -> None:
    named = ["Work", "work", "Work", "GENERAL", "Général", "Été"]
    Conversation.objects.bulk_create(
        [
            Conversation(owner=owner, folder=name, updated_at=timezone.now())
            for owner in (alice, bob)
            for name in (named if owner is alice else ["work"])
        ]
    )
    migration.make_folders(apps, None)
    assert [*Folder.objects.for_user(alice).values_list("name", "name_key")] == [
        ("Été", "ete"),
        ("Work", "work"),
    ]
    folders = Conversation.objects.filter(owner=alice).order_by("pk").values_list("folder", flat=True)
    assert [*folders] == ["Work", "Work", "Work", "Général", "Général", "Été"]
    assert Folder.objects.get(owner=bob).name == Conversation.objects.get(owner=bob).folder == "work"


def test_titles_that_were_there_before_are_found_by_the_new_keys(as_alice: Client, alice: User) -> None:
    make(alice, "L’œuvre")
    Conversation.objects.update(title_key="l’œuvre")
    migration.renew_title_keys(apps, None)
    assert len(as_alice.get(LIST, {"search": "l'oeuvre"}).json()) == 1
