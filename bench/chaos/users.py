"""The users of a chaos run, a thread each: what they do, and what came of it."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import httpx

from bench.chaos.plan import Step
from bench.chaos.tab import ChaosTab, Pulse
from tests.faults.tab import Asked, Refused
from tests.site.client import FINAL
from tests.site.running import Account

PATIENCE_S = 60.0
"""A command that was answered by nothing for so long is a fault of WeBox, whatever was broken meanwhile."""
MOST_OPEN = 3
OFFLINE_S = 3.0
AGAIN_S = 0.5
DELETE_S = 60
DOUBLE_S = 10


@dataclass(frozen=True, slots=True)
class Violation:
    """Something that must not happen: the rule, and the evidence with its ids."""

    rule: str
    evidence: str


def clock(at: float | None = None) -> str:
    """A moment as the site's logs write it, now unless given."""
    return time.strftime("%H:%M:%S", time.gmtime(at))


@dataclass
class Record:
    """What one user did and was told."""

    actions: Counter[str] = field(default_factory=Counter)
    asked: list[Asked] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)
    """Questions that were refused, each with its code."""
    unknown: list[str] = field(default_factory=list)
    """Questions of which nobody can say whether they were accepted: the connection was lost meanwhile."""
    retries_sent: int = 0
    conversations: set[int] = field(default_factory=set)
    deleted: set[int] = field(default_factory=set)
    tabs: list[ChaosTab] = field(default_factory=list)
    violations: list[Violation] = field(default_factory=list)


