"""The catalogue of providers and models: filled from what WeBox knows, and searched by name."""

import re
from collections.abc import Collection, Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from accounts.models import User
from chat.models import Model, Provider
from common.data.prepared import prepared
from providers import prices, registry
from providers.base import Quirk
from providers.prices import Known
from providers.registry import Vendor, name_key

_PROVIDER_FIELDS = (
    "label", "mark", "protocol", "base_url", "needs_key", "key_url", "quirks", "silence_s", "max_calls",
    "default_model",
)  # fmt: skip
PRICE_FIELDS = ("input_price", "output_price", "cached_price", "tiers")


def address(provider: Provider) -> str:
    """Where a provider is reached: by the environment's word, unless an administrator entered another."""
    vendor = registry.find(provider.slug) if provider.owner_id is None else None
    if vendor is None or "base_url" in provider.edited:
        return provider.base_url
    return vendor.address(settings.VENDOR_BASE_URLS.get(vendor.variable, ""))


def may_be_private(provider: Provider) -> bool:
    """Whether its address may lead into a private network: the owner gave it, however they did."""
    if provider.owner_id is not None:
        return False
    vendor = registry.find(provider.slug)
    return vendor is None or address(provider) != vendor.base_url or not vendor.needs_key


def find_all(user: User, names: Iterable[str]) -> dict[str, Provider]:
    """The providers that this user means by these names (slug, label, alias, in any case), in one query.

    Their own go before everybody's of the same name. A name that nobody has is left out.
    """
    wanted = {name: name_key(name) for name in names}
    known = {name: vendor.slug for name in wanted if (vendor := registry.find(name))}
    keys = {*wanted.values(), *map(name_key, known.values())} - {""}
    # Everybody's first, so that the user's own replace them; a slug says more than a label.
    rows = sorted(_named(user.pk, keys), key=lambda row: row.owner_id or 0)
    found = {row.label_key: row for row in rows} | {row.slug_key: row for row in rows}
    by_name = {
        name: found.get(key) or found.get(name_key(known.get(name, ""))) for name, key in wanted.items()
    }
    return {name: row for name, row in by_name.items() if row}


@prepared
def _named(user_id: int, keys: Collection[str]) -> QuerySet[Provider]:
    return Provider.objects.for_user(User(pk=user_id)).named(keys)


@transaction.atomic
def fill() -> None:
    """Bring the catalogue up to what this version knows; what an administrator edited stays.

    Safe to call at any time: it adds what is missing, and renews prices, which change with the date.
    """
    rows = {row.slug: row for row in Provider.objects.filter(owner=None)}
    for position, vendor in enumerate(registry.all_vendors()):
        values = _provider_values(vendor) | {"position": position}
        row = rows.get(vendor.slug)
        if row is None:
            rows[vendor.slug] = Provider.objects.create(slug=vendor.slug, **values)
        else:
            update_unedited(row, {name: values[name] for name in _PROVIDER_FIELDS})
    models = {(row.provider_id, row.name): row for row in Model.objects.filter(provider__owner=None)}
    missing = []
    for vendor in registry.all_vendors():
        provider = rows[vendor.slug]
        for position, name in enumerate(vendor.models):
            if (provider.pk, name) not in models:
                missing.append(
                    Model(provider=provider, name=name, position=position, **described(provider, name))
                )
    Model.objects.bulk_create(missing)
    by_id = {provider.pk: provider for provider in rows.values()}
    for model in models.values():
        update_unedited(model, _renewed(by_id[model.provider_id], model))


def described(provider: Provider, name: str) -> dict[str, Any]:
    """What WeBox knows of a model by its name; a field of which it knows nothing is left out."""
    vendor = registry.find(provider.slug) if provider.owner_id is None else None
    if vendor is None:
        return {}
    values: dict[str, Any] = {}
    if vendor.slug == "demo":
        values["sees_images"] = False
    if vendor.sees_images and re.search(vendor.sees_images, name):
        values["sees_images"] = True
    if vendor.reasons and re.search(vendor.reasons, name):
        values["reasons"] = True
    known = _known_on(datetime.now(UTC).date(), vendor.prices, name) if vendor.prices else None
    if known and known.context_window:
        values["context_window"] = known.context_window
    if known and known.prices:
        values |= price_fields(known.prices)
    return values


def _renewed(provider: Provider, model: Model) -> dict[str, Any]:
    """What to write over a model that is there: its vendor's own list knows better than WeBox."""
    values = described(provider, model.name)
    if provider.synced_at and Quirk.LISTS_PRICES in provider.quirks:
        values = {name: value for name, value in values.items() if name not in PRICE_FIELDS}
    return {
        name: value for name, value in values.items() if name in PRICE_FIELDS or getattr(model, name) is None
    }


def price_fields(known: prices.Prices) -> dict[str, Any]:
    """Prices as the columns of a model."""
    return {
        "input_price": known.input,
        "output_price": known.output,
        "cached_price": known.cached,
        "tiers": [
            [
                tier.above,
                *(None if price is None else str(price) for price in (tier.input, tier.output, tier.cached)),
            ]
            for tier in known.tiers
        ],
    }


def price_fields_of(given: float, made: float, cached: float | None) -> dict[str, Any]:
    """Prices of a vendor's own list as the columns of a model."""
    exact = [None if price is None else Decimal(str(price)) for price in (given, made, cached)]
    return dict(zip(PRICE_FIELDS, [*exact, []], strict=True))


def update_unedited(row: Provider | Model, values: dict[str, Any]) -> None:
    """Save these values but for what an administrator edited; nothing is written where nothing changes."""
    changed = [
        name for name, value in values.items() if name not in row.edited and getattr(row, name) != value
    ]
    for name in changed:
        setattr(row, name, values[name])
    if changed:
        row.save(update_fields=changed)


@cache
def _known_on(day: date, price_list: str, name: str) -> Known | None:
    """Prices hold for a day at least; looking one up means matching hundreds of patterns."""
    return prices.known(price_list, name)


def _provider_values(vendor: Vendor) -> dict[str, Any]:
    return {
        "label": vendor.label,
        "mark": vendor.mark,
        "protocol": vendor.protocol,
        "base_url": vendor.base_url,
        "needs_key": vendor.needs_key,
        "key_url": vendor.key_url,
        "quirks": sorted(vendor.quirks),
        "silence_s": vendor.silence_s,
        "max_calls": vendor.max_calls,
        "default_model": vendor.default_model,
    }
