"""Targets: what a person calls an AI, turned into a provider and a model."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import QuerySet

from accounts.models import Plan, User
from accounts.plans.rules import allows, plan_of
from chat import limits
from chat.ais import catalogue
from chat.errors import NoProvider, TooManyProviders, UnknownProvider
from chat.events import TargetObject, TargetSettings
from chat.models import AiPreference, Model, Provider
from common.data.prepared import prepared

NO_MODEL = "default"
"""Asked of a server of which no model is known: those with one model take any name for it."""


@dataclass(frozen=True, slots=True)
class Target:
    """One column: a provider, a model and its settings, under the name by which it was asked for."""

    text: str
    name: str
    """The text; `text#2` where it is repeated. REST dictionaries and an AI's own history follow it."""
    provider: Provider
    model: str
    settings: dict[str, Any] = field(default_factory=dict)


def resolve(
    user: User,
    given: Iterable[str | TargetObject],
    *,
    models: Mapping[str, str] | None = None,
    temperature: float | None = None,
    max_tokens: int | None = None,
    with_preferences: bool = True,
) -> list[Target]:
    """Return the targets in the order given; `models` maps a name as given to a model.

    A target's own settings go before the two given here, those before what the person prefers for that AI
    (unless that is to be left aside). Raises NoProvider, TooManyProviders or UnknownProvider.
    """
    items = [TargetObject(item) if isinstance(item, str) else item for item in given]
    if not items:
        raise NoProvider
    if len(items) > limits.TARGETS_PER_TURN:
        raise TooManyProviders(limit=limits.TARGETS_PER_TURN)
    texts = [item.target.strip() for item in items]
    providers = catalogue.find_all(user, {name for text in texts for name in (text, text.partition(":")[0])})
    preferences = {row.provider_id: row for row in _preferences(user.pk)} if with_preferences else {}
    asked = TargetSettings(temperature, max_tokens)
    plan = plan_of(user)
    targets: list[Target] = []
    seen: Counter[str] = Counter()
    for text, item in zip(texts, items, strict=True):
        provider, model = _provider_and_model(text, providers, models or {})
        preferred = preferences.get(provider.pk)
        # Read only where the plan does not have the usual one.
        rows = Model.objects.filter(provider=provider, enabled=True, is_listed=True)
        usual = usual_model(plan, provider, preferred, rows.values_list("name", flat=True))
        seen[text] += 1
        targets.append(
            Target(
                text=text,
                name=text if seen[text] == 1 else f"{text}#{seen[text]}",
                provider=provider,
                model=model or usual or NO_MODEL,
                settings=_settings(item.settings, asked, preferred),
            )
        )
    return targets


def usual_model(plan: Plan, provider: Provider, preference: AiPreference | None, names: Iterable[str]) -> str:
    """The model that is asked where none is named: the person's usual one, else the provider's.

    Where the plan does not have it, it is the first that it has of `names`, the provider's models in order.
    """
    wanted = (preference and preference.model) or provider.default_model
    if allows(plan, provider.slug, wanted):
        return wanted
    return next((name for name in names if allows(plan, provider.slug, name)), wanted)


@prepared
def _preferences(user_id: int) -> QuerySet[AiPreference]:
    return AiPreference.objects.filter(user_id=user_id)


def _settings(own: TargetSettings, asked: TargetSettings, preferred: AiPreference | None) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name in ("temperature", "max_tokens", "system_prompt"):
        candidates = (getattr(source, name) for source in (own, asked, preferred) if source is not None)
        value = next((one for one in candidates if one not in (None, "")), None)
        if value is not None:
            values[name] = value
    return values


def _provider_and_model(
    text: str, providers: Mapping[str, Provider], models: Mapping[str, str]
) -> tuple[Provider, str]:
    if provider := providers.get(text):
        return provider, models.get(text, "").strip()
    name, _, model = text.partition(":")
    provider = providers.get(name)
    if provider and model.strip():
        return provider, model.strip()
    raise UnknownProvider(name=text[: limits.TARGET_CHARS])
