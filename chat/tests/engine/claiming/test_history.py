"""What each AI is told of the turns before: its own answers, the chosen ones, or those of all."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from chat.models import Answer, Message
from chat.tests.store.test_branches import ask, listed
from tests.site.vendor import Vendor

BOTH = {"selected_providers": ["openai", "mistral"]}


@pytest.fixture
def conversation_id(as_alice: Client, vendor: Vendor) -> int:
    """One turn that two AIs have answered."""
    vendor.scripts["openai"] = lambda exchange: exchange.answer("openai’s")
    vendor.scripts["mistral"] = lambda exchange: exchange.answer("mistral’s")
    first: int = ask(as_alice, "One", **BOTH).json()["conversation_id"]
    return first


def told(vendor: Vendor, name: str) -> list[str]:
    """What this AI was told with its last question."""
    bodies = [body for vendor_name, body in vendor.asked if vendor_name == name]
    return [one["content"] for one in bodies[-1]["messages"]]


def test_each_reads_its_own_answers_unless_it_is_said(
    as_alice: Client, vendor: Vendor, conversation_id: int
) -> None:
    ask(as_alice, "Two", conversation_id=conversation_id, **BOTH)
    assert told(vendor, "openai") == ["One", "openai’s", "Two"]
    assert told(vendor, "mistral") == ["One", "mistral’s", "Two"]


def test_all_go_on_from_the_chosen_answer(as_alice: Client, vendor: Vendor, conversation_id: int) -> None:
    best = Answer.objects.get(provider="mistral")
    as_alice.post(f"/api/chat/answers/{best.pk}/choose")
    ask(as_alice, "Two", conversation_id=conversation_id, context="chosen", **BOTH)
    assert told(vendor, "openai") == told(vendor, "mistral") == ["One", "mistral’s", "Two"]
    # Where none is chosen each reads its own.
    ask(as_alice, "Three", conversation_id=conversation_id, context="chosen", **BOTH)
    assert told(vendor, "openai") == ["One", "mistral’s", "Two", "openai’s", "Three"]


def test_all_read_all_answers(as_alice: Client, vendor: Vendor, conversation_id: int) -> None:
    ask(as_alice, "Two", conversation_id=conversation_id, context="all", **BOTH)
    first, own, second = told(vendor, "openai")
    assert (first, own) == ("One", "openai’s")
    assert '<answer from="Mistral (' in second
    assert "mistral’s" in second
    assert "openai’s" not in second
    assert second.endswith("\n\nTwo")
    # An AI that joins later reads what the others said.
    ask(as_alice, "Three", conversation_id=conversation_id, selected_providers=["groq"], context="all")
    [joined] = told(vendor, "groq")
    assert joined.index("One") < joined.index("openai’s") < joined.index("Two") < joined.index("Three")


def test_a_retry_is_told_what_its_turn_was(
    as_alice: Client, alice: User, vendor: Vendor, conversation_id: int
) -> None:
    best = Answer.objects.get(provider="mistral")
    as_alice.post(f"/api/chat/answers/{best.pk}/choose")
    asked = ask(as_alice, "Two", conversation_id=conversation_id, context="chosen").json()
    before = told(vendor, "openai")
    vendor.asked.clear()
    retried = as_alice.post(f"/api/chat/answers/{asked['answers'][0]['id']}/retry").json()
    assert as_alice.post(f"/api/chat/answers/{retried['id']}/stop").status_code == 200
    assert told(vendor, "openai") == before


def test_the_messages_say_what_was_told(as_alice: Client, conversation_id: int) -> None:
    ask(as_alice, "Two", conversation_id=conversation_id, context="all", **BOTH)
    assert [one["context"] for one in listed(as_alice, conversation_id)] == ["own", "own", "own", "all"]


@pytest.mark.parametrize("context", ["others", "", None, 1])
def test_another_word_is_refused_and_nothing_is_asked(
    as_alice: Client, conversation_id: int, context: Any
) -> None:
    before = Message.objects.count()
    refused = ask(as_alice, "Two", conversation_id=conversation_id, context=context, **BOTH)
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["pointer"] == "#/context"
    assert Message.objects.count() == before


def test_the_questions_in_one_place_name_each_other(as_alice: Client, conversation_id: int) -> None:
    first = listed(as_alice, conversation_id)[0]
    assert first["siblings"] == [first["id"]]
    ask(as_alice, "Other", conversation_id=conversation_id, parent_id=None)
    other, answered = listed(as_alice, conversation_id)
    assert other["siblings"] == [first["id"], other["id"]]
    assert answered["siblings"] == []
