"""What was exported comes in again: all of it, once, on any account; and nothing that is no such file."""

import json
from copy import deepcopy
from io import BytesIO
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.test import Client

from accounts.models import LedgerEntry, User
from chat import limits
from chat.models import Answer, Attachment, Conversation, Folder, LineUp, Message
from chat.tests.transfer.test_exporting import exported, make_history
from conftest import signed_in
from tests.site.vendor import Vendor

URL = "/chat/import"
KEYS = ("id", "message_id", "parent_id", "head_id", "url", "request_id")


def send(client: Client, content: bytes | dict[str, Any]) -> list[str]:
    """What the page says after a file was sent."""
    file = BytesIO(content if isinstance(content, bytes) else json.dumps(content).encode())
    file.name = "webox.json"
    answer = client.post(URL, {"file": file}, follow=True)
    assert answer.status_code == 200
    return [str(message) for message in answer.context["messages"]]


def without_ids(value: Any) -> Any:
    """What means something outside of its file; images are written anew, and may be other bytes."""
    left_out = (*KEYS, "data", "size_bytes")
    if isinstance(value, list):
        return [without_ids(one) for one in value]
    if isinstance(value, dict):
        return {name: without_ids(one) for name, one in value.items() if name not in left_out}
    return value


@pytest.fixture
def document(as_alice: Client, alice: User, vendor: Vendor) -> dict[str, Any]:
    """A small file by hand: a question asked in two wordings, with an answer of two versions."""

    def message(number: int, parent: int | None, role: str, content: str, *answers: Any) -> dict[str, Any]:
        moment = f"2026-01-0{number}T10:00:00Z"
        return {
            "id": number, "parent_id": parent, "role": role, "content": content, "created_at": moment,
            "answers": list(answers),
        }  # fmt: skip

    def answer(number: int, version: int, text: str, **more: Any) -> dict[str, Any]:
        return {
            "id": number, "target": "openai", "name": "openai", "provider": "openai", "model": "m",
            "position": 0, "version": version, "status": "done", "text": text,
            "created_at": "2026-01-02T10:00:01Z", **more,
        }  # fmt: skip

    return {
        "format": "webox-export",
        "version": 1,
        "folders": ["Leer"],
        "line_ups": [
            {"name": "Two", "targets": [{"target": "openai"}, {"target": "demo:quick"}]},
            {"name": "Gone", "targets": [{"target": "no such AI"}]},
        ],
        "conversations": [
            {
                "title": "Été",
                "folder": "Travail",
                "tags": ["à lire"],
                "is_pinned": True,
                "head_id": 2,
                "created_at": "2026-01-01T10:00:00.123456Z",
                "updated_at": "2026-01-04T10:00:00Z",
                "messages": [
                    message(1, None, "user", "First wording"),
                    message(2, 1, "assistant", "", answer(1, 1, "Old"), answer(2, 2, "New", is_chosen=True)),
                    message(3, None, "user", "Other wording"),
                    message(4, 3, "assistant", "", answer(3, 1, "Half", status="streaming")),
                ],
            }
        ],
    }


async def test_what_one_exports_another_imports_alike(as_alice: Client, alice: User, vendor: Vendor) -> None:
    await sync_to_async(make_history)(as_alice, vendor)
    before, _response = await exported(alice)
    ana = await sync_to_async(User.objects.create_user)("ana", "ana@example.org", "a long enough passphrase")
    said = await sync_to_async(lambda: send(signed_in(ana), json.dumps(before).encode()))()
    assert said == ["1 conversation was brought in."]
    after, _response = await exported(ana)
    assert without_ids(after["conversations"]) == without_ids(before["conversations"])
    assert after["folders"] == before["folders"]
    assert after["ledger"] == []
    assert len(after["conversations"][0]["messages"][0]["attachments"]) == 1


def test_every_branch_version_and_mark_comes_along(
    as_bob: Client, bob: User, document: dict[str, Any]
) -> None:
    assert send(as_bob, document) == ["1 conversation was brought in."]
    conversation = Conversation.objects.get(owner=bob)
    shown = as_bob.get(f"/api/chat/conversations/{conversation.pk}/messages").json()
    # The branch that was shown there is shown here.
    assert [message["content"] for message in shown] == ["First wording", "New"]
    assert len(shown[0]["siblings"]) == 2
    assert [(one["version"], one["text"], one["is_chosen"]) for one in shown[1]["answers"]] == [
        (2, "New", True)
    ]
    old = Answer.objects.filter(version=1).order_by("pk").values_list("text", flat=True)
    assert list(old) == ["Old", "Half"]
    assert Answer.objects.get(text="Half").status == "interrupted"
    assert conversation.created_at.microsecond == 123456
    assert Folder.objects.filter(owner=bob).count() == 2
    assert list(LineUp.objects.filter(owner=bob).values_list("name", flat=True)) == ["Two"]
    listed = as_bob.get("/api/chat/conversations").json()
    assert [(one["title"], one["folder"], one["tags"], one["is_pinned"]) for one in listed] == [
        ("Été", "Travail", ["à lire"], True)
    ]
    assert not LedgerEntry.objects.filter(user=bob).exists()


