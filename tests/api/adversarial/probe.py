"""A client that sends the corpus and looks at what became of it: at the answer, the rows and the log."""

import http.client
import itertools
import json
import re
import socket
import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.apps import apps

from accounts.models import AuditEvent
from chat.models import SearchText
from common.http.problems import API_PATHS, MEDIA_TYPE
from tests.site.running import Account, Site

HANG_S = 30
SETTLED_S = 60
# What no client may read of how WeBox is made.
LEAKS = ("Traceback (most", "site-packages", "sqlite3.", "psycopg", "django.db", "INSERT INTO", "FROM chat_")
# Noted of whoever asks, and of what search and statistics have seen meanwhile.
ASIDE = {"last_used_at", "last_login", "is_indexed", "is_counted"}
# A fault of WeBox's own, or a line that somebody else wrote into the log.
FAULT_LOGGED = re.compile(r"^Traceback|^\S+ \S+ (?:ERROR|CRITICAL) ", re.MULTILINE)
# Who asks the API for a page gets one.
BROWSABLE = ("format=api", "Accept: text/html")
BUSY = """
SELECT (SELECT count(*) FROM chat_answer WHERE status IN ('queued', 'streaming'))
     + (SELECT count(*) FROM accounts_ledgerentry WHERE outcome = '')
     + (SELECT count(*) FROM chat_conversation WHERE is_temporary AND deleted_at IS NULL)
"""
addresses = (f"10.{a}.{b}.{c}" for a, b, c in itertools.product(range(256), range(256), range(256)))
"""Where requests come from, as the proxy says: each from somewhere else, or it would soon be too often."""


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    media_type: str
    body: bytes

    @property
    def is_good(self) -> bool:
        return 200 <= self.status < 300

    def json(self) -> Any:
        return json.loads(self.body)


class Rows:
    """The rows of a site's database as they were before a request, and as they are now."""

    def __init__(self, site: Site) -> None:
        address = f"file:{Path(site.env['WEBOX_VAR']) / 'webox.sqlite3'}?mode=ro"
        self._before, self._now = (
            sqlite3.connect(address, uri=True, isolation_level=None, timeout=HANG_S) for _ in range(2)
        )
        models = [
            model
            for label in ("accounts", "chat")
            for model in apps.get_app_config(label).get_models(include_auto_created=True)
            if model not in (AuditEvent, SearchText)
        ]
        self._reads = {
            model._meta.db_table: ", ".join(
                f'"{field.column}"'
                for field in model._meta.local_concrete_fields
                if field.column not in ASIDE
            )
            for model in models
        }
        self._version = 0

    def hold(self) -> None:
        """Remember the rows as they are, once nothing is being written any more."""
        self._settle()
        if self._before.in_transaction:
            self._before.execute("ROLLBACK")
        self._before.execute("BEGIN")
        # A transaction sees from its first reading on what there was then.
        self._before.execute("SELECT 1 FROM accounts_user LIMIT 1").fetchall()
        self._version = self._commits()

    def changed(self) -> list[str]:
        """The tables whose rows are not what they were."""
        if self._commits() == self._version:
            return []
        return [
            table
            for table, columns in self._reads.items()
            if self._rows(self._before, table, columns) != self._rows(self._now, table, columns)
        ]

    def close(self) -> None:
        self._before.close()
        self._now.close()

    def _rows(self, connection: sqlite3.Connection, table: str, columns: str) -> list[Any]:
        return connection.execute(f'SELECT {columns} FROM "{table}" ORDER BY 1').fetchall()  # noqa: S608

    def _commits(self) -> int:
        """A number that differs once anybody else has written."""
        return int(self._now.execute("PRAGMA data_version").fetchone()[0])

    def _settle(self) -> None:
        deadline = time.monotonic() + SETTLED_S
        while self._now.execute(BUSY).fetchone()[0]:
            assert time.monotonic() < deadline, "answers are still being written"
            time.sleep(0.02)


