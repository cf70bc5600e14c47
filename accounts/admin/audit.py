"""The log of what administrators did: Django's own, which nobody changes here."""

from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.admin.read_only import ReadOnlyAdmin
from accounts.models import User


@admin.register(LogEntry)
class LogEntryAdmin(ReadOnlyAdmin):
    """Every change that was made in the administration, by whom and when; the owner alone reads it."""

    list_display = ("action_time", "user", "content_type", "object_repr", "told")
    list_filter = ("action_time", "content_type")
    search_fields = ("user__username", "object_repr")
    list_select_related = ("user", "content_type")
    fields = ("action_time", "user", "content_type", "object_repr", "told")

    def has_view_permission(self, request: HttpRequest, obj: LogEntry | None = None) -> bool:
        return isinstance(request.user, User) and request.user.is_superuser

    @admin.display(description=_("what"))
    def told(self, entry: LogEntry) -> str:
        return entry.get_change_message() or str(entry.get_action_flag_display())
