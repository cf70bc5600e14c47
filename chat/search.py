"""Full-text search over a person's own titles, questions and answers: one function, the same hits everywhere.

Words are cut and folded here (chat.folding), so that no database's own idea of a word or an accent counts:
they look words up and no more. Each is stored with its owner's mark, so that what others have written makes
nobody's search slower. How they are stored: chat.indexing.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Literal

from django.db import OperationalError, connection
from django.db.models import BooleanField, QuerySet
from django.db.models.expressions import RawSQL

from accounts.models import User
from chat import limits
from chat.models import Answer, Conversation, Message, SearchText
from chat.models.conversation import visible_to

FoundIn = Literal["title", "question", "answer"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where all the words are: an answer, else a message, else the conversation's title."""

    conversation_id: int
    message_id: int | None
    answer_id: int | None
    updated_at: datetime
    """When the conversation was last used."""


@dataclass(frozen=True, slots=True)
class Found:
    """A place as it is shown. `label` is the name of the AI, empty where none has written the text."""

    conversation: Conversation
    message_id: int | None
    answer_id: int | None
    found_in: FoundIn
    label: str
    text: str


def marked(owner_id: int, words: Sequence[str]) -> list[str]:
    """The words as they are stored and looked up."""
    return [f"{owner_id}:{word}" for word in words]


def find(user: User, words: Sequence[str]) -> list[Place]:
    """Where all these words of `words_of` are, the last of them at least as a beginning.

    Conversations whose title has them come first, then the most recently used; the places in one stand
    together, its title first, then in the order of its messages, at most HITS_OF_A_CONVERSATION of them.
    """
    if not words:
        return []
    found = SearchText.objects.filter(_have(marked(user.pk, words)), visible_to(user, "conversation__"))
    newest = found.order_by("-conversation__updated_at", "-conversation_id", "message_id", "answer_id")
    titles = _places(newest.filter(message=None))
    texts = _places(newest.filter(message__isnull=False))
    together: dict[int, list[Place]] = {}
    for place in chain(titles, texts):
        together.setdefault(place.conversation_id, []).append(place)
    return [one for places in together.values() for one in places[: limits.HITS_OF_A_CONVERSATION]]


def _places(found: QuerySet[SearchText]) -> list[Place]:
    columns = ("conversation_id", "message_id", "answer_id", "conversation__updated_at")
    return [Place(*row) for row in found.values_list(*columns)[: limits.SEARCH_HITS]]


def _have(words: list[str]) -> RawSQL:
    """The condition on SearchText that all these stored words are there, the last one as a beginning."""
    if connection.vendor == "postgresql":
        # As the index of migration 0005 has it.
        have = "array_to_tsvector(string_to_array(chat_searchtext.words, ' ')) @@ %s::tsquery"
        return _condition(have, [" & ".join(f"'{word}'" for word in words) + ":*"])
    if _has_fts5():
        have = "chat_searchtext.id IN (SELECT rowid FROM chat_searchindex WHERE chat_searchindex MATCH %s)"
        return _condition(have, [" AND ".join(f'"{word}"' for word in words) + "*"])
    # Slower the more there is, but the same.
    *whole, beginning = words
    each = "instr(' ' || chat_searchtext.words || ' ', %s) > 0"
    return _condition(" AND ".join([each] * len(words)), [*(f" {word} " for word in whole), f" {beginning}"])


def _condition(sql: str, params: list[str]) -> RawSQL:
    # Words are parameters, and have nothing but letters and digits in them.
    return RawSQL(f"({sql})", params, output_field=BooleanField())  # noqa: S611


def _has_fts5() -> bool:
    """Whether this SQLite knows FTS5, and the index was made."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM chat_searchindex LIMIT 0")
    except OperationalError:
        return False
    return True


def read(user: User, places: Collection[Place]) -> list[Found]:
    """These places with their texts; what was deleted meanwhile is left out."""
    conversations = Conversation.objects.for_user(user).in_bulk({one.conversation_id for one in places})
    asked = {one.message_id for one in places if one.message_id and not one.answer_id}
    messages = Message.objects.for_user(user).in_bulk(asked)
    answers = (
        Answer.objects.for_user(user)
        .defer("reasoning")
        .in_bulk({one.answer_id for one in places if one.answer_id})
    )
    found = []
    for place in places:
        conversation = conversations.get(place.conversation_id)
        if conversation is None:
            continue
        ids = (place.message_id, place.answer_id)
        if place.answer_id:
            if answer := answers.get(place.answer_id):
                label = answer.label or answer.provider
                found.append(Found(conversation, *ids, "answer", label, answer.text))
        elif place.message_id:
            if message := messages.get(place.message_id):
                # What a program told as an AI's words has no AI that wrote it here.
                found_in: FoundIn = "question" if message.role == Message.Role.USER else "answer"
                found.append(Found(conversation, *ids, found_in, "", message.content))
        else:
            found.append(Found(conversation, *ids, "title", "", conversation.title))
    return found
