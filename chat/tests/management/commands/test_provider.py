"""`manage.py provider`: what it takes, does and says."""

import io

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from chat.ais import access, catalogue, servers
from chat.models import Model, Provider
from tests.site.vendor import Vendor


def run(*words: str) -> str:
    out = io.StringIO()
    call_command("provider", *words, stdout=out, stderr=out)
    return out.getvalue()


def refused(*words: str) -> str:
    with pytest.raises(CommandError) as error:
        run(*words)
    return str(error.value)


@pytest.mark.django_db
def test_a_server_is_added_at_a_private_address_with_its_models() -> None:
    said = run(
        "add",
        "lab",
        "--protocol",
        "openai",
        "--base-url",
        "http://127.0.0.1:9/",
        "--model",
        "b",
        "--model",
        "a",
    )
    assert said == "Added Lab at http://127.0.0.1:9/v1. Models: 2.\n"
    provider = Provider.objects.get(slug="lab")
    assert (provider.default_model, provider.needs_key, provider.mark) == ("b", False, "La")
    assert catalogue.may_be_private(provider)
    assert list(provider.models.values_list("name", flat=True)) == ["b", "a"]


@pytest.mark.django_db
def test_without_models_the_servers_own_list_is_read(vendor: Vendor) -> None:
    vendor.models["lab"] = ("one", "two")
    assert "Models: 2." in run("add", "lab", "--base-url", vendor.address("lab"))
    assert Provider.objects.get(slug="lab").default_model == "one"


@pytest.mark.django_db
def test_a_server_that_does_not_answer_now_is_added_all_the_same() -> None:
    said = run("add", "lab", "--base-url", "http://127.0.0.1:9")
    assert "could not be read" in said
    assert "provider sync lab" in said
    assert Provider.objects.get(slug="lab").default_model == ""


@pytest.mark.django_db
def test_the_key_of_a_variable_goes_with_the_request_and_is_never_shown(
    vendor: Vendor, settings: Settings
) -> None:
    settings.NAMED_VENDOR_KEYS = {"ACME_API_KEY": "sk-acme-1"}
    said = run("add", "acme", "--base-url", vendor.address("acme"), "--key-env", "ACME_API_KEY")
    assert vendor.asked == [("acme models", {"key": "Bearer sk-acme-1"})]
    assert run("test", "acme") == "Acme answers.\n"
    assert "environment" in run("list")
    assert "sk-acme" not in said + run("list")


@pytest.mark.django_db
def test_a_missing_variable_is_said() -> None:
    said = run(
        "add", "acme", "--base-url", "https://acme.example", "--key-env", "ACME_API_KEY", "--model", "m"
    )
    assert "ACME_API_KEY is not set" in said
    assert "missing" in run("list")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "name", ["SECRET_KEY", "DATABASE_URL", "PATH", "WEBOX_ENCRYPTION_KEYS", "acme_api_key"]
)
def test_no_other_secret_can_be_named_as_a_key(name: str) -> None:
    assert "no name of a key" in refused(
        "add", "acme", "--base-url", "https://acme.example", "--key-env", name
    )
    assert not Provider.objects.filter(slug="acme").exists()


@pytest.mark.django_db
def test_a_moved_provider_loses_the_key_of_its_variable(settings: Settings) -> None:
    settings.NAMED_VENDOR_KEYS = {"ACME_API_KEY": "sk-acme-1"}
    run("add", "acme", "--base-url", "https://acme.example", "--key-env", "ACME_API_KEY", "--model", "m")
    provider = Provider.objects.get(slug="acme")
    assert access.environment_key(provider) == "sk-acme-1"
    servers.edit(provider, {"base_url": "https://evil.example/v1"})
    assert access.environment_key(provider) == ""


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("add", "openai", "--base-url", "https://x.example"), "already an AI"),
        (("add", "claude", "--base-url", "https://x.example"), "already an AI"),
        (("add", "Up Per", "--base-url", "https://x.example"), "lower-case"),
        (("add", "x", "--base-url", "https://x.example?key=1"), "not an address"),
        (("add", "x", "--base-url", "ftp://x.example"), "not an address"),
        (("test", "nobody"), "no provider"),
        (("sync", "nobody"), "no provider"),
        (("remove", "nobody"), "no provider"),
    ],
)
def test_wrong_words_get_a_sentence(words: tuple[str, ...], sentence: str) -> None:
    before = Provider.objects.count()
    assert sentence in refused(*words)
    assert Provider.objects.count() == before


@pytest.mark.django_db
def test_a_failing_test_says_why(vendor: Vendor, settings: Settings) -> None:
    settings.VENDOR_KEYS = settings.VENDOR_KEYS | {"OPENAI": "sk-bad-1"}
    assert refused("test", "openai").startswith("OpenAI rejected the key.")
    assert refused("test", "anthropic").startswith("Anthropic")


@pytest.mark.django_db
def test_sync_reads_those_that_can_be_asked_and_names_those_that_fail(
    vendor: Vendor, settings: Settings
) -> None:
    settings.VENDOR_KEYS = dict.fromkeys(settings.VENDOR_KEYS, "") | {"OPENAI": "sk-1", "GROQ": "sk-bad-1"}
    vendor.models["openai"] = ("gpt-5.4-mini", "gpt-9", "text-embedding-3-small")
    out = io.StringIO()
    with pytest.raises(CommandError, match="Not read: groq"):
        call_command("provider", "sync", stdout=out, stderr=out)
    assert "OpenAI: 2 models, 1 new, 2 gone." in out.getvalue()
    assert "Groq rejected the key" in out.getvalue()
    assert {name for name, _ in vendor.asked} == {"openai models", "groq models"}
    assert Model.objects.filter(name="gpt-9").exists()


@pytest.mark.django_db
def test_remove_deletes_what_was_added_and_switches_off_what_is_built_in() -> None:
    run("add", "lab", "--base-url", "http://127.0.0.1:9", "--model", "m")
    assert run("remove", "lab") == "Lab is removed; its answers stay.\n"
    assert not Provider.objects.filter(slug="lab").exists()
    assert run("remove", "xai") == "xAI is switched off; its answers stay.\n"
    assert "switched off" in run("list")
    catalogue.fill()
    assert not Provider.objects.get(slug="xai").enabled
