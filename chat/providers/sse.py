"""Server-sent events out of a vendor's bytes, whatever their line ends and however reads cut them.

Rules: https://html.spec.whatwg.org/multipage/server-sent-events.html, with three exceptions that
vendors made necessary: an `error:` field (llama.cpp) and bare JSON with an "error" (Gemini) become
events named "error", and a last event without its blank line is kept if it is whole.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from chat.providers import payload

LINE_BYTES = 1024 * 1024
EVENT_BYTES = 4 * LINE_BYTES
DONE = "[DONE]"

_BOM = b"\xef\xbb\xbf"
# On bytes: str.splitlines also cuts at U+2028 and others, which are legal inside JSON strings.
_LINE_END = re.compile(rb"\r\n|\n|\r")


class TooLong(ValueError):
    """A line of more than 1 MiB, or an event of more than 4 MiB."""


@dataclass(frozen=True, slots=True)
class SseEvent:
    """One event; `name` is empty where the vendor gave none."""

    name: str
    data: str


class SseReader:
    """Turns one stream's bytes into events; comments and unknown fields yield nothing."""

    def __init__(self) -> None:
        self._partial: list[bytes] = []
        self._partial_bytes = 0
        self._skip_lf = False
        self._first_line = True
        self._clear()

    def _clear(self) -> None:
        self._name = b""
        self._data: list[bytes] = []
        self._errors: list[bytes] = []
        self._strays: list[bytes] = []
        self._event_bytes = 0

    def feed(self, chunk: bytes) -> Iterator[SseEvent]:
        """Yield the events that end in this chunk. Iterate to the end before feeding more.

        Raises TooLong when it comes to the line that is.
        """
        if self._skip_lf and chunk:
            # A CR at the end of one read and an LF at the start of the next are one line end.
            chunk = chunk.removeprefix(b"\n")
            self._skip_lf = False
        if not chunk:
            return
        self._skip_lf = chunk.endswith(b"\r")
        *lines, rest = _LINE_END.split(chunk)
        for line in lines:
            self._hold(line)
            yield from self._line(self._take())
        self._hold(rest)

    def end(self) -> Iterator[SseEvent]:
        """Yield what the last event held when the bytes ended, if it is whole JSON or [DONE]."""
        if self._partial_bytes:
            yield from self._line(self._take())
        for event in self._dispatch():
            if _is_whole(event.data):
                yield event

    def _hold(self, piece: bytes) -> None:
        if not piece:
            return
        self._partial_bytes += len(piece)
        if self._partial_bytes > LINE_BYTES:
            raise TooLong
        self._partial.append(piece)

    def _take(self) -> bytes:
        line = b"".join(self._partial)
        self._partial.clear()
        self._partial_bytes = 0
        if self._first_line:
            self._first_line = False
            line = line.removeprefix(_BOM)
        return line

    def _line(self, line: bytes) -> Iterator[SseEvent]:
        if not line:
            yield from self._dispatch()
            return
        self._event_bytes += len(line)
        if self._event_bytes > EVENT_BYTES:
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

    def _dispatch(self) -> Iterator[SseEvent]:
        name, data, errors, strays = self._name, self._data, self._errors, self._strays
        self._clear()
        if any(data):
            yield SseEvent(_decode(name), _decode(b"\n".join(data)))
        if errors:
            yield SseEvent("error", _decode(b"\n".join(errors)))
        if strays and _is_error(stray := _decode(b"\n".join(strays))):
            yield SseEvent("error", stray)


def _decode(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


def _is_whole(data: str) -> bool:
    if data.strip() == DONE:
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
