"""A better title for a new conversation, from its first exchange, for who has switched that on.

It costs a call to one of the AIs that have just answered. A person's own title is never replaced.
"""

import logging
import re
from dataclasses import dataclass

from django.db import transaction
from django.db.models import QuerySet

from accounts.models import LedgerEntry
from chat.ais.access import Access
from chat.engine.parts import EngineParts
from chat.engine.side_calls import ReservedCall, run_call
from chat.events import Titled
from chat.models import Answer, Conversation, Message, Provider
from chat.store import booking
from chat.store.saving import title_of
from common.data.prepared import prepared
from common.errors import WeBoxError
from providers.base import ChatMessage, ChatRequest, ProtocolName

log = logging.getLogger(__name__)
TITLE_CHARS = 60
TOLD_CHARS = 2_000
"""Of the question and of the answer: enough to say what they are about."""
MAX_TOKENS = 500
"""Models that reason spend most of this before the first word."""
LIMIT_S = 60
WISH = (
    "You give conversations their titles. Reply with the title alone: at most six words, in the language of "
    "the question, without quotation marks and without a full stop."
)
_AROUND = " \t#*_`\"'«»“”„‘’.:–-\u00a0\u202f"


@dataclass(frozen=True, slots=True)
class TitleJob:
    """Whom to ask for a title, and which one it may replace."""

    call: ReservedCall
    title: str


async def better_title(engine: EngineParts, message_id: int, conversation_id: int) -> None:
    """Ask for a title where this turn is the first of a conversation whose owner wants one, and save it.

    Publishes `title`. A failure is no more than a line in the log: the title stays as it is.
    """
    job = await engine.database(read_job, message_id)
    if job is None:
        return
    try:
        text = await run_call(engine, job.call, LIMIT_S)
    except (WeBoxError, TimeoutError) as error:
        log.info("No better title for conversation %s (%s)", conversation_id, type(error).__name__)
        return
    title = clean(text)
    if title and await engine.database(save, conversation_id, job.title, title):
        engine.hub.publish(conversation_id, Titled(title=title))


def clean(text: str) -> str:
    """The title in what an AI said: its first line with words, bare; empty where there is none."""
    lines = (re.sub(r"\s+", " ", line).strip(_AROUND) for line in text.splitlines())
    title = next((line for line in lines if line), "")
    return title if len(title) <= TITLE_CHARS else title[: TITLE_CHARS - 1].rsplit(" ", 1)[0] + "…"


def read_job(message_id: int) -> TitleJob | None:
    """What to ask for the title of this turn's conversation; None where it needs or may have none."""
    if not _first_turn(message_id):
        return None
    turn = Message.objects.select_related("parent", "conversation__owner").filter(pk=message_id).first()
    if turn is None or turn.parent is None:
        return None
    conversation, question = turn.conversation, turn.parent.content
    owner = conversation.owner
    if owner.preferences.get("better_titles") is not True or conversation.title != title_of(question):
        return None
    done = turn.answers.filter(status=Answer.Status.DONE, provider_row__isnull=False).exclude(text="")
    rows = list(done.select_related("provider_row").order_by("total_ms", "pk"))
    providers = {row.provider_row for row in rows if row.provider_row}
    reach = Access(owner, providers)
    for answer in rows:
        provider = answer.provider_row
        if provider is None or provider.protocol == Provider.Protocol.DEMO or reach.obstacle(provider):
            continue
        exchange = f"Question:\n{question[:TOLD_CHARS]}\n\nAnswer:\n{answer.text[:TOLD_CHARS]}\n\nTitle:"
        messages = (ChatMessage("system", WISH), ChatMessage("user", exchange))
        request = ChatRequest(model=answer.model, messages=messages, max_tokens=MAX_TOKENS)
        protocol: ProtocolName = provider.protocol  # type: ignore[assignment]  # a choice
        booked = booking.reserve_call(
            LedgerEntry.Purpose.TITLE,
            owner,
            reach,
            answer,
            conversation_id=conversation.pk,
            told=(WISH, exchange),
            max_tokens=MAX_TOKENS,
        )
        if booked is None:
            return None
        return TitleJob(ReservedCall(protocol, request, reach.grant(provider), booked), conversation.title)
    return None


@prepared
def _first_turn(message_id: int) -> QuerySet[Message]:
    """The turn, if it is the first of a conversation that is kept; asked after every turn."""
    first = Message.objects.filter(pk=message_id, parent__parent=None)
    return first.filter(conversation__is_temporary=False, conversation__deleted_at=None).only("pk")


def save(conversation_id: int, before: str, title: str) -> bool:
    """Save the title unless somebody has given another meanwhile; whether it was saved."""
    with transaction.atomic():
        untouched = Conversation.objects.filter(pk=conversation_id, title=before, deleted_at=None)
        conversation = untouched.select_for_update(no_key=True).first()
        if conversation is None:
            return False
        conversation.title = title
        conversation.save(update_fields=["title"])
    return True
