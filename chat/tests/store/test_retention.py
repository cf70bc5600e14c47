"""How long conversations are kept, by the owner's rule, and `manage.py purge`, which applies it now."""

from datetime import timedelta
from io import StringIO

from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from accounts.models import SitePolicy, User
from chat.models import Answer, Conversation, Tag
from chat.store import erasing
from chat.store.tags import set_tags
from chat.tests.api.conversations.test_views import make, make_turn


def of_age(user: User, days: int, **values: bool) -> Conversation:
    conversation = make(user, f"{days} days", **values)
    make_turn(conversation, "?", openai="!")
    Conversation.objects.filter(pk=conversation.pk).update(updated_at=timezone.now() - timedelta(days=days))
    return conversation


def purged(*words: str) -> str:
    out = StringIO()
    call_command("purge", *words, stdout=out)
    return out.getvalue()


def test_without_a_rule_conversations_are_kept_for_ever(alice: User) -> None:
    of_age(alice, 5000)
    assert erasing.purge_expired() == 0
    assert Conversation.objects.exists()


def test_what_nobody_has_touched_for_so_long_goes(alice: User, bob: User) -> None:
    SitePolicy.objects.update_or_create(pk=1, defaults={"conversation_days": 30})
    for user in (alice, bob):
        set_tags(of_age(user, 31, is_pinned=True), ["old"])
        set_tags(of_age(user, 29), ["new"])
    assert erasing.purge_expired() == 2
    assert sorted(Conversation.objects.values_list("title", flat=True)) == ["29 days", "29 days"]
    assert {*Tag.objects.values_list("name", flat=True)} == {"new"}
    assert erasing.purge_expired() == 0


def test_what_is_being_answered_stays(alice: User) -> None:
    SitePolicy.objects.update_or_create(pk=1, defaults={"conversation_days": 30})
    of_age(alice, 31)
    Answer.objects.update(status=Answer.Status.STREAMING)
    assert erasing.purge_expired() == 0


def test_many_are_removed_in_batches(alice: User) -> None:
    SitePolicy.objects.update_or_create(pk=1, defaults={"conversation_days": 1})
    old = timezone.now() - timedelta(days=2)
    Conversation.objects.bulk_create(
        Conversation(owner=alice, title="old", updated_at=old) for _ in range(erasing.BATCH + 1)
    )
    assert erasing.purge_expired() == erasing.BATCH + 1


def test_the_command_tells_what_would_go_and_then_removes_it(alice: User) -> None:
    SitePolicy.objects.update_or_create(pk=1, defaults={"conversation_days": 30})
    of_age(alice, 31)
    gone = User.objects.create_user("gone", "gone@example.org", None, is_active=False)
    User.objects.filter(pk=gone.pk).update(deletes_at=timezone.now())
    told = purged("--dry-run")
    assert "expired conversations: 1 would go" in told
    assert "closed accounts: 1 would go" in told
    assert Conversation.objects.count() == 1
    assert User.objects.filter(pk=gone.pk).exists()
    assert "expired conversations: 1 removed" in purged()
    assert not Conversation.objects.exists()
    assert not User.objects.filter(pk=gone.pk).exists()
    assert "expired conversations: 0 removed" in purged()


def test_people_are_told_how_long_theirs_are_kept(as_alice: Client) -> None:
    SitePolicy.objects.update_or_create(pk=1, defaults={"conversation_days": 30})
    assert b"goes for good 30 days after its last change" in as_alice.get("/accounts/data").content
