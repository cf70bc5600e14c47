"""A vendor's pieces of text, made fit to store and show: whole characters, thoughts apart from text."""

import re

from providers.base import ReasoningDelta, StreamEvent, TextDelta

_UNFIT = re.compile("[\0\ud800-\udfff]")
_OPEN, _CLOSE = "<think>", "</think>"


class _Joiner:
    """Joins surrogate pairs split over two deltas; what stays alone, and NUL, becomes U+FFFD."""

    def __init__(self) -> None:
        self._half = ""

    @property
    def is_whole(self) -> bool:
        return not self._half

    def feed(self, piece: str) -> str:
        if not piece:
            return ""
        piece = self._half + piece
        self._half = ""
        if "\ud800" <= piece[-1] <= "\udbff":
            piece, self._half = piece[:-1], piece[-1]
        return fit(piece)

    def end(self) -> str:
        rest, self._half = self._half, ""
        return fit(rest)


def fit(piece: str) -> str:
    """A whole piece of a vendor's text, fit to store: NUL and halves of surrogate pairs become U+FFFD."""
    if _UNFIT.search(piece) is None:
        return piece
    # PostgreSQL stores neither NUL nor half a pair.
    return piece.replace("\0", "\ufffd").encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


class Prose:
    """Collects one answer's text and reasoning and yields them as deltas.

    With `inline_think`, a `<think>…</think>` that begins the text is reasoning; a later one is text.
    A few characters are held back while they may belong to a tag or to half a character.
    """

    def __init__(self, *, inline_think: bool = False) -> None:
        self._text = _Joiner()
        self._reasoning = _Joiner()
        self._state = "start" if inline_think else "text"
        self._held = ""
        self.is_empty = True

    def text(self, piece: str) -> list[StreamEvent]:
        if piece and self._state == "text" and piece.isascii() and "\0" not in piece and self._text.is_whole:
            # Nearly every piece is this one.
            self.is_empty = False
            return [TextDelta(piece)]
        return self._split(self._text.feed(piece))

    def reasoning(self, piece: str) -> list[StreamEvent]:
        return self._made(reasoning=self._reasoning.feed(piece))

    def end(self) -> list[StreamEvent]:
        """What was held back, once nothing more can come."""
        events = self._made(reasoning=self._reasoning.end()) + self._split(self._text.end())
        held, self._held = self._held, ""
        return events + (
            self._made(reasoning=held.rstrip()) if self._state == "think" else self._made(text=held)
        )

    def _made(self, *, reasoning: str = "", text: str = "") -> list[StreamEvent]:
        events: list[StreamEvent] = []
        if reasoning:
            events.append(ReasoningDelta(reasoning))
        if text:
            events.append(TextDelta(text))
        self.is_empty = self.is_empty and not events
        return events

    def _split(self, piece: str) -> list[StreamEvent]:
        if self._state == "text" or not piece:
            return self._made(text=piece)
        self._held += piece
        if self._state == "start":
            stripped = self._held.lstrip()
            if _OPEN.startswith(stripped[: len(_OPEN)]) and len(stripped) < len(_OPEN):
                return []
            if not stripped.startswith(_OPEN):
                self._state, text, self._held = "text", self._held, ""
                return self._made(text=text)
            self._state, self._held = "lead", stripped.removeprefix(_OPEN)
        if self._state == "lead":
            self._held = self._held.lstrip()
            if self._held:
                self._state = "think"
        thought = self._thought() if self._state == "think" else ""
        if self._state == "after":
            self._held = self._held.lstrip()
            if self._held:
                self._state, text, self._held = "text", self._held, ""
                return self._made(reasoning=thought, text=text)
        return self._made(reasoning=thought)

    def _thought(self) -> str:
        """The part of what is held that is surely reasoning; the rest stays held."""
        thought, tag, rest = self._held.partition(_CLOSE)
        if tag:
            self._state, self._held = "after", rest
            return thought.rstrip()
        sure = len(self._held) - _tail(self._held)
        sure = len(self._held[:sure].rstrip())
        thought, self._held = self._held[:sure], self._held[sure:]
        return thought


def _tail(held: str) -> int:
    """How many characters at the end may be the start of a closing tag."""
    return next((size for size in range(len(_CLOSE) - 1, 0, -1) if held.endswith(_CLOSE[:size])), 0)
