"""What the sidebar of every signed-in page starts with."""

from typing import Any

from django.template import Context, Library

from chat.api.serializers import ConversationSerializer
from chat.models import Conversation
from chat.store import folders

# As many as the API gives in one page: the script asks for what follows.
LISTED = 100
register = Library()


@register.simple_tag(takes_context=True)
def sidebar_state(context: Context) -> dict[str, Any]:
    """The person's last conversations for the template, and all that the script starts with."""
    user = context["request"].user
    rows = Conversation.objects.listed_for(user).prefetch_related("tags")
    listed = list(rows.filter(is_pinned=False)[:LISTED])
    pinned = list(rows.filter(is_pinned=True)[:LISTED])
    current = context.get("conversation")
    state = {
        "conversations": ConversationSerializer(listed, many=True).data,
        "pinned": ConversationSerializer(pinned, many=True).data,
        "folders": [{"id": pk, "name": name, "count": count} for pk, name, count in folders.counts(user)],
        "current": ConversationSerializer(current).data if current else None,
    }
    return {"conversations": pinned + listed, "state": state}
