"""The catalogue: filled again and again without harm, searched by the names that people use."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from genai_prices import Usage as KnownUsage
from genai_prices import calc_price
from pytest_django import Settings

from accounts.models import User
from chat.ais import catalogue
from chat.ais.probes import Synced, save_models
from chat.models import Model, Provider
from providers import prices, registry
from providers.base import ListedModel, Quirk, Usage
from providers.prices import Prices, Tier, cost_nanousd


def rows() -> list[tuple[object, ...]]:
    return [*Provider.objects.order_by("pk").values_list(), *Model.objects.order_by("pk").values_list()]


@pytest.mark.django_db
def test_it_holds_every_vendor_and_filling_again_changes_nothing() -> None:
    assert [row.slug for row in Provider.objects.all()] == [one.slug for one in registry.all_vendors()]
    before = rows()
    catalogue.fill()
    assert rows() == before


@pytest.mark.django_db
def test_what_an_administrator_edited_stays_and_the_rest_is_renewed() -> None:
    edited = {"label": "Mine", "enabled": False, "edited": ["enabled", "label"]}
    Provider.objects.filter(slug="openai").update(default_model="old", **edited)
    model = Model.objects.get(provider__slug="openai", name="gpt-5.4-mini")
    price = {"input_price": 9, "edited": list(catalogue.PRICE_FIELDS), "context_window": None}
    Model.objects.filter(pk=model.pk).update(**price)
    catalogue.fill()
    provider = Provider.objects.get(slug="openai")
    assert (provider.label, provider.enabled, provider.default_model) == ("Mine", False, "gpt-5.4-mini")
    model.refresh_from_db()
    assert model.input_price == Decimal(9)
    assert model.context_window == 400_000


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("GPT-4", "openai"),
        ("claude", "anthropic"),
        ("Google Gemini", "google"),
        ("DEMO", "demo"),
        ("hf", "huggingface"),
    ],
)
def test_names_are_found_in_any_case(bob: User, name: str, slug: str) -> None:
    assert catalogue.find_all(bob, [name])[name].slug == slug


def test_a_person_finds_their_own_server_and_nobody_elses(alice: User, bob: User) -> None:
    own = Provider.objects.create(
        owner=alice,
        slug="lab",
        label="Mon labo",
        mark="L",
        protocol="openai",
        base_url="https://lab.example/v1",
    )
    assert catalogue.find_all(alice, ["lab", "MON LABO"]) == {"lab": own, "MON LABO": own}
    assert catalogue.find_all(bob, ["lab", "Mon labo", "", "-"]) == {}


def test_finding_takes_one_query(bob: User, django_assert_num_queries: object) -> None:
    with django_assert_num_queries(1):  # type: ignore[operator]  # a context manager of pytest-django
        catalogue.find_all(bob, ["GPT-4", "claude", "unknown"])


@pytest.mark.django_db
def test_an_address_of_the_environment_goes_before_and_may_be_private(settings: Settings) -> None:
    provider = Provider.objects.get(slug="openai")
    assert (catalogue.address(provider), catalogue.may_be_private(provider)) == (
        "https://api.openai.com/v1",
        False,
    )
    settings.VENDOR_BASE_URLS = settings.VENDOR_BASE_URLS | {"OPENAI": "http://127.0.0.1:9/"}
    assert (catalogue.address(provider), catalogue.may_be_private(provider)) == (
        "http://127.0.0.1:9/v1",
        True,
    )
    provider.base_url, provider.edited = "https://proxy.example/v1", ["base_url"]
    assert catalogue.address(provider) == "https://proxy.example/v1"


def test_a_persons_own_server_is_never_private(alice: User) -> None:
    assert not catalogue.may_be_private(Provider(owner=alice, slug="openai", base_url="http://127.0.0.1"))


# --- Prices -------------------------------------------------------------------------------------------


def test_cost_counts_cached_input_by_its_own_price() -> None:
    known = Prices(Decimal(2), Decimal(10), Decimal("0.2"))
    assert cost_nanousd(known, Usage(1000, 500, 400)) == 600 * 2000 + 400 * 200 + 500 * 10_000
    assert cost_nanousd(Prices(Decimal(2), Decimal(10)), Usage(1000, 500, 400)) == 1000 * 2000 + 500 * 10_000


def test_a_long_question_costs_its_tier_throughout() -> None:
    known = Prices(Decimal(1), Decimal(5), None, (Tier(200_000, Decimal(2), Decimal(10), None),))
    assert cost_nanousd(known, Usage(200_000, 0)) == 200_000 * 1000
    assert cost_nanousd(known, Usage(200_001, 10)) == 200_001 * 2000 + 10 * 10_000


def test_the_vendors_own_figure_goes_before_ours() -> None:
    assert cost_nanousd(Prices(Decimal(1), Decimal(1)), Usage(10, 10, cost_usd=0.0125)) == 12_500_000
    assert cost_nanousd(None, Usage(cost_usd=0.0)) == 0


@pytest.mark.parametrize("usage", [Usage(), Usage(5), Usage(None, 5)])
def test_without_counts_the_cost_is_not_known(usage: Usage) -> None:
    assert cost_nanousd(Prices(Decimal(1), Decimal(1)), usage) is None
    assert cost_nanousd(None, Usage(5, 5)) is None


@pytest.mark.django_db
@pytest.mark.parametrize("sizes", [(1200, 340, 200), (250_000, 4000, 0), (300_000, 10, 299_999)])
def test_our_sums_are_those_of_genai_prices(sizes: tuple[int, int, int]) -> None:
    given, made, cached = sizes
    for vendor in registry.all_vendors():
        if Quirk.REPORTS_COST in vendor.quirks:
            # Their requests have a price of their own.
            continue
        for model in Model.objects.filter(provider__slug=vendor.slug, input_price__isnull=False):
            if model.cached_price is None and cached:
                # They count it as free, we as input.
                continue
            known = KnownUsage(input_tokens=given, output_tokens=made, cache_read_tokens=cached)
            theirs = calc_price(
                known, model.name, provider_id=vendor.prices, genai_request_timestamp=datetime.now(UTC)
            )
            ours = cost_nanousd(model.prices, Usage(given, made, cached))
            assert ours == pytest.approx(int(theirs.total_price * prices.NANO), abs=1), model.name


def test_an_unknown_model_or_vendor_has_no_price() -> None:
    assert prices.known("openai", "no-such-model-at-all") is None
    assert prices.known("nobody", "gpt-4o") is None


# --- Lists of models ----------------------------------------------------------------------------------


@pytest.mark.django_db
def test_reading_a_list_adds_marks_and_keeps() -> None:
    provider = Provider.objects.get(slug="mistral")
    Model.objects.filter(provider=provider, name="mistral-small-latest").update(
        enabled=False, label="Small one", edited=["enabled", "label"]
    )
    listed = [
        ListedModel("mistral-small-latest", "Mistral Small", 128_000, sees_images=True),
        ListedModel("codestral-2508", context_window=256_000, input_price=0.3, output_price=0.9),
    ]
    assert save_models(provider, listed) == Synced(listed=2, added=1, gone=1)
    kept, new, gone = (
        Model.objects.get(provider=provider, name=name)
        for name in ("mistral-small-latest", "codestral-2508", "mistral-large-latest")
    )
    assert (kept.enabled, kept.label, kept.context_window, kept.sees_images) == (
        False,
        "Small one",
        128_000,
        True,
    )
    assert (new.input_price, new.output_price, new.is_listed) == (Decimal("0.3"), Decimal("0.9"), True)
    assert not gone.is_listed
    assert save_models(provider, listed) == Synced(listed=2, added=0, gone=1)
    assert save_models(provider, [*listed, ListedModel("mistral-large-latest")]) == Synced(3, 0, 0)
    gone.refresh_from_db()
    assert gone.is_listed


@pytest.mark.django_db
def test_an_alias_whose_full_name_is_listed_is_not_gone() -> None:
    provider = Provider.objects.get(slug="anthropic")
    save_models(provider, [ListedModel("claude-sonnet-5-20260401")])
    assert Model.objects.get(provider=provider, name="claude-sonnet-5").is_listed
    assert not Model.objects.get(provider=provider, name="claude-opus-5").is_listed


@pytest.mark.django_db
def test_a_server_without_a_default_gets_the_first_of_its_list() -> None:
    provider = Provider.objects.create(
        slug="lab", label="Lab", mark="L", protocol="openai", base_url="http://lab/v1"
    )
    save_models(provider, [ListedModel("one"), ListedModel("two")])
    provider.refresh_from_db()
    assert provider.default_model == "one"
