"""Providers, models and keys in the admin. An address says where prompts go: the owner alone changes it."""

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.utils import formats
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from chat import limits
from chat.ais import access, catalogue, servers
from chat.models import Model, Provider, ProviderKey
from common.errors import WeBoxError
from outbound import addresses
from providers import registry
from providers.errors import BadKey

if TYPE_CHECKING:
    ProviderAdminBase = admin.ModelAdmin[Provider]
    ModelAdminBase = admin.ModelAdmin[Model]
    KeyAdminBase = admin.ModelAdmin[ProviderKey]
    ProviderFormBase = forms.ModelForm[Provider]
else:
    ProviderAdminBase = ModelAdminBase = KeyAdminBase = admin.ModelAdmin
    ProviderFormBase = forms.ModelForm

Rows = QuerySet[Provider] | QuerySet[Model]


class OwnerOnly:
    """Other administrators may look, where they were given the right to."""

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return bool(request.user.is_superuser)

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return bool(request.user.is_superuser)

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return bool(request.user.is_superuser)


SWITCHES = ("switch_on", "switch_off", "keep_for_premium", "open_to_all")


class Switches:
    """Actions on several rows at once; what an administrator decides, no later filling changes."""

    @admin.action(description=_("Switch on"), permissions=["change"])
    def switch_on(self, request: HttpRequest, queryset: Rows) -> None:
        _set(self, request, queryset, "enabled", True)

    @admin.action(description=_("Switch off"), permissions=["change"])
    def switch_off(self, request: HttpRequest, queryset: Rows) -> None:
        _set(self, request, queryset, "enabled", False)

    @admin.action(description=_("Keep for premium accounts"), permissions=["change"])
    def keep_for_premium(self, request: HttpRequest, queryset: Rows) -> None:
        _set(self, request, queryset, "premium_only", True)

    @admin.action(description=_("Open to everybody"), permissions=["change"])
    def open_to_all(self, request: HttpRequest, queryset: Rows) -> None:
        _set(self, request, queryset, "premium_only", False)


def _figure(value: int | Decimal) -> str:
    """As people of the page's language write it, without the zeros that only the column needs."""
    shown = f"{value.normalize():f}" if isinstance(value, Decimal) else value
    return formats.number_format(shown, use_l10n=True, force_grouping=True)


def _set(page: Any, request: HttpRequest, queryset: Rows, field: str, value: bool) -> None:
    rows: list[Provider | Model] = [*queryset]
    for row in rows:
        setattr(row, field, value)
        row.edited = sorted({*row.edited, field})
        row.save(update_fields=[field, "edited"])
    said = ngettext("%(count)d row is changed.", "%(count)d rows are changed.", len(rows))
    page.message_user(request, said % {"count": len(rows)}, messages.SUCCESS)


class ProviderForm(ProviderFormBase):
    """A provider, with a field that takes a key and never shows one."""

    new_key = forms.CharField(
        label=_("New server key"),
        required=False,
        max_length=limits.KEY_CHARS,
        strip=True,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text=_("Tested, then stored encrypted. Leave empty to keep what there is."),
    )

    class Meta:
        model = Provider
        fields = (
            "label", "slug", "mark", "protocol", "base_url", "needs_key", "key_url", "default_model",
            "silence_s", "max_calls", "enabled", "premium_only", "position",
        )  # fmt: skip

    def clean_base_url(self) -> str:
        typed: str = self.cleaned_data["base_url"]
        protocol = self.cleaned_data.get("protocol") or self.instance.protocol
        if not typed and protocol == Provider.Protocol.DEMO:
            return ""
        try:
            return addresses.parse(typed, usual_path=servers.usual_path(protocol)).url
        except WeBoxError as error:
            raise ValidationError(error.detail) from error

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if self.instance.pk is None and given.get("slug") and given.get("label"):
            try:
                servers.check_name(None, given["slug"], given["label"])
            except WeBoxError as error:
                raise ValidationError({"label": error.detail}) from error
        return given


