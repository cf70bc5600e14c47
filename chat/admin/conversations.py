"""Conversations in the admin: counts and dates, never what people wrote."""

from typing import TYPE_CHECKING

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from chat.models import Conversation

if TYPE_CHECKING:
    ConversationAdminBase = admin.ModelAdmin[Conversation]
else:
    ConversationAdminBase = admin.ModelAdmin


@admin.register(Conversation)
class ConversationAdmin(ConversationAdminBase):
    """Who has how many messages; neither titles nor texts."""

    list_display = ("id", "owner", "message_count", "created_at", "updated_at")
    search_fields = ("owner__username", "owner__email")
    date_hierarchy = "created_at"
    fields = readonly_fields = ("id", "owner", "message_count", "created_at", "updated_at")
    list_select_related = ("owner",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Conversation]:
        return super().get_queryset(request).annotate(counted_messages=Count("messages"))

    @admin.display(description=_("messages"))
    def message_count(self, conversation: Conversation) -> int:
        return int(conversation.counted_messages)  # type: ignore[attr-defined]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Conversation | None = None) -> bool:
        return False
