"""Servers of one's own, of everybody and of this machine, and how people like their AIs asked."""

import json

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from chat.ais import probes
from chat.models import AiPreference, Provider, ProviderKey
from chat.tests.ais.rest import KEY, PROVIDERS, record, send
from providers import registry
from providers.registry import LocalServer
from tests.site.vendor import Vendor

pytestmark = pytest.mark.usefixtures("limits_start_anew")


def server(vendor: Vendor, **more: object) -> dict[str, object]:
    return {"label": "Mon labo", "base_url": vendor.address("lab"), **more}


@pytest.mark.usefixtures("open_world")
def test_a_server_of_ones_own_is_added_asked_and_removed(
    as_bob: Client, as_alice: Client, vendor: Vendor
) -> None:
    vendor.models["lab"] = ("qwen", "llama")
    answer = send(as_bob, "POST", "", server(vendor, key=KEY))
    assert answer.status_code == 201, answer.content
    made = answer.json()
    assert (made["slug"], made["is_own"], made["default_model"], made["model_count"]) == (
        "mon-labo",
        True,
        "qwen",
        2,
    )
    assert made["base_url"] == vendor.address("lab")
    vendor.scripts["lab"] = lambda exchange: exchange.answer("From the lab")
    body = json.dumps({"message": "Hello", "selected_providers": ["Mon labo"]})
    sent = as_bob.post("/api/chat/send", body, content_type="application/json").json()
    assert sent["ai_responses"] == {"Mon labo": "From the lab"}
    assert vendor.keys[-1] == f"Bearer {KEY}"
    assert as_alice.get(f"{PROVIDERS}/mon-labo").status_code == 404
    assert as_alice.post("/api/chat/send", body, content_type="application/json").status_code == 400
    assert send(as_alice, "DELETE", "/mon-labo").status_code == 404
    assert send(as_bob, "DELETE", "/mon-labo").status_code == 204
    assert send(as_bob, "DELETE", "/mon-labo").status_code == 404
    messages = as_bob.get(f"/api/chat/conversations/{sent['conversation_id']}/messages").json()
    assert messages[-1]["answers"][0]["label"] == "Mon labo"


@pytest.mark.parametrize(
    ("base_url", "status", "code"),
    [
        ("http://127.0.0.1:11434", 403, "private_address"),
        ("https://localhost/v1", 403, "private_address"),
        ("https://169.254.169.254/latest", 403, "private_address"),
        ("https://[::1]/v1", 403, "private_address"),
        ("https://2130706433/v1", 403, "private_address"),
        ("http://api.example.org/v1", 400, "bad_address"),
        ("https://api.example.org:22/v1", 400, "bad_address"),
        ("https://user:pass@api.example.org/v1", 400, "bad_address"),
        ("javascript:alert(1)", 400, "bad_address"),
    ],
)
def test_a_persons_server_must_be_on_the_internet(
    as_alice: Client, base_url: str, status: int, code: str
) -> None:
    answer = send(as_alice, "POST", "", {"label": "Lab", "base_url": base_url})
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert not Provider.objects.filter(label="Lab").exists()


