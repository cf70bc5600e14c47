"""What happened in one test, as its clients and its vendor saw it: what the rows are compared with."""

import contextlib
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx

from tests.faults.parts import FaultSite
from tests.faults.scripts import Flow
from tests.faults.tab import Asked, Refused, Tab
from tests.site.vendor import Vendor


@dataclass
class Story:
    """One test's doings on one site. Tabs and flows opened through it end with it."""

    site: FaultSite
    vendor: Vendor
    tabs: list[Tab] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    """Questions that were answered by an error."""
    whole: dict[int, str] = field(default_factory=dict)
    """Answer id → the whole text with which it must be done, whatever happened beside it."""
    stopped: set[int] = field(default_factory=set)
    deleted: set[int] = field(default_factory=set)
    conversations: set[int] = field(default_factory=set)
    _flows: list[Flow] = field(default_factory=list)

    def flow(self, *names: str, every_s: float = 0.05) -> Flow:
        """Let these vendors stream words until the test ends the flow."""
        flow = Flow(every_s)
        self._flows.append(flow)
        self.vendor.scripts.update(dict.fromkeys(names, flow))
        return flow

    def conversation(self, door: int = 0) -> int:
        conversation_id = self.site.door(door).conversation()
        self.conversations.add(conversation_id)
        return conversation_id

    def tab(self, conversation_id: int | None = None, *, door: int = 0, waits: bool = True) -> Tab:
        """A new tab at this door first, on a new conversation unless one is named.

        It is open when this returns, unless `waits` is False: then it gets in as soon as it can.
        """
        doors = self.site.doors
        tab = Tab(doors[door:] + doors[:door], conversation_id or self.conversation(door))
        self.tabs.append(tab)
        tab.start()
        if waits:
            tab.wait(lambda: tab.is_online, "the tab opened")
        return tab

    def ask(self, tab: Tab, *targets: str, within_s: float = 30) -> Asked:
        """Ask a question like no other. Raises Refused."""
        question = f"What is left of {uuid.uuid4().hex}?"
        try:
            asked = tab.ask(question, list(targets), within_s=within_s)
        except Refused:
            self.refused.append(question)
            raise
        self.asked.append(asked)
        return asked

    def delete(self, conversation_id: int) -> None:
        """Delete a conversation over REST."""
        door = self.site.door()
        url = f"{door.site.url}/api/chat/conversations/{conversation_id}"
        gone = httpx.delete(url, headers=door.headers, trust_env=False, timeout=30)
        assert gone.status_code == 204, gone.text
        self.deleted.add(conversation_id)

    def calls(self) -> list[tuple[str, str]]:
        """Each request the vendor got for an answer: its name there, and the question's last message."""
        return [
            (name, body["messages"][-1]["content"])
            for name, body in list(self.vendor.asked)
            if "messages" in body
        ]

    def end(self) -> None:
        for flow in self._flows:
            flow.break_off()
        for tab in self.tabs:
            tab.close()


@contextmanager
def story_on(site: FaultSite, vendor: Vendor) -> Iterator[Story]:
    """A story on a site, ended with the block."""
    with contextlib.ExitStack() as stack:
        story = Story(site, vendor)
        stack.callback(story.end)
        yield story
