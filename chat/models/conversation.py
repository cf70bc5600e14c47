"""Conversation, Message and Answer: the rows that are the truth of every turn.

A turn is one user message and one assistant message; the assistant message owns one Answer per AI
asked, and one more for each retry of it.
"""

import uuid
from typing import Any, ClassVar

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from chat import limits
from chat.folding import fold
from chat.models.catalogue import Provider
from chat.models.folders_and_tags import DEFAULT_FOLDER, Folder, Tag
from providers.prices import NANO

TITLE_KEY_CHARS = 1000


def visible_to(user: User, path: str = "") -> Q:
    """What is the user's own and to be seen: neither deleted nor of a conversation that is not kept.

    `path` leads to the conversation from the rows that are filtered: `message__conversation__`.
    """
    return Q(**{f"{path}owner_id": user.pk, f"{path}is_temporary": False, f"{path}deleted_at": None})


LISTED = Q(is_temporary=False, deleted_at=None, is_archived=False)
"""What stands in a person's list."""
UNINDEXED = Q(is_indexed=False, is_temporary=False, deleted_at=None)
"""What search does not know yet; what nobody keeps it never learns."""


class ConversationQuerySet(models.QuerySet["Conversation"]):
    def for_user(self, user: User) -> "ConversationQuerySet":
        """The user's own, the most recently used first. Every read starts here."""
        return self.filter(visible_to(user)).order_by("-updated_at", "-pk")

    def listed_for(self, user: User) -> "ConversationQuerySet":
        """Those of them that are not archived."""
        return self.for_user(user).filter(is_archived=False)


class MessageQuerySet(models.QuerySet["Message"]):
    def for_user(self, user: User) -> "MessageQuerySet":
        """Those of the user's own conversations."""
        return self.filter(visible_to(user, "conversation__"))


class AnswerQuerySet(models.QuerySet["Answer"]):
    def for_user(self, user: User) -> "AnswerQuerySet":
        """Those in the user's own conversations."""
        return self.filter(visible_to(user, "message__conversation__"))


class Conversation(models.Model):
    """One thread of turns, owned by one user."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="conversations", verbose_name=_("owner")
    )
    title = models.CharField(_("title"), max_length=255, blank=True)
    title_key = models.CharField(max_length=TITLE_KEY_CHARS, blank=True, editable=False)
    """The title as it is searched."""
    folder = models.CharField(_("folder"), max_length=limits.FOLDER_CHARS, default=DEFAULT_FOLDER)
    tags = models.ManyToManyField(Tag, related_name="conversations", verbose_name=_("tags"))
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated at"))
    head = models.ForeignKey(
        "Message", models.SET_NULL, null=True, blank=True, related_name="+", editable=False
    )
    """The last message of the branch that is shown; null while there is one branch alone."""
    is_pinned = models.BooleanField(_("pinned"), default=False)
    is_archived = models.BooleanField(_("archived"), default=False)
    is_favourite = models.BooleanField(_("favourite"), default=False)
    is_indexed = models.BooleanField(default=False, editable=False)
    """Whether search knows all its words; each change sets it to False until chat.search.indexing has run."""
    deleted_at = models.DateTimeField(_("deleted at"), null=True, blank=True, editable=False)
    """Since when it is hidden; until it is purged its deletion can be undone."""
    is_temporary = models.BooleanField(default=False, editable=False)
    """Of a program that did not ask to keep it: nobody sees it, and its text goes when its turn ends."""

    objects: ClassVar[ConversationQuerySet] = ConversationQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("conversation")
        verbose_name_plural = _("conversations")
        indexes = [
            # Lists and their counts read these alone, however many an owner has.
            models.Index(
                fields=["owner", "-updated_at", "-id"], condition=LISTED, name="conversation_of_owner"
            ),
            models.Index(
                fields=["owner", "folder", "-updated_at", "-id"],
                condition=LISTED,
                name="conversation_of_folder",
            ),
            models.Index(fields=["owner", "title_key", "id"], condition=LISTED, name="conversation_by_title"),
            models.Index(
                fields=["owner", "-updated_at", "-id"],
                condition=Q(is_temporary=False, deleted_at=None, is_archived=True),
                name="conversation_archived",
            ),
            models.Index(
                fields=["owner", "-updated_at", "-id"],
                condition=LISTED & Q(is_pinned=True),
                name="conversation_pinned",
            ),
            models.Index(
                fields=["owner", "-updated_at", "-id"],
                condition=LISTED & Q(is_favourite=True),
                name="conversation_favourite",
            ),
            models.Index(
                fields=["deleted_at"], condition=Q(deleted_at__isnull=False), name="conversation_deleted"
            ),
            models.Index(fields=["-updated_at"], condition=UNINDEXED, name="conversation_unindexed"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save with the key by which its title is found, in a folder that there is."""
        fields = kwargs.get("update_fields")
        if fields is None or "title" in fields:
            self.title_key, self.is_indexed = fold(self.title)[:TITLE_KEY_CHARS], False
            kwargs["update_fields"] = fields and {*fields, "title_key", "is_indexed"}
        if fields is not None and "folder" not in fields:
            super().save(*args, **kwargs)
            return
        with transaction.atomic(savepoint=False):
            self.folder = Folder.objects.hold(self.owner_id, self.folder)
            super().save(*args, **kwargs)


