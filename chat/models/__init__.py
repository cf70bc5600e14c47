"""The rows behind a conversation."""

from chat.models.catalogue import AiPreference, Model, Provider, ProviderKey
from chat.models.conversation import DEFAULT_FOLDER, Answer, Attachment, Conversation, Message
from chat.models.lineup import LineUp

__all__ = [
    "DEFAULT_FOLDER",
    "AiPreference",
    "Answer",
    "Attachment",
    "Conversation",
    "LineUp",
    "Message",
    "Model",
    "Provider",
    "ProviderKey",
]
