"""`manage.py protocol_docs`: write docs/protocol.md from chat/events.py, so that the two never differ."""

# ruff: noqa: E501 - the page’s paragraphs stand here as they are

import json
from collections.abc import Iterable
from inspect import cleandoc
from typing import Any, get_args

import msgspec
from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import translation
from msgspec import Struct, inspect

from chat import errors, events, limits
from chat.engine.loop import RESTARTING
from chat.live import socket
from chat.management.example_conversation import frames
from common import errors as webox_errors
from common.errors import WeBoxError
from common.http.socket_protocol import MESSAGE_FRAGMENTS, MESSAGE_TOO_BIG
from providers import errors as provider_errors

PATH = settings.BASE_DIR / "docs" / "protocol.md"
SHOWN_OF_RECORD = ("id", "name", "status", "text")
PLAIN_EVENTS = (events.PlainChunk, events.PlainFailure, events.PlainRefusal, events.PlainStatus)

INTRO = f"""\
# The sockets’ protocol

Made from [chat/events.py](../chat/events.py) by `python3 -m webox manage protocol_docs`; a test compares the two. Change
the source, not this page.

## Opening a socket

`ws://HOST/api/chat/ws/CONVERSATION` (`wss://` behind https), one socket for one conversation of yours;
`POST /api/chat/conversations` makes an empty one. With the subprotocol `{socket.PROTOCOL}` you speak the protocol below;
without any you speak the [plain one](#the-plain-protocol).

You sign in with one of

- `Authorization: Bearer` and an access token of `POST /api/auth/token`;
- `?ticket=` and a ticket of `POST /api/auth/socket-ticket`, good once and for 30 s, for browsers that hold a token;
- the session cookie. Then the `Origin` must be WeBox’s own (scheme, host, port) or one of `CSRF_TRUSTED_ORIGINS`.

Who you are is asked again at each command, and once a minute. A socket that may not come in is accepted, then closed:

| close code | why |
|---|---|
| {socket.SIGN_IN} | nobody is signed in, or not any more: signed out, password changed, account closed, token out of date |
| {socket.FORBIDDEN} | opened by a page of another site |
| {socket.NOT_FOUND} | no such conversation of yours (any more), or no such path |
| {socket.TOO_SLOW} | you took nothing for {limits.SOCKET_SEND_S} s; come back, the first snapshot has what you missed |
| {socket.TOO_MANY} | {limits.SOCKET_REFUSALS} commands refused in a row, or more than {limits.SOCKETS_PER_PERSON} sockets of one person |
| {MESSAGE_TOO_BIG} | a message of more than 2 MiB, or in more than {MESSAGE_FRAGMENTS} pieces |
| {RESTARTING} | the server restarts: come back in a moment |
| {socket.TRY_LATER} | the database is out of reach: come back in a moment |

Every frame is text and holds one JSON object. Yours have at most {limits.FRAME_BYTES // 1024} KiB, a message at most {limits.MESSAGE_CHARS:,}
characters, a turn at most {limits.TARGETS_PER_TURN} AIs. {limits.SOCKET_COMMAND_BURST} commands may come at once, then {limits.SOCKET_COMMANDS_PER_S} a second. Fields that are not listed here
are refused. A refused command changes nothing: it is answered by [`error`](#error), and the socket stays open.
What WeBox sends may be larger: a snapshot holds whole texts.
"""

OFFSETS = """\
## Offsets

Offsets and lengths count Unicode code points: Python’s `len`, in JavaScript `[...text].length` and not `text.length`.
With these rules your text is what the database holds, whatever was lost, doubled or late on the way:

1. The first frame is a [`snapshot`](#snapshot): the last turn and every turn that still runs. Earlier messages come from
   `GET /api/chat/conversations/CONVERSATION/messages`.
2. A delta `[answer id, offset, piece]` belongs at its offset. Append it where your text ends there; skip the part that you
   have; keep one that starts later until the gap is closed.
3. Where a gap stays, a [`lengths`](#lengths) frame or the final lengths in [`answer`](#answer) say more than you have, or an
   id is unknown to you: send [`resume`](#resume). One at a time, and not more often than every 250 ms.
4. Nothing comes for 3 s although an answer is unfinished: send [`resume`](#resume) for it. Its end may have been lost.
5. A snapshot replaces what you have, but for the answers listed in `from_rows`: while those are being written, the longer
   text is the newer one.

After a lost connection, open a new socket: rule 1 does the rest. Answers are written on while nobody listens. A client that
reads too slowly loses frames, and is then sent a snapshot.
"""