@admin.register(Provider)
class ProviderAdmin(OwnerOnly, Switches, ProviderAdminBase):
    """The vendors and servers that everybody may ask; what is edited here is kept by later versions."""

    form = ProviderForm
    list_display = ("label", "key_state", "enabled", "premium_only", "model_count", "shown_address")
    list_filter = ("enabled", "premium_only", "protocol")
    search_fields = ("label", "slug", "base_url")
    actions = (*SWITCHES, "test", "sync", "forget_key")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Provider]:
        listed = Count("models", filter=Q(models__is_listed=True))
        return super().get_queryset(request).filter(owner=None).annotate(listed_models=listed)

    def get_readonly_fields(self, request: HttpRequest, obj: Provider | None = None) -> tuple[str, ...]:
        return () if obj is None else ("slug", "protocol")

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        # A vendor of WeBox's own list would be back after the next start: it is switched off instead.
        is_known = isinstance(obj, Provider) and registry.find(obj.slug) is not None
        return super().has_delete_permission(request, obj) and not is_known

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        found = super().get_actions(request)
        # One by one, on its page, where a known vendor is told from an added one.
        found.pop("delete_selected", None)
        return found

    def save_model(
        self, request: HttpRequest, obj: Provider, form: "forms.ModelForm[Provider]", change: bool
    ) -> None:
        changed = {name for name in form.changed_data if name != "new_key"}
        obj.edited = sorted({*obj.edited, *changed} if change else set())
        if change and "base_url" in changed:
            # The environment's key was meant for the old address.
            obj.key_env = ""
        super().save_model(request, obj, form, change)
        if key := form.cleaned_data.get("new_key"):
            self._save_key(request, obj, key)

    def _save_key(self, request: HttpRequest, provider: Provider, key: str) -> None:
        try:
            _row, error = servers.save_key(None, provider, key)
        except BadKey as rejected:
            self.message_user(request, rejected.detail, messages.ERROR)
            return
        if error:
            self.message_user(
                request, _("The key is saved, not tested: %(why)s") % {"why": error.detail}, messages.WARNING
            )
        else:
            self.message_user(request, _("The key works and is saved."), messages.SUCCESS)

    @admin.display(description=_("address"), ordering="base_url")
    def shown_address(self, provider: Provider) -> str:
        try:
            return catalogue.address(provider)
        except WeBoxError as error:
            return error.detail

    @admin.display(description=_("server key"))
    def key_state(self, provider: Provider) -> str:
        stored = provider.keys.filter(owner=None).first()
        if stored:
            return f"…{stored.last4}"
        if access.environment_key(provider):
            return str(_("from the environment"))
        return str(_("missing") if provider.needs_key else _("none needed"))

    @admin.display(description=_("models"))
    def model_count(self, provider: Provider) -> int:
        return int(provider.listed_models)  # type: ignore[attr-defined]

    @admin.action(description=_("Test with the key that serves you"), permissions=["change"])
    def test(self, request: HttpRequest, queryset: QuerySet[Provider]) -> None:
        def test(provider: Provider) -> str:
            error = servers.test_for(request.user, provider)  # type: ignore[arg-type]  # a superuser
            if error:
                raise error
            return str(_("%(vendor)s answers.") % {"vendor": provider.label})

        self._each(request, queryset, test)

    @admin.action(description=_("Read the list of models"), permissions=["change"])
    def sync(self, request: HttpRequest, queryset: QuerySet[Provider]) -> None:
        def sync(provider: Provider) -> str:
            synced = servers.sync_for(request.user, provider)  # type: ignore[arg-type]  # a superuser
            told = {
                "vendor": provider.label,
                "listed": synced.listed,
                "added": synced.added,
                "gone": synced.gone,
            }
            return str(
                _("%(vendor)s: models in its list: %(listed)s, new: %(added)s, gone: %(gone)s.") % told
            )

        self._each(request, queryset, sync)

    @admin.action(description=_("Forget the server’s key"), permissions=["change"])
    def forget_key(self, request: HttpRequest, queryset: QuerySet[Provider]) -> None:
        count = ProviderKey.objects.filter(owner=None, provider__in=queryset).delete()[0]
        said = ngettext("%(count)d key is forgotten.", "%(count)d keys are forgotten.", count)
        self.message_user(request, said % {"count": count}, messages.SUCCESS)

    def _each(
        self, request: HttpRequest, queryset: QuerySet[Provider], act: Callable[[Provider], str]
    ) -> None:
        for provider in queryset:
            try:
                self.message_user(request, act(provider), messages.SUCCESS)
            except WeBoxError as error:
                self.message_user(request, f"{provider.label}: {error.detail}", messages.ERROR)


@admin.register(Model)
class ModelAdmin(OwnerOnly, Switches, ModelAdminBase):
    """The models of everybody's providers; what is edited here is kept when their lists are read again."""

    list_display = (
        "name", "provider", "enabled", "premium_only", "shown_prices", "shown_window", "sees_images",
    )  # fmt: skip
    list_filter = ("enabled", "premium_only", "is_listed", "sees_images", "provider")
    list_select_related = ("provider",)
    search_fields = ("name", "label", "provider__label")
    fields = (
        "provider", "name", "label", "context_window", "input_price", "output_price", "cached_price",
        "sees_images", "reasons", "enabled", "premium_only", "is_listed", "position",
    )  # fmt: skip

    actions = SWITCHES

    def get_queryset(self, request: HttpRequest) -> QuerySet[Model]:
        return super().get_queryset(request).filter(provider__owner=None)

    @admin.display(description=_("USD per million tokens"), ordering="input_price")
    def shown_prices(self, model: Model) -> str:
        known = model.prices
        return " / ".join(_figure(price) for price in (known.input, known.output)) if known else ""

    @admin.display(description=_("tokens of context"), ordering="context_window")
    def shown_window(self, model: Model) -> str:
        return _figure(model.context_window) if model.context_window else ""

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "provider":
            kwargs["queryset"] = Provider.objects.filter(owner=None)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        return () if obj is None else ("provider", "name")

    def save_model(
        self, request: HttpRequest, obj: Model, form: "forms.ModelForm[Model]", change: bool
    ) -> None:
        changed = set(form.changed_data)
        if changed & {"input_price", "output_price", "cached_price"}:
            # Prices belong together: those for long questions were for the old ones.
            changed |= set(catalogue.PRICE_FIELDS)
            obj.tiers = []
        # Added by hand: no list of the vendor's takes it away.
        obj.edited = sorted({*obj.edited, *(changed if change else {"is_listed"})})
        super().save_model(request, obj, form, change)


@admin.register(ProviderKey)
class ProviderKeyAdmin(KeyAdminBase):
    """Which keys there are: whose, for what, when used. A key itself is never shown; it can be forgotten."""

    list_display = ("masked", "provider", "owner", "created_at", "tested_at", "test_code", "last_used_at")
    list_filter = ("provider",)
    list_select_related = ("provider", "owner")
    search_fields = ("owner__username", "owner__email", "provider__label")
    fields = readonly_fields = (
        "masked",
        "provider",
        "owner",
        "created_at",
        "tested_at",
        "test_code",
        "last_used_at",
    )

    @admin.display(description=_("key"))
    def masked(self, key: ProviderKey) -> str:
        return f"…{key.last4}"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: ProviderKey | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: ProviderKey | None = None) -> bool:
        return bool(request.user.is_superuser)
