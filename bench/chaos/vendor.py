"""The vendor of a chaos run: it does what each question tells it, and keeps count of what it was asked."""

import threading
import time
from collections import Counter
from typing import Any

from bench.chaos.plan import AIS, REFUSED, Behaviour, read_question
from tests.faults.scripts import flood, word
from tests.site.vendor import Exchange, Vendor

WORD_EVERY_S = 0.1
STALL_S = 5.0
"""Longer than WeBox waits for a silent vendor here."""


class Book:
    """How often each AI was asked each question, and how often it began to answer."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asked: Counter[tuple[str, str]] = Counter()
        self.paid: Counter[tuple[str, str]] = Counter()
        """By AI and question's token: what costs money. A refusal does not."""

    def behaviour(self, name: str, question: str) -> Behaviour:
        """What to do now. Only the first time is anything but a flow of words."""
        token, behaviours = read_question(question)
        found = behaviours[name]
        with self._lock:
            self._asked[name, token] += 1
            if self._asked[name, token] > 1:
                found = Behaviour("flow", found.again, found.again)
            if found.kind not in REFUSED:
                self.paid[name, token] += 1
        return found


class _Forgetful(list[tuple[str, dict[str, Any]]]):
    """In place of the vendor's list of all it was asked: whole conversations, thousands of times."""

    def append(self, item: tuple[str, dict[str, Any]]) -> None:
        """Drop it; the book has what counts."""


def prepare(vendor: Vendor) -> Book:
    """Let a vendor do what the questions say; returns the book it keeps."""
    book = Book()
    vendor.asked = _Forgetful()
    for name in AIS:
        vendor.scripts[name] = _script(book, name)
    return book


class _script:
    """What one AI does when it is asked."""

    def __init__(self, book: Book, name: str) -> None:
        self._book = book
        self._name = name

    def __call__(self, exchange: Exchange) -> None:
        wanted = self._book.behaviour(self._name, exchange.body["messages"][-1]["content"])
        if wanted.kind == "refuse":
            exchange.refuse(400, "This request is refused.")
        elif wanted.kind == "busy":
            exchange.refuse(503, "The server is overloaded.")
        elif wanted.kind == "flood":
            flood(wanted.words)(exchange)
        else:
            self._flow(exchange, wanted)

    def _flow(self, exchange: Exchange, wanted: Behaviour) -> None:
        exchange.start()
        for number in range(wanted.words):
            exchange.text(word(number))
            time.sleep(WORD_EVERY_S)
        if wanted.kind == "flow":
            exchange.finish()
        elif wanted.kind == "stall":
            time.sleep(STALL_S)
