"""The log of what administrators did: Django's own, which nobody changes here."""

from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.admin.read_only import ReadOnlyAdmin
from accounts.models import User

ACTIONS = {
    "give_premium": _("Give premium"),
    "take_premium": _("Take premium away"),
    "sign_out": _("Sign out everywhere"),
    "deactivate": _("Close the account"),
    "make_reset_link": _("Make a link to choose a new password"),
    "turn_off_second_step": _("Turn two-factor sign-in off"),
}
"""What the log calls an action of the list of people, in words."""


@admin.register(LogEntry)
class LogEntryAdmin(ReadOnlyAdmin):
    """Every change that was made in the administration, by whom and when; the owner alone reads it."""

    list_display = ("action_time", "user", "content_type", "object_repr", "done", "told")
    list_filter = ("action_time",)
    search_fields = ("user__username", "object_repr")
    list_select_related = ("user", "content_type")
    fields = ("action_time", "user", "content_type", "object_repr", "done", "told")

    def has_view_permission(self, request: HttpRequest, obj: LogEntry | None = None) -> bool:
        return isinstance(request.user, User) and request.user.is_superuser

    @admin.display(description=_("what"))
    def done(self, entry: LogEntry) -> str:
        code = entry.get_change_message().partition(":")[0]
        return str(ACTIONS.get(code) or entry.get_action_flag_display())

    @admin.display(description=_("details"))
    def told(self, entry: LogEntry) -> str:
        return entry.get_change_message()
