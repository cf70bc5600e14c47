"""The rows behind a conversation."""

from chat.models.catalogue import AiPreference, Model, Provider, ProviderKey
from chat.models.conversation import Answer, Attachment, Conversation, Message
from chat.models.folders_and_tags import DEFAULT_FOLDER, Folder, Tag, hold_tags, sorting_key
from chat.models.line_up import LineUp
from chat.models.search import SearchText

__all__ = [
    "DEFAULT_FOLDER",
    "AiPreference",
    "Answer",
    "Attachment",
    "Conversation",
    "Folder",
    "LineUp",
    "Message",
    "Model",
    "Provider",
    "ProviderKey",
    "SearchText",
    "Tag",
    "hold_tags",
    "sorting_key",
]
