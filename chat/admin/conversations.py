"""Conversations in the admin: counts and dates; what people wrote only where that is switched on."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import SitePolicy
from chat.models import Conversation, Message
from chat.store.records import with_answers

if TYPE_CHECKING:
    ConversationAdminBase = admin.ModelAdmin[Conversation]
else:
    ConversationAdminBase = admin.ModelAdmin


@admin.register(Conversation)
class ConversationAdmin(ConversationAdminBase):
    """Who has how many messages. An owner who may read them leaves a line in the audit log at each look."""

    list_display = ("id", "owner", "message_count", "created_at", "updated_at")
    search_fields = ("owner__username", "owner__email")
    date_hierarchy = "created_at"
    list_select_related = ("owner",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Conversation]:
        return super().get_queryset(request).annotate(counted_messages=Count("messages"))

    def get_fields(self, request: HttpRequest, obj: Conversation | None = None) -> tuple[str, ...]:
        counts = ("id", "owner", "message_count", "created_at", "updated_at")
        return (*counts, "title", "transcript") if obj and _may_read(request, obj) else counts

    def get_readonly_fields(self, request: HttpRequest, obj: Conversation | None = None) -> tuple[str, ...]:
        return self.get_fields(request, obj)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        conversation = self.get_object(request, object_id)
        if (
            conversation
            and self.has_view_permission(request, conversation)
            and _may_read(request, conversation)
        ):
            audit.record(
                audit.Action.CONVERSATION_READ,
                str(conversation.pk),
                person=conversation.owner,
                of=conversation.owner.username,
            )
        return super().change_view(request, object_id, form_url, extra_context)

    @admin.display(description=_("messages"))
    def message_count(self, conversation: Conversation) -> int:
        return int(conversation.counted_messages)  # type: ignore[attr-defined]

    @admin.display(description=_("questions and answers"))
    def transcript(self, conversation: Conversation) -> SafeString:
        """All that was written, as plain text, with who wrote it."""
        said = [
            (name, text)
            for message in with_answers(Message.objects.filter(conversation=conversation))
            for name, text in _pieces(message)
        ]
        return format_html_join("", '<p><b>{}</b></p><pre class="transcript">{}</pre>', said)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Conversation | None = None) -> bool:
        return False


def _may_read(request: HttpRequest, conversation: Conversation) -> bool:
    """An owner, where that is switched on, what is neither deleted nor passing through."""
    is_kept = not conversation.is_temporary and conversation.deleted_at is None
    return bool(is_kept and request.user.is_superuser and SitePolicy.current().shows_conversations)


def _pieces(message: Message) -> Iterator[tuple[str, str]]:
    """Who wrote it, and what: a question, or each answer with its reasoning."""
    if message.content:
        yield message.get_role_display(), message.content
    for answer in message.answers.all():
        if answer.reasoning:
            yield f"{answer.name} ({_('reasoning')})", answer.reasoning
        yield answer.name, answer.text or answer.refusal
