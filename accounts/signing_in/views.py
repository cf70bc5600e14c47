"""How people come in, and the switches of every page; sign-in and passwords are django-allauth's."""

from typing import Any

from allauth.account import views as allauth_views
from allauth.account.internal.flows.login import perform_login
from allauth.account.internal.flows.signup import complete_signup
from allauth.account.models import Login
from allauth.account.utils import get_next_redirect_url, passthrough_next_redirect_url
from allauth.mfa.webauthn.views import LoginWebAuthnView, ReauthenticateWebAuthnView
from django.core.exceptions import SuspiciousOperation
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django.views.i18n import set_language

from accounts import preferences
from accounts.errors import LinkInvalid, SignupClosed
from accounts.models import User
from accounts.signing_in import owner as ownership
from accounts.signing_in import signup as signing_up
from accounts.signing_in.forms import AccountForm, SignupForm
from common.errors import WeBoxError


class SignupView(allauth_views.SignupView):  # type: ignore[misc]  # allauth has no types
    """allauth's sign-up page with its limits, on our form; an opened invitation counts."""

    def get_form_kwargs(self) -> dict[str, Any]:
        kwargs: dict[str, Any] = super().get_form_kwargs()
        return kwargs | {"invitation": signing_up.invitation_in(self.request)}

    def form_valid(self, form: SignupForm) -> HttpResponse:
        try:
            user = form.save()
        except (SignupClosed, LinkInvalid) as error:
            return _refusal(self.request, error)
        if user is None:
            answer: HttpResponse = self.form_invalid(form)
            return answer
        self.request.session.pop(signing_up.INVITATION_SESSION_KEY, None)
        entered: HttpResponse = complete_signup(self.request, user=user, redirect_url=self.get_success_url())
        return entered

    def closed(self) -> HttpResponse:
        try:
            signing_up.check_open(None)
        except SignupClosed as error:
            return _refusal(self.request, error)
        raise AssertionError("allauth asks only where sign-up is closed")


signup = SignupView.as_view()


@never_cache
@require_GET
def invite(request: HttpRequest, token: str) -> HttpResponse:
    """Open an invitation: remembered in the session, so that the sign-up page's address does not hold it."""
    if signing_up.find_invitation(token) is None:
        return _refusal(request, LinkInvalid())
    request.session[signing_up.INVITATION_SESSION_KEY] = token
    return redirect("account_signup")


class OwnerForm(AccountForm):
    """The owner's account, by the link of the first start."""

    def __init__(self, *args: Any, token: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.token = token

    def save(self) -> User | None:
        """The owner; None, with errors on their fields, where the account can't be made."""
        return self.make_account(ownership.claim_ownership, token=self.token)


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def owner(request: HttpRequest, token: str) -> HttpResponse:
    """The page behind the owner's one-time link."""
    if not ownership.is_owner_link(token):
        return _refusal(request, LinkInvalid())
    form = OwnerForm(request.POST or None, token=token)
    if form.is_valid():
        try:
            user = form.save()
        except LinkInvalid as error:
            return _refusal(request, error)
        if user is not None:
            entered: HttpResponse = perform_login(request, Login(user=user))
            return entered
    return render(request, "accounts/owner.html", {"form": form})


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """The quick switch of every page: light or dark, from now on, for this browser and who is signed in."""
    wanted = next((name for name in preferences.THEMES if name == request.POST.get("theme")), None)
    if wanted is None:
        raise SuspiciousOperation("no such theme")
    if isinstance(request.user, User):
        liked = preferences.change(request.user, {"theme": wanted})
    else:
        liked = preferences.Preferences(theme=wanted)
    response = redirect(get_next_redirect_url(request) or "home")
    preferences.remember(response, liked)
    return response


def language(request: HttpRequest) -> HttpResponseBase:
    """Django’s own switch, which who is signed in finds again elsewhere."""
    response = set_language(request)
    wanted = next((name for name in preferences.LANGUAGES if name == request.POST.get("language")), None)
    if wanted and isinstance(request.user, User):
        preferences.change(request.user, {"language": wanted})
    return response


class PasskeyLoginView(LoginWebAuthnView):  # type: ignore[misc]
    """allauth's, which forgets where a person was going when the passkey is refused."""

    def form_invalid(self, form: Form) -> HttpResponse:
        super().form_invalid(form)
        return redirect(passthrough_next_redirect_url(self.request, reverse("account_login"), "next"))


class PasskeyAgainView(ReauthenticateWebAuthnView):  # type: ignore[misc]
    """The same before something that matters: a refused passkey may be tried again."""

    def form_invalid(self, form: Form) -> HttpResponse:
        super().form_invalid(form)
        return redirect(self.passthrough_next_url(self.request.path))


def _refusal(request: HttpRequest, error: WeBoxError) -> HttpResponse:
    page = "account/signup_closed.html" if isinstance(error, SignupClosed) else "accounts/link_invalid.html"
    return render(request, page, {"detail": error.detail}, status=error.http_status)
