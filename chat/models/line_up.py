"""LineUp: AIs that a person asks together, under a name."""

from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from chat import limits
from providers.registry import name_key


class LineUpQuerySet(models.QuerySet["LineUp"]):
    def for_user(self, user: User) -> "LineUpQuerySet":
        """The user's own, by name."""
        return self.filter(owner_id=user.pk).order_by("name", "pk")

    def named(self, name: str) -> "LineUpQuerySet":
        """Those of this name, in any case."""
        return self.filter(name_key=name_key(name))


class LineUp(models.Model):
    """Several targets in order, as they were given: resolved anew whenever they are asked."""

    owner = models.ForeignKey(User, models.CASCADE, related_name="line_ups")
    name = models.CharField(_("name"), max_length=limits.LINE_UP_CHARS)
    name_key = models.CharField(max_length=3 * limits.LINE_UP_CHARS, editable=False)
    targets = models.JSONField()
    """As `chat.events.TargetObject` is written."""
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects: ClassVar[LineUpQuerySet] = LineUpQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("line-up")
        verbose_name_plural = _("line-ups")
        constraints = (models.UniqueConstraint(fields=["owner", "name_key"], name="line_up_name_once"),)

    def __str__(self) -> str:
        return f"#{self.pk}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save with the key by which it is found."""
        self.name_key = name_key(self.name)
        super().save(*args, **kwargs)
