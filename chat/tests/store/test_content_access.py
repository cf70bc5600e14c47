"""What people wrote, in the administration: only where the owner switched it on, and then in the log."""

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from accounts.models import AuditEvent, SitePolicy, User
from chat.models import Conversation
from chat.tests.api.conversations.test_views import make, make_turn
from conftest import PASSWORD, signed_in

SCRIPT = "<script>alert(1)</script> & a secret"


@pytest.fixture
def conversation(alice: User) -> Conversation:
    conversation = make(alice, "Secret title")
    make_turn(conversation, SCRIPT, openai="A secret answer")
    return conversation


def page(client: Client, conversation: Conversation) -> str:
    answer = client.get(f"/admin/chat/conversation/{conversation.pk}/change/")
    assert answer.status_code == 200
    return str(answer.content.decode())


def allow() -> None:
    SitePolicy.objects.update_or_create(pk=1, defaults={"shows_conversations": True})


def reads() -> int:
    return AuditEvent.objects.filter(action="conversation_read").count()


def test_the_owner_sees_counts_alone(as_owner: Client, conversation: Conversation) -> None:
    shown = page(as_owner, conversation)
    assert "alice" in shown
    assert "ecret" not in shown
    assert reads() == 0


def test_switched_on_the_owner_reads_and_each_look_is_noted(
    as_owner: Client, as_alice: Client, conversation: Conversation
) -> None:
    allow()
    shown = page(as_owner, conversation)
    assert "A secret answer" in shown
    assert "Secret title" in shown
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; a secret" in shown
    assert "<script>alert(1)" not in shown
    page(as_owner, conversation)
    line = AuditEvent.objects.filter(action="conversation_read").first()
    assert line
    assert (line.actor_name, line.subject) == ("owner", str(conversation.pk))
    assert reads() == 2
    told = as_alice.get("/accounts/data").content.decode()
    assert "You, and the owners of this WeBox." in told
    assert told.count(f"owner read conversation {conversation.pk}") == 2
    assert "ecret" not in as_owner.get("/admin/chat/conversation/").content.decode()


def test_other_administrators_never_read(conversation: Conversation) -> None:
    allow()
    helper = User.objects.create_user("helper", "helper@example.org", PASSWORD, is_staff=True)
    helper.user_permissions.set(Permission.objects.filter(content_type__app_label="chat"))
    assert "ecret" not in page(signed_in(helper), conversation)
    assert reads() == 0


def test_what_its_person_deleted_is_not_read(
    as_owner: Client, as_alice: Client, conversation: Conversation
) -> None:
    allow()
    as_alice.delete(f"/api/chat/conversations/{conversation.pk}")
    assert "ecret" not in page(as_owner, conversation)
    assert reads() == 0


def test_others_are_told_of_no_look_at_what_is_not_theirs(
    as_owner: Client, as_bob: Client, conversation: Conversation
) -> None:
    allow()
    page(as_owner, conversation)
    assert "read conversation" not in as_bob.get("/accounts/data").content.decode()


def test_not_even_the_owner_writes_or_changes_conversations(
    as_owner: Client, conversation: Conversation
) -> None:
    allow()
    before = Conversation.objects.values().get()
    assert as_owner.get("/admin/chat/conversation/add/").status_code == 403
    changed = as_owner.post(f"/admin/chat/conversation/{conversation.pk}/change/", {"title": "Another"})
    assert changed.status_code == 403
    assert Conversation.objects.values().get() == before
