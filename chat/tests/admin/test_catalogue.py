"""Providers, models and keys in the admin: the owner changes them, keys are never shown."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from accounts.models import User
from chat.ais import catalogue
from chat.models import Model, Provider, ProviderKey
from tests.site.vendor import Vendor

KEY = "sk-good-key-of-the-server-4321"
PAGES = ["provider", "model", "providerkey"]


def form_of(client: Client, address: str) -> dict[str, Any]:
    form = client.get(address).context["adminform"].form
    values = {name: form[name].value() for name in form.fields}
    return {name: value for name, value in values.items() if value is not None and value is not False}


def change(client: Client, kind: str, pk: int, **changes: Any) -> Any:
    address = f"/admin/chat/{kind}/{pk}/change/"
    data = {name: value for name, value in (form_of(client, address) | changes).items() if value is not None}
    return client.post(address, data, follow=True)


def act(client: Client, kind: str, action: str, *pks: int) -> list[str]:
    data = {"action": action, "_selected_action": pks}
    answer = client.post(f"/admin/chat/{kind}/", data, follow=True)
    return [str(message) for message in answer.context["messages"]]


@pytest.mark.parametrize("page", [*PAGES, "provider/add", "model/add"])
def test_every_page_opens_for_the_owner(as_owner: Client, page: str) -> None:
    assert as_owner.get(f"/admin/chat/{page}/").status_code == 200


@pytest.mark.parametrize("page", [*PAGES, "provider/add"])
def test_other_administrators_may_look_at_most(transactional_db: None, page: str) -> None:
    helper = User.objects.create_user("hugo", "hugo@example.org", "a long enough passphrase", is_staff=True)
    client = Client()
    client.force_login(helper)
    assert client.get(f"/admin/chat/{page}/").status_code == 403
    helper.user_permissions.set(Permission.objects.filter(content_type__app_label="chat"))
    assert client.get(f"/admin/chat/{page}/").status_code == (403 if page == "provider/add" else 200)
    provider = Provider.objects.get(slug="openai")
    data = {"base_url": "https://evil.example"}
    assert client.post(f"/admin/chat/provider/{provider.pk}/change/", data).status_code == 403
    provider.refresh_from_db()
    assert provider.base_url == "https://api.openai.com/v1"


def test_a_server_is_added_with_a_key_that_is_tested_and_never_shown(
    as_owner: Client, vendor: Vendor
) -> None:
    data = form_of(as_owner, "/admin/chat/provider/add/") | {
        "label": "Lab", "slug": "lab", "mark": "La", "protocol": "openai", "base_url": vendor.address("lab"),
        "new_key": KEY,
    }  # fmt: skip
    answer = as_owner.post("/admin/chat/provider/add/", data, follow=True)
    assert "The key works and is saved." in [str(one) for one in answer.context["messages"]]
    row = ProviderKey.objects.get(provider__slug="lab", owner=None)
    pages = [as_owner.get(f"/admin/chat/{page}/") for page in (*PAGES, f"provider/{row.provider_id}/change")]
    assert all(KEY not in page.content.decode() and row.secret not in page.content.decode() for page in pages)
    assert "…4321" in pages[0].content.decode()


@pytest.mark.usefixtures("vendor")
def test_a_rejected_key_is_not_saved(as_owner: Client) -> None:
    provider = Provider.objects.get(slug="openai")
    answer = change(as_owner, "provider", provider.pk, new_key="sk-bad-1")
    assert any("rejected the key" in str(one) for one in answer.context["messages"])
    assert not ProviderKey.objects.exists()


def test_what_is_edited_stays_and_a_moved_provider_loses_its_keys(as_owner: Client, alice: User) -> None:
    provider = Provider.objects.get(slug="openai")
    ProviderKey.objects.create(owner=alice, provider=provider, secret="v1:x:y", last4="1234")
    change(
        as_owner,
        "provider",
        provider.pk,
        label="Our OpenAI",
        base_url="https://proxy.example/v1/chat/completions",
    )
    catalogue.fill()
    provider.refresh_from_db()
    assert (provider.label, provider.base_url) == ("Our OpenAI", "https://proxy.example/v1")
    assert provider.edited == ["base_url", "label"]
    assert not ProviderKey.objects.exists()


def test_a_wrong_address_is_an_error_of_the_form(as_owner: Client) -> None:
    provider = Provider.objects.get(slug="openai")
    answer = change(as_owner, "provider", provider.pk, base_url="https://user:pass@x.example")
    assert "base_url" in answer.context["adminform"].form.errors


def test_several_are_switched_and_kept_at_once(as_owner: Client) -> None:
    first, second = Provider.objects.filter(slug__in=["groq", "xai"])
    assert act(as_owner, "provider", "switch_off", first.pk, second.pk) == ["2 rows are changed."]
    assert act(as_owner, "provider", "keep_for_premium", first.pk) == ["1 row is changed."]
    catalogue.fill()
    first.refresh_from_db()
    assert (first.enabled, first.premium_only, first.edited) == (False, True, ["enabled", "premium_only"])
    model = Model.objects.get(name="gpt-5.5")
    assert act(as_owner, "model", "switch_off", model.pk) == ["1 row is changed."]
    model.refresh_from_db()
    assert not model.enabled


def test_providers_are_tested_and_their_models_read(as_owner: Client, vendor: Vendor) -> None:
    vendor.models["openai"] = ("gpt-9",)
    openai, anthropic = Provider.objects.get(slug="openai"), Provider.objects.get(slug="anthropic")
    said = act(as_owner, "provider", "test", openai.pk, anthropic.pk)
    assert said[0] == "OpenAI answers."
    assert said[1].startswith("Anthropic: There is no key")
    assert act(as_owner, "provider", "sync", openai.pk) == ["OpenAI: models in its list: 1, new: 1, gone: 3."]


def test_a_providers_own_page_has_both_as_buttons(as_owner: Client) -> None:
    openai = Provider.objects.get(slug="openai")
    page = as_owner.get(f"/admin/chat/provider/{openai.pk}/change/").content.decode()
    assert 'action="/admin/chat/provider/"' in page
    for action in ("test", "sync"):
        assert f'name="action" value="{action}"' in page
    assert 'value="test"' not in as_owner.get("/admin/chat/provider/add/").content.decode()


def test_a_vendor_of_the_list_can_not_be_deleted_an_added_one_can(as_owner: Client) -> None:
    added = Provider.objects.create(
        slug="lab", label="Lab", mark="La", protocol="openai", base_url="http://lab/v1"
    )
    known = Provider.objects.get(slug="openai")
    for provider, status in ((known, 403), (added, 302)):
        address = f"/admin/chat/provider/{provider.pk}/delete/"
        assert as_owner.post(address, {"post": "yes"}).status_code == status
    assert set(Provider.objects.filter(slug__in=["lab", "openai"])) == {known}


def test_edited_prices_replace_those_for_long_questions(as_owner: Client) -> None:
    model = Model.objects.get(name="gpt-5.5")
    assert model.tiers
    change(as_owner, "model", model.pk, input_price="1.5")
    catalogue.fill()
    model.refresh_from_db()
    assert (str(model.input_price), model.tiers) == ("1.500000", [])


def test_a_key_can_be_forgotten_but_not_read(as_owner: Client, alice: User) -> None:
    provider = Provider.objects.get(slug="openai")
    row = ProviderKey.objects.create(owner=alice, provider=provider, secret="v1:secret-token:y", last4="1234")
    page = as_owner.get(f"/admin/chat/providerkey/{row.pk}/change/")
    assert "secret-token" not in page.content.decode()
    assert as_owner.get("/admin/chat/providerkey/add/").status_code == 403
    assert as_owner.post(f"/admin/chat/providerkey/{row.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not ProviderKey.objects.exists()


def test_prices_are_shown_as_people_write_them_and_are_never_negative(as_owner: Client) -> None:
    model = Model.objects.get(provider__slug="anthropic", name="claude-sonnet-5")
    Model.objects.filter(pk=model.pk).update(input_price="2.5", output_price="10", context_window=1_000_000)
    page = as_owner.get("/admin/chat/model/", {"q": model.name}, headers={"accept-language": "fr"})
    assert "2,5 / 10" in page.content.decode()
    assert "1\xa0000\xa0000" in page.content.decode()
    answer = change(as_owner, "model", model.pk, input_price="-1")
    assert "input_price" in answer.context["adminform"].form.errors
