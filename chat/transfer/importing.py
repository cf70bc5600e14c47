"""Imports what WeBox exported (chat.transfer.exporting, docs/export.md), here or on another WeBox.

The file is read and checked as a whole before the first row is written. Then each conversation is one
transaction, and one that is here already stays as it is: an import that was cut off is simply done again.
"""

from base64 import b64decode
from binascii import Error as BadBase64
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Annotated, Any, Literal

from django.db import IntegrityError, transaction
from msgspec import Meta, Struct, ValidationError, convert, to_builtins

from accounts.models import User
from chat import limits
from chat.ais import catalogue, line_ups
from chat.errors import FolderNameTaken, ImportTooLarge, NotAnExport, TooManyFolders
from chat.events import Context, ErrorInfo, TargetObject, TargetSettings
from chat.models import DEFAULT_FOLDER, Answer, Attachment, Conversation, Message, Provider
from chat.store import folders, tags, uploads
from chat.transfer.exporting import FORMAT, VERSION
from common.data import strict_json
from common.errors import WeBoxError
from providers.prices import NANO

Text = Annotated[str, Meta(max_length=limits.ANSWER_CHARS)]
Short = Annotated[str, Meta(max_length=30)]
Name = Annotated[str, Meta(max_length=100)]
Long = Annotated[str, Meta(max_length=200)]
Place = Annotated[int, Meta(ge=0, le=32_767)]
Count = Annotated[int, Meta(ge=0, le=2**31 - 1)]
Moment = Annotated[datetime, Meta(tz=True)]
Word = Annotated[str, Meta(min_length=1, max_length=limits.TAG_CHARS)]
FolderName = Annotated[str, Meta(min_length=1, max_length=limits.FOLDER_CHARS)]


class ImportedImage(Struct):
    """`data` is base64."""

    data: str


class ImportedAnswer(Struct):
    """One answer of the file; what is longer than a column is refused with the file."""

    id: int
    target: Annotated[str, Meta(min_length=1, max_length=limits.TARGET_CHARS)]
    name: Annotated[str, Meta(min_length=1, max_length=limits.TARGET_CHARS + 10)]
    provider: Annotated[str, Meta(max_length=50)]
    model: Annotated[str, Meta(max_length=limits.MODEL_CHARS)]
    position: Place
    version: Annotated[int, Meta(ge=1, le=32_767)]
    status: Literal["queued", "streaming", "done", "failed", "stopped", "interrupted"]
    created_at: Moment
    is_chosen: bool = False
    label: Name = ""
    mark: Annotated[str, Meta(max_length=2)] = ""
    settings: TargetSettings = TargetSettings()
    text: Text = ""
    reasoning: Text = ""
    refusal: Text = ""
    error: ErrorInfo | None = None
    notes: Annotated[list[Short], Meta(max_length=20)] = []
    finish_reason: Short = ""
    vendor_finish_reason: Name = ""
    request_id: Long = ""
    attempts: Place = 0
    input_tokens: Count | None = None
    output_tokens: Count | None = None
    cached_tokens: Count | None = None
    reasoning_tokens: Count | None = None
    cost_usd: Annotated[float, Meta(ge=0, le=1e6)] | None = None
    is_estimated: bool = False
    first_token_ms: Count | None = None
    reasoning_ms: Count | None = None
    total_ms: Count | None = None
    started_at: Moment | None = None


class ImportedMessage(Struct):
    """One message; `parent_id` is an id inside the file."""

    id: int
    role: Literal["user", "assistant", "system"]
    created_at: Moment
    parent_id: int | None = None
    content: Text = ""
    context: Context = "own"
    attachments: Annotated[list[ImportedImage], Meta(max_length=limits.IMAGES_PER_MESSAGE)] = []
    answers: list[ImportedAnswer] = []


class ImportedConversation(Struct):
    """One conversation with every branch of it, in the order in which it was had."""

    created_at: Moment
    updated_at: Moment
    title: Annotated[str, Meta(max_length=255)] = ""
    folder: FolderName = DEFAULT_FOLDER
    tags: Annotated[list[Word], Meta(max_length=limits.TAGS_OF_A_CONVERSATION)] = []
    is_pinned: bool = False
    is_archived: bool = False
    is_favourite: bool = False
    head_id: int | None = None
    messages: list[ImportedMessage] = []


class ImportedLineUp(Struct):
    name: Annotated[str, Meta(min_length=1, max_length=limits.LINE_UP_CHARS)]
    targets: Annotated[list[TargetObject], Meta(min_length=1, max_length=limits.TARGETS_PER_TURN)]


class Document(Struct):
    """What is read of an exported file; account, settings and ledger are not imported."""

    format: str
    version: int
    folders: list[FolderName] = []
    line_ups: list[ImportedLineUp] = []
    conversations: list[ImportedConversation] = []


class Imported(Struct, frozen=True):
    """How many conversations are new here, and how many were here already."""

    added: int
    skipped: int


def bring_in(user: User, data: bytes) -> Imported:
    """Make the conversations, folders and line-ups of a file this person's.

    Raises ImportTooLarge and NotAnExport, NotAnImage or TooManyPixels; nothing is saved then but, of broken
    images, the conversations before them.
    """
    document = _read(data)
    for name in _trimmed(document.folders):
        with suppress(FolderNameTaken, TooManyFolders):
            folders.make(user, name)
    for line_up in document.line_ups:
        # One whose name is taken, or whose AIs are not here, stays away.
        with suppress(WeBoxError):
            line_ups.make(user, line_up.name, line_up.targets)
    here = set(Conversation.objects.for_user(user).order_by().values_list("created_at", "title"))
    added = 0
    for conversation in document.conversations:
        if (conversation.created_at, conversation.title) not in here:
            _add(user, conversation)
            added += 1
    return Imported(added, len(document.conversations) - added)


