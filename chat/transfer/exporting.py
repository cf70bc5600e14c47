"""Everything of a person's as one JSON document (docs/export.md): to keep, to read, to bring in elsewhere.

It is written piece by piece, one conversation at a time, so that memory does not grow with it. Keys,
passwords and tokens are not in it.
"""

from base64 import b64encode
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

from asgiref.sync import sync_to_async
from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone
from msgspec import to_builtins

from accounts.models import LedgerEntry, User
from chat.models import AiPreference, Attachment, Conversation, Folder, LineUp, Message
from chat.store.records import message_record, with_answers
from common.words.times import timestamp

FORMAT, VERSION = "webox-export", 1
LEDGER_BATCH = 2_000
LEDGER_FIELDS = (
    *("answer_id", "message_id", "conversation_id", "purpose", "provider", "model", "payer", "outcome"),
    *("asked_at", "input_tokens", "output_tokens", "reasoning_tokens", "nanousd", "is_estimated"),
    *("first_token_ms", "total_ms"),
)


async def pieces(user: User) -> AsyncIterator[str]:
    """The document in pieces of text; together they are one JSON object."""
    head = await sync_to_async(_head)(user)
    yield _json(head)[:-1]
    for name, read in (("conversations", _conversation_after), ("ledger", _ledger_after)):
        yield f',\n"{name}": ['
        separator, last = "", 0
        while found := await sync_to_async(read)(user, last):
            last, rows = found
            for row in rows:
                yield f"{separator}\n{_json(row)}"
                separator = ","
        yield "]"
    yield "}\n"


def name_of(user: User, now: datetime) -> str:
    """The file's name."""
    return f"webox-{user.username_key.encode('ascii', 'ignore').decode() or user.pk}-{now:%Y-%m-%d}.json"


def _json(value: Any) -> str:
    return DjangoJSONEncoder(ensure_ascii=False).encode(value)


def _head(user: User) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "version": VERSION,
        "exported_at": timestamp(timezone.now()),
        "account": {
            "username": user.username,
            "email": user.email,
            "created_at": timestamp(user.created_at),
            "preferences": user.preferences,
            "budget_usd": user.budget_usd,
        },
        "folders": list(Folder.objects.for_user(user).values_list("name", flat=True)),
        "line_ups": list(LineUp.objects.for_user(user).values("name", "targets", "created_at")),
        "ai_preferences": list(
            AiPreference.objects.filter(user=user).values(
                *("provider__slug", "model", "temperature", "max_tokens", "system_prompt")
            )
        ),
    }


def _conversation_after(user: User, last: int) -> tuple[int, list[dict[str, Any]]] | None:
    """The next conversation, with every version, branch and image; None after the last one."""
    rows = Conversation.objects.for_user(user).filter(pk__gt=last).order_by("pk")
    conversation = rows.prefetch_related("tags").first()
    if conversation is None:
        return None
    messages = with_answers(Message.objects.filter(conversation=conversation))
    images = {
        str(image.pk): b64encode(bytes(image.data)).decode()
        for image in Attachment.objects.defer(None).filter(message__conversation=conversation)
    }
    told = [to_builtins(message_record(message)) for message in messages]
    for message in told:
        message.pop("siblings")
        for image in message["attachments"]:
            image["data"] = images.get(image["id"], "")
            image.pop("url")
    return conversation.pk, [
        {
            "id": conversation.pk,
            "title": conversation.title,
            "folder": conversation.folder,
            "tags": [tag.name for tag in conversation.tags.all()],
            "is_pinned": conversation.is_pinned,
            "is_archived": conversation.is_archived,
            "is_favourite": conversation.is_favourite,
            "head_id": conversation.head_id,
            "created_at": timestamp(conversation.created_at),
            "updated_at": timestamp(conversation.updated_at),
            "messages": told,
        }
    ]


def _ledger_after(user: User, last: int) -> tuple[int, list[dict[str, Any]]] | None:
    entries = LedgerEntry.objects.filter(user=user, pk__gt=last).exclude(outcome="").order_by("pk")
    rows = list(entries.values("pk", *LEDGER_FIELDS)[:LEDGER_BATCH])
    return (rows[-1]["pk"], [{name: row[name] for name in LEDGER_FIELDS} for row in rows]) if rows else None
