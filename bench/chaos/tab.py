"""A tab for long runs: it keeps little, counts what matters, and asks again where nothing comes."""

import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from websockets.sync.client import ClientConnection

from tests.faults.tab import Tab
from tests.site.client import FINAL
from tests.site.running import Account

SILENCE_S = 3.0
"""After this the protocol has a client ask for what it waits for: the end may have been lost."""
NOTED_SILENCE_S = 0.2
RETRIABLE = ("failed", "interrupted", "stopped")


@dataclass(frozen=True, slots=True)
class Seen:
    """That an answer's text was so long at one moment (`time.monotonic`), and its hash."""

    answer_id: int
    at: float
    length: int
    digest: int


class Pulse:
    """When new text arrived at any tab of the run. A snapshot brings old text, too, and does not count."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = time.monotonic()
        self._silences: list[tuple[float, float]] = []

    def beat(self) -> None:
        now = time.monotonic()
        with self._lock:
            if now - self._last > NOTED_SILENCE_S:
                self._silences.append((self._last, now))
            self._last = now

    def longest_silence(self, since: float, until: float) -> float:
        """The longest time without text between these moments; 0 where none was worth noting."""
        with self._lock:
            found = [min(end, until) - max(start, since) for start, end in self._silences]
        return max([0.0, *found])


class _Kept(list[tuple[float, dict[str, Any]]]):
    """The frames but for those with text, which would fill the memory."""

    def append(self, item: tuple[float, dict[str, Any]]) -> None:
        """Keep it where somebody asks for it later."""
        if item[1]["type"] in ("accepted", "error"):
            super().append(item)


class ChaosTab(Tab):
    """A tab that remembers lengths and hashes instead of texts."""

    def __init__(self, doors: Sequence[Account], conversation_id: int, pulse: Pulse) -> None:
        super().__init__(doors, conversation_id)
        self.frames = _Kept()
        self.seen: list[Seen] = []
        self.refusals: Counter[str] = Counter()
        self.heard: dict[int, list[str]] = {}
        """By answer, each change of its state: in which life of the socket, by which frame, and when."""
        self.is_left = False
        """Whether its user has closed it."""
        self._pulse = pulse
        self._kind = ""
        self._heard_at = time.monotonic()

    @property
    def entries(self) -> int:
        """How many times it got in. More than one, and a connection was lost."""
        return self._entered

    @property
    def retries_accepted(self) -> int:
        return sum(self._is_retry(frame) for _, frame in [*self.frames])

    def unfinished(self) -> list[int]:
        """Answers that run or wait, as far as it was told."""
        return [pk for pk, state in dict(self.states).items() if state not in FINAL]

    def retriable(self) -> list[int]:
        return [pk for pk, state in dict(self.states).items() if state in RETRIABLE]

    def accepted(self) -> list[dict[str, Any]]:
        """Every frame that accepted a question."""
        return [frame for _, frame in self.frames if frame["type"] == "accepted" and frame["client_id"]]

    def leave(self) -> None:
        """Close it, once."""
        if not self.is_left:
            self.is_left = True
            self.close()

    @staticmethod
    def _is_retry(frame: dict[str, Any]) -> bool:
        return frame["type"] == "accepted" and frame["client_id"] is None

    # --- What the tab of the tests lets us add ------------------------------------------------------

    def _apply(self, frame: dict[str, Any]) -> None:
        self._heard_at = time.monotonic()
        self._kind = frame["type"]
        if frame["type"] == "deltas":
            self._pulse.beat()
        elif frame["type"] == "error":
            self.refusals[frame["code"]] += 1
        super()._apply(frame)

    def _take_state(self, answer_id: int, status: str, error: dict[str, Any] | None) -> None:
        if self.states.get(answer_id) != status:
            moment = f"{status} by {self._kind} at {self._heard_at:.3f} on socket {self._entered}"
            self.heard.setdefault(answer_id, []).append(moment)
        super()._take_state(answer_id, status, error)

    def _show(self, answer_id: int, text: str) -> None:
        self.texts[answer_id] = text
        self.seen.append(Seen(answer_id, time.monotonic(), len(text), hash(text)))

    def _resume_if_wanted(self, connection: ClientConnection) -> None:
        unfinished = self.unfinished()
        if unfinished and time.monotonic() > self._heard_at + SILENCE_S:
            self._wanted.update(unfinished)
            self._heard_at = time.monotonic()
        super()._resume_if_wanted(connection)
