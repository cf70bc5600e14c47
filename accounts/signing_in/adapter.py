"""How django-allauth signs people in and up here: our look-ups, our words, our limits."""

import unicodedata
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.errors import AccountClosed, BadCredentials, SignupClosed, TooManyAttempts
from accounts.identity import identity_key
from accounts.models import User
from accounts.signing_in import deletion, signup

# The longest window of `login_failed` in settings.ACCOUNT_RATE_LIMITS.
LOGIN_PAUSE_S = 300
# The window of `login` and `signup` there.
REQUEST_PAUSE_S = 60


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    error_messages = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": BadCredentials.message,
        "username_password_mismatch": BadCredentials.message,
        "invalid_login": BadCredentials.message,
        "incorrect_password": _("This is not your password."),
        "enter_current_password": _("This is not your current password."),
        "too_many_login_attempts": TooManyAttempts.message,
        "rate_limited": TooManyAttempts.message,
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        try:
            signup.check_open(signup.invitation_in(request))
        except SignupClosed:
            return False
        return True

    def sign_in(self, request: HttpRequest, login: str, password: str) -> User:
        """The active person with this login and password, counted against the same limits as the page.

        Raises BadCredentials and TooManyAttempts.
        """
        try:
            user = self.authenticate(request, username=login, password=password)
        except ValidationError as error:
            raise TooManyAttempts(retry_after_s=LOGIN_PAUSE_S) from error
        if isinstance(user, User) and user.deletes_at:
            raise AccountClosed(deletes_at=user.deletes_at.date().isoformat())
        if not isinstance(user, User) or not user.is_active:
            raise BadCredentials
        return user

    def respond_user_inactive(self, request: HttpRequest, user: AbstractBaseUser) -> HttpResponse:
        """Who closed their account themselves and shows its password may take it back."""
        if isinstance(user, User) and user.deletes_at:
            deletion.remember_visitor(request, user)
            return redirect("accounts:closed")
        answer: HttpResponse = super().respond_user_inactive(request, user)
        return answer

    def format_email_subject(self, subject: str) -> str:
        return subject

    def send_password_reset_mail(self, user: AbstractBaseUser, email: str, context: dict[str, Any]) -> None:
        # To the address on file, never to the one that was typed: they may only look alike (CVE-2019-19844).
        super().send_password_reset_mail(user, getattr(user, User.EMAIL_FIELD), context)

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("accounts:profile")

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: str) -> str:
        # One counter a person, however the login is spelt and whichever host name is used.
        login = credentials.get("username") or credentials.get("email") or ""
        user = User.objects.by_login(login)
        return _without_marks(user.username_key if user else identity_key(login))


def _without_marks(text: str) -> str:
    parts = unicodedata.normalize("NFKD", text)
    return "".join(character for character in parts if not unicodedata.combining(character))
