"""SearchText: the words by which questions, answers and titles are found."""

from django.db import models
from django.db.models import Q

from chat.models.conversation import Answer, Conversation, Message


class SearchText(models.Model):
    """The words of one text: of an answer, else of a message, else of a conversation's title.

    Written by chat.search.indexing alone. The database keeps the index of `words` by itself (migration 0005).
    """

    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="search_texts")
    message = models.ForeignKey(
        Message, models.CASCADE, null=True, related_name="search_texts", db_index=False
    )
    answer = models.OneToOneField(Answer, models.CASCADE, null=True, related_name="search_text")
    words = models.TextField()
    """Each once, folded, and marked with their owner: `12:evenement 12:paris`. Long: the last column."""

    class Meta:
        # Without the titles: SQLite would look for one of them among all that have no message.
        indexes = (
            models.Index(
                fields=["message"], condition=Q(message__isnull=False), name="search_text_in_message"
            ),
        )
        constraints = (
            models.UniqueConstraint(
                fields=["message"], condition=Q(answer=None), name="search_text_of_message"
            ),
            models.UniqueConstraint(
                fields=["conversation"], condition=Q(message=None), name="search_text_of_title"
            ),
        )

    def __str__(self) -> str:
        return f"#{self.pk}"
