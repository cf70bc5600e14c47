"""Provider, Model, ProviderKey, AiPreference: which AIs there are, with whose key, and how people like them.

Filled from providers/registry.py and genai-prices by `chat.ais.catalogue.fill`; what an administrator
edited is named in `edited` and stays.
"""

from collections.abc import Collection
from decimal import Decimal
from typing import Any, ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator, URLValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from chat import limits
from outbound.addresses import URL_CHARS
from providers.prices import Prices, Tier
from providers.registry import name_key

SLUG = RegexValidator(r"^[a-z0-9][a-z0-9-]{0,49}\Z", _("Use lower-case letters, digits and hyphens."))
PRICE: Any = {
    "max_digits": 12,
    "decimal_places": 6,
    "null": True,
    "blank": True,
    "validators": [MinValueValidator(Decimal(0))],
    "help_text": _("In US dollars for a million tokens."),
}


class ProviderQuerySet(models.QuerySet["Provider"]):
    def for_user(self, user: User) -> "ProviderQuerySet":
        """Everybody's and the user's own, in the order in which the page offers them."""
        return self.filter(Q(owner=None) | Q(owner_id=user.pk)).order_by("position", "pk")

    def named(self, names: Collection[str]) -> "ProviderQuerySet":
        """Those with one of these names, which are keys of `name_key`."""
        return self.filter(Q(slug_key__in=names) | Q(label_key__in=names))


class Provider(models.Model):
    """A vendor or a server that answers questions.

    Everybody's where `owner` is null; a person's own server else. `base_url` is empty for the demo alone.
    """

    class Protocol(models.TextChoices):
        OPENAI = "openai", "OpenAI Chat Completions"
        RESPONSES = "openai-responses", "OpenAI Responses"
        ANTHROPIC = "anthropic", "Anthropic Messages"
        GEMINI = "gemini", "Gemini"
        COHERE = "cohere", "Cohere v2"
        REPLICATE = "replicate", "Replicate"
        OLLAMA = "ollama", "Ollama"
        DEMO = "demo", "Demo"

    owner = models.ForeignKey(
        User,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="providers",
        verbose_name=_("owner"),
        editable=False,
    )
    slug = models.CharField(
        _("name in the API"),
        max_length=50,
        validators=[SLUG],
        help_text=_("Lower-case letters, digits and hyphens. It stays once saved."),
    )
    label = models.CharField(_("name"), max_length=100)
    slug_key = models.CharField(max_length=50, editable=False)
    label_key = models.CharField(max_length=300, editable=False)
    mark = models.CharField(_("mark"), max_length=2, help_text=_("One or two letters."))
    protocol = models.CharField(_("protocol"), max_length=20, choices=Protocol)
    base_url = models.CharField(_("address"), max_length=URL_CHARS, blank=True)
    key_env = models.CharField(
        _("key in the environment"), max_length=100, blank=True, help_text=_("A variable, like ACME_API_KEY.")
    )
    needs_key = models.BooleanField(_("needs a key"), default=True)
    key_url = models.CharField(
        _("where keys are made"),
        max_length=URL_CHARS,
        blank=True,
        validators=[URLValidator(schemes=["https"])],
    )
    quirks = models.JSONField(_("quirks"), default=list, blank=True)
    silence_s = models.PositiveIntegerField(
        _("patience in seconds"),
        default=0,
        help_text=_("How long a silence is borne from it, where that is longer than the server’s setting."),
    )
    """The least silence to bear from it; 0 leaves it to the owner's setting."""
    max_calls = models.PositiveSmallIntegerField(
        _("calls at once"),
        default=0,
        help_text=_("How many answers it may write at the same time. 0 leaves it to the server’s setting."),
    )
    """The most answers it may write at once, of all users together; 0 leaves it to the owner's setting."""
    default_model = models.CharField(_("default model"), max_length=limits.MODEL_CHARS, blank=True)
    enabled = models.BooleanField(_("enabled"), default=True)
    premium_only = models.BooleanField(_("premium only"), default=False)
    position = models.PositiveSmallIntegerField(
        _("position"), default=limits.LAST_POSITION, help_text=_("The smallest comes first.")
    )
    edited = models.JSONField(default=list, blank=True, editable=False)
    synced_at = models.DateTimeField(_("models last read"), null=True, blank=True, editable=False)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    objects: ClassVar[ProviderQuerySet] = ProviderQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("provider")
        verbose_name_plural = _("providers")
        ordering = ("position", "pk")
        constraints = (
            models.UniqueConstraint(fields=["slug"], condition=Q(owner=None), name="provider_slug_of_all"),
            models.UniqueConstraint(fields=["owner", "slug"], name="provider_slug_of_one"),
        )

    def __str__(self) -> str:
        return self.label

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save with its search keys. A changed address drops every key that was entered for the old one."""
        self.slug_key, self.label_key = name_key(self.slug), name_key(self.label)
        if (fields := kwargs.get("update_fields")) is not None:
            kwargs["update_fields"] = {*fields, "slug_key", "label_key"}
        before = Provider.objects.filter(pk=self.pk).values_list("base_url", flat=True).first()
        super().save(*args, **kwargs)
        if before is not None and before != self.base_url:
            self.keys.all().delete()


class Model(models.Model):
    """One model of a provider. Null is what nobody has said. Prices are US dollars for a million tokens."""

    provider = models.ForeignKey(Provider, models.CASCADE, related_name="models", verbose_name=_("provider"))
    name = models.CharField(_("name"), max_length=limits.MODEL_CHARS)
    label = models.CharField(_("label"), max_length=200, blank=True)
    context_window = models.PositiveIntegerField(_("context window in tokens"), null=True, blank=True)
    input_price = models.DecimalField(_("price of input"), **PRICE)
    output_price = models.DecimalField(_("price of output"), **PRICE)
    cached_price = models.DecimalField(_("price of cached input"), **PRICE)
    tiers = models.JSONField(default=list, blank=True, editable=False)
    """Prices for long questions: [[tokens of input above which they hold, input, output, cached], …]."""
    sees_images = models.BooleanField(_("sees images"), null=True, blank=True)
    reasons = models.BooleanField(_("reasons"), null=True, blank=True)
    enabled = models.BooleanField(_("enabled"), default=True)
    premium_only = models.BooleanField(_("premium only"), default=False)
    is_listed = models.BooleanField(_("offered by the vendor"), default=True)
    """False once the vendor's own list no longer has it."""
    position = models.PositiveSmallIntegerField(
        _("position"), default=limits.LAST_POSITION, help_text=_("The smallest comes first.")
    )
    edited = models.JSONField(default=list, blank=True, editable=False)

    class Meta:
        verbose_name = _("model")
        verbose_name_plural = _("models")
        ordering = ("position", "name")
        constraints = (models.UniqueConstraint(fields=["provider", "name"], name="model_once"),)

    def __str__(self) -> str:
        return self.name

    @property
    def prices(self) -> Prices | None:
        """What its tokens cost; None where nobody has said."""
        given, made = _decimal(self.input_price), _decimal(self.output_price)
        if given is None or made is None:
            return None
        tiers = tuple(Tier(above, *(_decimal(price) for price in prices)) for above, *prices in self.tiers)
        return Prices(given, made, _decimal(self.cached_price), tiers)


