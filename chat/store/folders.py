"""Folders: kept under a name, also while they are empty; what was in one that is removed is in “Général”."""

from django.db import IntegrityError, transaction
from django.db.models import Count

from accounts.models import User
from chat import limits
from chat.errors import FolderNameTaken, FolderNotFound, TooManyFolders
from chat.models import DEFAULT_FOLDER, Conversation, Folder, sorting_key


def make(user: User, name: str) -> Folder:
    """Make an empty folder. Raises FolderNameTaken or TooManyFolders."""
    with transaction.atomic():
        # Held until the row is there, so that many at once do not pass the limit together.
        User.objects.select_for_update(no_key=True).filter(pk=user.pk).first()
        if Folder.objects.for_user(user).count() >= limits.FOLDERS_OF_A_PERSON:
            raise TooManyFolders(limit=limits.FOLDERS_OF_A_PERSON)
        return _save(Folder(owner=user, name=name))


def find(user: User, folder_id: int) -> Folder:
    """The person's own. Raises FolderNotFound."""
    found = Folder.objects.for_user(user).filter(pk=folder_id).first()
    if found is None:
        raise FolderNotFound
    return found


@transaction.atomic
def rename(user: User, folder_id: int, name: str) -> Folder:
    """Give a folder another name, and with it to what is in it. Raises FolderNotFound or FolderNameTaken."""
    folder = _held(user, folder_id)
    before, folder.name = folder.name, name
    _save(folder)
    _move(user, before, name)
    return folder


@transaction.atomic
def remove(user: User, folder_id: int) -> None:
    """Remove a folder; what is in it goes to DEFAULT_FOLDER. Raises FolderNotFound."""
    folder = _held(user, folder_id)
    _move(user, folder.name, DEFAULT_FOLDER)
    folder.delete()


def counts(user: User) -> list[tuple[int | None, str, int]]:
    """Id, name and number of conversations that are not archived of each folder, the default one first."""
    listed = Conversation.objects.listed_for(user).order_by()
    counted = dict(listed.values_list("folder").annotate(count=Count("pk")))
    folders = Folder.objects.for_user(user).values_list("pk", "name")
    return [(pk, name, counted.get(name, 0)) for pk, name in [(None, DEFAULT_FOLDER), *folders]]


def count_of(folder: Folder) -> int:
    """How many conversations are in it that are not archived."""
    return Conversation.objects.listed_for(folder.owner).filter(folder=folder.name).count()


def _held(user: User, folder_id: int) -> Folder:
    """The person's own, held until the transaction ends: nothing comes into it meanwhile."""
    found = Folder.objects.for_user(user).select_for_update().filter(pk=folder_id).first()
    if found is None:
        raise FolderNotFound
    return found


def _save(folder: Folder) -> Folder:
    if sorting_key(folder.name) == sorting_key(DEFAULT_FOLDER):
        raise FolderNameTaken(name=DEFAULT_FOLDER)
    try:
        with transaction.atomic():
            folder.save()
    except IntegrityError as error:
        raise FolderNameTaken(name=folder.name) from error
    return folder


def _move(user: User, before: str, after: str) -> None:
    """All that are in it, the hidden ones too: what is deleted can be had back."""
    Conversation.objects.filter(owner=user, folder=before).update(folder=after)
