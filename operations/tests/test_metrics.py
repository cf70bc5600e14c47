"""What Prometheus is told, and who may ask."""

import pytest
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings

from accounts.models import User
from chat.models import Provider
from tests.site.vendor import Exchange, Vendor, answering

TOKEN = "a-token-for-the-figures"
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def with_token(settings: Settings) -> None:
    settings.METRICS_TOKEN = TOKEN


def figures() -> dict[str, float]:
    """Every sample by its name and labels, as it would be written."""
    got = Client().get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert got.status_code == 200
    samples = (
        one for family in text_string_to_metric_families(got.content.decode()) for one in family.samples
    )
    return {
        " ".join([one.name, *(f"{name}={value}" for name, value in sorted(one.labels.items()))]): one.value
        for one in samples
    }


def ask(client: Client, *providers: str) -> None:
    body = {"message": "How?", "selected_providers": providers}
    assert client.post("/api/chat/send", body, "application/json").status_code == 200


def test_without_a_token_there_is_nothing_at_the_address(client: Client) -> None:
    assert client.get("/metrics").status_code == 404


@pytest.mark.usefixtures("with_token")
@pytest.mark.parametrize("shown", ["", TOKEN, "Bearer ", "Bearer wrong", f"bearer {TOKEN}x", "Bearer ä"])
def test_who_does_not_have_the_token_reads_nothing(client: Client, shown: str) -> None:
    got = client.get("/metrics", headers={"Authorization": shown})
    assert got.status_code == 401
    assert got["Content-Type"] == "text/plain; charset=utf-8"
    assert b"webox_" not in got.content


@pytest.mark.usefixtures("with_token")
def test_an_owner_without_the_token_reads_nothing(as_alice: Client) -> None:
    assert as_alice.get("/metrics").status_code == 401


@pytest.mark.usefixtures("with_token")
def test_answers_are_counted_by_provider_and_outcome(alice: User, as_alice: Client, vendor: Vendor) -> None:
    def refuse(exchange: Exchange) -> None:
        exchange.refuse(500, "no")

    vendor.scripts = {"openai": answering("one two three"), "mistral": refuse}
    before = figures()
    ask(as_alice, "openai", "mistral")
    after = figures()

    def more(name: str) -> float:
        return after.get(name, 0) - before.get(name, 0)

    assert more("webox_turns_total") == 1
    assert more("webox_answers_total outcome=done provider=openai") == 1
    assert more("webox_answers_total outcome=failed provider=mistral") == 1
    assert more("webox_first_token_seconds_count provider=openai") == 1
    assert more("webox_first_token_seconds_count provider=mistral") == 0
    assert more("webox_tokens_total direction=out provider=openai") > 0
    assert (after["webox_up service=database"], after["webox_writing_answers"]) == (1, 0)
    assert after["webox_unfinished_answers status=streaming"] == 0


@pytest.mark.usefixtures("with_token")
def test_the_name_of_a_persons_own_server_is_not_told(alice: User, as_alice: Client) -> None:
    Provider.objects.create(
        owner=alice,
        slug="secret-lab",
        label="Secret lab",
        protocol="openai",
        base_url="http://127.0.0.1:9/v1",
    )
    before = figures()
    ask(as_alice, "secret-lab:model")
    after = figures()
    name = "webox_answers_total outcome=failed provider=own"
    assert after[name] == before.get(name, 0) + 1
    assert not [name for name in after if "secret" in name]