def test_a_name_that_leads_to_this_machine_is_refused_at_the_socket(
    as_alice: Client, vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("outbound.addresses.check_public", lambda address: None)
    answer = send(as_alice, "POST", "", server(vendor))
    assert (answer.status_code, answer.json()["code"]) == (403, "address_refused")
    assert vendor.asked == []
    assert not Provider.objects.filter(label="Mon labo").exists()


@pytest.mark.usefixtures("open_world")
def test_a_server_that_rejects_its_key_is_not_added(as_bob: Client, vendor: Vendor) -> None:
    answer = send(as_bob, "POST", "", server(vendor, key="sk-bad-1"))
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_key")
    assert not ProviderKey.objects.exists()


@pytest.mark.usefixtures("open_world")
@pytest.mark.parametrize("label", ["OpenAI", "gpt-4", "Claude", "Mon labo", "MON  LABO"])
def test_a_name_that_is_taken_is_refused(as_bob: Client, vendor: Vendor, label: str) -> None:
    assert send(as_bob, "POST", "", server(vendor)).status_code == 201
    answer = send(as_bob, "POST", "", server(vendor) | {"label": label})
    assert (answer.status_code, answer.json()["code"]) == (409, "name_taken")


@pytest.mark.usefixtures("open_world")
def test_names_of_every_script_make_servers_of_their_own(as_bob: Client, vendor: Vendor) -> None:
    labels = ["日本", "中国", "ßeta"]
    made = [send(as_bob, "POST", "", server(vendor) | {"label": label}).json() for label in labels]
    assert [one["slug"] for one in made] == ["server", "server-2", "eta"]
    assert [one["mark"] for one in made] == ["日本", "中国", "SS"]


@pytest.mark.usefixtures("open_world")
def test_a_changed_address_drops_the_key(as_bob: Client, bob: User, vendor: Vendor) -> None:
    send(as_bob, "POST", "", server(vendor, key=KEY))
    renamed = send(as_bob, "PATCH", "/mon-labo", {"label": "Labo"})
    assert (renamed.json()["label"], renamed.json()["key"]["last4"]) == ("Labo", "9876")
    moved = send(as_bob, "PATCH", "/mon-labo", {"base_url": vendor.address("elsewhere")})
    assert (moved.json()["key"], moved.json()["reason"]) == (None, "no_key")
    assert not ProviderKey.objects.filter(owner=bob).exists()


@pytest.mark.parametrize(
    "body",
    [
        {"label": "x"},
        {"label": "", "base_url": "https://x.example"},
        {"label": "x", "base_url": "https://x.example", "protocol": "demo"},
        {"label": "x", "base_url": "https://x.example", "owner": 1},
        {"label": "x", "base_url": "https://x.example", "for_everyone": True},
        {"label": "x", "base_url": "https://x.example", "models": "qwen"},
        [],
    ],
)
def test_a_wrong_description_of_a_server_is_refused(as_bob: Client, body: object) -> None:
    assert send(as_bob, "POST", "", body).status_code == 400
    assert not Provider.objects.filter(label="x").exists()


def test_the_owner_adds_a_private_server_for_everybody(
    as_owner: Client, as_alice: Client, vendor: Vendor
) -> None:
    answer = send(as_owner, "POST", "", server(vendor, for_everyone=True, models=["one"]))
    assert answer.status_code == 201, answer.content
    seen = record(as_alice, "mon-labo")
    assert (seen["is_own"], seen["ready"], seen["default_model"]) == (False, True, "one")
    assert "base_url" not in seen
    assert send(as_alice, "PATCH", "/mon-labo", {"label": "Mine"}).status_code == 404
    assert send(as_owner, "POST", "/mon-labo/sync").json() == {"listed": 2, "added": 0, "gone": 0}
    assert send(as_alice, "POST", "/mon-labo/sync").status_code == 404
    assert send(as_owner, "DELETE", "/mon-labo").status_code == 204


def test_a_vendor_of_the_list_is_switched_off_not_removed(as_owner: Client) -> None:
    assert send(as_owner, "DELETE", "/groq").status_code == 204
    assert not Provider.objects.get(slug="groq").enabled


def test_local_servers_are_looked_for_and_added_by_the_owner_alone(
    as_owner: Client, as_alice: Client, vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = LocalServer("vllm", "vLLM", "Vl", "openai", vendor.address("vllm"))
    gone = LocalServer("lmstudio", "LM Studio", "Ls", "openai", "http://127.0.0.1:9/v1")
    monkeypatch.setattr(registry, "LOCAL_SERVERS", (here, gone))
    assert as_alice.get("/api/chat/local-servers").status_code == 403
    found = as_owner.get("/api/chat/local-servers").json()
    assert [(one["slug"], one["is_added"]) for one in found] == [("vllm", False)]
    assert as_alice.post("/api/chat/local-servers", {"slug": "vllm"}, "application/json").status_code == 403
    made = as_owner.post("/api/chat/local-servers", {"slug": "vllm"}, "application/json")
    assert (made.status_code, made.json()["ready"], made.json()["model_count"]) == (201, True, 2)
    assert as_owner.get("/api/chat/local-servers").json()[0]["is_added"]
    assert record(as_alice, "vllm")["ready"]
    assert as_owner.post("/api/chat/local-servers", {"slug": "other"}, "application/json").status_code == 400


def test_nothing_is_looked_for_unasked(as_owner: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probes, "ask", lambda question: pytest.fail("a vendor was asked"))
    as_owner.get(PROVIDERS)
    as_owner.get("/chat/")


# --- Preferences --------------------------------------------------------------------------------------


def test_a_preference_is_used_where_the_question_does_not_say(
    as_alice: Client, alice: User, vendor: Vendor, settings: Settings
) -> None:
    vendor.scripts["openai"] = lambda exchange: exchange.answer("Hello")
    wanted = {"model": "gpt-5.5", "temperature": 0.2, "max_tokens": 50, "system_prompt": "Be brief."}
    assert send(as_alice, "PUT", "/openai/preference", wanted).json() == wanted
    assert as_alice.get(f"{PROVIDERS}/openai/preference").json() == wanted
    body = {"message": "Hello", "selected_providers": ["openai"]}
    as_alice.post("/api/chat/send", json.dumps(body), content_type="application/json")
    asked = vendor.asked[-1][1]
    assert asked["model"] == "gpt-5.5"
    assert asked["messages"][0] == {"role": "developer", "content": "Be brief."}
    # The guide's own defaults are part of its request.
    assert (asked["temperature"], asked["max_completion_tokens"]) == (0.7, 2000)
    assert send(as_alice, "DELETE", "/openai/preference").status_code == 204
    assert not AiPreference.objects.exists()
    assert send(as_alice, "DELETE", "/openai/preference").status_code == 204


@pytest.mark.parametrize(
    "body",
    [
        {"temperature": 2.1},
        {"max_tokens": 0},
        {"system_prompt": "x" * 20_001},
        {"unknown": 1},
        {"model": None},
    ],
)
def test_a_preference_out_of_range_is_refused(as_bob: Client, body: object) -> None:
    assert send(as_bob, "PUT", "/demo/preference", body).status_code == 400
    assert not AiPreference.objects.exists()


def test_a_server_of_ones_own_goes_before_everybodys_of_the_same_name(as_bob: Client, bob: User) -> None:
    Provider.objects.create(
        owner=bob, slug="openai", label="My own", mark="M", protocol="openai", base_url="https://own.example"
    )
    assert record(as_bob, "openai")["label"] == "My own"