def _decimal(price: object) -> Decimal | None:
    return None if price is None else Decimal(str(price))


class ProviderKey(models.Model):
    """A key for a provider: one person's, or the server's where `owner` is null.

    `secret` is a token of chat.ais.keys; what is in it is never shown again, only `last4`.
    """

    owner = models.ForeignKey(User, models.CASCADE, null=True, related_name="provider_keys")
    provider = models.ForeignKey(Provider, models.CASCADE, related_name="keys")
    secret = models.TextField(editable=False)
    last4 = models.CharField(max_length=4)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    tested_at = models.DateTimeField(_("tested"), null=True)
    test_code = models.CharField(max_length=50, blank=True)
    """How the last test ended: an error's code, empty where the vendor took the key."""
    last_used_at = models.DateTimeField(_("last used"), null=True)

    class Meta:
        verbose_name = _("key")
        verbose_name_plural = _("keys")
        constraints = (
            models.UniqueConstraint(fields=["owner", "provider"], name="key_of_one"),
            models.UniqueConstraint(fields=["provider"], condition=Q(owner=None), name="key_of_the_server"),
        )

    def __str__(self) -> str:
        return f"…{self.last4}"


class AiPreference(models.Model):
    """How one person wants one provider asked where a question does not say."""

    user = models.ForeignKey(User, models.CASCADE, related_name="ai_preferences")
    provider = models.ForeignKey(Provider, models.CASCADE, related_name="preferences")
    model = models.CharField(max_length=limits.MODEL_CHARS, blank=True)
    temperature = models.FloatField(
        null=True, validators=[MinValueValidator(0.0), MaxValueValidator(limits.TEMPERATURE)]
    )
    max_tokens = models.PositiveIntegerField(null=True)
    system_prompt = models.TextField(blank=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["user", "provider"], name="preference_once"),)

    def __str__(self) -> str:
        return f"#{self.pk}"
