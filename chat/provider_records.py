"""Providers, keys and models as their people see them, over REST and on the page. Keys never come out."""

from typing import Any

from accounts.models import User
from chat import catalogue
from chat.models import AiPreference, Model, ProviderKey
from chat.offers import Offer
from chat.records import timestamp

LISTED_MODELS = 50
"""So many of a provider's models stand in its record; `…/models` has them all."""


def provider_record(offer: Offer, user: User) -> dict[str, Any]:
    """A provider as this person sees it; its address only where they may change it."""
    provider = offer.provider
    may_change = provider.owner_id == user.pk or (provider.owner_id is None and user.is_superuser)
    record: dict[str, Any] = {
        "slug": provider.slug,
        "label": provider.label,
        "mark": provider.mark,
        "protocol": provider.protocol,
        "is_own": provider.owner_id is not None,
        "ready": offer.is_ready,
        "reason": offer.obstacle,
        "needs_key": provider.needs_key,
        "key_url": provider.key_url,
        "key": key_record(offer.own_key),
        "premium_only": provider.premium_only,
        "default_model": offer.default_model,
        "models": [model_record(model) for model in offer.models[:LISTED_MODELS]],
        "model_count": len(offer.models),
        "preference": preference_record(offer.preference),
    }
    if may_change:
        record["base_url"] = catalogue.address(provider)
    if user.is_superuser and provider.owner_id is None:
        record |= {
            "enabled": provider.enabled,
            "server_key": key_record(offer.server_key),
            "has_environment_key": offer.has_environment_key,
        }
    return record


def key_record(row: ProviderKey | None) -> dict[str, Any] | None:
    """What may be known of a stored key."""
    if row is None:
        return None
    return {
        "last4": row.last4,
        "created_at": timestamp(row.created_at),
        "tested_at": timestamp(row.tested_at) if row.tested_at else None,
        "test_code": row.test_code,
        "last_used_at": timestamp(row.last_used_at) if row.last_used_at else None,
    }


def model_record(model: Model) -> dict[str, Any]:
    """One model; prices in US dollars for a million tokens."""
    return {
        "name": model.name,
        "label": model.label,
        "context_window": model.context_window,
        "input_price": _number(model.input_price),
        "output_price": _number(model.output_price),
        "cached_price": _number(model.cached_price),
        "sees_images": model.sees_images,
        "reasons": model.reasons,
        "premium_only": model.premium_only,
    }


def preference_record(row: AiPreference | None) -> dict[str, Any]:
    return {
        "model": row.model if row else "",
        "temperature": row.temperature if row else None,
        "max_tokens": row.max_tokens if row else None,
        "system_prompt": row.system_prompt if row else "",
    }


def _number(price: Any) -> float | None:
    return None if price is None else float(price)
