"""What goes from process to process through the hub: the events clients get, and texts for snapshots."""

from dataclasses import dataclass

import msgspec
from msgspec import Struct

from chat import events


class RunningText(Struct, frozen=True):
    """An answer that is being written, as the process that writes it has shown it so far."""

    id: int
    text: str
    reasoning: str
    first_token_ms: int | None


class Texts(events.Event, tag="texts", frozen=True):
    """What one watcher asked for, to make its snapshot of. No client gets it."""

    texts: list[RunningText]


AnyFrame = events.AnyEvent | Texts


@dataclass(frozen=True, slots=True)
class Frame:
    """An event and its wire form, encoded once for all watchers."""

    event: AnyFrame
    text: str


_decoder: msgspec.json.Decoder[AnyFrame] = msgspec.json.Decoder(AnyFrame)


def decode(text: str) -> AnyFrame:
    """The event in a frame that `events.encode` made in another process."""
    return _decoder.decode(text)
