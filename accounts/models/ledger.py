"""The ledger: what each call of an AI was reserved for and what it came to, and the sums of each period.

It knows numbers and names, no chat rows, and outlives the conversations. `accounts.plans.ledger` alone
writes it.
"""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class LedgerEntry(models.Model):
    """One call of an AI, for an answer or a better title: who, what, when, how much; no word of it.

    Reserved until its outcome is known, then settled once and for all.
    """

    class Payer(models.TextChoices):
        SERVER = "server", _("the server")
        PERSON = "person", _("the person")
        NOBODY = "nobody", _("nobody")

    class Purpose(models.TextChoices):
        ANSWER = "answer", _("answer")
        TITLE = "title", _("title")

    class Outcome(models.TextChoices):
        DONE = "done", _("done")
        FAILED = "failed", _("failed")
        STOPPED = "stopped", _("stopped")
        INTERRUPTED = "interrupted", _("interrupted")

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        db_index=False,
        related_name="ledger_entries",
        verbose_name=_("person"),
    )
    """Null once the account is deleted: the owner's sums stay."""
    purpose = models.CharField(_("purpose"), max_length=10, choices=Purpose, default=Purpose.ANSWER)
    answer_id = models.BigIntegerField(null=True, unique=True)
    message_id = models.BigIntegerField()
    """The turn: its assistant message."""
    conversation_id = models.BigIntegerField()
    provider = models.CharField(_("provider"), max_length=50)
    model = models.CharField(_("model"), max_length=200)
    payer = models.CharField(_("paid by"), max_length=10, choices=Payer)
    messages = models.PositiveSmallIntegerField(default=0)
    """1 where it stands for its turn in the count of questions a day, else 0."""
    is_first = models.BooleanField(default=False)
    """Of a turn's calls the first: one for each question."""
    is_first_of_provider = models.BooleanField(default=False)
    """Of a turn's calls of one provider the first: one for each question that was put to it."""
    asked_at = models.DateTimeField(_("asked"))
    reserved_input_tokens = models.PositiveBigIntegerField(default=0)
    reserved_tokens = models.PositiveBigIntegerField(default=0)
    reserved_nanousd = models.PositiveBigIntegerField(default=0)

    outcome = models.CharField(_("outcome"), max_length=12, choices=Outcome, blank=True)
    """Empty while it is reserved."""
    input_tokens = models.PositiveBigIntegerField(null=True)
    output_tokens = models.PositiveBigIntegerField(null=True)
    reasoning_tokens = models.PositiveBigIntegerField(null=True)
    nanousd = models.PositiveBigIntegerField(null=True)
    """What it cost in billionths of a US dollar; null where no price is known."""
    is_estimated = models.BooleanField(default=False)
    """Whether tokens and cost are our own estimate, since the vendor gave none."""
    first_token_ms = models.PositiveIntegerField(null=True)
    total_ms = models.PositiveIntegerField(null=True)
    settled_at = models.DateTimeField(null=True)
    is_counted = models.BooleanField(default=False)
    """Whether the statistics have it: what is settled and not counted is what they do next."""

    class Meta:
        verbose_name = _("ledger entry")
        verbose_name_plural = _("ledger entries")
        constraints = (
            models.CheckConstraint(
                condition=Q(payer__in=["server", "person", "nobody"]), name="ledger_payer"
            ),
            models.CheckConstraint(
                condition=Q(outcome__in=["", "done", "failed", "stopped", "interrupted"]),
                name="ledger_outcome",
            ),
        )
        indexes = (
            models.Index(fields=["user", "asked_at"], name="ledger_of_user"),
            models.Index(fields=["asked_at"], name="ledger_by_time"),
            models.Index(fields=["message_id"], name="ledger_of_turn"),
            models.Index(fields=["outcome", "user"], name="ledger_by_outcome"),
            # Without a text in its condition: SQLite uses no partial index for what comes as a parameter.
            models.Index(fields=["asked_at"], condition=Q(is_counted=False), name="ledger_uncounted"),
        )

    def __str__(self) -> str:
        return f"#{self.pk}"

    @property
    def tokens(self) -> int:
        """What it counts against a limit: what it used, or what is reserved."""
        if not self.outcome:
            return self.reserved_tokens
        return (self.input_tokens or 0) + (self.output_tokens or 0)

    @property
    def cost(self) -> int:
        """Nano-dollars: what it cost, or what is reserved."""
        return (self.nanousd or 0) if self.outcome else self.reserved_nanousd


class UsedInPeriod(models.Model):
    """One person's sums of one day or one month of the site's time zone, reservations among them.

    Always the sum of the ledger's entries that were asked in it.
    """

    class Kind(models.TextChoices):
        DAY = "day", _("day")
        MONTH = "month", _("month")

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="used")
    kind = models.CharField(max_length=5, choices=Kind)
    starts_on = models.DateField()
    messages = models.BigIntegerField(default=0)
    """Questions that the server pays for at least one answer of."""
    tokens = models.BigIntegerField(default=0)
    """Of what the server pays."""
    nanousd = models.BigIntegerField(default=0)
    """What the server pays."""
    all_nanousd = models.BigIntegerField(default=0)
    """What is paid, by whomever: a person's own budget counts this."""

    class Meta:
        verbose_name = _("use in a period")
        verbose_name_plural = _("use in periods")
        constraints = (
            models.UniqueConstraint(fields=["user", "kind", "starts_on"], name="used_in_period_once"),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.starts_on}"