class Message(models.Model):
    """One message; an assistant's content lives in its answers, but for what a program says was answered."""

    class Role(models.TextChoices):
        USER = "user", _("user")
        ASSISTANT = "assistant", _("assistant")
        SYSTEM = "system", _("system")

    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="messages")
    parent = models.ForeignKey("self", models.CASCADE, null=True, blank=True, related_name="children")
    role = models.CharField(_("role"), max_length=10, choices=Role)
    content = models.TextField(_("content"), blank=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    chosen = models.ForeignKey(
        "Answer", models.SET_NULL, null=True, blank=True, related_name="+", editable=False
    )
    """Of a turn's answers the one that a person likes best."""
    context = models.CharField(max_length=10, default="own", editable=False)
    """Of an assistant's message: what its AIs are told of the turns before (chat.events.Context)."""
    client_id = models.CharField(max_length=100, null=True, blank=True, editable=False)  # noqa: DJ001
    """What the client called the turn, so that a repeated send is the same one; null where it gave none."""
    client_hash = models.CharField(max_length=64, blank=True, editable=False)
    """SHA-256 of what was asked under `client_id`."""

    objects: ClassVar[MessageQuerySet] = MessageQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        constraints = [
            models.UniqueConstraint(fields=["conversation", "client_id"], name="client_id_once"),
            models.CheckConstraint(
                condition=Q(role__in=["user", "assistant", "system"]), name="message_role"
            ),
        ]
        indexes = [models.Index(fields=["conversation", "id"], name="message_order")]

    def __str__(self) -> str:
        return f"#{self.pk}"


class Answer(models.Model):
    """What one AI was asked in a turn and what it has written so far.

    The status changes by compare-and-swap only: queued → streaming → done, failed, stopped or
    interrupted. Whoever changed the row first wins.
    """

    class Status(models.TextChoices):
        QUEUED = "queued", _("waiting")
        STREAMING = "streaming", _("writing")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")
        STOPPED = "stopped", _("stopped")
        INTERRUPTED = "interrupted", _("interrupted")

    UNFINISHED: ClassVar[list[str]] = [Status.QUEUED, Status.STREAMING]

    message = models.ForeignKey(Message, models.CASCADE, related_name="answers")
    position = models.PositiveSmallIntegerField()
    """The column, from 0."""
    version = models.PositiveSmallIntegerField(default=1)
    """1 for the first answer of a column, one more for each retry."""
    target = models.CharField(max_length=200)
    """`provider` or `provider:model` as it was asked for; an AI's own history follows it."""
    name = models.CharField(max_length=210)
    """The key in REST dictionaries: the target, `name#2` where it is repeated."""
    provider = models.CharField(_("provider"), max_length=50)
    provider_row = models.ForeignKey(Provider, models.SET_NULL, null=True, related_name="+", editable=False)
    """Null once the provider was removed; `provider`, `label` and `mark` stay as they were."""
    label = models.CharField(max_length=100, blank=True)
    mark = models.CharField(max_length=2, blank=True)
    model = models.CharField(_("model"), max_length=limits.MODEL_CHARS)
    settings = models.JSONField(default=dict)

    status = models.CharField(_("status"), max_length=12, choices=Status, default=Status.QUEUED)
    text = models.TextField(_("text"), blank=True)
    reasoning = models.TextField(_("reasoning"), blank=True)
    refusal = models.TextField(_("refusal"), blank=True)
    """What the model said in place of an answer, where its vendor tells the two apart."""
    notes = models.JSONField(default=list, blank=True)
    """Words of providers.base.Note, such as that the images were left out."""
    error_code = models.CharField(max_length=50, blank=True)
    error_params = models.JSONField(default=dict, blank=True)
    finish_reason = models.CharField(max_length=30, blank=True)
    vendor_finish_reason = models.CharField(max_length=100, blank=True)
    request_id = models.CharField(max_length=200, blank=True)
    """The vendor's own name for the request: its support asks for it."""
    attempts = models.PositiveSmallIntegerField(default=0)
    """How many requests were sent; more than one where the first were refused before the first word."""

    input_tokens = models.PositiveIntegerField(null=True, blank=True)
    output_tokens = models.PositiveIntegerField(null=True, blank=True)
    cached_tokens = models.PositiveIntegerField(null=True, blank=True)
    reasoning_tokens = models.PositiveIntegerField(null=True, blank=True)
    cost_nanousd = models.PositiveBigIntegerField(null=True, blank=True)
    """Billionths of a US dollar, by the prices in force when it ended; null where a price is not known."""
    is_estimated = models.BooleanField(default=False)
    """Whether tokens and cost are our own estimate: its vendor did not say, or could not."""
    first_token_ms = models.PositiveIntegerField(null=True, blank=True)
    reasoning_ms = models.PositiveIntegerField(null=True, blank=True)
    """From the first word of its reasoning to the first of its text; null where it showed none."""
    total_ms = models.PositiveIntegerField(null=True, blank=True)

    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    """When a process last said that it takes care of it, writing or waiting (database time)."""
    finished_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[AnswerQuerySet] = AnswerQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("answer")
        verbose_name_plural = _("answers")
        constraints = [
            models.UniqueConstraint(fields=["message", "position", "version"], name="answer_once"),
            models.CheckConstraint(
                condition=Q(status__in=["queued", "streaming", "done", "failed", "stopped", "interrupted"]),
                name="answer_status",
            ),
        ]
        indexes = [
            models.Index(
                fields=["heartbeat_at"],
                condition=Q(status__in=["queued", "streaming"]),
                name="answer_unfinished",
            ),
            # How many calls a provider has running is asked at every start.
            models.Index(
                fields=["provider_row", "status"],
                condition=Q(status__in=["queued", "streaming"]),
                name="answer_calls",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"

    @property
    def cost_usd(self) -> float | None:
        return None if self.cost_nanousd is None else self.cost_nanousd / NANO


class AttachmentQuerySet(models.QuerySet["Attachment"]):
    def for_user(self, user: User) -> "AttachmentQuerySet":
        """The user's own: those that wait for their question, and those of what they can see."""
        visible = Q(message=None) | visible_to(user, "message__conversation__")
        return self.filter(visible, owner_id=user.pk)


class AttachmentManager(models.Manager["Attachment"]):
    def get_queryset(self) -> AttachmentQuerySet:
        """Without the bytes: they are read one by one where they are needed."""
        return AttachmentQuerySet(self.model, using=self._db).defer("data")

    def for_user(self, user: User) -> AttachmentQuerySet:
        return self.get_queryset().for_user(user)


class Attachment(models.Model):
    """An image of a user's message, as WeBox made it anew; without a message until it is asked about."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(User, models.CASCADE, related_name="attachments")
    message = models.ForeignKey(Message, models.CASCADE, null=True, related_name="attachments")
    position = models.PositiveSmallIntegerField(default=0)
    media_type = models.CharField(max_length=50)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    size_bytes = models.PositiveIntegerField()
    data = models.BinaryField()
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[AttachmentManager] = AttachmentManager()

    class Meta:
        verbose_name = _("image")
        verbose_name_plural = _("images")
        ordering = ("position", "created_at")
        indexes = (models.Index(fields=["created_at"], condition=Q(message=None), name="attachment_waiting"),)

    def __str__(self) -> str:
        return str(self.pk)
