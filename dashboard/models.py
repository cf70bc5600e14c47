"""Usage by the hour, added up from the ledger: what the dashboards read, however long the history."""

from typing import ClassVar

from django.conf import settings
from django.db import models

COUNTS = (
    *("questions", "questions_of_provider", "answers", "done", "failed", "stopped", "interrupted", "titles"),
    *("input_tokens", "output_tokens", "reasoning_tokens", "nanousd", "server_nanousd", "unpriced"),
)
SKETCHES = ("first_token_ms", "total_ms", "speed")


class UsageHour(models.Model):
    """What one hour saw of one model. Counts add up; times and speeds are sketches, which merge, too."""

    hour = models.DateTimeField()
    """Its beginning; hours are whole ones of the site's clock (TIME_ZONE)."""
    provider = models.CharField(max_length=50)
    model = models.CharField(max_length=200)
    questions = models.BigIntegerField(default=0)
    """Of which this model's answer is the first: summed up over models they are the questions."""
    questions_of_provider = models.BigIntegerField(default=0)
    """Of which this model's answer is the provider's first: summed up they are those put to the provider."""
    answers = models.BigIntegerField(default=0)
    done = models.BigIntegerField(default=0)
    failed = models.BigIntegerField(default=0)
    stopped = models.BigIntegerField(default=0)
    interrupted = models.BigIntegerField(default=0)
    titles = models.BigIntegerField(default=0)
    """Calls for better titles: they cost, but are no answers."""
    input_tokens = models.BigIntegerField(default=0)
    output_tokens = models.BigIntegerField(default=0)
    reasoning_tokens = models.BigIntegerField(default=0)
    nanousd = models.BigIntegerField(default=0)
    server_nanousd = models.BigIntegerField(default=0)
    """Of `nanousd` what the server's keys paid."""
    unpriced = models.BigIntegerField(default=0)
    """Answers whose cost nobody knows."""
    first_token_ms = models.JSONField(default=dict)
    total_ms = models.JSONField(default=dict)
    speed = models.JSONField(default=dict)
    """Tokens a second, of answers that are done."""

    MOMENTS: ClassVar[tuple[str, ...]]

    class Meta:
        abstract = True


class PersonHour(UsageHour):
    """One person's hour in one conversation. The conversation is a number: it may be gone."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    conversation_id = models.BigIntegerField()

    KEY: ClassVar[tuple[str, ...]] = ("user_id", "hour", "provider", "model", "conversation_id")
    MOMENTS: ClassVar[tuple[str, ...]] = ()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["user", "hour", "provider", "model", "conversation_id"], name="person_hour_once"
            ),
        )
        # Who was there lately is read from it alone.
        indexes = (models.Index(fields=["hour", "user"], name="person_hour_by_time"),)

    def __str__(self) -> str:
        return f"{self.hour} {self.provider}"


class SiteHour(UsageHour):
    """Everybody's hour, deleted accounts included."""

    good_at = models.DateTimeField(null=True)
    """When the last answer was asked for that went well; null where none did."""
    bad_at = models.DateTimeField(null=True)
    """When the last was asked for that failed or broke off."""

    KEY: ClassVar[tuple[str, ...]] = ("hour", "provider", "model")
    MOMENTS: ClassVar[tuple[str, ...]] = ("good_at", "bad_at")

    class Meta:
        constraints = (models.UniqueConstraint(fields=["hour", "provider", "model"], name="site_hour_once"),)

    def __str__(self) -> str:
        return f"{self.hour} {self.provider}"


class Counting(models.Model):
    """The one row that whoever adds up holds, so that nobody does beside it; and when that was last done."""

    counted_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return str(self.counted_at)
