"""People and what lets them in: accounts, sign-ins of API clients, invitations, the owner's link, tickets."""

import uuid
from datetime import timedelta
from functools import partial
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.identity import EMAIL_CHARS, USERNAME_CHARS, clean_email, clean_username, identity_key
from accounts.models.plan import Plan
from accounts.one_time import OneTimeSecret
from common.data.prepared import prepared
from common.signals import sockets_must_close

# Casefolding turns one character into three at most (Unicode 16, table 5-4).
KEY_GROWTH = 3


class UserManager(BaseUserManager["User"]):
    def by_login(self, login: str) -> "User | None":
        """The person with this email or username, in any case."""
        key = identity_key(login)
        # A username never holds "@", so a login is one or the other, never both.
        found = self.filter(email_key=key) if "@" in key else self.filter(username_key=key)
        return found.first()

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(username_key=identity_key(username or ""))

    def create_user(self, username: str, email: str, password: str | None = None, **fields: Any) -> "User":
        """Save and return a new account. Raises ValidationError for what may not be or is taken."""
        user = self.model(username=username, email=email, **fields)
        user.set_password(password)
        user.save_checked()
        return user

    def create_superuser(
        self, username: str, email: str, password: str | None = None, **fields: Any
    ) -> "User":
        """A new account that may do everything: the owner's."""
        return self.create_user(
            username, email, password, is_staff=True, is_superuser=True, is_premium=True, **fields
        )


class User(AbstractBaseUser, PermissionsMixin):
    """A person with an account. Email and username are each unique without regard to case, in any script."""

    email = models.EmailField(_("email"), max_length=EMAIL_CHARS, unique=True)
    username = models.CharField(_("username"), max_length=USERNAME_CHARS, unique=True)
    # SQLite's NOCASE and LOWER() know ASCII alone, hence columns of our own.
    email_key = models.CharField(max_length=EMAIL_CHARS * KEY_GROWTH, unique=True, editable=False)
    username_key = models.CharField(max_length=USERNAME_CHARS * KEY_GROWTH, unique=True, editable=False)
    is_active = models.BooleanField(
        _("active"), default=True, help_text=_("Untick this to close an account without deleting anything.")
    )
    is_staff = models.BooleanField(
        _("administrator"), default=False, help_text=_("May open this administration.")
    )
    is_premium = models.BooleanField(_("premium"), default=False)
    premium_until = models.DateTimeField(_("premium until"), null=True, blank=True)
    """When premium ends by itself; null where it does not. `has_premium` says what holds now."""
    plan = models.ForeignKey(
        Plan,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="people",
        verbose_name=_("plan of their own"),
        help_text=_("In place of the free or the premium plan."),
    )
    budget_usd = models.DecimalField(
        _("own monthly budget"), max_digits=10, decimal_places=2, null=True, blank=True
    )
    """US dollars a month that this person wants to spend at most, whoever pays; null for no budget."""
    created_at = models.DateTimeField(_("member since"), default=timezone.now, editable=False)
    deletes_at = models.DateTimeField(_("is deleted on"), null=True, blank=True, editable=False)
    """When an account that its person has closed goes for good; null for all others."""
    preferences = models.JSONField(_("preferences"), default=dict, blank=True)

    objects: ClassVar[UserManager] = UserManager()

    EMAIL_FIELD = "email"
    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["email"]

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        ordering = ("-created_at", "-id")
        constraints = (
            models.CheckConstraint(
                condition=~models.Q(email_key="") & ~models.Q(username_key=""), name="user_has_keys"
            ),
            models.CheckConstraint(
                condition=~models.Q(username__contains="@"), name="username_is_no_email_address"
            ),
            models.CheckConstraint(
                condition=models.Q(deletes_at=None) | models.Q(is_active=False),
                name="only_closed_accounts_go",
            ),
        )

    def __str__(self) -> str:
        return self.username

    @property
    def is_admin(self) -> bool:
        return self.is_staff or self.is_superuser

    @property
    def has_premium(self) -> bool:
        """Whether this person is premium now."""
        return self.is_premium and (self.premium_until is None or self.premium_until > timezone.now())

    def clean(self) -> None:
        """Normalise email and username. Raises ValidationError by field: not allowed, or somebody else's."""
        errors: dict[str, ValidationError] = {}
        for field, clean_value, taken in (
            ("email", clean_email, _("There is already an account with this email address.")),
            ("username", clean_username, _("This username is taken.")),
        ):
            try:
                value = clean_value(getattr(self, field))
            except ValidationError as error:
                errors[field] = error
                continue
            setattr(self, field, value)
            same = User.objects.filter(**{f"{field}_key": identity_key(value)})
            if same.exclude(pk=self.pk).exists():
                errors[field] = ValidationError(taken, code="unique")
        if errors:
            raise ValidationError(errors)

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save with both keys filled in.

        A changed password or a closed account ends what was opened with it: API sign-ins, tickets and,
        after the commit, sockets.
        """
        self.email_key = identity_key(self.email)
        self.username_key = identity_key(self.username)
        if (fields := kwargs.get("update_fields")) is not None:
            kwargs["update_fields"] = {*fields, *(f"{f}_key" for f in fields if f in ("email", "username"))}
        with transaction.atomic():
            before = User.objects.filter(pk=self.pk).values_list("password", "is_active").first()
            super().save(*args, **kwargs)
            if before and before != (self.password, self.is_active):
                self.end_access()

    def save_checked(self, *, update_fields: list[str] | None = None) -> None:
        """Clean and save. Raises ValidationError by field, also where somebody is faster."""
        self.clean()
        try:
            with transaction.atomic():
                self.save(update_fields=update_fields)
        except IntegrityError:
            # Ask again: now it says whose the email or the username is.
            self.clean()
            raise

    def end_access(self) -> None:
        """End this person's API sign-ins, tokens and tickets and, after the commit, close their sockets."""
        self.token_families.all().delete()
        self.personal_tokens.all().delete()
        self.socket_tickets.all().delete()
        transaction.on_commit(
            partial(sockets_must_close.send, sender=User, user_id=self.pk, session_key=None)
        )


