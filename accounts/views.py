"""The account pages that are ours; sign-in, sign-out and passwords are django-allauth's."""

from typing import Any

from allauth.account import views as allauth_views
from allauth.account.internal.flows.login import perform_login
from allauth.account.internal.flows.signup import complete_signup
from allauth.account.models import Login
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import owner as ownership
from accounts import personal_tokens
from accounts import signup as signing_up
from accounts.errors import LinkInvalid, SignupClosed, TooManyTokens
from accounts.forms import AccountForm, PersonalTokenForm, SignupForm
from accounts.models import User
from webox.errors import WeBoxError


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


@login_required
@require_GET
def profile(request: HttpRequest) -> HttpResponse:
    """A person's own account."""
    return render(request, "accounts/profile.html")


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def tokens(request: HttpRequest) -> HttpResponse:
    """A person's access tokens; a new one is shown in the answer that makes it, and never again."""
    assert isinstance(request.user, User)
    form, text = PersonalTokenForm(request.POST or None), ""
    if form.is_valid():
        try:
            _row, text = personal_tokens.make(request.user, **form.cleaned_data)
            form = PersonalTokenForm()
        except TooManyTokens as error:
            form.add_error(None, error.detail)
    context = {
        "form": form,
        "text": text,
        "tokens": request.user.personal_tokens.all(),
        "now": timezone.now(),
    }
    return render(request, "accounts/tokens.html", context)


@login_required
@require_POST
def revoke_token(request: HttpRequest, token_id: int) -> HttpResponse:
    """Revoke one of them."""
    assert isinstance(request.user, User)
    token = get_object_or_404(request.user.personal_tokens, pk=token_id)
    token.delete()
    messages.success(request, _("“%(name)s” is revoked.") % {"name": token.name})
    return redirect("accounts:tokens")


def _refusal(request: HttpRequest, error: WeBoxError) -> HttpResponse:
    page = "account/signup_closed.html" if isinstance(error, SignupClosed) else "accounts/link_invalid.html"
    return render(request, page, {"detail": error.detail}, status=error.http_status)
