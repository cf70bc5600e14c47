"""Clients of the two socket protocols, as a program of somebody else would write them."""

import json
from collections.abc import Callable
from typing import Any, cast

from websockets.sync.client import ClientConnection, connect

from tests.site.running import Account

FRAME_S = 30
FINAL = ("done", "failed", "stopped", "interrupted")


def open_url(url: str, **options: Any) -> ClientConnection:
    """A socket on an address, with whatever headers a test needs; use it with `with`."""
    return cast("ClientConnection", connect(url, proxy=None, open_timeout=FRAME_S, **options))


def open_socket(account: Account, conversation_id: int, **options: Any) -> ClientConnection:
    """A plain socket; `subprotocols=["webox.v1"]` makes it the other kind."""
    url = f"{account.site.socket_url}/{conversation_id}"
    trust = {"ssl": account.site.trust} if account.site.trust else {}
    return open_url(url, additional_headers=account.headers, **trust, **options)


def frames_until(socket: ClientConnection, is_last: Callable[[dict[str, Any]], bool]) -> list[dict[str, Any]]:
    """Every frame up to the one looked for; fails when none comes for half a minute."""
    frames: list[dict[str, Any]] = []
    while not frames or not is_last(frames[-1]):
        frames.append(json.loads(socket.recv(timeout=FRAME_S)))
    return frames


class Watcher:
    """A `webox.v1` client that holds what it was told: texts by answer id, by the rules of the protocol."""

    def __init__(self, account: Account, conversation_id: int, **options: Any) -> None:
        # A snapshot holds whole texts: more than this library takes by itself.
        options = {"subprotocols": ["webox.v1"], "max_size": None} | options
        self._connection = open_socket(account, conversation_id, **options)
        self.texts: dict[int, str] = {}
        self.reasoning: dict[int, str] = {}
        self.states: dict[int, str] = {}
        self.names: dict[int, str] = {}
        self.gaps = 0
        self.frames: list[dict[str, Any]] = []

    def __enter__(self) -> "Watcher":
        self.socket = self._connection.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.__exit__(None, None, None)

    def send(self, **command: object) -> None:
        self.socket.send(json.dumps(command))

    def ask(self, message: str, targets: list[str], client_id: str) -> dict[str, Any]:
        """Ask, and return the `accepted` event."""
        self.send(type="ask", message=message, targets=targets, client_id=client_id)
        return self.read_until(lambda event: event["type"] in ("accepted", "error"))

    def read_until(self, is_last: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        while True:
            event: dict[str, Any] = json.loads(self.socket.recv(timeout=FRAME_S))
            self.frames.append(event)
            self._apply(event)
            if is_last(event):
                return event

    def read_to_the_end(self) -> None:
        """Read until the turn is complete."""
        self.read_until(lambda event: event["type"] == "turn" and event["state"] == "complete")

    def _apply(self, event: dict[str, Any]) -> None:
        records = event.get("answers", [])
        for message in event.get("messages", []):
            records = records + message["answers"]
        for record in records:
            self.names[record["id"]] = record["name"]
            self.texts[record["id"]] = record["text"]
            self.reasoning[record["id"]] = record["reasoning"]
            self.states[record["id"]] = record["status"]
        if event["type"] == "deltas":
            self._grow(self.texts, event["deltas"])
            self._grow(self.reasoning, event["reasoning"])
        if event["type"] == "answer":
            self.states[event["id"]] = event["status"]

    def _grow(self, texts: dict[int, str], deltas: list[list[Any]]) -> None:
        for answer_id, offset, piece in deltas:
            if len(texts[answer_id]) != offset:
                self.gaps += 1
            texts[answer_id] = texts[answer_id][:offset] + piece
