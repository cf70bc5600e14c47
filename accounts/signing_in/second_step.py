"""The second step of signing in: an authenticator app, passkeys, and recovery codes for when both are gone.

django-allauth does the work; here are our words, what is kept of it, and the same step for the API.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from struct import error as StructError
from typing import Any

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.base import forms as base_forms
from allauth.mfa.models import Authenticator
from allauth.mfa.totp import forms as totp_forms
from allauth.mfa.webauthn import forms as passkey_forms
from cryptography.exceptions import InvalidSignature
from django import forms
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import audit
from accounts.errors import OtpRequired, OtpWrong, TooManyAttempts
from accounts.models import User
from accounts.one_time import hash_token
from accounts.signing_in import secrets
from accounts.signing_in.adapter import LOGIN_PAUSE_S
from common.data.crypto import Undecryptable

CODE_CHARS = 32
PASSKEY_NAME_CHARS = 100
# As long as a code is right: its own 30 seconds and MFA_TOTP_TOLERANCE's on either side.
CODE_LIFE_S = 90
NOTED_EVERY_S = 60
_BAD_CREDENTIAL = (
    AttributeError,
    InvalidSignature,
    LookupError,
    StructError,
    TypeError,
    ValidationError,
    ValueError,
)
FIRST_FACTORS = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]


class SecondStepAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth has no types
    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": gettext_lazy("This code is not right, or not any more. Enter the one shown now."),
        "cannot_generate_recovery_codes": gettext_lazy(
            "Recovery codes are for accounts with two-factor sign-in."
        ),
    }

    def encrypt(self, text: str) -> str:
        return secrets.seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        return secrets.unseal(encrypted_text)

    def generate_authenticator_name(self, user: User, type: Authenticator.Type) -> str:
        count = Authenticator.objects.filter(user=user, type=type).count()
        return _("Passkey %(number)d") % {"number": count + 1} if count else _("My passkey")


def _code_field(label: Any, help_text: Any = "") -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=CODE_CHARS,
        help_text=help_text,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "one-time-code",
                "autocapitalize": "none",
                "autofocus": True,
                "spellcheck": "false",
            }
        ),
    )


class _CodeOnce(base_forms.BaseAuthenticateForm):  # type: ignore[misc]  # allauth has no types
    """A code of the app is good once, for as long as it would be right."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"] = _code_field(
            gettext_lazy("Code"),
            gettext_lazy("The six digits of your authenticator app, or a recovery code."),
        )

    def clean_code(self) -> str:
        try:
            code: str = super().clean_code()
        except Undecryptable as error:
            raise ValidationError(
                _("Codes can’t be checked here: the server’s encryption key is gone. Tell the owner.")
            ) from error
        if self.authenticator.type == Authenticator.Type.TOTP:
            digits = "".join(character for character in code if character.isdigit())
            if not cache.add(f"otp:{self.user.pk}:{hash_token(digits)}", True, timeout=CODE_LIFE_S):
                self._emit_authentication_failed(self.authenticator)
                raise SecondStepAdapter().validation_error("incorrect_code")
        return code


class CodeForm(_CodeOnce, base_forms.AuthenticateForm):  # type: ignore[misc]
    """The second step at sign-in."""


class CodeAgainForm(_CodeOnce, base_forms.ReauthenticateForm):  # type: ignore[misc]
    """The same before something that matters."""


class ActivateAppForm(totp_forms.ActivateTOTPForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"] = _code_field(
            gettext_lazy("Code of the app"), gettext_lazy("The six digits that the app shows for WeBox now.")
        )


def _passkey_name() -> forms.CharField:
    return forms.CharField(
        label=gettext_lazy("Name"),
        max_length=PASSKEY_NAME_CHARS,
        required=False,
        help_text=gettext_lazy("So that you know it again, like “My phone”."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


@contextmanager
def _refusals() -> Iterator[None]:
    """Whatever is wrong with what a device is said to have signed is one thing to a person: refused.

    The libraries read bytes that anybody may send, and fail over them in ways of their own.
    """
    try:
        yield
    except _BAD_CREDENTIAL as error:
        if isinstance(error, ValidationError) and error.code == "too_many_login_attempts":
            raise
        raise ValidationError(_("This passkey was refused. Try again, or take another way.")) from error


class _AnyCredential(passkey_forms.AuthenticateWebAuthnForm):  # type: ignore[misc]  # allauth has no types
    def clean_credential(self) -> Authenticator:
        try:
            with _refusals():
                return super().clean_credential()
        except ValidationError:
            # Who shows a passkey alone may be anybody. What is no passkey at all counts against no limit: a
            # line a minute is enough, or who knows a password could fill the log.
            if isinstance(self.user, User) and cache.add(
                f"passkey-refused:{self.user.pk}", True, timeout=NOTED_EVERY_S
            ):
                step = str(Authenticator.Type.WEBAUTHN)
                audit.record(audit.Action.SIGN_IN_FAILED, person=self.user, step=step)
            raise


class PasskeyForm(_AnyCredential):
    """A passkey as the second step."""


class PasskeyAgainForm(_AnyCredential, passkey_forms.ReauthenticateWebAuthnForm):  # type: ignore[misc]
    """The same before something that matters."""


class PasskeyAloneForm(_AnyCredential, passkey_forms.LoginWebAuthnForm):  # type: ignore[misc]
    """A passkey in place of the password and the second step."""


class AddPasskeyForm(passkey_forms.AddWebAuthnForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"] = _passkey_name()
        # Every passkey signs in by itself: a key that can't is no better than a second password.
        self.fields["passwordless"].widget = forms.HiddenInput()
        self.fields["passwordless"].initial = True

    def clean(self) -> dict[str, Any]:
        with _refusals():
            cleaned: dict[str, Any] = super().clean()
        return cleaned


class RenamePasskeyForm(passkey_forms.EditWebAuthnForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"] = _passkey_name()
        self.fields["name"].required = True


def is_on(user: User) -> bool:
    """Whether this person's password alone lets nobody in."""
    return bool(SecondStepAdapter().is_mfa_enabled(user, FIRST_FACTORS))


def codes_left(row: Authenticator | None) -> int:
    """How many recovery codes are unused; none where they can’t be read."""
    try:
        return len(row.wrap().get_unused_codes()) if row else 0
    except Undecryptable:
        return 0


def turn_off(user: User) -> bool:
    """Forget a person's app, passkeys and recovery codes; whether there were any."""
    deleted, _rows = Authenticator.objects.filter(user=user).delete()
    return bool(deleted)


def check_otp(user: User, otp: str) -> Authenticator | None:
    """Let a program past the second step, whose code came with the password; under the page's limits.

    Returns what the code was of, None where the password is enough. Raises OtpRequired, OtpWrong and
    TooManyAttempts.
    """
    if not is_on(user):
        return None
    if not otp:
        raise OtpRequired
    form = CodeForm(user=user, data={"code": otp})
    if form.is_valid():
        # Not form.save(), which writes into a session: a program has none.
        authenticator: Authenticator = form.authenticator
        authenticator.record_usage()
        return authenticator
    errors: list[ValidationError] = form.errors.as_data()["code"]
    if errors[0].code == "too_many_login_attempts":
        raise TooManyAttempts(retry_after_s=LOGIN_PAUSE_S)
    raise OtpWrong
