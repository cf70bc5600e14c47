"""From the bytes of a 200 to events: chooses by Content-Type how to read them. No network here."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from enum import Enum, auto
from typing import Protocol

from providers.base import Finished, StreamEvent
from providers.errors import BadStream, CutOff, ProviderError
from providers.wire import payload
from providers.wire.prose import fit
from providers.wire.sse import EVENT_BYTES, JsonLinesReader, SseEvent, SseReader, TooLong


class Framing(Enum):
    """How a protocol's answers are cut into events."""

    JSON_EVENTS = auto()
    """Server-sent events whose data is JSON: white space alone is no event."""
    TEXT_EVENTS = auto()
    """Server-sent events whose data is text: a line break is one."""
    JSON_LINES = auto()
    """One JSON value a line."""


class AnswerParser(Protocol):
    """One answer being read in one vendor's protocol. Raises ProviderError or payload.BadPayload."""

    framing: Framing

    @property
    def is_settled(self) -> bool:
        """Whether the answer is known to be whole, however the connection ends from here."""
        ...

    @property
    def is_over(self) -> bool:
        """Whether nothing that counts can follow."""
        ...

    def feed(self, event: SseEvent) -> list[StreamEvent]:
        """The deltas of one event."""
        ...

    def document(self, value: object) -> list[StreamEvent]:
        """The deltas of an answer that came whole, because the server ignored that we asked for a stream."""
        ...

    def end(self) -> list[StreamEvent]:
        """What was held back, then Finished. Raises CutOff if the vendor never said that it was finished."""
        ...


class AnswerReader:
    """Feeds one 200's bytes to a parser. Raises ProviderError, nothing else; `feed` returns it."""

    def __init__(self, vendor: str, content_type: str, parser: AnswerParser) -> None:
        kind = content_type.partition(";")[0].strip().lower()
        if kind in ("text/html", "application/xhtml+xml"):
            raise BadStream(vendor)
        self._vendor = vendor
        self._parser = parser
        self._is_stream = kind in ("text/event-stream", "application/x-ndjson", "application/jsonl")
        of_lines = parser.framing is Framing.JSON_LINES and kind != "text/event-stream"
        is_document = not of_lines and (kind == "application/json" or kind.endswith("+json"))
        self._document = bytearray() if is_document else None
        self._events = JsonLinesReader() if of_lines else SseReader()
        self._skips_blank = parser.framing is not Framing.TEXT_EVENTS
        self._saw_bytes = False
        self._saw_event = False

    def feed(self, chunk: bytes) -> tuple[list[StreamEvent], ProviderError | None]:
        """The events that these bytes complete, and the error that comes after them, if any."""
        self._saw_bytes = self._saw_bytes or bool(chunk)
        found: list[StreamEvent] = []
        if self._document is None:
            return found, self._parse(self._events.feed(chunk), found)
        self._document += chunk
        return found, BadStream(self._vendor) if len(self._document) > EVENT_BYTES else None

    def end(self) -> Iterator[StreamEvent]:
        """Yield the last events, Finished at the end, once the bytes have ended however they did."""
        if self._document is not None:
            yield from self._whole(bytes(self._document))
            return
        found: list[StreamEvent] = []
        error = self._parse(self._events.end(), found)
        yield from found
        if error:
            raise error
        if not self._saw_event:
            # Comments alone are a stream that was cut; bytes of some other kind are no stream at all.
            raise CutOff(self._vendor) if self._is_stream and self._saw_bytes else BadStream(self._vendor)
        yield from map(_storable, self._parser.end())

    def _parse(self, events: Iterable[SseEvent], found: list[StreamEvent]) -> ProviderError | None:
        """Add to `found` what the events say; the error that stopped it is returned."""
        try:
            for event in events:
                if self._skips_blank and event.data.isspace():
                    continue
                self._saw_event = True
                if not self._parser.is_over:
                    found += self._parser.feed(event)
        except ProviderError as error:
            return error
        except (TooLong, payload.BadPayload):
            return BadStream(self._vendor)
        return None

    def _whole(self, body: bytes) -> Iterator[StreamEvent]:
        try:
            value = payload.load(body)
        except payload.BadPayload as error:
            raise BadStream(self._vendor) from error
        events = self._parser.document(value)
        try:
            yield from map(_storable, events + self._parser.end())
        except CutOff as error:
            # JSON that nobody finished is no answer in this protocol.
            raise BadStream(self._vendor) from error


def _storable(event: StreamEvent) -> StreamEvent:
    """The same with words that a database takes: a vendor may end an answer with anything."""
    if not isinstance(event, Finished):
        return event
    return replace(
        event,
        vendor_reason=fit(event.vendor_reason),
        request_id=fit(event.request_id),
        refusal=fit(event.refusal),
    )
