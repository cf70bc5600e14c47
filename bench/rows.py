"""Rows that a site of the benchmarks is given. Imported by bench.kit.seed alone, once Django is set up."""

import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import timedelta
from itertools import pairwise

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.signing_in.tokens import issue_tokens
from bench import prose
from bench.kit.vendors import SHORT, VENDORS, target
from chat.models import Answer, Conversation, Folder, Message, Tag
from chat.search.indexing import index_some

TEXT = "A sentence of an answer that an AI wrote some time ago, as long as most. " * 14
"""About 1,000 characters."""
READ_TOKENS = 400
BATCH = 1000
TURN_EVERY = 10


@dataclass(frozen=True)
class Seeded:
    """An account as the benchmarks get it."""

    token: str
    conversations: list[int]


@transaction.atomic
def people(count: int, conversations: int) -> list[Seeded]:
    """Accounts with empty conversations, without the limits on signing up."""
    return [_seeded(_user(), conversations) for _ in range(count)]


@transaction.atomic
def long(messages: int, answers: int) -> list[Seeded]:
    """An account with two conversations: one of so many messages, whose turns asked so many AIs, and none."""
    seeded = _seeded(_user(), 2)
    _write(seeded.conversations[0], messages, answers, TEXT)
    return [seeded]


@transaction.atomic
def read(user_id: int, turns: int, answers: int) -> list[Seeded]:
    """The same for an account that there is, with answers as AIs write them."""
    seeded = _seeded(User.objects.get(pk=user_id), 3)
    _write(seeded.conversations[0], 2 * turns, answers, prose.text(READ_TOKENS))
    return [seeded]


def _write(conversation_id: int, messages: int, answers: int, text: str) -> None:
    rows = Message.objects.bulk_create(
        Message(
            conversation_id=conversation_id,
            role=Message.Role.ASSISTANT if number % 2 else Message.Role.USER,
            content="" if number % 2 else f"Question {number}?",
        )
        for number in range(messages)
    )
    for before, row in pairwise(rows):
        row.parent = before
    Message.objects.bulk_update(rows, ["parent"], batch_size=BATCH)
    finished = (
        _finished(row, position, vendor, text)
        for row in rows[1::2]
        for position, vendor in enumerate(VENDORS[:answers])
    )
    Answer.objects.bulk_create(finished, batch_size=BATCH)


def many(conversations: int) -> list[Seeded]:
    """An account that owns so many conversations in ten folders, every tenth of them with a turn, searchable.

    The newest is named.
    """
    seeded = _many(conversations)
    while index_some(60):
        pass
    return seeded


@transaction.atomic
def _many(conversations: int) -> list[Seeded]:
    user, now = _user(), timezone.now()
    Folder.objects.bulk_create(
        Folder(owner=user, name=f"Folder {number}", name_key=f"folder {number}") for number in range(10)
    )
    others = [
        Conversation(
            owner=user,
            title=f"What I asked about on day {number}",
            title_key=f"what i asked about on day {number}",
            folder=f"Folder {number % 10}",
            updated_at=now - timedelta(minutes=number),
        )
        for number in range(1, conversations)
    ]
    Conversation.objects.bulk_create(others, batch_size=BATCH)
    with_turns = others[::TURN_EVERY]
    questions = Message.objects.bulk_create(
        (
            Message(conversation=one, role=Message.Role.USER, content=f"Question {one.pk}?")
            for one in with_turns
        ),
        batch_size=BATCH,
    )
    turns = Message.objects.bulk_create(
        (
            Message(conversation=one, parent=question, role=Message.Role.ASSISTANT)
            for one, question in zip(with_turns, questions, strict=True)
        ),
        batch_size=BATCH,
    )
    Answer.objects.bulk_create((_finished(one, 0, VENDORS[0]) for one in turns), batch_size=BATCH)
    tag = Tag.objects.create(owner=user, name="Tag")
    tagged = Conversation.tags.through
    tagged.objects.bulk_create(
        (tagged(conversation_id=one.pk, tag_id=tag.pk) for one in with_turns), batch_size=BATCH
    )
    return [_seeded(user, 1)]


MAKERS: dict[str, Callable[..., list[Seeded]]] = {"people": people, "long": long, "many": many, "read": read}


def _user() -> User:
    name = f"bench{os.urandom(6).hex()}"
    return User.objects.create_user(name, f"{name}@example.org")


def _seeded(user: User, conversations: int) -> Seeded:
    made = [Conversation.objects.create(owner=user, updated_at=timezone.now()) for _ in range(conversations)]
    return Seeded(issue_tokens(user).access, [row.pk for row in made])


def _finished(message: Message, position: int, vendor: str, text: str = TEXT) -> Answer:
    # Under the name by which the benchmark asks, so that it belongs to what this AI is told.
    name = target(vendor, SHORT)
    return Answer(
        message=message,
        position=position,
        target=name,
        name=name,
        provider=vendor.lower(),
        label=vendor,
        mark=vendor[0],
        model=SHORT,
        status=Answer.Status.DONE,
        text=text,
    )


def as_json(seeded: list[Seeded]) -> list[dict[str, object]]:
    return [asdict(one) for one in seeded]
