"""What is over goes: the words of what nobody asked to keep, and what was deleted a while ago."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from accounts.models import SitePolicy
from chat import limits
from chat.models import Answer, Attachment, Conversation, Message, Tag

LEFT_FOR = timedelta(hours=1)
"""So long a process may have died before it erased what it had asked."""
BATCH = 200


@transaction.atomic
def erase(conversation_id: int) -> None:
    """Remove every word of a conversation; its answers stay as figures: who, when, how many tokens.

    Nothing of it may be being written any more.
    """
    messages = Message.objects.filter(conversation=conversation_id)
    asked = messages.filter(answers__isnull=False)
    questions = messages.filter(children__in=asked)
    kept = {*asked.values_list("pk", flat=True), *questions.values_list("pk", flat=True)}
    Attachment.objects.filter(message__in=messages).delete()
    messages.filter(pk__in=kept, role=Message.Role.USER).update(parent=None, content="")
    messages.exclude(pk__in=kept).delete()
    Answer.objects.filter(message__conversation=conversation_id).update(
        text="", reasoning="", refusal="", error_params={}, settings={}
    )
    Conversation.objects.filter(pk=conversation_id).update(deleted_at=timezone.now())


def erase_left() -> int:
    """Erase what a process that died has left; return how many conversations."""
    left = Conversation.objects.filter(
        is_temporary=True, deleted_at=None, created_at__lt=timezone.now() - LEFT_FOR
    )
    running = Answer.objects.filter(status__in=Answer.UNFINISHED).values("message__conversation")
    ids = list(left.exclude(pk__in=running).values_list("pk", flat=True))
    for conversation_id in ids:
        erase(conversation_id)
    return len(ids)


def purge_deleted() -> int:
    """Remove what was deleted so long ago that nobody can have it back; return how many conversations."""
    until = timezone.now() - timedelta(seconds=limits.UNDO_S)
    deleted = Conversation.objects.filter(is_temporary=False, deleted_at__lte=until)
    owners = dict(deleted.values_list("pk", "owner_id"))
    Conversation.objects.filter(pk__in=owners).delete()
    for owner_id in {*owners.values()}:
        Tag.objects.drop_unused(owner_id)
    return len(owners)


def purge_expired() -> int:
    """Remove the conversations that nobody has touched for as long as the owner keeps them; how many."""
    days = SitePolicy.current().conversation_days
    if days is None:
        return 0
    running = Answer.objects.filter(status__in=Answer.UNFINISHED).values("message__conversation")
    over = Conversation.objects.filter(
        is_temporary=False, updated_at__lt=timezone.now() - timedelta(days=days)
    ).exclude(pk__in=running)
    purged = 0
    while owners := dict(over.values_list("pk", "owner_id")[:BATCH]):
        # Asked again: somebody may have touched one since it was listed.
        over.filter(pk__in=owners).delete()
        for owner_id in {*owners.values()}:
            Tag.objects.drop_unused(owner_id)
        purged += len(owners)
    return purged
