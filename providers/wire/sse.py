"""Events out of a vendor's bytes, whatever their line ends and however reads cut them.

`SseReader` reads server-sent events, `JsonLinesReader` one JSON value a line.

Rules: https://html.spec.whatwg.org/multipage/server-sent-events.html, with three exceptions that
vendors made necessary: an `error:` field (llama.cpp) and bare JSON with an "error" (Gemini) become
events named "error", and a last event without its blank line is kept if it is whole.
"""

import re
from collections.abc import Iterable, Iterator

from msgspec import Struct

from providers.wire import payload

LINE_BYTES = 1024 * 1024
EVENT_BYTES = 4 * LINE_BYTES
EVENT_LINES = 20_000
_DONE = "[DONE]"

_BOM = b"\xef\xbb\xbf"
# On bytes: str.splitlines also cuts at U+2028 and others, which are legal inside JSON strings.
_LINE_END = re.compile(rb"\r\n|\n|\r")


class TooLong(ValueError):
    """A line of more than 1 MiB, or an event of more than 4 MiB or 20,000 lines."""


class SseEvent(Struct, frozen=True):
    """One event; `name` is empty where the vendor gave none."""

    name: str
    data: str


class _Lines:
    """Cuts bytes into lines; a line may come in any number of pieces."""

    def __init__(self) -> None:
        self._partial: list[bytes] = []
        self._partial_bytes = 0
        self._skip_lf = False
        self._first_line = True
        self.is_too_long = False
        """A line has come that is too long; those before it were given."""

    def feed(self, chunk: bytes) -> list[bytes]:
        """The lines that end in this chunk."""
        if self._skip_lf and chunk:
            # A CR at the end of one read and an LF at the start of the next are one line end.
            chunk = chunk.removeprefix(b"\n")
            self._skip_lf = False
        if not chunk:
            return []
        if b"\r" in chunk:
            self._skip_lf = chunk.endswith(b"\r")
            *lines, rest = _LINE_END.split(chunk)
        else:
            *lines, rest = chunk.split(b"\n")
        if lines and (self._partial or self._first_line):
            lines[0] = self._whole(lines[0])
        if len(chunk) > LINE_BYTES or self.is_too_long:
            lines = self._up_to_long(lines)
        self._hold(rest)
        return lines

    def end(self) -> bytes:
        """What came after the last line end."""
        return self._whole(b"")

    def _up_to_long(self, lines: list[bytes]) -> list[bytes]:
        at = next((at for at, line in enumerate(lines) if len(line) > LINE_BYTES), len(lines))
        self.is_too_long = self.is_too_long or at < len(lines)
        return lines[:at]

    def _hold(self, piece: bytes) -> None:
        if not piece or self.is_too_long:
            return
        self._partial_bytes += len(piece)
        if self._partial_bytes > LINE_BYTES:
            self.is_too_long = True
            self._partial.clear()
        else:
            self._partial.append(piece)

    def _whole(self, ending: bytes) -> bytes:
        """The line that this is the end of."""
        self._hold(ending)
        line = b"".join(self._partial)
        self._partial.clear()
        self._partial_bytes = 0
        if self._first_line:
            self._first_line = False
            line = line.removeprefix(_BOM)
        return line


class SseReader:
    """Turns one stream's bytes into events; comments and unknown fields yield nothing."""

    def __init__(self) -> None:
        self._lines = _Lines()
        self._clear()

    def _clear(self) -> None:
        self._name = b""
        self._data: list[bytes] = []
        self._errors: list[bytes] = []
        self._strays: list[bytes] = []
        self._event_bytes = self._event_lines = 0

    def feed(self, chunk: bytes) -> Iterable[SseEvent]:
        """The events that end in this chunk. Iterate to the end before feeding more.

        Raises TooLong when the iteration comes to the line that is.
        """
        lines = self._lines.feed(chunk)
        if not self._event_bytes and not self._lines.is_too_long:
            # Nearly every chunk is one event, and whole.
            match lines:
                case [data, b""] if data.startswith(b"data: ") and len(data) > 6:
                    return (SseEvent("", _decode(data[6:])),)
                case [name, data, b""] if (
                    name.startswith(b"event: ") and data.startswith(b"data: ") and len(data) > 6
                ):
                    return (SseEvent(_decode(name[7:]), _decode(data[6:])),)
        return self._events(lines)

    def _events(self, lines: list[bytes]) -> Iterator[SseEvent]:
        for line in lines:
            if line:
                self._line(line)
            elif self._event_bytes:
                yield from self._take()
        if self._lines.is_too_long:
            raise TooLong

    def end(self) -> Iterator[SseEvent]:
        """Yield what the last event held when the bytes ended, if it is whole JSON or [DONE]."""
        rest = self._lines.end()
        if rest:
            self._line(rest)
        for event in self._take():
            if _is_whole(event.data):
                yield event

    def _line(self, line: bytes) -> None:
        self._event_bytes += len(line)
        self._event_lines += 1
        if self._event_bytes > EVENT_BYTES or self._event_lines > EVENT_LINES:
            raise TooLong
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        match name:
            case b"data":
                self._data.append(value)
            case b"event":
                self._name = value
            case b"error":
                self._errors.append(value)
            case b"" | b"id" | b"retry":
                pass
            case _:
                self._strays.append(line)

    def _take(self) -> list[SseEvent]:
        """The events of the lines since the last blank one: one, at nearly all times."""
        name, errors, strays = self._name, self._errors, self._strays
        data = b"\n".join(self._data)
        self._clear()
        events = [SseEvent(_decode(name), _decode(data))] if data else []
        if errors:
            events.append(SseEvent("error", _decode(b"\n".join(errors))))
        if strays and _is_error(stray := _decode(b"\n".join(strays))):
            events.append(SseEvent("error", stray))
        return events


class JsonLinesReader:
    """Turns one stream's bytes into nameless events, one a line; blank lines yield nothing."""

    def __init__(self) -> None:
        self._lines = _Lines()

    def feed(self, chunk: bytes) -> Iterator[SseEvent]:
        """Yield the lines that end in this chunk. Raises TooLong when it comes to the line that is."""
        for line in self._lines.feed(chunk):
            if line.strip():
                yield SseEvent("", _decode(line))
        if self._lines.is_too_long:
            raise TooLong

    def end(self) -> Iterator[SseEvent]:
        """Yield what came after the last line end, if it is whole JSON."""
        rest = _decode(self._lines.end())
        if rest.strip() and _is_whole(rest):
            yield SseEvent("", rest)


def is_done(data: str) -> bool:
    """Whether an event is OpenAI's sign that no more will come, as its SDK tests it."""
    return data[:1] in "[ \t" and data.lstrip().startswith(_DONE)


def _decode(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


def _is_whole(data: str) -> bool:
    if data.strip() == _DONE:
        return True
    try:
        payload.load(data)
    except payload.BadPayload:
        return False
    return True


def _is_error(stray: str) -> bool:
    if not stray.lstrip().startswith(("{", "[")):
        return False
    try:
        value = payload.load(stray)
    except payload.BadPayload:
        return False
    return any("error" in item for item in ([value] if isinstance(value, dict) else payload.records(value)))
