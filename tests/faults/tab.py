"""A browser tab on one conversation: it reads all the time, heals by the protocol's rules, and comes back."""

import contextlib
import itertools
import json
import socket
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.sync.client import ClientConnection

from tests.site.client import FINAL, open_socket
from tests.site.running import Account

RECONNECT_S = 0.25
RESUME_EVERY_S = 0.25
RESUME_LOST_S = 2.0
WAIT_S = 30
REFUSALS = (4401, 4403, 4404)


@dataclass(frozen=True)
class Asked:
    """A turn that was accepted, as its asker was told."""

    question: str
    client_id: str
    conversation_id: int
    question_id: int
    message_id: int
    answers: dict[str, int]
    """Name → answer id."""


class Refused(Exception):
    """A question that was refused; the code is its only argument."""


@dataclass(frozen=True, slots=True)
class Shown:
    """The whole text of an answer as it stood on the screen at one moment (`time.monotonic`)."""

    answer_id: int
    at: float
    text: str


class Tab:
    """Give it every door of the site: when one closes, it tries the next. Start it, and close it."""

    def __init__(self, doors: Sequence[Account], conversation_id: int) -> None:
        self.conversation_id = conversation_id
        self.texts: dict[int, str] = {}
        self.states: dict[int, str] = {}
        self.told: dict[int, list[str]] = {}
        """Each state an answer was said to be in, in order, without repeats."""
        self.errors: dict[int, str] = {}
        self.shown: list[Shown] = []
        self.frames: list[tuple[float, dict[str, Any]]] = []
        self.contradictions: list[str] = []
        """Pieces that overlap with what was there and say something else."""
        self.close_code: int | None = None
        """Why it may not come back."""
        self._doors = itertools.cycle(doors)
        self._changed = threading.Condition()
        self._later: dict[int, list[tuple[int, str]]] = {}
        self._wanted: set[int] = set()
        self._resumed_at: float | None = None
        self._may_resume_at = 0.0
        self._connection: ClientConnection | None = None
        self._entered = 0
        self._is_offline = threading.Event()
        self._is_closed = threading.Event()
        self._thread = threading.Thread(target=self._live, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Gone without a goodbye, as a closed lid."""
        self._is_closed.set()
        self._cut()
        self._thread.join()

    def offline(self) -> None:
        """Lose the network until `online`."""
        self._is_offline.set()
        self._cut()
        self.wait(lambda: not self.is_online, "the tab is offline")

    def online(self) -> None:
        self._is_offline.clear()

    @property
    def is_online(self) -> bool:
        """Whether a socket is open and has brought its first snapshot."""
        return self._connection is not None and self._entered > 0

    # --- What a test does with it -------------------------------------------------------------------

    def wait(self, is_so: Callable[[], bool], what: str, within_s: float = WAIT_S) -> None:
        """Return once it is so; fails with `what` and what the tab knows when it is not in time."""
        with self._changed:
            is_in_time = self._changed.wait_for(is_so, within_s)
        lengths = {answer_id: len(text) for answer_id, text in self.texts.items()}
        last = [frame for _, frame in self.frames[-3:]]
        assert is_in_time, (
            f"not within {within_s:g} s: {what}; states {self.states}, lengths {lengths}, "
            f"closed {self.close_code}, last frames {json.dumps(last)[-1000:]}"
        )

    def wait_for_text(self, answer_id: int, chars: int = 1, within_s: float = WAIT_S) -> None:
        self.wait(
            lambda: len(self.texts.get(answer_id, "")) >= chars,
            f"{chars} characters of {answer_id}",
            within_s,
        )

    def wait_for_more(self, answer_id: int, within_s: float = WAIT_S) -> None:
        """Return once the answer has grown since the call."""
        self.wait_for_text(answer_id, len(self.texts.get(answer_id, "")) + 1, within_s)

    def wait_for_end(self, *answer_ids: int, within_s: float = WAIT_S) -> None:
        self.wait(
            lambda: all(self.states.get(one) in FINAL for one in answer_ids), f"{answer_ids} end", within_s
        )

    def send(self, **command: object) -> None:
        """Send a command over whatever socket is open; a closed one is waited for."""
        self.wait(lambda: self.is_online, "a socket to send on")
        connection = self._connection
        if connection is not None:
            with contextlib.suppress(ConnectionClosed):
                connection.send(json.dumps(command))

    def ask(self, question: str, targets: list[str], client_id: str = "", within_s: float = WAIT_S) -> Asked:
        """Ask, and return what was accepted. A lost socket makes it ask again, under the same client id.

        Raises Refused with the code where it was refused.
        """
        client_id = client_id or uuid.uuid4().hex
        before = len(self.frames)
        deadline = time.monotonic() + within_s
        while (answer := self._answer_to(client_id, before)) is None:
            entered = self._entered

            def is_answered_or_cut(entered: int = entered) -> bool:
                return self._answer_to(client_id, before) is not None or self._entered != entered

            self.send(type="ask", message=question, targets=targets, client_id=client_id)
            left_s = max(0.1, deadline - time.monotonic())
            self.wait(is_answered_or_cut, f"an answer to {question!r}", left_s)
        if answer["type"] == "error":
            assert answer["code"], f"refused without a code: {answer}"
            raise Refused(answer["code"])
        question_record, assistant = answer["messages"]
        return Asked(
            question,
            client_id,
            self.conversation_id,
            question_record["id"],
            assistant["id"],
            {record["name"]: record["id"] for record in answer["answers"]},
        )

    def _answer_to(self, client_id: str, since: int) -> dict[str, Any] | None:
        for _, frame in self.frames[since:]:
            if frame["type"] in ("accepted", "error") and frame["client_id"] == client_id:
                return frame
        return None

    # --- Its life -----------------------------------------------------------------------------------

    def _live(self) -> None:
        while not self._is_closed.is_set() and self.close_code is None:
            if self._is_offline.is_set():
                self._is_closed.wait(RECONNECT_S)
                continue
            with (
                contextlib.suppress(OSError, TimeoutError, WebSocketException),
                open_socket(next(self._doors), self.conversation_id, subprotocols=["webox.v1"]) as connection,
            ):
                self._read(connection)
            with self._changed:
                self._connection = None
                self._changed.notify_all()
            self._is_closed.wait(RECONNECT_S)

    def _read(self, connection: ClientConnection) -> None:
        self._later.clear()
        self._resumed_at = None
        try:
            while not self._is_closed.is_set():
                self._resume_if_wanted(connection)
                try:
                    frame = json.loads(connection.recv(timeout=RESUME_EVERY_S))
                except TimeoutError:
                    continue
                with self._changed:
                    self.frames.append((time.monotonic(), frame))
                    self._apply(frame)
                    if frame["type"] == "snapshot" and self._connection is None:
                        self._connection = connection
                        self._entered += 1
                    self._changed.notify_all()
        except ConnectionClosed as closed:
            if closed.rcvd is not None and closed.rcvd.code in REFUSALS:
                self.close_code = closed.rcvd.code

    def _cut(self) -> None:
        connection = self._connection
        if connection is not None:
            with contextlib.suppress(OSError):
                connection.socket.shutdown(socket.SHUT_RDWR)

    def _resume_if_wanted(self, connection: ClientConnection) -> None:
        """One in flight, and not more often than the protocol allows."""
        now = time.monotonic()
        is_waiting = self._resumed_at is not None and now < self._resumed_at + RESUME_LOST_S
        if self._wanted and not is_waiting and now >= self._may_resume_at:
            connection.send(json.dumps({"type": "resume", "answer_ids": sorted(self._wanted)}))
            self._wanted.clear()
            self._resumed_at, self._may_resume_at = now, now + RESUME_EVERY_S

    # --- The protocol's rules -----------------------------------------------------------------------

    def _apply(self, frame: dict[str, Any]) -> None:
        kind = frame["type"]
        if kind in ("accepted", "turn"):
            self._take_new(frame["answers"])
        elif kind == "snapshot":
            self._resumed_at = None
            self._take_snapshot(frame)
        elif kind == "deltas":
            for answer_id, offset, piece in frame["deltas"]:
                self._take_piece(answer_id, offset, piece)
        elif kind == "lengths":
            for answer_id, length, _ in frame["lengths"]:
                self._want_up_to(answer_id, length)
        elif kind == "answer":
            self._take_state(frame["id"], frame["status"], frame["error"])
            self._want_up_to(frame["id"], frame["text_length"])

    def _take_new(self, records: list[dict[str, Any]]) -> None:
        for record in records:
            if record["id"] not in self.texts:
                self._show(record["id"], record["text"])
                self._take_state(record["id"], record["status"], record["error"])

    def _take_snapshot(self, frame: dict[str, Any]) -> None:
        for record in [answer for message in frame["messages"] for answer in message["answers"]]:
            answer_id, text = record["id"], record["text"]
            is_older = answer_id in frame["from_rows"] and len(text) < len(self.texts.get(answer_id, ""))
            if not is_older:
                self._show(answer_id, text)
            self._take_state(answer_id, record["status"], record["error"])
            for offset, piece in self._later.pop(answer_id, []):
                self._take_piece(answer_id, offset, piece)

    def _take_piece(self, answer_id: int, offset: int, piece: str) -> None:
        text = self.texts.get(answer_id)
        if text is None or len(text) < offset:
            self._later.setdefault(answer_id, []).append((offset, piece))
            self._wanted.add(answer_id)
            return
        had = text[offset : offset + len(piece)]
        if not piece.startswith(had):
            self.contradictions.append(f"answer {answer_id} at {offset}: {had!r}, then {piece!r}")
        if offset + len(piece) > len(text):
            self._show(answer_id, text[:offset] + piece)

    def _take_state(self, answer_id: int, status: str, error: dict[str, Any] | None) -> None:
        if self.states.get(answer_id) != status:
            self.told.setdefault(answer_id, []).append(status)
        self.states[answer_id] = status
        if error:
            self.errors[answer_id] = error["code"]

    def _want_up_to(self, answer_id: int, length: int) -> None:
        if len(self.texts.get(answer_id, "")) < length or answer_id not in self.texts:
            self._wanted.add(answer_id)

    def _show(self, answer_id: int, text: str) -> None:
        self.texts[answer_id] = text
        self.shown.append(Shown(answer_id, time.monotonic(), text))
