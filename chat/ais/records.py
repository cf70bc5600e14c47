"""Providers, keys and models as their people see them, over REST and on the page. Keys never come out."""

from typing import Any

from msgspec import UNSET, Struct, UnsetType

from accounts.models import User
from chat.ais import catalogue
from chat.ais.offers import Offer
from chat.models import AiPreference, Model, ProviderKey
from common.errors import WeBoxError
from common.words.times import timestamp

LISTED_MODELS = 50
"""So many of a provider's models stand in its record; `…/models` has them all."""


class KeyRecord(Struct, frozen=True, kw_only=True):
    """What may be known of a stored key. `test_code` says how its last test ended, empty for well."""

    last4: str
    created_at: str
    tested_at: str | None
    test_code: str
    last_used_at: str | None


class ModelRecord(Struct, frozen=True, kw_only=True):
    """One model; prices in US dollars for a million tokens. What nobody knows is null."""

    name: str
    label: str
    context_window: int | None
    input_price: float | None
    output_price: float | None
    cached_price: float | None
    sees_images: bool | None
    reasons: bool | None
    premium_only: bool


class PreferenceRecord(Struct, frozen=True, kw_only=True):
    """How a person wants an AI asked; empty or null is the usual."""

    model: str
    temperature: float | None
    max_tokens: int | None
    system_prompt: str


class KeyTest(Struct, frozen=True, kw_only=True):
    """How a test ended; `code` and `detail` say why not."""

    ok: bool
    code: str
    detail: str


class ProviderRecord(Struct, frozen=True, kw_only=True):
    """A provider as one person sees it. `reason` is the code of what keeps them from it, empty if ready."""

    slug: str
    label: str
    mark: str
    protocol: str
    is_own: bool
    ready: bool
    reason: str
    needs_key: bool
    key_url: str
    key: KeyRecord | None
    premium_only: bool
    default_model: str
    models: list[ModelRecord]
    model_count: int
    preference: PreferenceRecord
    base_url: str | UnsetType = UNSET
    """Its address, for whom may change it."""
    enabled: bool | UnsetType = UNSET
    """For the owner, as are the two below."""
    server_key: KeyRecord | UnsetType | None = UNSET
    has_environment_key: bool | UnsetType = UNSET
    test: KeyTest | UnsetType = UNSET
    """How the key was found that has just been saved."""


def provider_record(offer: Offer, user: User) -> ProviderRecord:
    """A provider as this person sees it; its address only where they may change it."""
    provider = offer.provider
    is_the_owners = user.is_superuser and provider.owner_id is None
    may_change = provider.owner_id == user.pk or is_the_owners
    return ProviderRecord(
        slug=provider.slug,
        label=provider.label,
        mark=provider.mark,
        protocol=provider.protocol,
        is_own=provider.owner_id is not None,
        ready=offer.is_ready,
        reason=offer.obstacle,
        needs_key=provider.needs_key,
        key_url=provider.key_url,
        key=key_record(offer.own_key),
        premium_only=provider.premium_only,
        default_model=offer.default_model,
        models=[model_record(model) for model in offer.models[:LISTED_MODELS]],
        model_count=len(offer.models),
        preference=preference_record(offer.preference),
        base_url=catalogue.address(provider) if may_change else UNSET,
        enabled=provider.enabled if is_the_owners else UNSET,
        server_key=key_record(offer.server_key) if is_the_owners else UNSET,
        has_environment_key=offer.has_environment_key if is_the_owners else UNSET,
    )


def key_record(row: ProviderKey | None) -> KeyRecord | None:
    """What may be known of a stored key."""
    if row is None:
        return None
    return KeyRecord(
        last4=row.last4,
        created_at=timestamp(row.created_at),
        tested_at=timestamp(row.tested_at) if row.tested_at else None,
        test_code=row.test_code,
        last_used_at=timestamp(row.last_used_at) if row.last_used_at else None,
    )


def model_record(model: Model) -> ModelRecord:
    return ModelRecord(
        name=model.name,
        label=model.label,
        context_window=model.context_window,
        input_price=_number(model.input_price),
        output_price=_number(model.output_price),
        cached_price=_number(model.cached_price),
        sees_images=model.sees_images,
        reasons=model.reasons,
        premium_only=model.premium_only,
    )


def preference_record(row: AiPreference | None) -> PreferenceRecord:
    return PreferenceRecord(
        model=row.model if row else "",
        temperature=row.temperature if row else None,
        max_tokens=row.max_tokens if row else None,
        system_prompt=row.system_prompt if row else "",
    )


def key_test(error: WeBoxError | None) -> KeyTest:
    """How a test ended that ended with this error, or well."""
    if error is None:
        return KeyTest(ok=True, code="", detail="")
    return KeyTest(ok=False, code=error.code, detail=error.detail)


def _number(price: Any) -> float | None:
    return None if price is None else float(price)
