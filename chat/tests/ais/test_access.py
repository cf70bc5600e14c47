"""Which AIs a person may ask, with whose key, and what keeps them from the others."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Plan, User
from chat.ais import access, catalogue, keys
from chat.ais.access import Access, Grant, environment_key, is_there, mark_used
from chat.errors import ModelDisabled, NeedsPremium, NotInPlan, ProviderDisabled
from chat.models import Model, Provider, ProviderKey
from common.data.crypto import KeyRing
from common.errors import WeBoxError
from providers.errors import NoKey, UnreadableKey

OWN, OF_SERVER, OF_ENVIRONMENT = "sk-own-key-of-somebody", "sk-key-of-the-server", "sk-of-the-environment"


@pytest.fixture(autouse=True)
def no_keys(settings: Settings) -> None:
    """The environment has a key for OpenAI alone, and says nowhere that a server is."""
    settings.VENDOR_KEYS = dict.fromkeys(settings.VENDOR_KEYS, "") | {"OPENAI": OF_ENVIRONMENT}
    settings.NAMED_VENDOR_KEYS = {"LAB_KEY": "sk-of-the-lab"}
    settings.VENDOR_BASE_URLS = dict.fromkeys(settings.VENDOR_BASE_URLS, "")


def vendor(slug: str, **changes: Any) -> Provider:
    """One of the catalogue, changed for a test."""
    Provider.objects.filter(slug=slug).update(**changes)
    return Provider.objects.get(slug=slug)


def server(owner: User | None, **more: Any) -> Provider:
    """One that is in no catalogue."""
    values = {"slug": "lab", "label": "Lab", "mark": "L", "protocol": "openai", "needs_key": False}
    return Provider.objects.create(owner=owner, base_url="https://lab.example/v1", **(values | more))


def store(owner: User | None, provider: Provider, key: str) -> ProviderKey:
    return keys.store(owner, provider, catalogue.address(provider), key, test_code=None)


def grant(user: User, provider: Provider, model: Model | None = None, name: str = "") -> Grant:
    return Access(user, [provider]).grant(provider, model, name)


def allowed(user: User, provider: Provider, model: Model | None = None, name: str = "") -> bool:
    return Access(user, [provider]).obstacle(provider, model, name) == ""


def refused(user: User, provider: Provider, model: Model | None = None, name: str = "") -> type[WeBoxError]:
    with pytest.raises(WeBoxError) as error:
        grant(user, provider, model, name)
    assert Access(user, [provider]).obstacle(provider, model, name) == error.value.code
    return error.type


def test_the_persons_own_key_goes_before_the_servers_and_the_environments(alice: User, bob: User) -> None:
    openai = vendor("openai")
    granted = grant(alice, openai)
    assert (granted.endpoint.api_key, granted.key, granted.is_own_key) == (OF_ENVIRONMENT, None, False)
    of_server = store(None, openai, OF_SERVER)
    granted = grant(alice, openai)
    assert (granted.endpoint.api_key, granted.key, granted.is_own_key) == (OF_SERVER, of_server, False)
    own = store(alice, openai, OWN)
    granted = grant(alice, openai)
    assert (granted.endpoint.api_key, granted.key, granted.is_own_key) == (OWN, own, True)
    assert Access(alice, [openai]).obstacle(openai) == ""
    # It is hers alone, and for this provider alone.
    assert refused(bob, openai) is NeedsPremium
    assert refused(alice, vendor("groq")) is NoKey


def test_who_may_not_use_the_servers_keys_asks_with_one_of_their_own(bob: User) -> None:
    openai = vendor("openai")
    store(None, openai, OF_SERVER)
    assert refused(bob, openai) is NeedsPremium
    store(bob, openai, OWN)
    assert grant(bob, openai).endpoint.api_key == OWN


def test_a_closed_account_uses_no_key_of_the_server(alice: User) -> None:
    openai = vendor("openai")
    alice.is_active = False
    assert refused(alice, openai) is NeedsPremium
    store(alice, openai, OWN)
    assert grant(alice, openai).endpoint.api_key == OWN


def test_nobody_asks_what_is_switched_off(alice: User) -> None:
    openai = vendor("openai")
    store(alice, openai, OWN)
    model = Model.objects.get(provider=openai, name="gpt-5.4-mini")
    assert allowed(alice, openai, model)
    model.enabled = False
    assert refused(alice, openai, model) is ModelDisabled
    openai.enabled = False
    assert refused(alice, openai) is ProviderDisabled


@pytest.mark.parametrize(("of_provider", "of_model"), [(True, False), (False, True)])
def test_what_is_kept_for_premium_takes_premium_whoever_pays(
    alice: User, bob: User, of_provider: bool, of_model: bool
) -> None:
    openai = vendor("openai", premium_only=of_provider)
    model = Model.objects.get(provider=openai, name="gpt-5.4-mini")
    model.premium_only = of_model
    store(bob, openai, OWN)
    assert refused(bob, openai, model) is NeedsPremium
    assert allowed(alice, openai, model)
    Plan.objects.filter(slug="premium").update(uses_premium_ais=False)
    assert refused(alice, openai, model) is NeedsPremium


def test_a_model_is_one_of_the_plans_by_its_row_or_by_its_name(alice: User) -> None:
    Plan.objects.filter(slug="premium").update(only_models="openai:gpt-5.4-mini")
    openai = vendor("openai")
    mini, other = (Model.objects.get(provider=openai, name=name) for name in ("gpt-5.4-mini", "gpt-4.1-mini"))
    assert allowed(alice, openai, mini)
    assert allowed(alice, openai)
    assert refused(alice, openai, other) is NotInPlan
    assert allowed(alice, openai, name="gpt-5.4-mini")
    assert refused(alice, openai, name="unknown") is NotInPlan
    # The row says it, where there is one.
    assert allowed(alice, openai, mini, "unknown")


def test_the_demonstration_needs_neither_key_nor_plan(bob: User) -> None:
    bob.is_active = False
    assert grant(bob, vendor("demo")).endpoint.api_key == ""


def test_a_server_of_ones_own_is_asked_with_ones_own_key_or_none(bob: User) -> None:
    lab = server(bob)
    assert grant(bob, lab).endpoint.api_key == ""
    lab.needs_key = True
    assert refused(bob, lab) is NoKey
    store(bob, lab, OWN)
    assert grant(bob, lab).endpoint.api_key == OWN


def test_a_server_of_everybodys_without_a_key_is_the_servers_to_pay(alice: User, bob: User) -> None:
    lab = server(None)
    assert grant(alice, lab).endpoint.api_key == ""
    assert refused(bob, lab) is NeedsPremium
    lab.needs_key = True
    assert refused(alice, lab) is NoKey
    lab.key_env = "LAB_KEY"
    assert grant(alice, lab).endpoint.api_key == "sk-of-the-lab"


def test_a_local_server_takes_part_where_somebody_said_where_it_is(alice: User, settings: Settings) -> None:
    ollama = vendor("ollama", needs_key=False)
    assert not is_there(ollama)
    assert refused(alice, ollama) is NoKey
    ollama.edited = ["base_url"]
    assert is_there(ollama)
    assert grant(alice, ollama).endpoint.api_key == ""
    ollama.edited = []
    settings.VENDOR_BASE_URLS = settings.VENDOR_BASE_URLS | {"OLLAMA": "http://ollama.lan:11434"}
    assert is_there(ollama)
    assert is_there(server(None))


def test_a_stored_key_that_can_not_be_read_is_not_passed_over(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    openai = vendor("openai")
    store(alice, openai, OWN)
    monkeypatch.setattr(keys, "RING", KeyRing(lambda: ["x" * 40]))
    assert refused(alice, openai) is UnreadableKey


def test_the_environments_key_goes_to_the_address_it_was_meant_for(bob: User) -> None:
    openai = vendor("openai")
    assert environment_key(openai) == OF_ENVIRONMENT
    assert environment_key(vendor("groq")) == ""
    openai.edited = ["label"]
    assert environment_key(openai) == OF_ENVIRONMENT
    openai.edited = ["base_url"]
    assert environment_key(openai) == ""
    assert environment_key(server(bob, slug="openai", key_env="LAB_KEY")) == ""
    lab = server(None, key_env="LAB_KEY")
    assert environment_key(lab) == "sk-of-the-lab"
    lab.key_env = "NOT_SET"
    assert environment_key(lab) == ""
    lab.key_env = ""
    assert environment_key(lab) == ""


def test_who_pays_is_whose_key_is_asked_with(alice: User, bob: User) -> None:
    openai, lab = vendor("openai"), server(bob)

    def payer(user: User, provider: Provider) -> str:
        return Access(user, [provider]).payer(provider)

    assert payer(alice, vendor("demo")) == "nobody"
    assert payer(alice, openai) == "server"
    store(None, openai, OF_SERVER)
    assert payer(alice, openai) == "server"
    store(alice, openai, OWN)
    assert payer(alice, openai) == "person"
    assert payer(bob, openai) == "server"
    assert payer(bob, lab) == "person"


def test_the_way_to_a_provider_has_its_address_quirks_and_patience(bob: User, settings: Settings) -> None:
    settings.VENDOR_SILENCE_S, settings.VENDOR_TOTAL_S = 60, 600
    lab = server(bob, quirks=["no-stream-options"], silence_s=90)
    there = access.endpoint(lab, OWN)
    assert (there.vendor, there.base_url, there.api_key) == ("Lab", "https://lab.example/v1", OWN)
    assert (there.silence_s, there.total_s, there.quirks) == (90.0, 600.0, frozenset(lab.quirks))
    assert not there.may_be_private
    lab.silence_s = 0
    assert access.endpoint(lab, "").silence_s == 60.0
    lab.owner = None
    assert access.endpoint(lab, "").may_be_private


def test_only_an_address_that_the_owner_gave_may_be_private(bob: User, settings: Settings) -> None:
    openai = vendor("openai")
    assert not catalogue.may_be_private(openai)
    settings.VENDOR_BASE_URLS = settings.VENDOR_BASE_URLS | {"OPENAI": "http://proxy.lan/v1"}
    assert catalogue.address(openai) == "http://proxy.lan/v1"
    assert catalogue.may_be_private(openai)
    openai.edited, openai.base_url = ["base_url"], "http://another.lan/v1"
    assert catalogue.address(openai) == "http://another.lan/v1"
    assert catalogue.may_be_private(openai)
    assert catalogue.may_be_private(vendor("ollama"))
    assert catalogue.may_be_private(server(None))
    own = server(bob, slug="openai")
    assert catalogue.address(own) == "https://lab.example/v1"
    assert not catalogue.may_be_private(own)


def test_when_a_stored_key_was_used_is_known_to_the_minute(alice: User, bob: User) -> None:
    openai = vendor("openai")
    row, other = store(alice, openai, OWN), store(bob, openai, OWN)
    granted = grant(alice, openai)

    def last_used() -> Any:
        row.refresh_from_db()
        return row.last_used_at

    mark_used([granted, grant(bob, vendor("demo"))])
    first = last_used()
    assert first is not None
    mark_used([granted])
    assert last_used() == first
    long_ago = timezone.now() - timedelta(seconds=61)
    ProviderKey.objects.update(last_used_at=long_ago)
    mark_used([granted])
    assert last_used() > long_ago
    other.refresh_from_db()
    assert other.last_used_at == long_ago
    mark_used([])
