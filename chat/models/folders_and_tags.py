"""Folder and Tag: how people sort their conversations."""

from typing import Any, ClassVar

from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from chat import limits
from chat.folding import fold

DEFAULT_FOLDER = "Général"
"""The guide's stored value; never translated."""
KEY_CHARS = 300


def sorting_key(name: str) -> str:
    """What the names of folders and of tags are told apart by: neither case nor accents count."""
    return fold(name)[:KEY_CHARS]


class FolderQuerySet(models.QuerySet["Folder"]):
    def for_user(self, user: User) -> "FolderQuerySet":
        """The user's own, by name."""
        return self.filter(owner_id=user.pk).order_by("name_key", "pk")

    def hold(self, owner_id: int, name: str) -> str:
        """The name under which there is this folder, made where there was none.

        It is neither renamed nor removed until the caller's transaction ends.
        """
        key = sorting_key(name)
        if key == sorting_key(DEFAULT_FOLDER):
            return DEFAULT_FOLDER
        held = self.select_for_update(no_key=True)
        return held.get_or_create(owner_id=owner_id, name_key=key, defaults={"name": name})[0].name


class Folder(models.Model):
    """A folder of one person's, also without conversations; DEFAULT_FOLDER is there without a row.

    A conversation names its folder by `Conversation.folder`, which is exactly the name of one of these.
    """

    owner = models.ForeignKey(User, models.CASCADE, related_name="folders")
    name = models.CharField(_("name"), max_length=limits.FOLDER_CHARS)
    name_key = models.CharField(max_length=KEY_CHARS, editable=False)

    objects: ClassVar[FolderQuerySet] = FolderQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("folder")
        verbose_name_plural = _("folders")
        constraints = (models.UniqueConstraint(fields=["owner", "name_key"], name="folder_name_once"),)

    def __str__(self) -> str:
        return f"#{self.pk}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save with the key by which it is found."""
        self.name_key = sorting_key(self.name)
        super().save(*args, **kwargs)


class TagQuerySet(models.QuerySet["Tag"]):
    def for_user(self, user: User) -> "TagQuerySet":
        """The user's own."""
        return self.filter(owner_id=user.pk)

    @transaction.atomic
    def drop_unused(self, owner_id: int) -> None:
        """Remove an owner's tags that no conversation has any more."""
        hold_tags(owner_id)
        self.filter(owner_id=owner_id, conversations=None).delete()


class Tag(models.Model):
    """A word that a person has put on conversations; gone with the last of them."""

    owner = models.ForeignKey(User, models.CASCADE, related_name="tags")
    name = models.CharField(_("name"), max_length=limits.TAG_CHARS)
    name_key = models.CharField(max_length=KEY_CHARS, editable=False)

    objects: ClassVar[TagQuerySet] = TagQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("tag")
        verbose_name_plural = _("tags")
        ordering = ("name_key",)
        constraints = (models.UniqueConstraint(fields=["owner", "name_key"], name="tag_name_once"),)

    def __str__(self) -> str:
        return f"#{self.pk}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save with the key by which it is found."""
        self.name_key = sorting_key(self.name)
        super().save(*args, **kwargs)


def hold_tags(owner_id: int) -> None:
    """Let nobody else change this owner's tags until the caller's transaction ends."""
    User.objects.select_for_update(no_key=True).filter(pk=owner_id).first()
