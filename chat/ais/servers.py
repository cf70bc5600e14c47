"""What people and administrators do to providers and keys: add, test, remove; each says what became of it."""

import itertools
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.text import slugify

from accounts import audit
from accounts.audit import Action
from accounts.models import User
from chat import limits
from chat.ais import access, catalogue, keys, probes
from chat.ais.probes import Synced
from chat.errors import NameTaken, NoSuchKey, TooManyOwn
from chat.models import Model, Provider, ProviderKey
from common.errors import WeBoxError
from outbound import addresses
from providers import registry
from providers.base import ListedModel, ProtocolName
from providers.errors import (
    AddressRefused,
    BadKey,
    BadStream,
    ModelNotFound,
    ProviderError,
    UnreadableKey,
)
from providers.registry import LocalServer, name_key

USUAL_PATHS = {"openai": "/v1", "openai-responses": "/v1", "gemini": "/v1beta", "replicate": "/v1"}


@dataclass(frozen=True, slots=True)
class NewServer:
    """A compatible server as somebody describes it. `models` may be empty where it lists its own."""

    label: str
    protocol: ProtocolName
    base_url: str
    key: str = ""
    models: tuple[str, ...] = ()


def add_server(owner: User | None, given: NewServer) -> Provider:
    """Add a server after a first look at it: everybody's where `owner` is None, else that person's own.

    It must answer to its key with a list of models, unless models are named. A person's own server must be on
    the internet. Raises BadAddress, PrivateAddress, NameTaken, TooManyOwn or ProviderError; then nothing is
    saved.
    """
    address = addresses.parse(given.base_url, usual_path=usual_path(given.protocol))
    if owner is not None:
        addresses.check_public(address)
        if owner.providers.count() >= limits.TARGETS_OF_A_PERSON:
            raise TooManyOwn(limit=limits.TARGETS_OF_A_PERSON)
    slug = slugify(given.label)[:50].strip("-") or _numbered_slug(owner)
    check_name(owner, slug, given.label)
    provider = Provider(
        owner=owner,
        slug=slug,
        label=given.label,
        mark=mark_of(given.label),
        protocol=given.protocol,
        base_url=address.url,
        needs_key=bool(given.key),
        default_model=given.models[0] if given.models else "",
    )
    listed = _first_look(provider, given)
    return save_server(provider, given, listed)


def _numbered_slug(owner: User | None) -> str:
    """A free slug for a name without Latin letters: server, server-2, …"""
    seen = Provider.objects.filter(Q(owner=None) | Q(owner=owner), slug__startswith="server")
    taken = set(seen.values_list("slug", flat=True))
    return next(
        slug for n in itertools.count(1) if (slug := "server" if n == 1 else f"server-{n}") not in taken
    )


def save_server(provider: Provider, given: NewServer, listed: list[ListedModel]) -> Provider:
    """Save a new provider with its key and models. Raises NameTaken where somebody was faster."""
    try:
        with transaction.atomic():
            provider.save()
            if given.key:
                keys.store(provider.owner, provider, provider.base_url, given.key, test_code="")
            Model.objects.bulk_create(
                # Named by a person: no list of the vendor's takes them away.
                Model(provider=provider, name=name, position=at, edited=["is_listed"])
                for at, name in enumerate(dict.fromkeys(given.models))
            )
            if listed:
                probes.save_models(provider, listed)
            _note(Action.SERVER_ADDED, provider)
    except IntegrityError as error:
        raise NameTaken(name=given.label) from error
    provider.refresh_from_db()
    return provider


def _first_look(provider: Provider, given: NewServer) -> list[ListedModel]:
    try:
        return probes.list_models(given.protocol, access.endpoint(provider, given.key))
    except (BadStream, ModelNotFound):
        if not given.models:
            raise
        return []
    except (AddressRefused, BadKey):
        raise
    except ProviderError:
        if not given.models:
            raise
        return []


def check_name(owner: User | None, slug: str, label: str) -> None:
    """Raise NameTaken if a provider that this person sees answers to one of these names, or a vendor does."""
    names = {name_key(slug), name_key(label)}
    seen = Provider.objects.filter(Q(owner=None) | Q(owner=owner))
    if seen.named(names).exists() or registry.find(slug) or registry.find(label):
        raise NameTaken(name=label)


def mark_of(label: str) -> str:
    """One or two letters for a name: "My server" is Ms."""
    words = [word for word in label.split() if word[0].isalnum()]
    if not words:
        return "?"
    letters = words[0][0].upper() + (words[1][0].lower() if len(words) > 1 else words[0][1:2].lower())
    # Some letters become two in upper case: ß is SS.
    return letters[:2]


