"""The forms of the account pages: allauth's flows with WeBox's fields and words."""

from collections.abc import Callable
from typing import Any

from allauth.account import forms as allauth_forms
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.identity import EMAIL_CHARS, USERNAME_CHARS
from accounts.models import Invitation, PersonalToken, User
from accounts.signing_in.signup import sign_up

LOGIN_CHARS = 255
PASSWORD_CHARS = 1000
NEW_PASSWORD_HELP = _("At least 12 characters. A few words in a row are easy to remember.")


def _password_field(label: Any, autocomplete: str, help_text: Any = "") -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=PASSWORD_CHARS,
        strip=False,
        help_text=help_text,
        widget=forms.PasswordInput(attrs={"autocomplete": autocomplete}),
    )


class AccountForm(forms.Form):
    """Email, username, password: what every new account begins with."""

    email = forms.CharField(
        label=_("Email"),
        max_length=EMAIL_CHARS,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    username = forms.CharField(
        label=_("Username"),
        max_length=USERNAME_CHARS,
        help_text=_("You can sign in with either. A username has no @."),
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none"}),
    )
    password = _password_field(_("Password"), "new-password", NEW_PASSWORD_HELP)

    def make_account(self, make: Callable[..., User], **more: Any) -> User | None:
        """The account that `make` makes of the fields; None, with errors on them, where it can't be made."""
        try:
            return make(**self.cleaned_data, **more)
        except ValidationError as error:
            self.add_error(None, error)
            return None


class PersonalTokenForm(forms.Form):
    """A new access token."""

    name = forms.CharField(
        label=_("Name"),
        max_length=100,
        help_text=_("What it is for, so that you know it again."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    scope = forms.ChoiceField(
        label=_("It may"),
        choices=PersonalToken.Scope.choices,
        initial=PersonalToken.Scope.CHAT,
        help_text=_("Asking includes changing conversations; everything includes keys and the account."),
    )
    days = forms.TypedChoiceField(
        label=_("It is good for"),
        coerce=int,
        initial=90,
        choices=[(7, _("7 days")), (30, _("30 days")), (90, _("90 days")), (366, _("a year"))],
    )


class SignupForm(AccountForm):
    """allauth's sign-up view asks for it; `invitation` is the one whose link was opened."""

    def __init__(self, *args: Any, invitation: Invitation | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.invitation = invitation
        if invitation and invitation.email:
            self.fields["email"].initial = invitation.email

    def save(self) -> User | None:
        """The new account; None, with errors on their fields, where it can't be made."""
        return self.make_account(sign_up, invitation=self.invitation)


class LoginForm(allauth_forms.LoginForm):  # type: ignore[misc]  # allauth has no types
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"] = forms.CharField(
            label=_("Email or username"),
            max_length=LOGIN_CHARS,
            widget=forms.TextInput(
                attrs={"autocomplete": "username", "autocapitalize": "none", "autofocus": True}
            ),
        )
        self.fields["password"] = _password_field(_("Password"), "current-password")
        self.order_fields(["login", "password"])


class _TwoNewPasswords(forms.Form):
    """Gives allauth's pair of password fields our labels and help."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        first, second = self.fields["password1"], self.fields["password2"]
        first.label, first.help_text = _("New password"), NEW_PASSWORD_HELP
        second.label, second.help_text = _("New password again"), ""
        for field in (first, second):
            field.widget.attrs.pop("placeholder", None)

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        if "password1" in cleaned and cleaned["password1"] != cleaned.get("password2", cleaned["password1"]):
            self.add_error("password2", _("The two passwords differ."))
        return cleaned


class ChangePasswordForm(_TwoNewPasswords, allauth_forms.ChangePasswordForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["oldpassword"].label = _("Current password")
        self.fields["oldpassword"].help_text = ""
        self.fields["oldpassword"].widget.attrs.pop("placeholder", None)


class SetPasswordForm(_TwoNewPasswords, allauth_forms.SetPasswordForm):  # type: ignore[misc]
    """For an account that has no password yet."""


class ResetPasswordKeyForm(_TwoNewPasswords, allauth_forms.ResetPasswordKeyForm):  # type: ignore[misc]
    """The page that the link in the e-mail opens."""


class ResetPasswordForm(allauth_forms.ResetPasswordForm):  # type: ignore[misc]
    email = forms.CharField(
        label=_("Email"),
        max_length=EMAIL_CHARS,
        widget=forms.EmailInput(attrs={"autocomplete": "email", "autofocus": True}),
    )

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        user = User.objects.by_login(email) if "@" in email else None
        self.users = [user] if user and user.is_active else []
        return email


class ReauthenticateForm(allauth_forms.ReauthenticateForm):  # type: ignore[misc]
    password = _password_field(_("Password"), "current-password")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        first = next(iter(self.fields.values()))
        first.widget.attrs["autofocus"] = True


class UsernameForm(forms.Form):
    """Another username for a person; it is also what they sign in with."""

    username = forms.CharField(
        label=_("Username"),
        max_length=USERNAME_CHARS,
        help_text=_("You sign in with it, or with your email."),
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none"}),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.fields["username"].initial = user.username

    def save(self) -> bool:
        """Whether it is theirs now; else the errors are on the field."""
        return _save_field(self, self.user, "username")


class EmailForm(ReauthenticateForm):
    """Another email address, which takes the password: new passwords are sent there."""

    field_order = ("email", "password")
    email = forms.CharField(
        label=_("New email"),
        max_length=EMAIL_CHARS,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )

    def save(self) -> bool:
        """Whether it is theirs now; else the errors are on the field."""
        is_saved = _save_field(self, self.user, "email")
        if is_saved:
            audit.record(audit.Action.EMAIL_CHANGED, person=self.user)
        return is_saved


class DeleteAccountForm(ReauthenticateForm):
    """The last question before an account is gone."""

    is_sure = forms.BooleanField(
        label=_("Yes, delete everything"),
        error_messages={"required": _("Tick this if you are sure.")},
    )


def _save_field(form: forms.Form, user: User, name: str) -> bool:
    # Another object than the request’s: what is not saved is not shown as the person’s either.
    changed = User.objects.get(pk=user.pk)
    setattr(changed, name, form.cleaned_data[name])
    try:
        changed.save_checked(update_fields=[name])
    except ValidationError as error:
        form.add_error(None, error)
        return False
    return True
