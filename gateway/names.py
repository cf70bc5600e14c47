"""Names of models in OpenAI's protocol: `provider/model`, several with commas, or a line-up's name."""

from collections.abc import Iterator
from dataclasses import replace

from accounts.models import User
from chat import limits
from chat.ais import line_ups
from chat.ais.offers import Offer, offers
from chat.ais.targets import Target, resolve
from chat.errors import UnknownProvider
from chat.events import TargetObject
from chat.models import Answer, LineUp
from gateway.body import Wanted
from gateway.errors import CannotStop, UnknownModel
from gateway.records import ModelObject
from providers.base import WITHOUT_STOP

LINE_UP_OWNER = "webox"


def targets(user: User, wanted: Wanted) -> list[Target]:
    """Who is asked, in order: each AI as many times as is wanted.

    What a person prefers for an AI stays aside: a program says all it wants. A line-up's own settings hold.
    Raises UnknownModel, TooManyProviders or CannotStop.
    """
    named = [one for one in _named(user, wanted.model) for _ in range(wanted.times)]
    try:
        found = resolve(
            user,
            named,
            temperature=wanted.temperature,
            max_tokens=wanted.max_tokens,
            with_preferences=False,
        )
    except UnknownProvider as error:
        raise UnknownModel(name=wanted.model[: limits.TARGET_CHARS]) from error
    if not wanted.stop:
        return found
    for target in found:
        if target.provider.protocol in WITHOUT_STOP:
            raise CannotStop(vendor=target.provider.label)
    return [replace(one, settings=one.settings | {"stop": [*wanted.stop]}) for one in found]


def _named(user: User, model: str) -> list[str | TargetObject]:
    if "/" not in model and "," not in model:
        line_up = LineUp.objects.for_user(user).named(model).first()
        if line_up is not None:
            return [*line_ups.targets_of(line_up)]
    return [_target(name) for name in model.split(",")]


def _target(name: str) -> str:
    """`provider/model` as WeBox's own targets are written; a provider alone stands for its usual model."""
    provider, slash, model = name.strip().partition("/")
    target = f"{provider.strip()}:{model.strip()}" if slash else provider
    if not target or len(target) > limits.TARGET_CHARS:
        raise UnknownModel(name=name[: limits.TARGET_CHARS])
    return target


def name_of(answer: Answer) -> str:
    """The model that an answer is of."""
    return f"{answer.provider}/{answer.model}"


def listed(user: User) -> Iterator[ModelObject]:
    """Every model that this person may ask now, and their line-ups."""
    for offer in offers(user):
        if offer.is_ready:
            yield from _models(offer)
    for line_up in LineUp.objects.for_user(user):
        created = int(line_up.created_at.timestamp())
        yield ModelObject(id=line_up.name, object="model", created=created, owned_by=LINE_UP_OWNER)


def _models(offer: Offer) -> Iterator[ModelObject]:
    provider = offer.provider
    is_premium = offer.plan.uses_premium_ais
    names = [model.name for model in offer.models if not model.premium_only or is_premium]
    for name in names or [provider.default_model]:
        if name:
            yield ModelObject(
                id=f"{provider.slug}/{name}",
                object="model",
                created=int(provider.created_at.timestamp()),
                owned_by=provider.slug,
            )


def find(user: User, name: str) -> ModelObject:
    """One of those that are listed. Raises UnknownModel."""
    found: ModelObject | None = next((one for one in listed(user) if one.id == name), None)
    if found is None:
        raise UnknownModel(name=name[: limits.TARGET_CHARS])
    return found
