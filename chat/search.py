"""Full-text search over a person's own titles, questions and answers: one function, the same hits everywhere.

Words are cut and folded here (chat.folding), so that no database's own idea of a word or an accent counts:
they look words up and no more. Each is stored with its owner's mark, so that what others have written makes
nobody's search slower. How they are stored: chat.indexing.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.db import OperationalError, connection
from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet

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
    seen = SearchText.objects.filter(visible_to(user, "conversation__"))
    is_title = ExpressionWrapper(Q(message=None), output_field=BooleanField())
    found = _with_words(seen, marked(user.pk, words)).order_by(
        is_title.desc(), "-conversation__updated_at", "-conversation_id", "message_id", "answer_id"
    )
    columns = ("conversation_id", "message_id", "answer_id", "conversation__updated_at")
    together: dict[int, list[Place]] = {}
    for row in found.values_list(*columns)[: limits.SEARCH_HITS]:
        together.setdefault(row[0], []).append(Place(*row))
    return [one for places in together.values() for one in places[: limits.HITS_OF_A_CONVERSATION]]


def _with_words(texts: QuerySet[SearchText], words: list[str]) -> QuerySet[SearchText]:
    """Those that have all these stored words, the last one at least as a beginning.

    Words have nothing but letters and digits in them, and are parameters all the same.
    """
    if connection.vendor == "postgresql":
        # By themselves first: a planner that knows too little would ask the index for each conversation.
        found = "SELECT id FROM chat_searchtext WHERE chat_search_words(words) @@ %s::tsquery"
        return texts.extra(  # noqa: S610
            where=[f"chat_searchtext.id = ANY (ARRAY({found}))"],
            params=[" & ".join(f"'{word}'" for word in words) + ":*"],
        )
    if _has_fts5():
        # A join, which SQLite begins with the index; a condition with IN it would ask for every row anew.
        return texts.extra(
            tables=["chat_searchindex"],
            where=["chat_searchindex MATCH %s", "chat_searchindex.rowid = chat_searchtext.id"],
            params=[" AND ".join(f'"{word}"' for word in words) + "*"],
        )
    # Slower the more there is, but the same.
    *whole, beginning = words
    has = "instr(' ' || chat_searchtext.words || ' ', %s) > 0"
    return texts.extra(  # noqa: S610
        where=[has] * len(words), params=[*(f" {word} " for word in whole), f" {beginning}"]
    )


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