EVENTS = """\
## Events

An answer goes from `queued` to `streaming`, and ends as `done`, `failed`, `stopped` or `interrupted`; it never begins again. What
was written is kept, however it ends.
"""

STREAM = """\
## The same over HTTP

`GET /api/chat/messages/MESSAGE/events` is one turn as Server-Sent Events, signed in like any REST request; MESSAGE is the
id of its assistant message or of its question. The events are those above, `event:` says which. First comes a
[`snapshot`](#snapshot), at last [`turn`](#turn) `complete`, and the stream ends. The `id:` of an event says how much of each
answer’s text and reasoning you then have, `a12:120:45,a13:88:0`. Send it back as `Last-Event-ID` (an `EventSource` does so by
itself) and you get the rest alone, from exactly there; 204 says that there is none. Without an event for 15 s comes a
comment line, which clients skip.
"""

PLAIN = """\
## The plain protocol

For a socket without subprotocol. It hears of the turns that were asked on it and of no others, one turn at a time. Send
[PlainAsk](#plainask); `chunk` frames of all AIs come interleaved, a failed AI sends `error`, and `{"status": "complete"}`
ends the turn. A refused command is answered by `error` and `code` without `provider`. There are no offsets and no snapshots:
a connection that breaks has lost the rest, which is in the messages over REST.
"""

EXAMPLE = f"""\
## An example

Two AIs are asked and one of them breaks off; `→` is sent by the client, `←` by the server. To be read more easily, each
[AnswerRecord](#answerrecord) shows four of its fields here, and `answer` leaves out those that are null or empty.

```
→ GET /api/chat/ws/7
  Sec-WebSocket-Protocol: {socket.PROTOCOL}
"""

CODES = """\
## Error codes

The same codes come in [`error`](#error), in [ErrorInfo](#errorinfo), in the plain protocol and over REST. The status is the
one of a REST request that is refused for it; `POST /api/chat/send` is 200 also where an AI fails. `%(name)s` stands for data
that [ErrorInfo](#errorinfo) has in `params`.

| code | status | sentence |
|---|---|---|
"""


class Command(BaseCommand):
    """Write the page."""

    help = "Write docs/protocol.md from chat/events.py."

    def handle(self, *args: object, **options: object) -> None:
        PATH.write_text(page(), encoding="utf-8", newline="\n")
        self.stdout.write(str(PATH))


def page() -> str:
    """The whole of docs/protocol.md."""
    commands, answers = get_args(events.AnyCommand), get_args(events.AnyEvent)
    described = (*commands, *answers, events.PlainAsk, *PLAIN_EVENTS)
    return "\n".join(
        [
            INTRO,
            OFFSETS,
            "## Commands\n",
            *(section(kind, with_defaults=True) for kind in commands),
            EVENTS,
            *(section(kind) for kind in answers),
            "## Records\n",
            "What commands and events are made of.\n",
            *(section(kind, with_defaults=forbids_unknown(kind)) for kind in parts_of(described)),
            STREAM,
            PLAIN,
            section(events.PlainAsk, with_defaults=True),
            *(section(kind) for kind in PLAIN_EVENTS),
            EXAMPLE + "".join(f"{line(frame)}\n" for frame in frames()) + "```\n",
            CODES + "".join(code_rows()),
        ]
    )


# --- Structs ------------------------------------------------------------------------------------------


def struct_type(kind: type[Struct]) -> inspect.StructType:
    found = inspect.type_info(kind)
    assert isinstance(found, inspect.StructType)
    return found


def forbids_unknown(kind: type[Struct]) -> bool:
    """Whether clients write it."""
    return struct_type(kind).forbid_unknown_fields


def title(kind: type[Struct]) -> str:
    """The name under which the page describes a struct: the wire's own, where it has one."""
    tag = struct_type(kind).tag
    return f"`{tag}`" if tag else kind.__name__


def link(kind: type[Struct]) -> str:
    return f"[{title(kind)}](#{title(kind).strip('`').lower()})"


def section(kind: type[Struct], *, with_defaults: bool = False) -> str:
    """A struct's heading, docstring and fields; what clients write has a column of defaults."""
    head = "| field | type | default |\n|---|---|---|" if with_defaults else "| field | type |\n|---|---|"
    own = struct_type(kind)
    rows = [[f"`{own.tag_field}`", f'`"{own.tag}"`', "required"]] if own.tag_field else []
    rows += [[f"`{one.encode_name}`", words(one.type), default(one)] for one in own.fields]
    lines = [f"| {' | '.join(row if with_defaults else row[:2])} |" for row in rows]
    told = f"{cleandoc(kind.__doc__)}\n\n" if kind.__doc__ else ""
    return f"### {title(kind)}\n\n{told}{head}\n" + "\n".join(lines) + "\n"


