"""A person's own data as one file: all of it, nobody else's, and no secrets."""

import json
from base64 import b64decode
from io import BytesIO
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.test import AsyncClient, Client
from PIL import Image

from accounts.models import User
from chat import limits
from chat.models import Conversation, LineUp, ProviderKey
from chat.tests.actions.test_quota import ask
from tests.site.vendor import Vendor, answering

URL = "/chat/export"


async def exported(user: User) -> tuple[dict[str, Any], Any]:
    """The document as it comes, and the response that it came in."""
    client = AsyncClient()
    await client.aforce_login(user)
    response = await client.get(URL)
    text = b"".join([piece async for piece in response.streaming_content])  # type: ignore[attr-defined]
    document: dict[str, Any] = json.loads(text)
    return document, response


def make_history(client: Client, vendor: Vendor) -> int:
    """Two turns with an image and a folder; a deleted conversation; a key. The id of what is kept."""
    vendor.scripts |= {"openai": answering("One"), "mistral": lambda exchange: exchange.refuse(400, "No.")}
    picture = BytesIO()
    Image.new("RGB", (2, 2), "red").save(picture, "PNG")
    picture.seek(0)
    picture.name = "red.png"
    image = client.post("/api/chat/attachments", {"file": picture}).json()
    first = ask(client, "openai", "mistral", attachments=[image["id"]]).json()
    ask(client, "openai", conversation_id=first["conversation_id"])
    gone = ask(client, "openai").json()["conversation_id"]
    client.delete(f"/api/chat/conversations/{gone}")
    body = json.dumps({"folder": "Été", "tags": ["à lire"]})
    address = f"/api/chat/conversations/{first['conversation_id']}"
    client.patch(address, body, content_type="application/json")
    key = json.dumps({"key": "sk-own-key-of-alice"})
    client.put("/api/chat/providers/groq/key", key, content_type="application/json")
    return int(first["conversation_id"])


async def test_all_of_it_is_in_one_document(as_alice: Client, alice: User, vendor: Vendor) -> None:
    conversation_id = await sync_to_async(make_history)(as_alice, vendor)
    await LineUp.objects.acreate(owner=alice, name="Two", targets=[{"target": "openai"}])

    document, response = await exported(alice)

    assert (document["format"], document["version"]) == ("webox-export", 1)
    assert response["Content-Disposition"].startswith('attachment; filename="webox-alice-')
    assert document["account"]["email"] == "alice@example.org"
    assert document["folders"] == ["Été"]
    assert [one["name"] for one in document["line_ups"]] == ["Two"]
    [conversation] = document["conversations"]
    assert (conversation["id"], conversation["folder"], conversation["tags"]) == (
        conversation_id,
        "Été",
        ["à lire"],
    )
    roles = [message["role"] for message in conversation["messages"]]
    assert roles == ["user", "assistant", "user", "assistant"]
    question, answered = conversation["messages"][:2]
    [image] = question["attachments"]
    assert Image.open(BytesIO(b64decode(image["data"]))).size == (2, 2)
    assert [(one["name"], one["status"], one["text"]) for one in answered["answers"]] == [
        ("openai", "done", "One"),
        ("mistral", "failed", ""),
    ]
    assert len(document["ledger"]) == 4
    assert {row["provider"] for row in document["ledger"]} == {"openai", "mistral"}


async def test_no_key_no_password_and_nobody_elses_words(
    as_alice: Client, as_bob: Client, alice: User, bob: User, vendor: Vendor
) -> None:
    await sync_to_async(make_history)(as_alice, vendor)
    document, _ = await exported(bob)
    assert (document["conversations"], document["ledger"]) == ([], [])
    text = json.dumps((await exported(alice))[0])
    row = await ProviderKey.objects.aget()
    for secret in ("sk-own-key-of-alice", row.secret, alice.password, "bob@example.org"):
        assert secret not in text


async def test_an_empty_account_is_a_whole_document_too(bob: User) -> None:
    document, _ = await exported(bob)
    assert document["conversations"] == document["ledger"] == []


async def test_every_conversation_is_there_once(alice: User) -> None:
    for number in range(7):
        await Conversation.objects.acreate(owner=alice, title=f"t{number}", updated_at=alice.created_at)
    document, _ = await exported(alice)
    assert [one["title"] for one in document["conversations"]] == [f"t{number}" for number in range(7)]


@pytest.mark.usefixtures("transactional_db")
def test_too_many_files_a_minute_are_refused_and_another_person_is_not(
    as_alice: Client, as_bob: Client
) -> None:
    for _ in range(limits.EXPORTS_PER_MINUTE):
        assert as_bob.get(URL).status_code == 200
    refused = as_bob.get(URL)
    assert (refused.status_code, 0 < int(refused["Retry-After"]) <= 60) == (429, True)
    assert as_alice.get(URL).status_code == 200


def test_signed_out_is_sent_to_sign_in(client: Client) -> None:
    assert client.get(URL).status_code == 302
