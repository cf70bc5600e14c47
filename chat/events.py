"""Every command a client may send over `webox.v1`, and every event it may get. No Django here.

Commands are read with `parse`: unknown fields are refused. Events are plain structs, encoded
once with `encode`. Offsets and lengths count Unicode code points: Python's `len`, not JavaScript's
`length`. `docs/protocol.md` is generated from this file.
"""

from typing import Annotated, Any, Literal, TypeVar
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from chat import limits

AnswerStatus = Literal["queued", "streaming", "done", "failed", "stopped", "interrupted"]
FINAL_STATUSES: tuple[AnswerStatus, ...] = ("done", "failed", "stopped", "interrupted")

Context = Literal["own", "chosen", "all"]
"""What each AI is told of the turns before: its own answers, the chosen one in each turn that has
one, or its own and those of all others."""

Id = Annotated[int, Meta(ge=1)]
Temperature = Annotated[float, Meta(ge=0, le=2)]
MaxTokens = Annotated[int, Meta(ge=1, le=limits.MAX_TOKENS)]
ClientId = Annotated[str, Meta(min_length=1, max_length=limits.CLIENT_ID_CHARS)]
SystemPrompt = Annotated[str, Meta(max_length=limits.SYSTEM_PROMPT_CHARS)]
TargetName = Annotated[str, Meta(min_length=1, max_length=limits.TARGET_CHARS)]


class Command(Struct, tag_field="type", forbid_unknown_fields=True, frozen=True, kw_only=True):
    """What a client sends."""


class TargetSettings(Struct, forbid_unknown_fields=True, frozen=True, omit_defaults=True):
    """Settings of one column; they win over the command's own."""

    temperature: Temperature | None = None
    max_tokens: MaxTokens | None = None
    system_prompt: SystemPrompt | None = None


class TargetObject(Struct, forbid_unknown_fields=True, frozen=True):
    """A target with settings of its own."""

    target: TargetName
    settings: TargetSettings = TargetSettings()


class Ask(Command, tag="ask", frozen=True):
    """Put one message to several AIs.

    `client_id` makes a repeated send the same turn; other content under it is refused with
    `client_id_conflict`. `attachments` are ids of images uploaded before. `parent_id` is the message after
    which the question goes (null: the beginning), where it is not the end of what is shown: where another
    question stands there, a branch begins. `context` is what each AI is told of the turns before: its own
    answers, the chosen one in each turn that has one, or the answers of all. Answered by `accepted` once
    everything is saved.
    """

    message: str
    targets: list[TargetName | TargetObject]
    client_id: ClientId
    temperature: Temperature | None = None
    max_tokens: MaxTokens | None = None
    attachments: Annotated[list[UUID], Meta(max_length=limits.IMAGES_PER_MESSAGE)] = []
    parent_id: Id | UnsetType | None = UNSET
    context: Context = "own"


class Stop(Command, tag="stop", frozen=True):
    """Stop these answers, or every running answer of the conversation when `answer_ids` is absent."""

    answer_ids: list[Id] | None = None


class Retry(Command, tag="retry", frozen=True):
    """Ask the AIs of these ended answers again; each gets a new answer beside the old one.

    Answered by `accepted` with the new answers.
    """

    answer_ids: Annotated[list[Id], Meta(min_length=1, max_length=limits.TARGETS_PER_TURN)]


class Resume(Command, tag="resume", frozen=True):
    """Ask for a `snapshot` of these answers: after a gap in the offsets, or a lost connection."""

    answer_ids: Annotated[list[Id], Meta(min_length=1, max_length=200)]


AnyCommand = Ask | Stop | Retry | Resume


class ErrorInfo(Struct, frozen=True):
    """Why an answer ended without success: a stable code and the data of its sentence.

    No sentence: every client words it in its own language (the page from the table it is given).
    """

    code: str
    params: dict[str, str | int | float]


class AnswerRecord(Struct, kw_only=True):
    """One AI's answer as a client sees it. Durations in milliseconds.

    Tokens mean the same for every vendor: `input_tokens` includes cached ones, `output_tokens` includes
    reasoning. `cost_usd` is null where a price is not known. `is_estimated`: the vendor did not say how many
    tokens it took, so they and the cost are estimated from the text. `refusal` is what the model said in
    place of an answer. `notes` are words of what else a reader should know: `images_left_out`. `settings` are
    those it was asked with. `reasoning_ms` is how long it reasoned before the first word of its text, null
    where it showed none of that.
    """

    id: int
    message_id: int
    target: str
    name: str
    provider: str
    label: str
    mark: str
    model: str
    settings: TargetSettings
    position: int
    version: int
    status: AnswerStatus
    is_chosen: bool
    text: str
    reasoning: str
    error: ErrorInfo | None
    refusal: str
    notes: list[str]
    finish_reason: str
    vendor_finish_reason: str
    request_id: str
    attempts: int
    input_tokens: int | None
    output_tokens: int | None
    cached_tokens: int | None
    reasoning_tokens: int | None
    cost_usd: float | None
    is_estimated: bool
    first_token_ms: int | None
    reasoning_ms: int | None
    total_ms: int | None
    created_at: str
    started_at: str | None