def default(field: inspect.Field) -> str:
    """What stands for a field that a client leaves out."""
    if field.required:
        return "required"
    if field.default is msgspec.NODEFAULT and field.default_factory is msgspec.NODEFAULT:
        return "left out"
    made = field.default_factory() if field.default is msgspec.NODEFAULT else field.default
    return f"`{msgspec.json.encode(made).decode()}`"


WORDS: dict[type[inspect.Type], str] = {
    inspect.NoneType: "null",
    inspect.BoolType: "true or false",
    inspect.UUIDType: "string (a UUID)",
}


def words(kind: inspect.Type) -> str:
    """A field's type in JSON's words, with its limits."""
    match kind:
        case inspect.StructType(cls=cls):
            return link(cls)
        case inspect.UnionType(types=types):
            return " or ".join(map(words, types))
        case inspect.ListType(item_type=item):
            return f"list{bounds(kind.min_length, kind.max_length, 'items')} of {words(item)}"
        case inspect.TupleType(item_types=items):
            return f"`[`{', '.join(map(words, items))}`]`"
        case inspect.DictType(value_type=value):
            return f"object of {words(value)}"
        case inspect.LiteralType(values=values):
            return " or ".join(f'`"{value}"`' for value in values)
        case inspect.StrType():
            return f"string{bounds(kind.min_length, kind.max_length, 'characters')}"
        case inspect.IntType():
            return f"integer{bounds(kind.ge, kind.le)}"
        case inspect.FloatType():
            return f"number{bounds(kind.ge, kind.le)}"
    if type(kind) not in WORDS:
        raise NotImplementedError(f"{kind} has no words yet")
    return WORDS[type(kind)]


def bounds(least: float | None, most: float | None, unit: str = "") -> str:
    if least is None and most is None:
        return ""
    text = f"at least {least:,}" if most is None else f"{least or 0:,} to {most:,}"
    return f" ({text} {unit}".rstrip() + ")"


def parts_of(kinds: Iterable[type[Struct]]) -> list[type[Struct]]:
    """The structs inside these, without these, in the order in which a reader meets them."""
    known = list(kinds)
    found: list[type[Struct]] = []

    def look(kind: Any) -> None:
        if isinstance(kind, inspect.StructType):
            if kind.cls not in known:
                known.append(kind.cls)
                found.append(kind.cls)
                look_at_fields(kind.cls)
        elif isinstance(kind, inspect.UnionType):
            for one in kind.types:
                look(one)
        elif isinstance(kind, inspect.ListType):
            look(kind.item_type)

    def look_at_fields(struct: type[Struct]) -> None:
        for field in struct_type(struct).fields:
            look(field.type)

    for kind in tuple(known):
        look_at_fields(kind)
    return found


# --- The example and the codes ------------------------------------------------------------------------


def line(frame: events.Command | events.Event) -> str:
    """A frame of the example with its direction, shortened as the page says."""
    value = msgspec.to_builtins(frame)
    if isinstance(frame, events.AnswerChanged):
        value = {key: item for key, item in value.items() if item not in (None, "")}
    if isinstance(frame, events.Command):
        defaults = {field.encode_name: field.default for field in struct_type(type(frame)).fields}
        value = {key: item for key, item in value.items() if item is not None or defaults.get(key)}
    arrow = "→" if isinstance(frame, events.Command) else "←"
    return f"{arrow} {json.dumps(shortened(value), ensure_ascii=False)}"


def shortened(value: Any) -> Any:
    if isinstance(value, list):
        return [shortened(one) for one in value]
    if not isinstance(value, dict):
        return value
    if "vendor_finish_reason" in value and "type" not in value:
        return {key: value[key] for key in SHOWN_OF_RECORD}
    return {key: shortened(one) for key, one in value.items()}


def code_rows() -> list[str]:
    """One row for each error that the chat knows, by code, in English."""
    found = [
        error
        for module in (webox_errors, errors, provider_errors)
        for error in vars(module).values()
        if isinstance(error, type)
        and issubclass(error, WeBoxError)
        and error.__module__ == module.__name__
        # Those with others below them are kinds, which nobody meets.
        and not error.__subclasses__()
    ]
    with translation.override(None):
        return sorted(f"| `{error.code}` | {error.http_status} | {error.message} |\n" for error in found)