def usual_path(protocol: str) -> str:
    """What comes after the host where an address names no path."""
    return USUAL_PATHS.get(protocol, "")


def save_key(owner: User | None, provider: Provider, key: str) -> tuple[ProviderKey, ProviderError | None]:
    """Test a key and save it, unless the vendor rejects it; what was saved before then stays.

    Returns the row, and what else went wrong in the test (unreachable, no credit …). Raises BadKey.
    """
    address = catalogue.address(provider)
    error = test(provider, key)
    if isinstance(error, BadKey):
        raise error
    tested = None if error is not None and not probes.proves_the_key(error) else (error.code if error else "")
    return keys.store(owner, provider, address, key, test_code=tested), error


def reveal(row: ProviderKey, provider: Provider) -> str:
    """A stored key in clear, for a request of its owner's. Raises UnreadableKey."""
    key = keys.reveal(row, catalogue.address(provider))
    if key is None:
        raise UnreadableKey(provider.label)
    return key


def remove_key(owner: User | None, provider: Provider) -> None:
    """Forget a key. Raises NoSuchKey."""
    if not ProviderKey.objects.filter(owner=owner, provider=provider).delete()[0]:
        raise NoSuchKey


def test(provider: Provider, key: str) -> ProviderError | None:
    """What keeps this provider from answering with this key, or None."""
    protocol: ProtocolName = provider.protocol  # type: ignore[assignment]  # a choice of the column
    return probes.check(protocol, access.endpoint(provider, key), provider.default_model)


def test_for(user: User, provider: Provider) -> WeBoxError | None:
    """What keeps this person from an answer of this provider, or None; a stored key remembers the result."""
    try:
        grant = access.Access(user, [provider]).grant(provider)
    except WeBoxError as obstacle:
        return obstacle
    error = test(provider, grant.endpoint.api_key)
    if grant.key:
        code = error.code if error else ""
        ProviderKey.objects.filter(pk=grant.key.pk).update(tested_at=timezone.now(), test_code=code)
    return error


def sync_for(user: User, provider: Provider) -> Synced:
    """Read the provider's model list with the key that serves this person. Raises WeBoxError."""
    grant = access.Access(user, [provider]).grant(provider)
    return probes.sync(provider, grant.endpoint)


def edit(provider: Provider, values: dict[str, str]) -> None:
    """Change a provider; a changed address drops its keys. What was edited is kept by the next filling."""
    if "label" in values and name_key(values["label"]) != provider.label_key:
        check_name(provider.owner, values["label"], values["label"])
    changed = [name for name, value in values.items() if getattr(provider, name) != value]
    for name in changed:
        setattr(provider, name, values[name])
    if "base_url" in changed:
        # The environment's key was meant for the old address, too.
        provider.key_env = ""
    # Also what was typed as it was: so Ollama takes part at its usual address.
    provider.edited = sorted({*provider.edited, *values})
    with transaction.atomic():
        provider.save()
        if "base_url" in changed:
            _note(Action.SERVER_CHANGED, provider)


def remove(provider: Provider) -> None:
    """Remove a provider with its keys; answers stay. A vendor of WeBox's own list is switched off instead."""
    if provider.owner_id is None and registry.find(provider.slug):
        provider.enabled = False
        provider.edited = sorted({*provider.edited, "enabled"})
        provider.save(update_fields=["enabled", "edited"])
    else:
        provider.delete()


def has_local(server: LocalServer) -> bool:
    """Whether a server of this machine is among everybody's already."""
    rows = Provider.objects.filter(owner=None, slug=server.slug, enabled=True)
    return any(access.is_there(row) for row in rows)


def add_local(server: LocalServer) -> Provider:
    """Add one of the usual local servers for all, with its models. Raises ProviderError or NameTaken."""
    provider = Provider.objects.filter(owner=None, slug=server.slug).first()
    if provider is None:
        provider = Provider(slug=server.slug, label=server.label, mark=server.mark, protocol=server.protocol)
    provider.base_url, provider.needs_key, provider.enabled = server.base_url, False, True
    provider.edited = sorted({*provider.edited, "base_url", "needs_key", "enabled"})
    listed = probes.list_models(server.protocol, access.endpoint(provider, ""))
    try:
        with transaction.atomic():
            provider.save()
            probes.save_models(provider, listed)
            _note(Action.SERVER_ADDED, provider)
    except IntegrityError as error:
        # Added a moment ago, by a second click.
        raise NameTaken(name=server.label) from error
    if listed and provider.default_model not in {model.name for model in listed}:
        edit(provider, {"default_model": listed[0].name})
    return provider


def _note(action: Action, provider: Provider) -> None:
    """In the audit log: an address says where prompts go."""
    audit.record(action, provider.slug, person=provider.owner, address=provider.base_url)
