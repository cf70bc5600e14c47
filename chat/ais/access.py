"""Which AIs a person may use here, and with whose key."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.models import LedgerEntry, Plan, User
from accounts.plans.rules import OF_NOBODY, allows, plan_of
from chat.ais import catalogue, keys
from chat.errors import ModelDisabled, NeedsPremium, NotInPlan, ProviderDisabled
from chat.models import Model, Provider, ProviderKey
from common.data.prepared import prepared
from common.errors import WeBoxError
from providers import registry
from providers.base import Endpoint
from providers.errors import NoKey, UnreadableKey

USED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Grant:
    """Leave to ask one provider: where, and with which stored key (None for one of the environment)."""

    endpoint: Endpoint
    key: ProviderKey | None = None
    is_own_key: bool = False


@dataclass
class Access:
    """What one person may ask of these providers; their keys are read with one query."""

    user: User
    providers: Iterable[Provider]
    _keys: dict[tuple[int, bool], ProviderKey] = field(init=False)

    def __post_init__(self) -> None:
        rows = _keys_of(self.user.pk, [provider.pk for provider in self.providers])
        self._keys = {(row.provider_id, row.owner_id is not None): row for row in rows}

    def key(self, provider: Provider, *, own: bool) -> ProviderKey | None:
        """The person's own key for a provider, or the server's."""
        return self._keys.get((provider.pk, own))

    @cached_property
    def plan(self) -> Plan:
        """What the person may do here; a closed account asks nothing of the server any more."""
        return plan_of(self.user) if self.user.is_active else OF_NOBODY

    def payer(self, provider: Provider) -> LedgerEntry.Payer:
        """Who pays for what is asked of it."""
        if provider.protocol == Provider.Protocol.DEMO:
            return LedgerEntry.Payer.NOBODY
        if provider.owner_id == self.user.pk or self.key(provider, own=True):
            return LedgerEntry.Payer.PERSON
        return LedgerEntry.Payer.SERVER

    def grant(self, provider: Provider, model: Model | None = None, model_name: str = "") -> Grant:
        """Leave to ask it: with the person's own key, else with the server's.

        `model_name`: of a model that has no row. Raises ProviderDisabled, ModelDisabled, NeedsPremium,
        NotInPlan, NoKey or UnreadableKey.
        """
        if not provider.enabled:
            raise ProviderDisabled(vendor=provider.label)
        if model is not None and not model.enabled:
            raise ModelDisabled(vendor=provider.label)
        premium_only = provider.premium_only or (model is not None and model.premium_only)
        if premium_only and not self.plan.uses_premium_ais:
            raise NeedsPremium(vendor=provider.label)
        asked = model.name if model else model_name
        if asked and not allows(self.plan, provider.slug, asked):
            raise NotInPlan(model=asked)
        own = self.key(provider, own=True)
        if own is not None:
            return self._with_stored(provider, own)
        if provider.protocol == Provider.Protocol.DEMO or provider.owner_id == self.user.pk:
            return self._with_text(provider, "")
        return self._with_servers_key(provider)

    def obstacle(self, provider: Provider, model: Model | None = None, model_name: str = "") -> str:
        """The code of what keeps this person from it; empty where nothing does."""
        try:
            self.grant(provider, model, model_name)
        except WeBoxError as error:
            return error.code
        return ""

    def _with_servers_key(self, provider: Provider) -> Grant:
        stored = self.key(provider, own=False)
        from_env = environment_key(provider)
        has_server = bool(stored or from_env) or (not provider.needs_key and is_there(provider))
        if not has_server:
            raise NoKey(provider.label)
        if not self.plan.uses_server_keys:
            raise NeedsPremium(vendor=provider.label)
        return self._with_stored(provider, stored) if stored else self._with_text(provider, from_env)

    def _with_stored(self, provider: Provider, row: ProviderKey) -> Grant:
        key = keys.reveal(row, catalogue.address(provider))
        if key is None:
            raise UnreadableKey(provider.label)
        return Grant(endpoint(provider, key), row, is_own_key=row.owner_id is not None)

    def _with_text(self, provider: Provider, key: str) -> Grant:
        if provider.needs_key and not key:
            raise NoKey(provider.label)
        return Grant(endpoint(provider, key))


@prepared
def _keys_of(user_id: int, provider_ids: Collection[int]) -> QuerySet[ProviderKey]:
    return ProviderKey.objects.filter(Q(owner=None) | Q(owner_id=user_id), provider__in=provider_ids)


def endpoint(provider: Provider, key: str) -> Endpoint:
    """Where a provider is asked with this key. Raises BadAddress."""
    return Endpoint(
        vendor=provider.label,
        base_url=catalogue.address(provider),
        api_key=key,
        silence_s=float(max(provider.silence_s, settings.VENDOR_SILENCE_S)),
        total_s=float(settings.VENDOR_TOTAL_S),
        quirks=frozenset(provider.quirks),
        may_be_private=catalogue.may_be_private(provider),
    )


def environment_key(provider: Provider) -> str:
    """The server's key from the environment; never for an address that was entered elsewhere."""
    if provider.owner_id is not None:
        return ""
    vendor = registry.find(provider.slug)
    if vendor is None:
        return settings.NAMED_VENDOR_KEYS.get(provider.key_env, "") if provider.key_env else ""
    return "" if "base_url" in provider.edited else settings.VENDOR_KEYS.get(vendor.variable, "")


def mark_used(grants: Iterable[Grant]) -> None:
    """Remember when stored keys were last used, to the minute."""
    used = {grant.key.pk for grant in grants if grant.key}
    if used:
        now = timezone.now()
        stale = Q(last_used_at=None) | Q(last_used_at__lt=now - USED_EVERY)
        ProviderKey.objects.filter(stale, pk__in=used).update(last_used_at=now)


def is_there(provider: Provider) -> bool:
    """Whether a server without a key is there: Ollama takes part once the owner has said where it is."""
    vendor = registry.find(provider.slug)
    if vendor is None:
        return True
    return "base_url" in provider.edited or bool(settings.VENDOR_BASE_URLS.get(vendor.variable))
