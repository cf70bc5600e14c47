"""The rows behind a conversation."""

from chat.models.conversation import DEFAULT_FOLDER, Answer, Conversation, Message

__all__ = ["DEFAULT_FOLDER", "Answer", "Conversation", "Message"]
