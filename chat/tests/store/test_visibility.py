"""Every read starts at its person: `for_user` gives what is theirs and to be seen, and nothing else."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import User
from chat.models import Answer, Attachment, Conversation, Folder, LineUp, Message, Provider, Tag
from chat.models.conversation import AttachmentManager
from chat.store.tags import set_tags
from chat.tests.api.conversations.test_views import make, make_turn


def fill(user: User, **more: Any) -> Conversation:
    """A conversation with a question, its image, an answer, a folder, a tag and a line-up."""
    conversation = make(user, f"of {user}", folder=f"Folder of {user}", **more)
    turn = make_turn(conversation, "Why?", openai="Because.")
    picture(user, turn.parent)
    set_tags(conversation, [f"tag of {user}"])
    LineUp.objects.get_or_create(owner=user, name=f"Line-up of {user}", targets=["openai"])
    return conversation


def picture(user: User, message: Message | None) -> Attachment:
    return Attachment.objects.create(
        owner=user, message=message, media_type="image/png", width=1, height=1, size_bytes=4, data=b"data"
    )


OF_CONVERSATIONS: list[tuple[Callable[[User], QuerySet[Any]], Callable[[Any], int]]] = [
    (Conversation.objects.for_user, lambda row: row.pk),
    (Conversation.objects.listed_for, lambda row: row.pk),
    (Message.objects.for_user, lambda row: row.conversation_id),
    (Answer.objects.for_user, lambda row: row.message.conversation_id),
    (Attachment.objects.for_user, lambda row: row.message.conversation_id),
]


@pytest.mark.parametrize(("of", "conversation_of"), OF_CONVERSATIONS)
def test_a_person_sees_of_conversations_what_is_theirs_kept_and_there(
    alice: User, bob: User, of: Callable[[User], QuerySet[Any]], conversation_of: Callable[[Any], int]
) -> None:
    seen = fill(alice)
    fill(alice, is_temporary=True)
    fill(alice, deleted_at=timezone.now())
    theirs = fill(bob)
    assert {conversation_of(row) for row in of(alice)} == {seen.pk}
    assert {conversation_of(row) for row in of(bob)} == {theirs.pk}
    assert not of(User(pk=0))


def test_what_is_archived_is_seen_and_not_listed_and_the_last_used_comes_first(alice: User) -> None:
    archived = fill(alice, is_archived=True)
    older, newer = fill(alice, minutes_ago=5), fill(alice)
    same = fill(alice)
    Conversation.objects.filter(pk=same.pk).update(updated_at=newer.updated_at)
    assert [*Conversation.objects.listed_for(alice)] == [same, newer, older]
    assert archived in Conversation.objects.for_user(alice)


def test_an_image_waits_for_its_question_for_its_owner_alone(alice: User, bob: User) -> None:
    waiting = picture(alice, None)
    assert [*Attachment.objects.for_user(alice)] == [waiting]
    assert not Attachment.objects.for_user(bob)
    # Whoever made it: in a conversation that is not theirs they do not see it.
    picture(bob, fill(alice).messages.first())
    assert not Attachment.objects.for_user(bob)


def test_bytes_of_images_are_read_one_by_one(alice: User) -> None:
    picture(alice, None)
    assert isinstance(Attachment.objects, AttachmentManager)
    [row] = Attachment.objects.for_user(alice)
    assert row.get_deferred_fields() == {"data"}


@pytest.mark.parametrize("rows", [Folder, Tag, LineUp])
def test_folders_tags_and_line_ups_are_of_one_person(alice: User, bob: User, rows: Any) -> None:
    fill(alice)
    fill(bob)
    for user in (alice, bob):
        assert {row.owner_id for row in rows.objects.for_user(user)} == {user.pk}
    assert not rows.objects.for_user(User(pk=0))


def test_folders_and_line_ups_come_by_name(alice: User) -> None:
    for name in ("b", "C", "a"):
        Folder.objects.create(owner=alice, name=name)
        LineUp.objects.create(owner=alice, name=name, targets=[])
    assert [row.name for row in Folder.objects.for_user(alice)] == ["a", "b", "C"]
    assert [row.name for row in LineUp.objects.for_user(alice)] == ["C", "a", "b"]
    assert [row.name for row in LineUp.objects.for_user(alice).named("c")] == ["C"]


def test_a_folder_is_found_in_any_case_and_only_its_owners(alice: User, bob: User) -> None:
    Folder.objects.create(owner=bob, name="Recettes")
    assert Folder.objects.hold(alice.pk, "recettes") == "recettes"
    assert Folder.objects.hold(alice.pk, "RECETTES") == "recettes"
    assert Folder.objects.hold(bob.pk, "recettes") == "Recettes"
    assert Folder.objects.hold(alice.pk, "general") == "Général"
    assert [row.name for row in Folder.objects.for_user(alice)] == ["recettes"]


def test_unused_tags_go_of_one_person_alone(alice: User, bob: User) -> None:
    fill(alice)
    for user in (alice, bob):
        Tag.objects.create(owner=user, name="unused")
    Tag.objects.drop_unused(alice.pk)
    assert [tag.name for tag in Tag.objects.for_user(alice)] == ["tag of alice"]
    assert [tag.name for tag in Tag.objects.for_user(bob)] == ["unused"]


def test_everybodys_providers_and_ones_own_are_seen_in_their_order(alice: User, bob: User) -> None:
    def lab(owner: User, position: int) -> Provider:
        return Provider.objects.create(
            owner=owner, slug="lab", label="Lab", mark="L", protocol="openai", position=position
        )

    own, theirs = lab(alice, 0), lab(bob, 0)
    seen = [*Provider.objects.for_user(alice)]
    assert own in seen
    assert theirs not in seen
    assert len(seen) == Provider.objects.filter(owner=None).count() + 1
    assert seen == sorted(seen, key=lambda row: (row.position, row.pk))
    assert [*Provider.objects.for_user(alice).named(["lab"])] == [own]
    Provider.objects.filter(pk=own.pk).update(label="Attic", label_key="attic")
    for name, found in (("lab", [own]), ("attic", [own]), ("at", []), ("nobody", [])):
        assert [*Provider.objects.for_user(alice).named([name])] == found
    assert [*Provider.objects.for_user(bob).named(["openai", "nothing"])] == [
        Provider.objects.get(slug="openai")
    ]


@pytest.mark.parametrize("fields", [None, ["base_url"], ["label", "base_url"]])
def test_a_changed_address_drops_its_keys_and_another_change_does_not(
    alice: User, fields: list[str] | None
) -> None:
    provider = Provider.objects.get(slug="openai")
    provider.keys.create(owner=alice, secret="x", last4="")
    other = Provider.objects.get(slug="groq").keys.create(owner=alice, secret="x", last4="")
    provider.label = "Renamed"
    provider.save(update_fields=["label"] if fields else None)
    assert provider.keys.exists()
    provider.refresh_from_db()
    assert provider.label_key == "renamed"
    provider.base_url = "https://elsewhere.example/v1"
    provider.save(update_fields=fields)
    assert not provider.keys.exists()
    other.refresh_from_db()
