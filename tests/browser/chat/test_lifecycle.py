"""What happens to browsers while answers are written: the same text everywhere, exactly once."""

import dataclasses
import os
import queue
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import pytest
from playwright.sync_api import Page, expect

from tests.browser.kit.browser import (
    Visitor,
    Visits,
    ask,
    choose,
    column,
    conversation_id,
    text_of,
    wait_for_text,
)
from tests.site.line import Line, running_line
from tests.site.running import Site
from tests.site.vendor import Exchange, Vendor

pytestmark = pytest.mark.browser

NAMES = {"openai": "OpenAI", "mistral": "Mistral"}
LOST = "ERR_INTERNET_DISCONNECTED|ERR_CONNECTION|ERR_(SOCKET_)?NOT_CONNECTED|ERR_EMPTY_RESPONSE|WebSocket"
PIECES = 8
WORDS_PER_PIECE = 5


def piece(number: int) -> str:
    """No word twice, and more than one event long; a paragraph, a list and code between them."""
    words = " ".join(f"w{number}x{index}" for index in range(WORDS_PER_PIECE))
    return f"{words}\n\n" if number % 2 else f"- {words}\n\n```text\ncode {words}\n```\n\n"


WHOLE = "".join(piece(number) for number in range(PIECES))
WORDS = sorted(f"w{n}x{i}" for n in range(PIECES) for i in range(WORDS_PER_PIECE) for _ in range(2 - n % 2))
"""All words of a whole answer as they stand on the page: those of even pieces in a list and in code."""
SHOWS_WORDS = """([element, expected]) => {
  const words = element.innerText.split(/\\s+/).filter((word) => word.startsWith("w")).sort();
  return words.join(" ") === expected;
}"""


class Stream:
    """Both vendors write a piece each time `write` is called, and end after the last one."""

    def __init__(self, vendor: Vendor) -> None:
        self._queues: dict[str, queue.Queue[str | None]] = {name: queue.Queue() for name in NAMES}
        self._written = 0
        for name in NAMES:
            vendor.scripts[name] = partial(self._script, name)

    def _script(self, name: str, exchange: Exchange) -> None:
        exchange.start()
        while (text := self._next(name, exchange)) is not None:
            for at in range(0, len(text), 7):
                exchange.text(text[at : at + 7])
        exchange.finish()

    def _next(self, name: str, exchange: Exchange) -> str | None:
        """What to write, or None at the end; a comment now and then until then: silence would be given up."""
        for _ in range(120):
            try:
                return self._queues[name].get(timeout=0.5)
            except queue.Empty:
                exchange.raw(": still thinking\n\n")
        raise AssertionError("nothing more is written")

    def write(self) -> str:
        """The next piece; what stands at its end."""
        text = piece(self._written)
        self._written += 1
        for one in self._queues.values():
            one.put(text)
        return text.strip().splitlines()[-1 if self._written % 2 == 0 else 2]

    def finish(self) -> None:
        while self._written < PIECES:
            self.write()
        for one in self._queues.values():
            one.put(None)


@pytest.fixture
def stream(vendor_scripts: Vendor) -> Iterator[Stream]:
    stream = Stream(vendor_scripts)
    yield stream
    stream.finish()


@pytest.fixture
def line(embedded_site: Site) -> Iterator[Line]:
    with running_line(embedded_site.port) as line:
        yield line


def begin(visitor: Visitor, stream: Stream) -> Page:
    """A question to both, and the first words of each on the page."""
    page = visitor.page
    page.goto("/chat/")
    choose(page, *NAMES)
    ask(page, "Begin.")
    read(page, stream.write())
    return page


def read(page: Page, last: str) -> None:
    """Wait until both columns hold this."""
    for name in NAMES.values():
        wait_for_text(column(page, name), last)


def assert_whole(visitor: Visitor, *pages: Page) -> None:
    """Every tab shows, and the database holds, all that was written, once."""
    for page in pages:
        expect(page.locator('.turn.live .column[data-status="done"]')).to_have_count(len(NAMES))
    assert [row["text"] for row in visitor.rows(pages[0])] == [WHOLE] * len(NAMES)
    for page in pages:
        for name in NAMES.values():
            assert text_of(column(page, name)) == WHOLE
            # What is known is drawn a moment later, and a second later in a tab that nobody looks at.
            prose = column(page, name).locator(".prose").element_handle()
            page.wait_for_function(SHOWS_WORDS, arg=[prose, " ".join(WORDS)], timeout=5_000)


