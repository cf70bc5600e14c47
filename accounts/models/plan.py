"""Plan and PremiumChange: what people may do here, and who made whom premium."""

from decimal import Decimal
from typing import Any, ClassVar

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

NANO_PER_USD = 1_000_000_000
UNLIMITED = _("Empty means no limit.")


class PlanManager(models.Manager["Plan"]):
    def make_ready(self) -> None:
        """See that there are the two plans that come with WeBox; what the owner made of them stays."""
        for values in READY_MADE:
            self.get_or_create(slug=values["slug"], defaults=values)


class Plan(models.Model):
    """What the people of one plan may do. A limit that is null does not bind.

    Messages, tokens and money count what the server pays; what people pay with keys of their own, and the
    demonstrations, do not count.
    """

    FREE = "free"
    PREMIUM = "premium"
    OWNER = "owner"

    slug = models.SlugField(_("name in the API"), max_length=50, unique=True)
    name = models.CharField(
        _("name"),
        max_length=50,
        blank=True,
        help_text=_("As people read it; the two plans that come with WeBox have names without it."),
    )
    uses_server_keys = models.BooleanField(
        _("may use the server’s keys"),
        default=False,
        help_text=_("Those of the environment, and those entered for everybody."),
    )
    uses_premium_ais = models.BooleanField(_("may use the AIs kept for premium"), default=False)
    only_models = models.TextField(
        _("only these models"),
        blank=True,
        help_text=_("One per line, like openai:gpt-5-mini or mistral:*. Empty means all."),
    )
    messages_per_day = models.PositiveIntegerField(
        _("questions a day"), null=True, blank=True, help_text=UNLIMITED
    )
    ais_per_turn = models.PositiveSmallIntegerField(
        _("AIs for one question"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=UNLIMITED,
    )
    concurrent_answers = models.PositiveSmallIntegerField(
        _("answers at the same time"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=UNLIMITED,
    )
    tokens_per_month = models.PositiveBigIntegerField(
        _("tokens a month"), null=True, blank=True, help_text=UNLIMITED
    )
    usd_per_month = models.DecimalField(
        _("US dollars a month"),
        max_digits=10,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal(0))],
        help_text=UNLIMITED,
    )

    objects: ClassVar[PlanManager] = PlanManager()

    class Meta:
        verbose_name = _("plan")
        verbose_name_plural = _("plans")
        ordering = ("pk",)

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """Its name in the language in force."""
        ready_made = {self.FREE: _("Free"), self.PREMIUM: _("Premium"), self.OWNER: _("Owner")}
        return self.name or str(ready_made.get(self.slug, self.slug))

    @property
    def is_ready_made(self) -> bool:
        return self.slug in (self.FREE, self.PREMIUM)

    @property
    def nanousd_per_month(self) -> int | None:
        return None if self.usd_per_month is None else int(self.usd_per_month * NANO_PER_USD)

    @property
    def has_month_limits(self) -> bool:
        return self.tokens_per_month is not None or self.usd_per_month is not None


READY_MADE: list[dict[str, Any]] = [
    {
        "slug": Plan.FREE,
        "messages_per_day": 20,
        "concurrent_answers": 32,
        "tokens_per_month": 1_000_000,
        "usd_per_month": Decimal(1),
    },
    {
        "slug": Plan.PREMIUM,
        "uses_server_keys": True,
        "uses_premium_ais": True,
        "messages_per_day": 500,
        "concurrent_answers": 64,
        "usd_per_month": Decimal(20),
    },
]


class PremiumChange(models.Model):
    """One line of a person's history of premium. Lines are added, never changed."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="premium_changes", verbose_name=_("person")
    )
    is_premium = models.BooleanField(_("premium"))
    until = models.DateTimeField(_("until"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("by")
    )
    """Null where premium ended by its date, or who changed it has gone."""
    changed_at = models.DateTimeField(_("when"), auto_now_add=True)

    class Meta:
        verbose_name = _("change of premium")
        verbose_name_plural = _("changes of premium")
        ordering = ("-changed_at", "-pk")

    def __str__(self) -> str:
        return str(self.pk)
