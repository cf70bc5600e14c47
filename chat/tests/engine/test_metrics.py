"""What each answer records beside its text: cost, attempts, the vendor's id, refusals, and why it failed."""

import json
from typing import Any

import pytest
from django.test import Client

from chat.models import Answer, Model, Provider
from tests.site.vendor import Exchange, Vendor


def ask(client: Client, *providers: str, **more: object) -> dict[str, Any]:
    body = {"message": "Hello", "selected_providers": providers} | more
    answer = client.post("/api/chat/send", json.dumps(body), content_type="application/json")
    assert answer.status_code == 200, answer.content
    sent: dict[str, Any] = answer.json()
    return sent


def test_a_whole_answer_records_what_it_cost_by_the_prices_in_force(as_alice: Client, vendor: Vendor) -> None:
    vendor.scripts["openai"] = lambda exchange: exchange.answer("Hello")
    Model.objects.filter(name="gpt-5.4-mini").update(
        input_price=2, output_price=10, cached_price=None, tiers=[]
    )
    [answer] = ask(as_alice, "openai")["answers"]
    # Five tokens in, one out.
    assert answer["cost_usd"] == pytest.approx((5 * 2 + 1 * 10) / 1_000_000)
    assert (answer["attempts"], answer["label"], answer["mark"]) == (1, "OpenAI", "O")
    Model.objects.filter(name="gpt-5.4-mini").update(input_price=100)
    assert Answer.objects.get().cost_nanousd == 20_000


def test_without_a_price_the_cost_is_not_known(as_alice: Client, vendor: Vendor) -> None:
    vendor.scripts["openai"] = lambda exchange: exchange.answer("Hello")
    [answer] = ask(as_alice, "openai:unknown-model")["answers"]
    assert (answer["status"], answer["cost_usd"]) == ("done", None)


def test_attempts_are_counted_until_the_first_word(as_alice: Client, vendor: Vendor) -> None:
    refused = iter([True, False])

    def script(exchange: Exchange) -> None:
        if next(refused):
            exchange.refuse(429, "Slow down. Try again in 10ms", code="rate_limit_exceeded")
        else:
            exchange.answer("Hello")

    vendor.scripts["openai"] = script
    [answer] = ask(as_alice, "openai")["answers"]
    assert (answer["status"], answer["attempts"]) == ("done", 2)


def test_a_refusal_is_no_text(as_alice: Client, vendor: Vendor) -> None:
    def script(exchange: Exchange) -> None:
        exchange.start()
        exchange.send({"choices": [{"index": 0, "delta": {"refusal": "I’d rather not."}}]})
        exchange.finish()

    vendor.scripts["openai"] = script
    sent = ask(as_alice, "openai")
    assert sent["ai_responses"] == {"openai": ""}
    [answer] = sent["answers"]
    assert (answer["status"], answer["finish_reason"], answer["refusal"]) == (
        "done",
        "refusal",
        "I’d rather not.",
    )


@pytest.mark.parametrize(
    ("status", "error", "code", "sentence"),
    [
        (401, {"code": "invalid_api_key"}, "bad_key", "AIs and keys"),
        (429, {"code": "insufficient_quota"}, "no_credit", "Top it up"),
        (404, {"code": "model_not_found"}, "model_not_found", "another model"),
        (400, {"code": "context_length_exceeded"}, "context_too_long", "too long"),
        (400, {"code": "content_filter"}, "blocked", "Rephrase"),
    ],
)
def test_a_failure_has_a_code_and_says_what_to_do(
    as_alice: Client, vendor: Vendor, status: int, error: dict[str, Any], code: str, sentence: str
) -> None:
    secret = "prompt or key of somebody"
    vendor.scripts["openai"] = lambda exchange: exchange.refuse(status, secret, **error)
    sent = ask(as_alice, "openai")
    told = sent["errors"]["openai"]
    assert told["code"] == code
    assert sentence in told["detail"]
    [answer] = sent["answers"]
    assert answer["error"]["params"] == {"vendor": "OpenAI", "stage": "before stream"}
    assert secret not in json.dumps(sent)


def test_when_to_come_back_is_told(as_alice: Client, vendor: Vendor) -> None:
    vendor.scripts["openai"] = lambda exchange: exchange.refuse(429, "Please try again in 90s")
    sent = ask(as_alice, "openai")
    assert sent["answers"][0]["error"]["params"]["retry_after_s"] == 90
    assert sent["errors"]["openai"]["code"] == "rate_limited"


def test_a_removed_provider_keeps_its_name_on_old_answers_and_can_not_be_asked(as_alice: Client) -> None:
    Provider.objects.create(
        slug="lab",
        label="Lab",
        mark="La",
        protocol="openai",
        base_url="http://127.0.0.1:9/v1",
        needs_key=False,
    )
    sent = ask(as_alice, "lab:m")
    assert sent["errors"]["lab:m"]["code"] == "unreachable"
    Provider.objects.get(slug="lab").delete()
    messages = as_alice.get(f"/api/chat/conversations/{sent['conversation_id']}/messages").json()
    [answer] = messages[-1]["answers"]
    assert (answer["label"], answer["mark"], answer["provider"]) == ("Lab", "La", "lab")
    body = {"message": "Hello", "selected_providers": ["lab:m"]}
    again = as_alice.post("/api/chat/send", json.dumps(body), content_type="application/json")
    assert (again.status_code, again.json()["code"]) == (400, "unknown_provider")


@pytest.mark.parametrize(
    ("provider", "model", "code"),
    [
        ({"enabled": False}, {}, "provider_disabled"),
        ({}, {"enabled": False}, "model_disabled"),
        ({"premium_only": True}, {}, "premium"),
        ({}, {"premium_only": True}, "premium"),
    ],
)
def test_what_the_owner_decided_holds_for_the_next_question(
    as_bob: Client, provider: dict[str, bool], model: dict[str, bool], code: str
) -> None:
    Provider.objects.filter(slug="demo").update(**provider)
    Model.objects.filter(provider__slug="demo", name="quick").update(**model)
    assert ask(as_bob, "demo:quick")["errors"]["demo:quick"]["code"] == code


def test_a_system_prompt_reaches_the_vendor_under_its_word(as_alice: Client, vendor: Vendor) -> None:
    vendor.scripts["mistral"] = lambda exchange: exchange.answer("Oui.")
    Provider.objects.get(slug="mistral").preferences.create(
        user_id=as_alice.session["_auth_user_id"], system_prompt="Answer in French."
    )
    ask(as_alice, "mistral")
    assert vendor.asked[-1][1]["messages"][0] == {"role": "system", "content": "Answer in French."}
