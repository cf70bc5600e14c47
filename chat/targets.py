"""Targets: what a person calls an AI, turned into a vendor and a model."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from chat import limits
from chat.errors import NoProvider, TooManyProviders, UnknownProvider
from chat.events import TargetObject
from chat.providers import registry


@dataclass(frozen=True, slots=True)
class Target:
    """One column: a vendor, a model and its settings, under the name by which it was asked for."""

    text: str
    name: str
    """The text; `text#2` where it is repeated. REST dictionaries and an AI's own history follow it."""
    vendor: registry.Vendor
    model: str
    settings: dict[str, float | int] = field(default_factory=dict)


def resolve(
    given: Iterable[str | TargetObject],
    *,
    models: Mapping[str, str] | None = None,
    temperature: float | None = None,
    max_tokens: int | None = None,
) -> list[Target]:
    """Return the targets in the order given; `models` maps a name as given to a model.

    Raises NoProvider, TooManyProviders or UnknownProvider.
    """
    targets: list[Target] = []
    seen: Counter[str] = Counter()
    for item in given:
        text = (item if isinstance(item, str) else item.target).strip()
        own = None if isinstance(item, str) else item.settings
        vendor, model = _vendor_and_model(text, models or {})
        seen[text] += 1
        values = {
            "temperature": own.temperature if own and own.temperature is not None else temperature,
            "max_tokens": own.max_tokens if own and own.max_tokens is not None else max_tokens,
        }
        targets.append(
            Target(
                text=text,
                name=text if seen[text] == 1 else f"{text}#{seen[text]}",
                vendor=vendor,
                model=model,
                settings={key: value for key, value in values.items() if value is not None},
            )
        )
    if not targets:
        raise NoProvider
    if len(targets) > limits.TARGETS_PER_TURN:
        raise TooManyProviders(limit=limits.TARGETS_PER_TURN)
    return targets


def _vendor_and_model(text: str, models: Mapping[str, str]) -> tuple[registry.Vendor, str]:
    vendor = registry.find(text)
    if vendor:
        return vendor, models.get(text) or vendor.default_model
    provider, _, model = text.partition(":")
    vendor = registry.find(provider)
    if vendor and model.strip():
        return vendor, model.strip()
    raise UnknownProvider(name=text[: limits.TARGET_CHARS])
