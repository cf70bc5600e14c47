"""What the chat's REST API takes, and conversations as it lists them."""

from typing import Any, get_args

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from chat import limits
from chat.events import Context
from chat.models import DEFAULT_FOLDER, Conversation
from common.data import strict_json
from common.http.api import MomentField, NumberField, StrictSerializer, TextField, TruthField

MAX_ID = strict_json.MAX_INT


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
    parent_id = serializers.IntegerField(
        required=False,
        allow_null=True,
        min_value=1,
        max_value=MAX_ID,
        help_text=_(
            "The message after which the question goes, null for the beginning; it may begin a branch."
        ),
    )
    # The name is taken in a serializer's class, not among its fields.
    context = serializers.ChoiceField(  # type: ignore[assignment]
        get_args(Context),
        default="own",
        help_text=_(
            "What each AI is told of the turns before: its own answers, the chosen one in each turn that has "
            "one, or the answers of all."
        ),
    )


class ConversationSerializer(serializers.ModelSerializer[Conversation]):
    """A conversation as lists give it, with the names of its tags."""

    tags: serializers.Field[Any, Any, Any, Any] = serializers.SlugRelatedField(
        slug_field="name", many=True, read_only=True
    )
    created_at = MomentField(read_only=True)
    updated_at = MomentField(read_only=True)

    class Meta:
        model = Conversation
        fields = (
            "id", "title", "folder", "tags", "is_pinned", "is_archived", "is_favourite", "created_at",
            "updated_at",
        )  # fmt: skip
        read_only_fields = fields


class TagsField(serializers.ListField):
    """Names of tags; case and accents do not tell them apart."""

    child = TextField(max_length=limits.TAG_CHARS)

    def __init__(self, **more: Any) -> None:
        super().__init__(required=False, max_length=limits.TAGS_OF_A_CONVERSATION, **more)


class ConversationInput(StrictSerializer):
    """What a person may write of a conversation."""

    title = TextField(max_length=255, required=False, allow_blank=True)
    folder = TextField(max_length=limits.FOLDER_CHARS, required=False, default=DEFAULT_FOLDER)
    is_pinned = TruthField(required=False)
    is_archived = TruthField(required=False)
    is_favourite = TruthField(required=False)
    tags = TagsField(help_text=_("All of its tags, in place of those that it had."))


class SeveralConversations(StrictSerializer):
    """Conversations, by their ids."""

    ids = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=MAX_ID),
        min_length=1,
        max_length=limits.CONVERSATIONS_AT_ONCE,
    )


class ConversationsChange(SeveralConversations):
    """What is changed of several conversations in the same way."""

    folder = TextField(max_length=limits.FOLDER_CHARS, required=False)
    is_pinned = TruthField(required=False)
    is_archived = TruthField(required=False)
    is_favourite = TruthField(required=False)
    add_tags = TagsField()
    remove_tags = TagsField()


class ConversationQuery(serializers.Serializer[Conversation]):
    """Which conversations are listed, and in which order."""

    search = TextField(
        max_length=200, required=False, default="", allow_blank=True, help_text=_("Words of the title.")
    )
    folder = TextField(max_length=limits.FOLDER_CHARS, required=False, help_text=_("Those in this folder."))
    tag = TextField(max_length=limits.TAG_CHARS, required=False, help_text=_("Those with this tag."))
    archived = serializers.ChoiceField(
        ["false", "true"], default="false", help_text=_("Those that are archived, or not.")
    )
    pinned = serializers.ChoiceField(
        ["true", "false"], required=False, help_text=_("Those that are pinned, or not.")
    )
    favourite = serializers.ChoiceField(
        ["true", "false"], required=False, help_text=_("Those that are favourites, or not.")
    )
    since = serializers.DateTimeField(
        required=False, help_text=_("Last used at this time or later (ISO 8601).")
    )
    until = serializers.DateTimeField(required=False, help_text=_("Last used before this time."))
    order = serializers.ChoiceField(
        ["-updated_at", "updated_at", "-created_at", "created_at", "title", "-title"],
        default="-updated_at",
        help_text=_("By what they are sorted; with a minus, the last first."),
    )


class MessageQuery(serializers.Serializer[Conversation]):
    """Which messages of a conversation are listed."""

    branch = serializers.ChoiceField(
        ["shown", "all"], default="shown", help_text=_("Those of the branch that is shown, or all.")
    )