def test_three_reloads_in_mid_stream(embedded_site: Site, stream: Stream, visit: Visits) -> None:
    visitor = visit(embedded_site).sign_in("reloading")
    page = begin(visitor, stream)
    for _ in range(3):
        last = stream.write()
        page.reload()
        read(page, last)
        read(page, stream.write())
    stream.finish()
    assert_whole(visitor, page)
    page.reload()
    assert_whole(visitor, page)


def test_a_second_tab_in_mid_stream(embedded_site: Site, stream: Stream, visit: Visits) -> None:
    visitor = visit(embedded_site).sign_in("two-tabs")
    page = begin(visitor, stream)
    stream.write()
    tab = visitor.tab()
    tab.goto(f"/chat/{conversation_id(page)}")
    last = stream.write()
    for one in (page, tab):
        read(one, last)
    # One is left, the other reads on.
    page.goto("/dashboard/")
    read(tab, stream.write())
    page.go_back()
    stream.finish()
    assert_whole(visitor, page, tab)


def test_a_connection_that_is_lost_and_tried_again(
    embedded_site: Site, line: Line, stream: Stream, visit: Visits
) -> None:
    visitor = visit(dataclasses.replace(embedded_site, port=line.port)).sign_in("cut-off")
    visitor.expect_error(LOST)
    page = begin(visitor, stream)
    line.cut()
    stream.write()
    # Not told by the browser: it is seen by the silence, and tried several times before it comes back.
    expect(page.locator("#banner")).to_contain_text("Reconnecting… Answers go on, on the server.")
    line.wait_for_tries(2)
    stream.write()
    line.mend()
    read(page, stream.write())
    expect(page.locator("#banner")).to_be_hidden()

    # And once more, told by the browser, and over the end of the answers.
    visitor.context.set_offline(True)
    line.cut()
    expect(page.locator("#banner")).to_contain_text("You are offline.")
    stream.finish()
    line.mend()
    visitor.context.set_offline(False)
    assert_whole(visitor, page)
    page.reload()
    assert_whole(visitor, page)


@contextmanager
def asleep(page: Page) -> Iterator[None]:
    """The processes that run pages stand still, as behind a closed lid.

    `Page.setWebLifecycleState` freezes hidden tabs alone, and under Playwright none is ever hidden.
    """
    browser = page.context.browser
    assert browser
    told = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")
    renderers = [int(one["id"]) for one in told["processInfo"] if one["type"] == "renderer"]
    for process_id in renderers:
        os.kill(process_id, signal.SIGSTOP)
    try:
        yield
    finally:
        for process_id in renderers:
            os.kill(process_id, signal.SIGCONT)


@pytest.mark.parametrize("is_connected", [True, False], ids=["connected", "cut-off"])
def test_a_laptop_that_is_closed_and_opened_again(
    is_connected: bool, embedded_site: Site, line: Line, stream: Stream, visit: Visits
) -> None:
    visitor = visit(dataclasses.replace(embedded_site, port=line.port)).sign_in(f"lid-{is_connected}")
    visitor.expect_error(LOST)
    page = begin(visitor, stream)
    with asleep(page):
        if not is_connected:
            line.cut()
        stream.write()
        stream.finish()
        until_done(visitor, embedded_site)
        line.mend()
    assert_whole(visitor, page)
    page.reload()
    assert_whole(visitor, page)


def until_done(visitor: Visitor, site: Site) -> None:
    """Until the answers of the last turn are all written, asked of the site and not of the page."""
    address = f"{site.url}/api/chat/conversations/{conversation_id(visitor.page)}/messages"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        answers = visitor.context.request.get(address).json()[-1]["answers"]
        if all(answer["status"] == "done" for answer in answers):
            return
        time.sleep(0.05)
    raise AssertionError("the answers do not end")
