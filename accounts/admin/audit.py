"""The audit log, and the rules for people's data. The owner alone reads them."""

import json
from typing import Any

from allauth.mfa.models import Authenticator
from django.apps import apps
from django.contrib import admin
from django.contrib.admin.models import CHANGE, LogEntry
from django.core.exceptions import PermissionDenied
from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import translation
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.admin.read_only import ReadOnlyAdmin
from accounts.admin.rights import is_owner
from accounts.models import AuditEvent, SitePolicy

WORDS = {
    "give_premium": _("Give premium"),
    "take_premium": _("Take premium away"),
    "sign_out": _("Sign out everywhere"),
    "deactivate": _("Close the account"),
    "reopen": _("Open the account again"),
    "make_reset_link": _("Make a link to choose a new password"),
    "turn_off_second_step": _("Turn two-factor sign-in off"),
}
"""What the actions of the list of people are called in the log."""
STEPS = {
    Authenticator.Type.TOTP: _("authenticator app"),
    Authenticator.Type.WEBAUTHN: _("passkey"),
    Authenticator.Type.RECOVERY_CODES: _("recovery code"),
}


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin):
    """Who did what, when and from where. Django's own log, which goes with its people, is copied into it."""

    list_display = ("at", "action", "actor_name", "about", "told", "ip_address")
    list_filter = ("action", "at")
    search_fields = ("actor_name", "subject", "ip_address", "request_id")
    date_hierarchy = "at"
    fields = ("at", "action", "actor_name", "about", "told", "ip_address", "request_id")

    def has_view_permission(self, request: HttpRequest, obj: AuditEvent | None = None) -> bool:
        return is_owner(request)

    @admin.display(description=_("about"), ordering="subject")
    def about(self, event: AuditEvent) -> str:
        kind = str(event.details.get("kind", ""))
        try:
            name = str(apps.get_model(kind)._meta.verbose_name)
        except (LookupError, ValueError):
            return event.subject
        # The one row of its kind has no other name.
        return name if kind == SitePolicy._meta.label_lower else f"{name} {event.subject}"

    @admin.display(description=_("details"))
    def told(self, event: AuditEvent) -> str:
        what = str(event.details.get("what", ""))
        code, _colon, reason = what.partition(":")
        if code in WORDS:
            what = f"{WORDS[code]}{': ' if reason.strip() else ''}{reason.strip()}"
        elif what:
            what = _changed(str(event.details.get("kind", "")), what)
        said = [_said(name, value) for name, value in event.details.items() if name not in ("kind", "what")]
        return " · ".join([*([what] if what else []), *said])


def _changed(kind: str, message: str) -> str:
    """Django's own sentence for the fields that were changed, in the reader's language, names included."""
    try:
        parts = json.loads(message)
        with translation.override(None):
            fields = apps.get_model(kind)._meta.get_fields()
            names = {capfirst(str(one.verbose_name)): one for one in fields if hasattr(one, "verbose_name")}
    except (LookupError, ValueError):
        return message
    for part in parts:
        for change in part.values():
            if "fields" in change:
                given = change["fields"]
                change["fields"] = [names[one].verbose_name if one in names else one for one in given]
    told = json.dumps(parts, cls=DjangoJSONEncoder)
    return LogEntry(action_flag=CHANGE, change_message=told).get_change_message()


def _said(name: str, value: object) -> str:
    if name == "days" and isinstance(value, int):
        return ngettext("%(count)d day", "%(count)d days", value) % {"count": value}
    return str(STEPS.get(value, value) if name == "step" else value)


@admin.register(SitePolicy)
class SitePolicyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # not generic at run time
    """The one row of what the owner decides about people's data."""

    fieldsets = (
        (_("How long what is kept"), {"fields": ("conversation_days", "grace_days", "audit_days")}),
        (_("Who reads what"), {"fields": ("shows_conversations",)}),
    )

    def has_view_permission(self, request: HttpRequest, obj: SitePolicy | None = None) -> bool:
        return is_owner(request)

    def has_change_permission(self, request: HttpRequest, obj: SitePolicy | None = None) -> bool:
        return is_owner(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: SitePolicy | None = None) -> bool:
        return False

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """The one row is its own list."""
        if not is_owner(request):
            raise PermissionDenied
        return redirect("admin:accounts_sitepolicy_change", SitePolicy.objects.get_or_create(pk=1)[0].pk)
