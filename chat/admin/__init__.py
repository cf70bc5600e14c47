"""The administration of AIs and conversations; Django finds it by this name."""

from chat.admin import catalogue, conversations

__all__ = ["catalogue", "conversations"]