class Probe:
    """One person's client on one connection. `faults` says of each thing that was sent what was wrong."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.site = account.site
        self.faults: dict[str, str] = {}
        self.rows = Rows(self.site)
        self._connection = http.client.HTTPConnection("127.0.0.1", self.site.port, timeout=HANG_S)
        self._logged = self.site.log.stat().st_size

    def ask(self, name: str, operation: str, body: bytes | None = None, **headers: str) -> Answer:
        """Send it and look at the answer, and at the rows where it is a refusal.

        `operation` is a method and an address.
        """
        self.rows.hold()
        method, path = operation.split(" ", 1)
        try:
            answer = self._send(method, path, body, headers)
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            self.faults[name] = f"no answer: {error!r}"
            return Answer(0, "", b"{}")
        self.look(name, answer, path, (body or b"") + path.encode())
        return answer

    def write(self, name: str, operation: str, value: Any, **headers: str) -> Answer:
        """Send a value as JSON."""
        return self.ask(name, operation, json.dumps(value).encode(), **headers)

    def look(self, name: str, answer: Answer, path: str, sent: bytes) -> None:
        """Note what is wrong with an answer."""
        fault = wrong_with(answer, path, sent.decode("latin-1"))
        if not fault and answer.status >= 400 and (tables := self.rows.changed()):
            fault = f"{answer.status}, and {tables} changed"
        if fault:
            self.faults[name] = fault

    def read(self, path: str) -> Any:
        """What the API says at an address that is there."""
        answer = self._send("GET", path, None, {})
        assert answer.status == 200, f"{path}: {answer.status}"
        return answer.json()

    def raw(self, name: str, request: bytes) -> Answer:
        """What the server says to bytes that may not be HTTP at all; nobody looks at it yet."""
        self.rows.hold()
        try:
            with socket.create_connection(("127.0.0.1", self.site.port), timeout=HANG_S) as connection:
                connection.sendall(request)
                response = http.client.HTTPResponse(connection)
                response.begin()
                return _read(response)
        except (OSError, http.client.HTTPException) as error:
            self.faults[name] = f"no answer: {error!r}"
            return Answer(0, "", b"{}")

    def expect(self, name: str, what: bool, fault: str) -> None:
        """Note a fault where something does not hold."""
        if not what:
            self.faults.setdefault(name, fault)

    def end(self) -> None:
        """Close, and fail where anything was wrong, the site is gone, or its log tells of a fault."""
        self.read("/api/auth/me")
        self._connection.close()
        self.rows.close()
        with self.site.log.open("rb") as log:
            log.seek(self._logged)
            said = log.read().decode(errors="replace")
        assert not self.faults, "\n".join(f"{name}: {fault}" for name, fault in self.faults.items())
        assert not FAULT_LOGGED.search(said), said[-4000:]

    def _send(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Answer:
        given = {
            "Content-Type": "application/json",
            **self.account.headers,
            "X-Forwarded-For": next(addresses),
        }
        self._connection.request(method, path, body, given | headers)
        return _read(self._connection.getresponse())


def wrong_with(answer: Answer, path: str, sent: str) -> str:
    """What no answer may be, whatever was asked; empty where it is fine."""
    text = answer.body.decode(errors="replace")
    if told := told_too_much(text, sent):
        return f"{answer.status} tells {told}: {text[:300]}"
    is_page = not path.startswith(API_PATHS)
    if not (200 <= answer.status < 300 or 400 <= answer.status < 500 or (is_page and answer.status == 302)):
        return f"{answer.status}: {text[:300]}"
    if answer.status < 400 or is_page:
        return ""
    if answer.media_type == "text/html" and any(words in sent for words in BROWSABLE):
        return ""
    document = json.loads(text) if answer.media_type in (MEDIA_TYPE, "application/json") else {}
    fault = document.get("error") if path.startswith("/v1/") and "error" in document else document
    is_problem = answer.media_type == MEDIA_TYPE and all(
        document.get(name) for name in ("type", "title", "detail", "request_id")
    )
    if not (fault and fault.get("code") and (is_problem or fault is not document)):
        return f"{answer.status} is no problem document: {answer.media_type} {text[:300]}"
    return ""


def told_too_much(text: str, sent: str) -> list[str]:
    """What a text tells of how WeBox is made that its reader has not said before."""
    return [words for words in LEAKS if words in text and words not in sent]


def _read(response: http.client.HTTPResponse) -> Answer:
    media_type = (response.getheader("Content-Type") or "").partition(";")[0]
    return Answer(response.status, media_type, response.read())