def _read(data: bytes) -> Document:
    if len(data) > limits.IMPORT_BYTES:
        raise ImportTooLarge(limit_mb=limits.IMPORT_BYTES // uploads.MB)
    try:
        document = convert(strict_json.loads(data, limits.IMPORT_BYTES), Document)
    except (strict_json.BadJson, ValidationError) as error:
        raise NotAnExport(why=str(error)[:200]) from error
    if (document.format, document.version) != (FORMAT, VERSION):
        raise NotAnExport(why=f"{document.format[:30]} {document.version}")
    return document


def _trimmed(names: Iterable[str]) -> list[str]:
    """Names as the API takes them."""
    return [name.strip() for name in names if name.strip()]


def _add(user: User, given: ImportedConversation) -> None:
    images = {message.id: [_image(user, one) for one in message.attachments] for message in given.messages}
    with _one_transaction():
        conversation = Conversation(
            owner=user,
            title=given.title,
            folder=given.folder.strip() or DEFAULT_FOLDER,
            updated_at=given.updated_at,
            is_pinned=given.is_pinned,
            is_archived=given.is_archived,
            is_favourite=given.is_favourite,
        )
        conversation.save()
        tags.set_tags(conversation, _trimmed(given.tags))
        rows = _add_messages(conversation, given.messages)
        answers = _add_answers(user, given.messages, rows)
        for message in given.messages:
            for position, image in enumerate(images[message.id]):
                image.message, image.position = rows[message.id], position
                image.save(force_insert=True)
            chosen = next((answers[one.id] for one in message.answers if one.is_chosen), None)
            if chosen:
                Message.objects.filter(pk=rows[message.id].pk).update(chosen=chosen)
        head = rows.get(given.head_id or 0)
        # Saving gives a row the time of its saving.
        Conversation.objects.filter(pk=conversation.pk).update(created_at=given.created_at, head=head)


@contextmanager
def _one_transaction() -> Iterator[None]:
    """Raises NotAnExport for rows that can't stand beside one another, such as two answers in one place."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        raise NotAnExport(why="two of its parts stand in one place") from error


def _add_messages(conversation: Conversation, given: Iterable[ImportedMessage]) -> dict[int, Message]:
    """The new rows by their ids in the file: what is told of a conversation follows their order."""
    messages = list(given)
    made = Message.objects.bulk_create(
        Message(conversation=conversation, role=one.role, content=one.content, context=one.context)
        for one in messages
    )
    rows = {one.id: row for one, row in zip(messages, made, strict=True)}
    before: set[int] = set()
    for one in messages:
        row = rows[one.id]
        row.created_at = one.created_at
        # Only what comes earlier: nothing may stand after itself.
        row.parent = rows[one.parent_id] if one.parent_id in before else None
        before.add(one.id)
    Message.objects.bulk_update(made, ["created_at", "parent"], batch_size=100)
    return rows


def _add_answers(
    user: User, messages: Iterable[ImportedMessage], rows: dict[int, Message]
) -> dict[int, Answer]:
    """The new rows by their ids in the file, tied to the providers of the same name that are here."""
    given = [(message, one) for message in messages if message.role == "assistant" for one in message.answers]
    providers = catalogue.find_all(user, {one.provider for _, one in given})
    made = Answer.objects.bulk_create(
        _answer(one, rows[message.id], providers.get(one.provider)) for message, one in given
    )
    for (_, one), row in zip(given, made, strict=True):
        row.created_at = one.created_at
    Answer.objects.bulk_update(made, ["created_at"], batch_size=100)
    return {one.id: row for (_, one), row in zip(given, made, strict=True)}


SAME = (
    *("position", "version", "target", "name", "provider", "label", "mark", "model", "text", "reasoning"),
    *("refusal", "notes", "finish_reason", "vendor_finish_reason", "request_id", "attempts"),
    *("input_tokens", "output_tokens", "cached_tokens", "reasoning_tokens", "is_estimated"),
    *("first_token_ms", "reasoning_ms", "total_ms", "started_at"),
)
"""What means the same in the file and in the row."""


def _answer(given: ImportedAnswer, message: Message, provider: Provider | None) -> Answer:
    values: dict[str, Any] = {name: getattr(given, name) for name in SAME}
    # Nobody writes on here what was being written there.
    status = "interrupted" if given.status in Answer.UNFINISHED else given.status
    cost_usd = given.cost_usd
    return Answer(
        message=message,
        provider_row=provider,
        status=status,
        settings=to_builtins(given.settings),
        error_code=given.error.code[:50] if given.error else "",
        error_params=given.error.params if given.error else {},
        cost_nanousd=None if cost_usd is None else round(cost_usd * NANO),
        finished_at=given.created_at,
        **values,
    )


def _image(user: User, given: ImportedImage) -> Attachment:
    """Decoded and written anew, as every image that comes from outside."""
    try:
        data = b64decode(given.data, validate=True)
    except (BadBase64, ValueError) as error:
        raise NotAnExport(why="base64") from error
    return uploads.remade(user, data)
