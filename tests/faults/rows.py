"""What the database holds, read past WeBox: its own word on what is saved counts for nothing here."""

import contextlib
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg2

UNFINISHED = ("queued", "streaming")

_AGE_S = {
    "sqlite": "(julianday('now') - julianday(heartbeat_at)) * 86400.0",
    "postgres": "EXTRACT(EPOCH FROM clock_timestamp() - heartbeat_at)::float8",
}
# What was deleted keeps its rows for a while, and is seen by nobody.
_CONVERSATIONS = "SELECT id FROM chat_conversation WHERE deleted_at IS NULL"
_MESSAGES = "SELECT id, conversation_id, parent_id, role, content, client_id FROM chat_message ORDER BY id"
_ANSWERS = (
    "SELECT id, message_id, name, provider, position, version, status, text, error_code, attempts, {age} "
    "FROM chat_answer ORDER BY id"
)


_LEDGER = (
    "SELECT answer_id, user_id, payer, outcome, messages, reserved_tokens, reserved_nanousd, "
    "COALESCE(input_tokens, 0) + COALESCE(output_tokens, 0), COALESCE(nanousd, 0) FROM accounts_ledgerentry"
)
_USED = "SELECT user_id, kind, messages, tokens, nanousd FROM accounts_usedinperiod"


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One call in the ledger; `outcome` is empty while it is reserved."""

    answer_id: int | None
    user_id: int
    payer: str
    outcome: str
    messages: int
    reserved_tokens: int
    reserved_nanousd: int
    used_tokens: int
    used_nanousd: int

    @property
    def sums(self) -> tuple[int, int, int]:
        """Questions, tokens and nano-dollars that count against the server's limits."""
        if self.payer != "server":
            return (self.messages, 0, 0)
        if not self.outcome:
            return (self.messages, self.reserved_tokens, self.reserved_nanousd)
        return (self.messages, self.used_tokens, self.used_nanousd)


@dataclass(frozen=True, slots=True)
class UsedRow:
    """A person's sums of one day or month."""

    user_id: int
    kind: str
    messages: int
    tokens: int
    nanousd: int


@dataclass(frozen=True, slots=True)
class MessageRow:
    id: int
    conversation_id: int
    parent_id: int | None
    role: str
    content: str
    client_id: str | None


@dataclass(frozen=True, slots=True)
class AnswerRow:
    id: int
    message_id: int
    name: str
    provider: str
    position: int
    version: int
    status: str
    text: str
    error_code: str
    attempts: int
    heartbeat_age_s: float | None
    """By the database's own clock; None before the answer was claimed."""


@dataclass(frozen=True, slots=True)
class Rows:
    """All messages and answers at one moment, in order of their ids, and the conversations one can see."""

    conversations: frozenset[int]
    messages: tuple[MessageRow, ...]
    answers: tuple[AnswerRow, ...]
    ledger: tuple[LedgerRow, ...] = ()
    used: tuple[UsedRow, ...] = ()
    """Both of the whole site, whichever conversations are looked at."""

    def of(self, conversation_ids: set[int]) -> "Rows":
        """The rows of these conversations alone; a message whose conversation is gone still belongs to it."""
        messages = tuple(one for one in self.messages if one.conversation_id in conversation_ids)
        message_ids = {message.id for message in messages}
        return Rows(
            self.conversations & conversation_ids,
            messages,
            tuple(answer for answer in self.answers if answer.message_id in message_ids),
            self.ledger,
            self.used,
        )

    def answer(self, answer_id: int) -> AnswerRow:
        found = [answer for answer in self.answers if answer.id == answer_id]
        assert found, f"answer {answer_id} has no row"
        return found[0]

    def texts(self) -> dict[int, str]:
        return {answer.id: answer.text for answer in self.answers}

    def unfinished(self) -> list[AnswerRow]:
        return [answer for answer in self.answers if answer.status in UNFINISHED]


class Database:
    """A site's database by its URL: `sqlite:///…` or `postgres://…`. Each reading connects anew."""

    def __init__(self, url: str) -> None:
        self.url = url

    def read(self) -> Rows:
        """Everything that is committed now, as one consistent whole."""
        kind = "sqlite" if self.url.startswith("sqlite") else "postgres"
        answers = _ANSWERS.format(age=_AGE_S[kind])
        queries = [_CONVERSATIONS, _MESSAGES, answers, _LEDGER, _USED]
        found = (_sqlite if kind == "sqlite" else _postgres)(self.url, queries)
        conversations, messages, answer_rows, ledger, used = found
        return Rows(
            frozenset(pk for (pk,) in conversations),
            tuple(MessageRow(*row) for row in messages),
            tuple(AnswerRow(*row) for row in answer_rows),
            tuple(LedgerRow(*row) for row in ledger),
            tuple(UsedRow(*row) for row in used),
        )


def _sqlite(url: str, queries: Sequence[str]) -> list[list[Any]]:
    path = url.removeprefix("sqlite:///")
    with contextlib.closing(sqlite3.connect(path, timeout=20, isolation_level=None)) as connection:
        connection.execute("BEGIN")
        return [connection.execute(query).fetchall() for query in queries]


def _postgres(url: str, queries: Sequence[str]) -> list[list[Any]]:
    with contextlib.closing(psycopg2.connect(url)) as connection:
        # One snapshot for all of them.
        connection.set_session("REPEATABLE READ", readonly=True)
        with connection.cursor() as cursor:
            found = []
            for query in queries:
                cursor.execute(query)
                found.append(cursor.fetchall())
            return found
