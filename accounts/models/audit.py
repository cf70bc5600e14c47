"""AuditEvent: who did what to an account, a key or a setting, and when. Lines are added, never changed."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, ClassVar, NoReturn

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class AppendOnly(models.QuerySet["AuditEvent"]):
    """Rows that are added and read; only what is older than the owner keeps goes."""

    def update(self, **_values: Any) -> NoReturn:
        raise TypeError("The audit log is only ever added to.")

    def delete(self) -> NoReturn:
        raise TypeError("The audit log is only ever added to.")

    def bulk_update(self, *_args: Any, **_values: Any) -> NoReturn:
        raise TypeError("The audit log is only ever added to.")

    def expire(self, until: datetime) -> int:
        """Remove what happened before this moment; return how many lines."""
        # Django's own way round `delete`: nothing hangs on these rows.
        return int(self.filter(at__lt=until)._raw_delete(self.db))


class AuditEvent(models.Model):
    """One line of the audit log.

    People are kept by number and name, without a foreign key: the line outlives who it speaks of.
    """

    class Action(models.TextChoices):
        SIGNED_UP = "signed_up", _("account made")
        SIGNED_IN = "signed_in", _("signed in")
        SIGN_IN_FAILED = "sign_in_failed", _("sign-in failed")
        PASSWORD_CHANGED = "password_changed", _("password changed")
        EMAIL_CHANGED = "email_changed", _("email changed")
        SECOND_STEP_ADDED = "second_step_added", _("second step added")
        SECOND_STEP_REMOVED = "second_step_removed", _("second step removed")
        TOKEN_MADE = "token_made", _("access token made")
        TOKEN_ENDED = "token_ended", _("access token ended")
        KEY_SAVED = "key_saved", _("key saved")
        KEY_FORGOTTEN = "key_forgotten", _("key forgotten")
        SERVER_ADDED = "server_added", _("server added")
        SERVER_CHANGED = "server_changed", _("server changed")
        DATA_EXPORTED = "data_exported", _("data exported")
        CONVERSATION_READ = "conversation_read", _("conversation read by an administrator")
        DELETION_ASKED = "deletion_asked", _("account to be deleted")
        DELETION_WITHDRAWN = "deletion_withdrawn", _("account kept after all")
        ADDED = "added", _("added in the administration")
        CHANGED = "changed", _("changed in the administration")
        DELETED = "deleted", _("deleted")

    at = models.DateTimeField(_("when"), default=timezone.now, db_index=True, editable=False)
    action = models.CharField(_("what"), max_length=30, choices=Action)
    actor_number = models.BigIntegerField(null=True)
    """The primary key that they had; null for a command, the clock, or a stranger."""
    actor_name = models.CharField(_("by"), max_length=100, blank=True)
    person_number = models.BigIntegerField(null=True, db_index=True)
    subject = models.CharField(_("about"), max_length=250, blank=True)
    details = models.JSONField(_("details"), default=dict)
    """Short words by name. Never a key, a password, a prompt or an answer."""
    ip_address = models.GenericIPAddressField(_("from"), null=True)
    request_id = models.CharField(_("request"), max_length=64, blank=True)

    objects: ClassVar[models.Manager["AuditEvent"]] = AppendOnly.as_manager()

    class Meta:
        verbose_name = _("audit log entry")
        verbose_name_plural = _("audit log entries")
        ordering = ("-at", "-pk")

    def __str__(self) -> str:
        return self.get_action_display()

    def save(
        self,
        force_insert: Any = False,
        force_update: bool = False,
        using: str | None = None,
        update_fields: Iterable[str] | None = None,
    ) -> None:
        """Add the line. Raises TypeError for one that is there already."""
        if not self._state.adding or force_update or update_fields:
            raise TypeError("The audit log is only ever added to.")
        super().save(force_insert=True, using=using)

    def delete(self, *_args: Any, **_values: Any) -> NoReturn:
        raise TypeError("The audit log is only ever added to.")
