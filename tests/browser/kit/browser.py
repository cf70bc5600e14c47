"""WeBox in a real Chromium: browsers for the tests, watched for everything a good page never does."""

import functools
import itertools
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Locator,
    Page,
    expect,
    sync_playwright,
)

from tests.site.running import PASSWORD, Site

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
DESKTOP, PHONE = (1440, 900), (375, 812)
WAIT_MS = 30_000
REPORT_VIOLATIONS = """
addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) =>
  console.error(`Content-Security-Policy: ${violatedDirective} ${blockedURI}`));
"""
_numbers = itertools.count(1)
# Two browsers and their sites share two processors: five seconds, the usual, are too short at times.
expect.set_options(timeout=WAIT_MS / 2)


@contextmanager
def running_chromium() -> Iterator[Browser]:
    """The Chromium of this machine; fails where there is none."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert path, "Chromium is not installed"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


# One a module, not one a session: while it runs, its event loop counts as this thread's, and tests of
# other modules need theirs.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with running_chromium() as browser:
        yield browser


class Visitor:
    """A person's browser on one site. `page` is its first tab; `problems` is what should never happen."""

    def __init__(self, browser: Browser, site: Site, size: tuple[int, int], **options: Any) -> None:
        self.site = site
        self.problems: list[str] = []
        self.expected: list[str] = []
        viewport = {"width": size[0], "height": size[1]}
        self.context: BrowserContext = browser.new_context(
            base_url=site.url, **({"locale": "en-GB", "viewport": viewport} | options)
        )
        self.context.set_default_timeout(WAIT_MS)
        self.context.add_init_script(REPORT_VIOLATIONS)
        self.context.on("console", self._said)
        self.context.on("weberror", lambda error: self.problems.append(f"uncaught: {error.error}"))
        self.context.on("request", lambda request: self._asked(request.url))
        self.context.on("page", lambda page: page.on("websocket", lambda socket: self._asked(socket.url)))
        self.page = self.tab()

    def tab(self) -> Page:
        """One more tab of this browser."""
        return self.context.new_page()

    def close(self) -> None:
        """Close this browser, each tab on an empty page first.

        A tab that is closed while a navigation commits may never close, and who closes it waits for ever
        (microsoft/playwright issue 42366).
        """
        self._leave()
        self.context.close()

    def rest(self) -> None:
        """Be a browser without a tab and a person, which has the files of the site as a returning one has."""
        self._leave()
        debugger = self.context.new_cdp_session(self.context.pages[0])
        stored = {"origin": self.site.url, "storageTypes": "cookies,local_storage,indexeddb"}
        debugger.send("Storage.clearDataForOrigin", stored)
        for page in self.context.pages:
            page.close()
        self.context.set_offline(False)

    def come(self) -> None:
        """Have a first tab again after `rest`."""
        self.page = self.tab()

    def _leave(self) -> None:
        for page in self.context.pages:
            page.goto("about:blank")

    def expect_error(self, pattern: str) -> None:
        """The console may show this: a request that is meant to fail."""
        self.expected.append(pattern)

    def sign_in(self, name: str) -> "Visitor":
        """Carry the session of an account of this name; it is made where there is none yet."""
        return self.carry(session(self.site, name))

    def carry(self, cookies: tuple[tuple[str, str], ...]) -> "Visitor":
        """Be who these cookies say."""
        self.context.add_cookies(
            [{"name": name, "value": value, "url": self.site.url} for name, value in cookies]
        )
        return self

    def get(self, path: str) -> Any:
        """What the API says to this person."""
        got = self.context.request.get(path)
        assert got.ok, got.text()
        return got.json()

    def post(self, path: str, **body: Any) -> Any:
        """What the API answers to this person's body; None where it has nothing to say."""
        got = self.context.request.post(path, data=body, headers=self._csrf_headers())
        assert got.ok, got.text()
        return got.json() if got.status != 204 else None

    def delete(self, path: str) -> None:
        got = self.context.request.delete(path, headers=self._csrf_headers())
        assert got.ok, got.text()

    def _csrf_headers(self) -> dict[str, str]:
        if self.page.url == "about:blank":
            self.page.goto("/chat/")
        [token] = [one["value"] for one in self.context.cookies() if one["name"] == "webox_csrf"]
        return {"X-CSRFToken": token, "Referer": self.site.url}

    def rows(self, page: Page) -> list[dict[str, Any]]:
        """The answers of the conversation in this tab as they are in the database, the last turn's."""
        return list(self.messages(page)[-1]["answers"])

    def messages(self, page: Page) -> list[dict[str, Any]]:
        return list(self.get(f"/api/chat/conversations/{conversation_id(page)}/messages"))

    def unexpected(self) -> list[str]:
        return [said for said in self.problems if not any(re.search(known, said) for known in self.expected)]

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.problems.append(f"console {message.type}: {message.text}")

    def _asked(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.netloc != f"127.0.0.1:{self.site.port}":
            self.problems.append(f"asked another host: {url}")


class Visits:
    """Makes visitors, and looks at the end of the test whether any of them met a problem."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._visitors: list[Visitor] = []

    def __call__(self, site: Site, size: tuple[int, int] = DESKTOP, **options: Any) -> Visitor:
        visitor = Visitor(self._browser, site, size, **options)
        self._visitors.append(visitor)
        return visitor

    def end(self) -> None:
        for visitor in self._visitors:
            visitor.close()
        problems = [problem for visitor in self._visitors for problem in visitor.unexpected()]
        assert not problems, problems


@pytest.fixture
def visit(chromium: Browser) -> Iterator[Visits]:
    """`visit(site)` opens a browser; console errors, refused scripts and foreign requests fail the test."""
    visits = Visits(chromium)
    yield visits
    visits.end()


@functools.cache
def session(site: Site, name: str) -> tuple[tuple[str, str], ...]:
    """The cookies of a session that is shared by the tests: none of them signs it out. The account is new."""
    site.account(name)
    return session_of(site, name)


@functools.cache
def session_of(site: Site, login: str) -> tuple[tuple[str, str], ...]:
    """The same for an account that there is already."""
    with httpx.Client(base_url=site.url, trust_env=False, timeout=60) as client:
        form = client.get("/accounts/login/").text
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', form)
        assert token
        fields = {"csrfmiddlewaretoken": token[1], "login": login, "password": PASSWORD}
        entered = client.post("/accounts/login/", data=fields)
        assert entered.status_code == 302, entered.text
        return tuple(client.cookies.items())


def new_name() -> str:
    return f"person{next(_numbers)}"


def sign_up(page: Page, name: str) -> None:
    """Make an account in the browser; ends on the chat page."""
    page.goto("/accounts/signup/")
    page.get_by_label("Email").fill(f"{name}@example.org")
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create my account").click()
    page.wait_for_url("**/chat/")


def enter(page: Page, login: str) -> None:
    """Sign in by the form; ends on the chat page. For a session of this browser's own."""
    page.goto("/accounts/login/")
    page.get_by_label("Email or username").fill(login)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/chat/")


def conversation_id(page: Page) -> int:
    return int(urlsplit(page.url).path.rpartition("/")[2])


def choose(page: Page, *targets: str) -> None:
    """Choose exactly these AIs with the chips and the list."""
    chosen = page.locator("#chips .chip[data-target]")
    page.get_by_role("button", name="Choose the AIs").click()
    for index in reversed(range(chosen.count())):
        target = chosen.nth(index).get_attribute("data-target")
        if target not in targets:
            page.locator(f'.ai-option[data-target="{target}"]').click()
    for target in targets:
        page.locator(f'.ai-option[data-target="{target}"] input').check()
    page.keyboard.press("Escape")


def ask(page: Page, question: str) -> None:
    """Write and send; ends when the question stands on the page as a turn of its own."""
    turns = page.locator(".turn")
    before = turns.count()
    page.get_by_label("Your question").fill(question)
    page.get_by_label("Your question").press("Enter")
    turns.nth(before).wait_for()


def column(page: Page, name: str) -> Locator:
    """The column of the last turn with this name in its head."""
    return page.locator(".turn").last.locator(".column").filter(has=page.locator(".who b", has_text=name))


def text_of(column: Locator) -> str:
    """The text of the answer as the page holds it: Markdown, before it is shown."""
    return str(column.evaluate("(column) => column.markdown.text"))


def wait_for_text(column: Locator, piece: str) -> None:
    """Wait until the answer's Markdown on the page holds this."""
    column.page.wait_for_function(
        "([column, piece]) => column.markdown.text.includes(piece)", arg=[column.element_handle(), piece]
    )


def wait_for_state(page: Page, **states: str) -> None:
    """Wait until the columns of the last turn, by provider, have these states."""
    for provider, state in states.items():
        found = page.locator(".turn").last.locator(
            f'.column[data-provider="{provider}"][data-status="{state}"]'
        )
        found.wait_for()
