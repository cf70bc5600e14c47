"""Plans and the ledger in Django's admin."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.admin.read_only import ReadOnlyAdmin
from accounts.models import LedgerEntry, Plan, PremiumChange
from accounts.models.plan import NANO_PER_USD


@admin.register(Plan)
class PlanAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # not generic at run time
    """What people may do; the two plans that come with WeBox stay."""

    list_display = (
        *("__str__", "uses_server_keys", "uses_premium_ais", "messages_per_day", "ais_per_turn"),
        *("concurrent_answers", "tokens_per_month", "usd_per_month"),
    )
    fieldsets = (
        (None, {"fields": ("slug", "name")}),
        (_("AIs"), {"fields": ("uses_server_keys", "uses_premium_ais", "only_models")}),
        (
            _("What the server pays"),
            {"fields": ("messages_per_day", "tokens_per_month", "usd_per_month")},
        ),
        (_("What the server bears"), {"fields": ("ais_per_turn", "concurrent_answers")}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Plan | None = None) -> Any:
        # Programs know a plan by it.
        return ("slug",) if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: Plan | None = None) -> bool:
        return super().has_delete_permission(request, obj) and not (obj and obj.is_ready_made)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        # One by one: among many the two that stay could be hidden.
        actions: dict[str, Any] = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions


@admin.register(PremiumChange)
class PremiumChangeAdmin(ReadOnlyAdmin):
    """Who was made premium by whom, when and why."""

    list_display = ("changed_at", "user", "is_premium", "until", "reason", "changed_by")
    list_filter = ("is_premium", "changed_at")
    search_fields = ("user__username", "user__email", "reason")
    list_select_related = ("user", "changed_by")


@admin.register(LedgerEntry)
class LedgerEntryAdmin(ReadOnlyAdmin):
    """What each call took and cost; no word of it."""

    list_display = (
        *("asked_at", "user", "provider", "model", "payer", "outcome", "tokens_told", "cost_told"),
        "is_estimated",
    )
    list_filter = ("payer", "outcome", "purpose", "provider", "asked_at")
    search_fields = ("user__username", "user__email", "model")
    list_select_related = ("user",)
    ordering = ("-pk",)
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[LedgerEntry]:
        return LedgerEntry.objects.order_by("-pk")

    @admin.display(description=_("tokens"))
    def tokens_told(self, entry: LedgerEntry) -> int:
        return entry.tokens

    @admin.display(description=_("US dollars"))
    def cost_told(self, entry: LedgerEntry) -> str:
        return "–" if entry.nanousd is None else f"{entry.nanousd / NANO_PER_USD:.6f}"