def test_what_is_here_already_stays_as_it_is(as_bob: Client, bob: User, document: dict[str, Any]) -> None:
    send(as_bob, document)
    Message.objects.filter(content="First wording").update(content="Mine")
    assert send(as_bob, document) == ["0 conversations were brought in. 1 was here already."]
    assert Conversation.objects.filter(owner=bob).count() == 1
    assert Message.objects.filter(content="Mine").exists()


def test_names_have_no_spaces_around_them(as_bob: Client, bob: User, document: dict[str, Any]) -> None:
    document["folders"] = ["  Travail ", " "]
    document["conversations"][0] |= {"folder": " Travail", "tags": [" à lire ", "  "]}
    send(as_bob, document)
    [listed] = as_bob.get("/api/chat/conversations").json()
    assert (listed["folder"], listed["tags"]) == ("Travail", ["à lire"])
    assert [one["name"] for one in as_bob.get("/api/chat/folders").json()] == ["Général", "Travail"]


def broken(document: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """The file with other values in its last message and that message's answer."""
    copy = deepcopy(document)
    message = copy["conversations"][0]["messages"][-1]
    for name, value in changes.items():
        place = message["answers"][0] if name in message["answers"][0] or name == "cost_usd" else message
        place[name] = value
    return copy


@pytest.mark.parametrize(
    "changes",
    [
        *({"status": "odd"}, {"position": -1}, {"position": 10**6}, {"version": 0}, {"text": 5}),
        *(
            {"target": ""},
            {"target": "x" * 201},
            {"created_at": "yesterday"},
            {"cost_usd": -1},
            {"role": "root"},
        ),
        *({"parent_id": "1"}, {"content": "a\0b"}, {"attachments": [{"data": "%%%"}]}, {"text": "\ud800"}),
        *({"attachments": [{"data": ""}] * 9}, {"answers": 3}, {"model": None}, {"role": "root"}),
    ],
    ids=str,
)
def test_a_damaged_file_brings_nothing_in(
    as_bob: Client, bob: User, document: dict[str, Any], changes: Any
) -> None:
    [said] = send(as_bob, broken(document, **changes))
    assert "not a file that WeBox exported" in said
    assert not Conversation.objects.filter(owner=bob).exists()


def test_two_answers_in_one_place_are_refused(as_bob: Client, bob: User, document: dict[str, Any]) -> None:
    answers = document["conversations"][0]["messages"][1]["answers"]
    answers[1]["version"] = answers[0]["version"]
    [said] = send(as_bob, document)
    assert "damaged" in said
    assert not Conversation.objects.filter(owner=bob).exists()


def test_what_is_no_image_is_refused(as_bob: Client, bob: User, document: dict[str, Any]) -> None:
    [said] = send(as_bob, broken(document, attachments=[{"data": "aGVsbG8="}]))
    assert "image" in said
    assert not Conversation.objects.filter(owner=bob).exists()
    assert not Attachment.objects.exists()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{",
        b"\xff",
        b'{"format": "other", "version": 1}',
        b'{"format": "webox-export", "version": 2}',
    ],
)
def test_another_file_is_refused(as_bob: Client, bob: User, content: bytes) -> None:
    [said] = send(as_bob, content)
    assert "not a file that WeBox exported" in said or "empty" in said
    assert not Conversation.objects.filter(owner=bob).exists()


def test_a_file_that_is_too_large_is_refused(as_bob: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chat.limits.IMPORT_BYTES", 2**20)
    [said] = send(as_bob, b" " * (2**20 + 1))
    assert said == "The file is too large: 1 MB at the most."


def test_without_a_file_it_says_so(as_bob: Client) -> None:
    answer = as_bob.post(URL, follow=True)
    assert ["no file" in str(message) for message in answer.context["messages"]] == [True]


def test_too_many_files_a_minute_are_refused_and_another_person_is_not(
    as_alice: Client, as_bob: Client, alice: User, document: dict[str, Any]
) -> None:
    for _ in range(limits.IMPORTS_PER_MINUTE):
        assert as_bob.post(URL).status_code == 302
    refused = as_bob.post(URL, headers={"Accept-Language": "en"})
    assert (refused.status_code, 0 < int(refused["Retry-After"]) <= 60) == (429, True)
    assert "Wait a few minutes, then try again." in refused.text
    send(as_alice, document)
    assert Conversation.objects.filter(owner=alice).exists()


def test_nothing_stands_after_itself(as_bob: Client, bob: User, document: dict[str, Any]) -> None:
    messages = document["conversations"][0]["messages"]
    messages[0]["parent_id"], messages[2]["parent_id"] = 2, 3
    send(as_bob, document)
    assert Message.objects.filter(conversation__owner=bob, parent=None).count() == 2
    conversation = Conversation.objects.get(owner=bob)
    assert as_bob.get(f"/chat/{conversation.pk}").status_code == 200
