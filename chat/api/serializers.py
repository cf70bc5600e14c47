"""What the chat's REST API takes, and conversations as it lists them."""

from rest_framework import serializers

from chat import limits
from chat.models import DEFAULT_FOLDER, Conversation
from webox.api import NumberField, StrictSerializer, TextField

MAX_ID = 2**63 - 1


class SendSerializer(StrictSerializer):
    """The body of `POST /api/chat/send`, as the guide's own client sends it."""

    conversation_id = serializers.IntegerField(
        required=False, allow_null=True, default=None, min_value=1, max_value=MAX_ID
    )
    message = TextField(max_length=limits.MESSAGE_CHARS, trim_whitespace=False)
    selected_providers = serializers.ListField(
        child=TextField(max_length=limits.TARGET_CHARS),
        allow_empty=False,
        max_length=limits.TARGETS_PER_TURN,
    )
    selected_models = serializers.DictField(
        child=TextField(max_length=limits.TARGET_CHARS), required=False, default=dict
    )
    temperature = NumberField(required=False, default=0.7, min_value=0, max_value=2)
    max_tokens = serializers.IntegerField(
        required=False, default=2000, min_value=1, max_value=limits.MAX_TOKENS
    )
    attachments = serializers.ListField(
        child=serializers.UUIDField(), required=False, default=list, max_length=limits.IMAGES_PER_MESSAGE
    )


class ConversationSerializer(serializers.ModelSerializer[Conversation]):
    """A conversation as lists give it."""

    class Meta:
        model = Conversation
        fields = ("id", "title", "folder", "created_at", "updated_at")
        read_only_fields = fields


class ConversationInput(StrictSerializer):
    """What a person may write of a conversation."""

    title = TextField(max_length=255, required=False, allow_blank=True)
    folder = TextField(max_length=100, required=False, default=DEFAULT_FOLDER)