class User:
    """Follows its steps in a thread of its own until `over` is set; its tabs stay open until `leave`."""

    def __init__(
        self, name: str, doors: Sequence[Account], plan: Iterator[Step], pulse: Pulse, over: threading.Event
    ) -> None:
        self.name = name
        self.record = Record()
        self._thread = threading.Thread(target=self._live, name=name, daemon=True)
        self._doors = list(doors)
        self._plan = plan
        self._pulse = pulse
        self._over = over
        self._open: list[ChaosTab] = []
        self._actions: dict[str, Callable[[ChaosTab, Step], None]] = {
            "ask": self._ask,
            "ask twice": self._ask_twice,
            "stop one": self._stop,
            "stop all": self._stop,
            "retry": self._retry,
            "refresh": self._refresh,
            "go offline": self._go_offline,
            "second tab": self._second_tab,
            "new conversation": self._new_conversation,
            "delete": self._delete,
        }

    def start(self) -> None:
        self._thread.start()

    def has_ended(self, within_s: float) -> bool:
        """Wait for the end of its last step, no longer than this."""
        self._thread.join(within_s)
        return not self._thread.is_alive()

    def leave(self) -> None:
        for tab in self.record.tabs:
            tab.leave()

    def _live(self) -> None:
        for step in self._plan:
            if self._over.is_set():
                return
            try:
                self._follow(step)
            except Exception as error:
                # Whatever it is: the run goes on, and its end tells.
                self._violation("a user could go on", f"{step.kind} {step.token}: {error!r}")
            self._over.wait(step.pause_s)

    def _follow(self, step: Step) -> None:
        tab = self._tab(step)
        if tab is None:
            return
        self.record.actions[step.kind] += 1
        self._actions[step.kind](tab, step)

    def _violation(self, rule: str, evidence: str) -> None:
        self.record.violations.append(Violation(rule, f"{self.name} at {clock()}: {evidence}"))

    # --- Tabs ---------------------------------------------------------------------------------------

    def _tab(self, step: Step) -> ChaosTab | None:
        """The tab in front; None where a conversation could not be made just now."""
        if self._open and self._open[-1].close_code is not None:
            # The checks at the end say whether it had a reason.
            self._open.pop().leave()
        if self._open:
            return self._open[-1]
        conversation_id = self._make_conversation(step.door)
        return None if conversation_id is None else self._open_tab(conversation_id, step.door)

    def _open_tab(self, conversation_id: int, door: int) -> ChaosTab:
        tab = ChaosTab(self._doors[door:] + self._doors[:door], conversation_id, self._pulse)
        self.record.tabs.append(tab)
        tab.start()
        self._open.append(tab)
        while len(self._open) > MOST_OPEN:
            self._open.pop(0).leave()
        tab.wait(lambda: tab.is_online or tab.close_code is not None, "the tab opened", PATIENCE_S)
        return tab

    def _make_conversation(self, door: int) -> int | None:
        answer = self._rest("POST", "/api/chat/conversations", door)
        if answer is None or answer.status_code != 201:
            return None
        conversation_id = int(answer.json()["id"])
        self.record.conversations.add(conversation_id)
        return conversation_id

    def _rest(self, method: str, path: str, door: int) -> httpx.Response | None:
        """A request; None where nobody answered. Only 503 may say that something is away."""
        account = self._doors[door]
        url = account.site.url + path
        try:
            answer = httpx.request(method, url, headers=account.headers, trust_env=False, timeout=PATIENCE_S)
        except httpx.TimeoutException:
            self._violation("a request is answered", f"{method} {path}: nothing for {PATIENCE_S:g} s")
            return None
        except httpx.TransportError:
            return None
        if answer.status_code >= 500 and answer.status_code != 503:
            evidence = f"{method} {path}: {answer.status_code} {answer.text[:200]}"
            self._violation("REST says 503 while something is away", evidence)
        return answer

    # --- Actions ------------------------------------------------------------------------------------

    def _ask(self, tab: ChaosTab, step: Step) -> None:
        self._note(tab, step, tab.entries)

    def _note(self, tab: ChaosTab, step: Step, entries: int) -> Asked | None:
        """Ask, and note what came of it; `entries` are the tab's before the question was first sent."""
        try:
            asked = tab.ask(step.question, list(step.behaviours), step.token, PATIENCE_S)
        except Refused as refused:
            if tab.entries == entries and step.kind != "ask twice":
                self.record.refused.append((step.question, str(refused)))
            else:
                # Another one of the same question may have been accepted, unheard.
                self.record.unknown.append(step.question)
            return None
        except AssertionError as error:
            self.record.unknown.append(step.question)
            self._violation("a question is answered", f"conversation {tab.conversation_id}: {error}")
            return None
        if asked not in self.record.asked:
            self.record.asked.append(asked)
        return asked

    def _ask_twice(self, tab: ChaosTab, step: Step) -> None:
        """An impatient click, or a page that comes back at another process and sends what it had sent."""
        if step.pick < 0.5:
            message, targets = step.question, list(step.behaviours)
            entries = tab.entries
            tab.send(type="ask", message=message, targets=targets, client_id=step.token)
            self._note(tab, step, entries)
            return
        first = self._note(tab, step, tab.entries)
        self._refresh(tab, step)
        again = self._note(self._open[-1], step, 0)
        if first and again and first != again:
            self._violation("a repeated question is the same turn", f"{first} and {again}")

    def _stop(self, tab: ChaosTab, step: Step) -> None:
        running = tab.unfinished()
        if not running:
            return
        chosen = running if step.kind == "stop all" else [_picked(running, step)]
        entries, refusals = tab.entries, tab.refusals.total()
        if step.kind == "stop all":
            tab.send(type="stop")
        else:
            tab.send(type="stop", answer_ids=chosen)
        self._wait_for_word(
            tab, entries, refusals, lambda: all(tab.states[pk] in FINAL for pk in chosen), f"stop of {chosen}"
        )

    def _retry(self, tab: ChaosTab, step: Step) -> None:
        ended = tab.retriable()
        if not ended:
            return
        answer_id = _picked(ended, step)
        entries, refusals, before = tab.entries, tab.refusals.total(), tab.retries_accepted
        self.record.retries_sent += 1
        tab.send(type="retry", answer_ids=[answer_id])
        self._wait_for_word(
            tab, entries, refusals, lambda: tab.retries_accepted > before, f"retry of {answer_id}"
        )

    def _wait_for_word(
        self, tab: ChaosTab, entries: int, refusals: int, is_done: Callable[[], bool], what: str
    ) -> None:
        """A command is carried out or refused, unless its connection is lost."""
        try:
            tab.wait(
                lambda: (
                    is_done()
                    or tab.entries != entries
                    or not tab.is_online
                    or tab.refusals.total() > refusals
                    or tab.close_code is not None
                ),
                what,
                PATIENCE_S,
            )
        except AssertionError as error:
            self._violation("a command is carried out or refused", f"{tab.conversation_id}: {error}")

    def _refresh(self, tab: ChaosTab, step: Step) -> None:
        tab.leave()
        self._open.remove(tab)
        self._open_tab(tab.conversation_id, step.door)

    def _go_offline(self, tab: ChaosTab, step: Step) -> None:
        tab.offline()
        self._over.wait(step.pick * OFFLINE_S)
        tab.online()
        tab.wait(lambda: tab.is_online or tab.close_code is not None, "the tab came back", PATIENCE_S)

    def _second_tab(self, tab: ChaosTab, step: Step) -> None:
        self._open_tab(tab.conversation_id, step.door)

    def _new_conversation(self, tab: ChaosTab, step: Step) -> None:
        """The tab before stays open, as long as there are not too many."""
        conversation_id = self._make_conversation(step.door)
        if conversation_id is not None:
            self._open_tab(conversation_id, step.door)

    def _delete(self, tab: ChaosTab, step: Step) -> None:
        """Delete the conversation in front; where nobody answers, again until somebody does."""
        gone_id, door = tab.conversation_id, step.door
        deadline = time.monotonic() + DELETE_S
        is_first = True
        while time.monotonic() < deadline:
            answer = self._rest("DELETE", f"/api/chat/conversations/{gone_id}", door)
            if answer is not None and (
                answer.status_code == 204 or (answer.status_code == 404 and not is_first)
            ):
                self.record.deleted.add(gone_id)
                for one in [one for one in self._open if one.conversation_id == gone_id]:
                    self._open.remove(one)
                    one.leave()
                return
            is_first, door = False, 1 - door
            time.sleep(AGAIN_S)
        self._violation("a conversation can be deleted", f"conversation {gone_id}, not within {DELETE_S} s")


def _picked(ids: list[int], step: Step) -> int:
    return sorted(ids)[int(step.pick * len(ids))]
