"""How a login and a password become a person, on pages, in the admin and over the API."""

from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.auth.models import AbstractBaseUser
from django.http import HttpRequest

from accounts.models import User, find_user


class SignInBackend(AuthenticationBackend):  # type: ignore[misc]  # allauth has no types
    """allauth's backend, which takes as long for an unknown login as for a wrong password, on our keys."""

    def _authenticate(self, request: HttpRequest | None, **credentials: str) -> AbstractBaseUser | None:
        login = credentials.get("username") or credentials.get("email") or ""
        user: AbstractBaseUser | None = self._check_password(
            User.objects.by_login(login), credentials["password"]
        )
        return user

    def get_user(self, user_id: int) -> AbstractBaseUser | None:
        user = find_user(user_id)
        return user if user and self.user_can_authenticate(user) else None
