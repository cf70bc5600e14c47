"""SitePolicy: how long this WeBox keeps what, and whether its owner may read what people wrote."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _


class SitePolicy(models.Model):
    """The one row of what the owner decides about people's data; `current` reads it."""

    shows_conversations = models.BooleanField(
        _("owners may read conversations"),
        default=False,
        help_text=_("Everybody is told so on their page “Data”, and each look is a line of the audit log."),
    )
    conversation_days = models.PositiveIntegerField(
        _("conversations are kept for (days)"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_(
            "So long after the last change they are deleted for good, also those that are pinned. "
            "Empty: for ever."
        ),
    )
    grace_days = models.PositiveSmallIntegerField(
        _("a deleted account can come back for (days)"),
        default=7,
        validators=[MaxValueValidator(90)],
        help_text=_("With 0 it is deleted at once."),
    )
    audit_days = models.PositiveIntegerField(
        _("the audit log is kept for (days)"), default=365, validators=[MinValueValidator(30)]
    )

    class Meta:
        verbose_name = _("rules for people’s data")
        verbose_name_plural = _("rules for people’s data")
        constraints = (models.CheckConstraint(condition=models.Q(id=1), name="one_site_policy"),)

    def __str__(self) -> str:
        return str(self._meta.verbose_name)

    @classmethod
    def current(cls) -> "SitePolicy":
        """What holds now; the defaults where the owner has never changed anything."""
        return cls.objects.first() or cls(pk=1)
