"""Full-text search over a person's own titles, questions and answers: one function, the same hits everywhere.

Words are cut and folded here (chat.folding), so that no database's own idea of a word or an accent counts:
they look words up and no more. Each is stored with its owner's mark, so that what others have written makes
nobody's search slower. How they are stored: chat.search.indexing.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

from django.db import OperationalError, connection
from django.db.models import BooleanField, ExpressionWrapper, F, OuterRef, Q, QuerySet, Subquery

from accounts.models import User
from chat import limits
from chat.models import Answer, Conversation, Message, SearchText

FoundIn = Literal["title", "question", "answer"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where all the words are: an answer, else a message, else the conversation's title."""

    conversation_id: int
    message_id: int | None
    answer_id: int | None


@dataclass(frozen=True, slots=True)
class Found:
    """A place as it is shown. `label` and `model` name the AI, empty where none has written the text."""

    conversation: Conversation
    message_id: int | None
    answer_id: int | None
    found_in: FoundIn
    label: str
    model: str
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
    # Asked for each text, not joined: a database may take a join for a search in each conversation.
    seen = Conversation.objects.for_user(user).order_by().filter(pk=OuterRef("conversation_id"))
    found = _with_words(user, marked(user.pk, words)).annotate(
        used_at=Subquery(seen.values("updated_at")),
        is_title=ExpressionWrapper(Q(message=None), output_field=BooleanField()),
    )
    used_last = F("used_at").desc(nulls_last=True)
    best = found.order_by("-is_title", used_last, "-conversation_id", "message_id", "answer_id")
    rows = best.values_list("conversation_id", "message_id", "answer_id", "used_at")[: limits.SEARCH_HITS]
    together: dict[int, list[Place]] = {}
    for *ids, used_at in rows:
        # None where the conversation is not to be seen.
        if used_at is not None:
            together.setdefault(ids[0], []).append(Place(*ids))
    return [one for places in together.values() for one in places[: limits.HITS_OF_A_CONVERSATION]]


def _with_words(user: User, words: list[str]) -> QuerySet[SearchText]:
    """Those that have all these stored words, the last one at least as a beginning.

    Words have nothing but letters and digits in them, and are parameters all the same.
    """
    texts = SearchText.objects.all()
    if connection.vendor == "postgresql":
        have = "chat_search_words(chat_searchtext.words) @@ %s::tsquery"
        return texts.extra(where=[have], params=[" & ".join(f"'{word}'" for word in words) + ":*"])  # noqa: S610
    if _has_fts5():
        # A join, which begins with the index; a list for IN may be gone through for each row.
        return texts.extra(
            tables=["chat_searchindex"],
            where=["chat_searchindex MATCH %s", "chat_searchindex.rowid = chat_searchtext.id"],
            params=[" AND ".join(f'"{word}"' for word in words) + "*"],
        )
    # Slower the more there is, but the same.
    *whole, beginning = words
    has = "instr(' ' || chat_searchtext.words || ' ', %s) > 0"
    return texts.filter(conversation__owner=user).extra(  # noqa: S610
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
                found.append(Found(conversation, *ids, "answer", label, answer.model, answer.text))
        elif place.message_id:
            if message := messages.get(place.message_id):
                # What a program told as an AI's words has no AI that wrote it here.
                found_in: FoundIn = "question" if message.role == Message.Role.USER else "answer"
                found.append(Found(conversation, *ids, found_in, "", "", message.content))
        else:
            found.append(Found(conversation, *ids, "title", "", "", conversation.title))
    return found
