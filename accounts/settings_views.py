"""The settings: profile, appearance, AIs, security, access tokens, data. Each section is a page."""

import ipaddress
from datetime import datetime
from typing import cast

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import preferences
from accounts.errors import OwnerStays, TooManyTokens
from accounts.models import AuditEvent, SitePolicy, User
from accounts.signing_in import deletion, personal_tokens, second_step, sessions
from accounts.signing_in.forms import DeleteAccountForm, EmailForm, PersonalTokenForm, UsernameForm

FORM_METHODS = ["GET", "HEAD", "POST"]
READS = 20
"""So many looks of administrators at a person's conversations are shown to them, the newest."""


@never_cache
@login_required
@require_http_methods(FORM_METHODS)
def profile(request: HttpRequest) -> HttpResponse:
    """A person's own account; POST renames them."""
    form = UsernameForm(request.POST or None, user=_person(request))
    if form.is_valid() and form.save():
        messages.success(request, _("Your username is changed."))
        return redirect("accounts:profile")
    return render(request, "accounts/profile.html", {"form": form})


@never_cache
@login_required
@sensitive_post_parameters("password")
@require_http_methods(FORM_METHODS)
def email(request: HttpRequest) -> HttpResponse:
    """Another email address, for the password."""
    form = EmailForm(request.POST or None, user=_person(request))
    if form.is_valid() and form.save():
        messages.success(request, _("Your email address is changed."))
        return redirect("accounts:profile")
    return render(request, "accounts/email.html", {"form": form})


@never_cache
@login_required
@require_safe
def appearance(request: HttpRequest) -> HttpResponse:
    """Theme and language."""
    return render(request, "accounts/appearance.html", {"liked": preferences.of(_person(request))})


@never_cache
@login_required
@require_safe
def ais(request: HttpRequest) -> HttpResponse:
    """What new conversations begin with, and better titles."""
    return render(request, "accounts/ais.html", {"liked": preferences.of(_person(request))})


@never_cache
@login_required
@require_safe
def security(request: HttpRequest) -> HttpResponse:
    """Password, second step, passkeys, and where this person is signed in."""
    user = _person(request)
    rows = Authenticator.objects.filter(user=user).order_by("created_at")
    kept = {row.type: row for row in rows}
    codes = kept.get(Authenticator.Type.RECOVERY_CODES)
    context = {
        "app": kept.get(Authenticator.Type.TOTP),
        "passkeys": [row for row in rows if row.type == Authenticator.Type.WEBAUTHN],
        "codes_left": second_step.codes_left(codes),
        "has_codes": codes is not None,
        "passkeys_work": passkeys_work(request),
        "places": sessions.places(request, user),
        "programs": sessions.programs(user),
    }
    return render(request, "accounts/security.html", context)


@login_required
@require_POST
def end_session(request: HttpRequest, session_id: int) -> HttpResponse:
    """Sign out one other browser."""
    row = get_object_or_404(UserSession, pk=session_id, user=_person(request))
    if row.session_key == request.session.session_key:
        logout(request)
        return redirect("account_login")
    sessions.SessionsAdapter().end_sessions([row])
    messages.success(request, _("“%(device)s” is signed out.") % {"device": sessions.device(row.user_agent)})
    return redirect("accounts:security")


@login_required
@require_POST
def end_other_sessions(request: HttpRequest) -> HttpResponse:
    """Sign out everywhere but here."""
    sessions.end_others(request, _person(request))
    messages.success(request, _("You are signed out everywhere but here."))
    return redirect("accounts:security")


@never_cache
@login_required
@require_http_methods(FORM_METHODS)
def tokens(request: HttpRequest) -> HttpResponse:
    """A person's access tokens; a new one is shown in the answer that makes it, and never again."""
    user = _person(request)
    form, text = PersonalTokenForm(request.POST or None), ""
    if form.is_valid():
        try:
            _row, text = personal_tokens.make(user, **form.cleaned_data)
            form = PersonalTokenForm()
        except TooManyTokens as error:
            form.add_error(None, error.detail)
    context = {"form": form, "text": text, "tokens": user.personal_tokens.all(), "now": timezone.now()}
    return render(request, "accounts/tokens.html", context)


@login_required
@require_POST
def revoke_token(request: HttpRequest, token_id: int) -> HttpResponse:
    """Revoke one of them."""
    token = get_object_or_404(_person(request).personal_tokens, pk=token_id)
    token.delete()
    messages.success(request, _("“%(name)s” is revoked.") % {"name": token.name})
    return redirect("accounts:tokens")


@never_cache
@login_required
@require_safe
def data(request: HttpRequest) -> HttpResponse:
    """What a person may do with all that is theirs, and what the owner has decided about it."""
    person, policy = _person(request), SitePolicy.current()
    reads = AuditEvent.objects.filter(person_number=person.pk, action=AuditEvent.Action.CONVERSATION_READ)
    return render(request, "accounts/data.html", {"policy": policy, "reads": reads[:READS]})


@never_cache
@login_required
@sensitive_post_parameters("password")
@require_http_methods(FORM_METHODS)
def delete_account(request: HttpRequest) -> HttpResponse:
    """The question before everything of this person goes, and the password that answers it."""
    user = _person(request)
    form = DeleteAccountForm(request.POST or None, user=user)
    if form.is_valid():
        try:
            deletes_at = deletion.close(user)
        except OwnerStays as error:
            form.add_error(None, error.detail)
        else:
            logout(request)
            messages.success(request, _farewell(deletes_at))
            return redirect("account_login")
    return render(request, "accounts/delete.html", {"form": form, "policy": SitePolicy.current()})


def _farewell(deletes_at: datetime | None) -> str:
    if deletes_at is None:
        return _("Your account and everything in it is deleted.")
    told = _(
        "Your account is closed. On %(day)s it is deleted with everything in it; "
        "until then you can sign in and keep it."
    )
    return told % {"day": date_format(timezone.localtime(deletes_at), "DATE_FORMAT")}


@never_cache
@require_http_methods(FORM_METHODS)
def closed(request: HttpRequest) -> HttpResponse:
    """For who has just shown the password of an account that they had closed; POST opens it again."""
    user = deletion.visitor(request)
    if user is None:
        return redirect("account_login")
    if request.method == "POST":
        deletion.come_back(user)
        request.session.flush()
        messages.success(request, _("Your account stays. Sign in to go on."))
        return redirect("account_login")
    return render(request, "accounts/closed.html", {"person": user})


def passkeys_work(request: HttpRequest) -> bool:
    """Whether browsers make passkeys for this address: they do for names, over https or on this machine."""
    host = request.get_host().rpartition(":")[0] or request.get_host()
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return request.is_secure() or host == "localhost" or host.endswith(".localhost")
    return False


def _person(request: HttpRequest) -> User:
    # `login_required` let nobody else this far.
    return cast("User", request.user)
