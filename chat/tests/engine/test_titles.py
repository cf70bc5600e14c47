"""Better titles: for who has switched them on, from the first exchange, never over a person's own."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from chat.engine.process import engine_of_process
from chat.engine.titles import clean, read_job, save
from chat.models import Conversation, Message
from chat.tests.store.test_branches import ask
from tests.site.vendor import Exchange, Vendor, answering

RULE = "How does a heat pump make warmth out of cold air?"


@pytest.fixture
def wishing(alice: User) -> User:
    """Somebody who has switched better titles on."""
    alice.preferences = {"better_titles": True}
    alice.save()
    return alice


def settle() -> None:
    """Wait until what the engine does beside turns is done."""
    engine_of_process().reap().result(30)


def no_job(conversation_id: int) -> bool:
    """Whether no title would be asked for after the conversation's last turn."""
    last = Message.objects.filter(conversation=conversation_id, role="assistant").latest("pk")
    return read_job(last.pk) is None


def titled(client: Client, vendor: Vendor, title: str = "Heat pumps", **body: object) -> Conversation:
    """A conversation whose first turn is answered, and whose title is asked for if it is."""

    def answer(exchange: Exchange) -> None:
        is_title = "titles" in exchange.body["messages"][0]["content"]
        exchange.answer(title if is_title else "By moving it.")

    vendor.scripts["openai"] = answer
    sent = ask(client, RULE, **body).json()
    conversation = Conversation.objects.get(pk=sent["conversation_id"])
    for _ in range(100):
        settle()
        conversation.refresh_from_db()
        asked = [body for _, body in vendor.asked]
        if len(asked) > 1 and conversation.title != RULE:
            break
    return conversation


def test_without_the_wish_the_guides_rule_holds_and_no_call_is_made(as_alice: Client, vendor: Vendor) -> None:
    vendor.scripts["openai"] = answering("By moving it.")
    sent = ask(as_alice, RULE).json()
    assert no_job(sent["conversation_id"])
    settle()
    assert Conversation.objects.get(pk=sent["conversation_id"]).title == RULE
    assert len(vendor.asked) == 1


def test_with_the_wish_one_of_its_ais_is_asked_once(as_alice: Client, wishing: User, vendor: Vendor) -> None:
    conversation = titled(as_alice, vendor, "**“Heat pumps, explained.”**\n\nBecause …")
    assert conversation.title == "Heat pumps, explained"
    assert len(vendor.asked) == 2
    told = vendor.asked[1][1]["messages"][1]["content"]
    assert RULE in told
    assert "By moving it." in told
    # Found under its new title.
    listed = as_alice.get("/api/chat/conversations", {"search": "explained"}).json()
    assert [one["id"] for one in listed] == [conversation.pk]
    # A second question makes no other.
    vendor.scripts["openai"] = answering("And so on.")
    ask(as_alice, "Really?", conversation_id=conversation.pk)
    assert no_job(conversation.pk)


@pytest.mark.usefixtures("wishing")
def test_a_title_of_ones_own_stays(as_alice: Client, vendor: Vendor) -> None:
    made = as_alice.post("/api/chat/conversations", {"title": "Mine"}, content_type="application/json").json()
    vendor.scripts["openai"] = answering("By moving it.")
    ask(as_alice, RULE, conversation_id=made["id"])
    assert no_job(made["id"])
    assert Conversation.objects.get(pk=made["id"]).title == "Mine"


@pytest.mark.usefixtures("wishing")
def test_a_title_given_while_one_is_made_stays(as_alice: Client, vendor: Vendor) -> None:
    conversation = titled(as_alice, vendor)
    as_alice.patch(
        f"/api/chat/conversations/{conversation.pk}", {"title": "Mine"}, content_type="application/json"
    )
    assert save(conversation.pk, RULE, "Late") is False
    assert Conversation.objects.get(pk=conversation.pk).title == "Mine"


@pytest.mark.usefixtures("wishing")
def test_a_vendor_that_fails_leaves_the_title_as_it_is(
    as_alice: Client, vendor: Vendor, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")

    def answer(exchange: Exchange) -> None:
        if "titles" in exchange.body["messages"][0]["content"]:
            exchange.refuse(400, f"no: {RULE}")
        else:
            exchange.answer("By moving it.")

    vendor.scripts["openai"] = answer
    sent = ask(as_alice, RULE).json()
    for _ in range(100):
        settle()
        if "No better title" in caplog.text:
            break
    assert "No better title" in caplog.text
    assert RULE not in caplog.text
    assert Conversation.objects.get(pk=sent["conversation_id"]).title == RULE


@pytest.mark.usefixtures("wishing")
def test_the_demonstration_is_not_asked_for_titles(as_alice: Client) -> None:
    sent = ask(as_alice, RULE, selected_providers=["demo:quick"]).json()
    assert no_job(sent["conversation_id"])


@pytest.mark.parametrize(
    ("said", "title"),
    [
        ("Heat pumps", "Heat pumps"),
        ("\n\n## « Pompes à chaleur »\nvoilà", "Pompes à chaleur"),
        ('"Title"', "Title"),
        ("", ""),
        ("***", ""),
        ("word " * 40, "word word word word word word word word word word word…"),
    ],
)
def test_a_title_is_one_line_without_marks(said: str, title: str) -> None:
    assert clean(said) == title


def test_a_title_is_told_to_open_pages(
    as_alice: Client, wishing: User, vendor: Vendor, monkeypatch: Any
) -> None:
    told: list[object] = []
    monkeypatch.setattr(engine_of_process().hub, "publish", lambda _, event, **__: told.append(event))
    titled(as_alice, vendor)
    assert "title" in [type(event).__struct_config__.tag for event in told]  # type: ignore[attr-defined]
