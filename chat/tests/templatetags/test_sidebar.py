"""What the sidebar of every signed-in page starts with: the person's own, and no more of it than one page."""

import json
import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from chat.models import Conversation, Folder

PAGES = ("/chat/", "/chat/ais", "/dashboard/")


def start(owner: User, title: str, **values: Any) -> Conversation:
    return Conversation.objects.create(owner=owner, title=title, updated_at=timezone.now(), **values)


def state_of(client: Client, path: str) -> dict[str, Any]:
    html = client.get(path).content.decode()
    found = re.search(r'<script id="side-state" type="application/json">(.*?)</script>', html)
    assert found
    return dict(json.loads(found[1]))


def titles(rows: list[dict[str, Any]]) -> list[str]:
    return [row["title"] for row in rows]


@pytest.mark.parametrize("path", PAGES)
def test_every_page_knows_the_persons_own_conversations_and_folders(
    as_alice: Client, alice: User, bob: User, path: str
) -> None:
    start(alice, "Mine")
    start(alice, "Kept on top", is_pinned=True)
    start(alice, "Put away", is_archived=True)
    start(bob, "Not mine")
    Folder.objects.create(owner=alice, name="Work")
    Folder.objects.create(owner=bob, name="Secret")
    state = state_of(as_alice, path)
    assert titles(state["conversations"]) == ["Mine"]
    assert titles(state["pinned"]) == ["Kept on top"]
    assert [(one["name"], one["count"]) for one in state["folders"]] == [("Général", 2), ("Work", 0)]
    assert state["current"] is None


def test_the_pages_own_conversation_is_there_even_when_the_list_leaves_it_out(
    as_alice: Client, alice: User
) -> None:
    archived = start(alice, "Put away", is_archived=True)
    assert state_of(as_alice, f"/chat/{archived.pk}")["current"]["title"] == "Put away"


def test_the_list_begins_with_one_page(as_alice: Client, alice: User) -> None:
    for number in range(101):
        start(alice, f"Talk {number}")
    state = state_of(as_alice, "/chat/")
    assert len(state["conversations"]) == 100
    assert state["conversations"][0]["title"] == "Talk 100"


def test_a_title_cannot_leave_the_script_it_stands_in(as_alice: Client, alice: User) -> None:
    evil = "</script><script>alert(1)</script>"
    start(alice, evil)
    assert titles(state_of(as_alice, "/chat/")["conversations"]) == [evil]