@prepared
def _users(user_id: int) -> models.QuerySet[User]:
    return User.objects.filter(pk=user_id)


def find_user(user_id: int) -> User | None:
    """The person with this id, read now; None where there is nobody."""
    found = _users(user_id)
    return found[0] if found else None


class TokenFamily(models.Model):
    """One sign-in of an API client: the refresh tokens that follow one another, and their access tokens.

    Deleting the row ends all of them.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="token_families")
    # The one refresh token that is still good; showing an older one is reuse.
    refresh_id = models.CharField(max_length=32)
    # Django's own mark of the password in force (`get_session_auth_hash`).
    password_mark = models.CharField(max_length=64)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = _("API sign-in")
        verbose_name_plural = _("API sign-ins")

    def __str__(self) -> str:
        return str(self.id)


class PersonalToken(models.Model):
    """A key for a person's programs, kept as a hash; it ends by date, by hand or with the password."""

    class Scope(models.TextChoices):
        """Each reaches as far as those before it."""

        READ = "read", _("read")
        CHAT = "chat", _("read and ask")
        MANAGE = "manage", _("everything")

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="personal_tokens")
    name = models.CharField(_("name"), max_length=100)
    scope = models.CharField(_("may"), max_length=10, choices=Scope)
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    last4 = models.CharField(max_length=4, editable=False)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    expires_at = models.DateTimeField(_("expires"))
    last_used_at = models.DateTimeField(_("last used"), null=True, editable=False)

    class Meta:
        verbose_name = _("access token")
        verbose_name_plural = _("access tokens")
        ordering = ("-created_at", "-pk")
        constraints = (
            models.CheckConstraint(
                condition=models.Q(scope__in=["read", "chat", "manage"]), name="personal_token_scope"
            ),
        )

    def __str__(self) -> str:
        return self.name

    def reaches(self, scope: str) -> bool:
        """Whether it may do what takes this scope."""
        scopes = self.Scope.values
        return scopes.index(self.scope) >= scopes.index(scope)


class SocketTicket(OneTimeSecret):
    """Lets a browser that holds a JWT open one socket, once; it ends with the sign-in that asked for it."""

    lifetime = timedelta(seconds=30)

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="socket_tickets")
    password_mark = models.CharField(max_length=64)
    session_key = models.CharField(max_length=40, blank=True)
    token_family = models.ForeignKey(TokenFamily, on_delete=models.CASCADE, null=True, blank=True)

    class Meta:
        verbose_name = _("socket ticket")
        verbose_name_plural = _("socket tickets")

    def __str__(self) -> str:
        return str(self.pk)


class OwnerLink(OneTimeSecret):
    """The link that makes the owner's account; there is one row at most."""

    lifetime = timedelta(hours=24)

    class Meta:
        verbose_name = _("owner’s link")
        verbose_name_plural = _("owner’s links")

    def __str__(self) -> str:
        return str(self.pk)


class Invitation(OneTimeSecret):
    """Lets one person make an account where sign-up is by invitation."""

    lifetime = timedelta(days=14)

    email = models.EmailField(
        _("email"),
        max_length=EMAIL_CHARS,
        blank=True,
        help_text=_("If given, only this address can use the invitation."),
    )
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        editable=False,
        related_name="invitations_made",
        verbose_name=_("made by"),
    )
    used_by = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        editable=False,
        related_name="invitation",
        verbose_name=_("used by"),
    )
    used_at = models.DateTimeField(_("used"), null=True, editable=False)

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return self.email or str(self.pk)
