"""Random tokens that are given out once and kept as a hash only: invitations, the owner's link, tickets."""

import hashlib
import secrets
from datetime import timedelta
from typing import ClassVar, Self

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


def hash_token(token: str) -> str:
    """The SHA-256 under which a token is kept; 256 random bits need no salt."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


class OneTimeSecret(models.Model):
    """A row that stands for a token of 256 random bits; the token itself is shown once and never stored."""

    lifetime: ClassVar[timedelta]

    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    expires_at = models.DateTimeField(_("expires"))

    class Meta:
        abstract = True

    def issue(self) -> str:
        """Save this row under a new token, good for `lifetime`, and return the token."""
        token = secrets.token_urlsafe(32)
        self.token_hash = hash_token(token)
        self.expires_at = timezone.now() + self.lifetime
        self.save()
        return token

    @classmethod
    def unexpired(cls, token: str) -> models.QuerySet[Self]:
        """The row of this token, if it has not expired: at most one."""
        return cls._default_manager.filter(token_hash=hash_token(token), expires_at__gt=timezone.now())
