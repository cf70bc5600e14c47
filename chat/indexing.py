"""What search knows: the words of titles, questions and ended answers, taken in beside everything else.

`Conversation.is_indexed` is false from each change on. Soon after, whoever has time takes in what is new, by
whomever it was written and however it ended, and what was there before search was; nothing waits for it.
"""

import time
from collections.abc import Iterable
from itertools import chain

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from chat.engine.clock import ago
from chat.folding import words_of
from chat.models import Answer, Conversation, Message, SearchText
from chat.models.conversation import UNINDEXED
from chat.search import marked

CONVERSATIONS_AT_ONCE = 500
TEXTS_AT_ONCE = 100
"""So many are taken in before others may write again."""
WORDS_BYTES = 500_000
"""Of a text with more different words the first are taken: PostgreSQL's index bears a megabyte."""
LAST_WORDS_S = 5
"""After so long what was written of a stopped answer is saved."""


def index_some(budget_s: float) -> int:
    """Take in what is new, the most recently used first, for about so long; return how many conversations.

    Safe to call from several processes at once.
    """
    until = time.monotonic() + budget_s
    indexed = 0
    for conversation_id in list(_waiting().values_list("pk", flat=True)[:CONVERSATIONS_AT_ONCE]):
        while has_more := _index(conversation_id):
            if time.monotonic() > until:
                break
        indexed += not has_more
        if time.monotonic() > until:
            break
    return indexed


def _waiting() -> QuerySet[Conversation]:
    """What is new and has come to rest: a text that still grows is taken in once, when it is whole."""
    last_words = Q(status=Answer.Status.STOPPED, finished_at__gt=ago(LAST_WORDS_S))
    growing = Answer.objects.filter(
        Q(status__in=Answer.UNFINISHED) | last_words, message__conversation=OuterRef("pk")
    )
    return Conversation.objects.filter(UNINDEXED, ~Exists(growing)).order_by("-updated_at")


@transaction.atomic
def _index(conversation_id: int) -> bool:
    """Take in some of a conversation; return whether there is more.

    It is held meanwhile: what is asked or renamed at the same time comes before or after.
    """
    # What is held by somebody else is about to change, and its turn comes again.
    held = _waiting().select_for_update(skip_locked=True)
    conversation = held.filter(pk=conversation_id).first()
    if conversation is None:
        return False
    new = _new_texts(conversation)
    SearchText.objects.bulk_create(new)
    has_more = len(new) == TEXTS_AT_ONCE
    if not has_more:
        _index_title(conversation)
        Conversation.objects.filter(pk=conversation_id).update(is_indexed=True)
    return has_more


def _new_texts(conversation: Conversation) -> list[SearchText]:
    messages = Message.objects.filter(conversation=conversation, search_texts=None)
    said = messages.exclude(content="").exclude(role=Message.Role.SYSTEM)
    answers = Answer.objects.filter(message__conversation=conversation, search_text=None)
    ended = answers.exclude(text="").exclude(status__in=Answer.UNFINISHED)
    rows: Iterable[tuple[int, int | None, str]] = chain(
        ((pk, None, content) for pk, content in said.values_list("pk", "content")[:TEXTS_AT_ONCE]),
        ended.values_list("message_id", "pk", "text")[:TEXTS_AT_ONCE],
    )
    return [
        SearchText(
            conversation=conversation,
            message_id=message_id,
            answer_id=answer_id,
            words=_stored(conversation.owner_id, text),
        )
        for message_id, answer_id, text in rows
    ][:TEXTS_AT_ONCE]


def _index_title(conversation: Conversation) -> None:
    titles = SearchText.objects.filter(conversation=conversation, message=None)
    if conversation.title:
        words = _stored(conversation.owner_id, conversation.title)
        titles.exclude(words=words).delete()
        titles.get_or_create(conversation=conversation, defaults={"words": words})
    else:
        titles.delete()


def _stored(owner_id: int, text: str) -> str:
    words = " ".join(marked(owner_id, words_of(text)))
    if len(words) * 4 > WORDS_BYTES and len(whole := words.encode()) > WORDS_BYTES:
        words = whole[:WORDS_BYTES].decode(errors="ignore").rpartition(" ")[0]
    return words
