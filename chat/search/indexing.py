"""What search knows: the words of titles, questions and ended answers, taken in beside everything else.

`Conversation.is_indexed` is false from each change on. Soon after, whoever has time takes in what is new, by
whomever it was written and however it ended, and what was there before search was; nothing waits for it.
"""

import time
from collections.abc import Iterable, Mapping
from itertools import chain, islice

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from chat import limits
from chat.folding import words_of
from chat.models import Answer, Conversation, Message, SearchText
from chat.models.conversation import UNINDEXED
from chat.search.finding import marked
from common.data.database_time import ago

CONVERSATIONS_AT_ONCE = 50
TEXTS_AT_ONCE = 100
"""So many are taken in before others may write again."""
WORDS_BYTES = 500_000
"""Of a text with more different words the first are taken: PostgreSQL's index bears a megabyte."""


def index_some(budget_s: float) -> int:
    """Take in what is new, the most recently used first, for about so long; return how many conversations.

    Safe to call from several processes at once.
    """
    until = time.monotonic() + budget_s
    indexed = 0
    while (count := _index_step()) is not None:
        indexed += count
        if time.monotonic() > until:
            break
    return indexed


def _waiting() -> QuerySet[Conversation]:
    """What is new and has come to rest: a text that still grows is taken in once, when it is whole."""
    last_words = Q(status=Answer.Status.STOPPED, finished_at__gt=ago(limits.FINAL_SAVE_S))
    growing = Answer.objects.filter(
        Q(status__in=Answer.UNFINISHED) | last_words, message__conversation=OuterRef("pk")
    )
    return Conversation.objects.filter(UNINDEXED, ~Exists(growing)).order_by("-updated_at")


def _index_step() -> int | None:
    """Take in some of what is new, in one transaction; return how many conversations are known by now.

    0 where there is more of these than fits into one, None where there is nothing to be done.
    """
    if not (ids := list(_waiting().values_list("pk", flat=True)[:CONVERSATIONS_AT_ONCE])):
        return None
    with transaction.atomic():
        # Held meanwhile: what is asked or renamed at the same time comes before or after. What somebody else
        # holds is about to change, and its turn comes again.
        held = {one.pk: one for one in _waiting().filter(pk__in=ids).select_for_update(skip_locked=True)}
        if not held:
            return None
        new = _new_texts(held)
        SearchText.objects.bulk_create(new)
        if len(new) == TEXTS_AT_ONCE:
            return 0
        _index_titles(held)
        Conversation.objects.filter(pk__in=held).update(is_indexed=True)
    return len(held)


def _new_texts(held: Mapping[int, Conversation]) -> list[SearchText]:
    """At most TEXTS_AT_ONCE of the texts that search does not know."""
    messages = Message.objects.filter(conversation__in=held, search_texts=None)
    said = messages.exclude(content="").exclude(role=Message.Role.SYSTEM)
    answers = Answer.objects.filter(message__conversation__in=held, search_text=None)
    ended = answers.exclude(text="").exclude(status__in=Answer.UNFINISHED)
    contents = said.values_list("conversation_id", "pk", "content")[:TEXTS_AT_ONCE]
    rows: Iterable[tuple[int, int, int | None, str]] = chain(
        ((conversation_id, pk, None, content) for conversation_id, pk, content in contents),
        ended.values_list("message__conversation_id", "message_id", "pk", "text")[:TEXTS_AT_ONCE],
    )
    return [
        SearchText(
            conversation_id=conversation_id,
            message_id=message_id,
            answer_id=answer_id,
            words=_stored(held[conversation_id].owner_id, text),
        )
        for conversation_id, message_id, answer_id, text in islice(rows, TEXTS_AT_ONCE)
    ]


def _index_titles(held: Mapping[int, Conversation]) -> None:
    titles = SearchText.objects.filter(conversation__in=held, message=None)
    known = {one.conversation_id: one.words for one in titles}
    words = {pk: _stored(one.owner_id, one.title) for pk, one in held.items() if one.title}
    changed = {pk for pk in held if known.get(pk) != words.get(pk)}
    titles.filter(conversation__in=changed).delete()
    SearchText.objects.bulk_create(
        SearchText(conversation_id=pk, words=words[pk]) for pk in changed & words.keys()
    )


def _stored(owner_id: int, text: str) -> str:
    words = " ".join(marked(owner_id, words_of(text)))
    if len(words) * 4 > WORDS_BYTES and len(whole := words.encode()) > WORDS_BYTES:
        words = whole[:WORDS_BYTES].decode(errors="ignore").rpartition(" ")[0]
    return words
