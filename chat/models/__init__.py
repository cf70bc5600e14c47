"""The rows behind a conversation."""

from chat.models.catalogue import AiPreference, Model, Provider, ProviderKey
from chat.models.conversation import DEFAULT_FOLDER, Answer, Attachment, Conversation, Message

__all__ = [
    "DEFAULT_FOLDER",
    "AiPreference",
    "Answer",
    "Attachment",
    "Conversation",
    "Message",
    "Model",
    "Provider",
    "ProviderKey",
]