class AttachmentRecord(Struct, kw_only=True):
    """An image of a user's message; `url` shows it to its owner alone."""

    id: str
    url: str
    media_type: str
    width: int
    height: int
    size_bytes: int


class MessageRecord(Struct, kw_only=True):
    """One message of the conversation; an assistant's holds the answers of its turn.

    `context` is what the AIs of the turn were told of the turns before. `siblings` are the ids of the
    questions that stand in this one's place, itself among them, the oldest first; only a user's message has
    them.
    """

    id: int
    parent_id: int | None
    role: Literal["user", "assistant", "system"]
    content: str
    created_at: str
    context: Context
    siblings: list[int]
    attachments: list[AttachmentRecord]
    answers: list[AnswerRecord]


class Event(Struct, tag_field="type", frozen=True, kw_only=True, omit_defaults=False):
    """What the server sends."""


class Accepted(Event, tag="accepted", frozen=True):
    """The command's messages and answers are saved. Only the asker gets it."""

    client_id: str | None
    conversation_id: int
    title: str
    messages: list[MessageRecord]
    answers: list[AnswerRecord]


class TurnChanged(Event, tag="turn", frozen=True):
    """A turn began elsewhere (another tab, the REST API), or no answer of it is being written any more.

    `title`, `messages` and `answers` are filled where the state is `started`: the messages the turn
    added (none for a retry) and the answers being asked.
    """

    state: Literal["started", "complete"]
    message_id: int
    title: str = ""
    messages: list[MessageRecord] = []
    answers: list[AnswerRecord] = []


class Snapshot(Event, tag="snapshot", frozen=True):
    """Whole records, sent on joining (the last turn and all that still run) and after `resume`.

    `from_rows` lists the streaming answers whose text comes from the database and may be a second
    old: such a record does not replace a longer text.
    """

    messages: list[MessageRecord]
    from_rows: list[int]


Delta = tuple[int, int, str]
"""Answer id, the offset at which this piece starts, the piece."""


class Deltas(Event, tag="deltas", frozen=True):
    """New text of one turn since the last frame: one frame a tick, for all of its answers."""

    deltas: list[Delta]
    reasoning: list[Delta]


class Lengths(Event, tag="lengths", frozen=True):
    """Once a second: answer id, length of text, length of reasoning; shows a client what it missed."""

    lengths: list[tuple[int, int, int]]


class AnswerChanged(Event, tag="answer", frozen=True):
    """An answer's state changed; text comes by deltas alone. `text_length` and `reasoning_length` are
    final when the status is."""

    id: int
    status: AnswerStatus
    text_length: int
    reasoning_length: int
    error: ErrorInfo | None = None
    refusal: str = ""
    notes: list[str] = []
    finish_reason: str = ""
    vendor_finish_reason: str = ""
    request_id: str = ""
    attempts: int = 0
    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_tokens: int | None = None
    reasoning_tokens: int | None = None
    cost_usd: float | None = None
    is_estimated: bool = False
    first_token_ms: int | None = None
    reasoning_ms: int | None = None
    total_ms: int | None = None


class Chosen(Event, tag="chosen", frozen=True):
    """A person likes this answer best of its turn; null: none any more."""

    message_id: int
    answer_id: int | None


class Titled(Event, tag="title", frozen=True):
    """The conversation has got a better title, made from its first exchange."""

    title: str


class BranchShown(Event, tag="branch", frozen=True):
    """Another branch is shown: read the messages anew. `head_id` is its last one."""

    head_id: int


class Refused(Event, tag="error", frozen=True):
    """A command was not carried out; nothing changed."""

    code: str
    detail: str
    client_id: str | None = None


AnyEvent = (
    Accepted
    | TurnChanged
    | Snapshot
    | Deltas
    | Lengths
    | AnswerChanged
    | Chosen
    | Titled
    | BranchShown
    | Refused
)


class PlainAsk(Struct, forbid_unknown_fields=True, frozen=True):
    """The one command of the plain protocol (no subprotocol)."""

    message: str
    providers: list[TargetName]


class PlainChunk(Struct, frozen=True):
    """`provider` is the name that was sent; a repeated one is `name#2`."""

    provider: str
    chunk: str


class PlainFailure(Struct, frozen=True):
    provider: str
    error: str
    code: str


class PlainRefusal(Struct, frozen=True):
    error: str
    code: str


class PlainStatus(Struct, frozen=True):
    status: Literal["complete"] = "complete"


CommandType = TypeVar("CommandType")


def parse(value: Any, kind: type[CommandType]) -> CommandType:
    """Return the command in an already decoded JSON value. Raises ValueError with a short English reason."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from error


def encode(event: Struct) -> str:
    """The event as it goes over the wire."""
    return msgspec.json.encode(event).decode()
