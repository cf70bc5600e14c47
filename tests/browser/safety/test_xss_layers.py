"""Each layer of the defence alone against every hostile text: the sanitiser, and the Content-Security-Policy.

Both together, in every place that shows text: tests/browser/safety/test_xss.py.
"""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Route

from tests.browser.kit.browser import session
from tests.browser.safety.xss import CORPUS, PAST_POLICY, PAYLOADS
from tests.browser.safety.xss.watch import LOOK, STIR, WATCH
from tests.site.running import Site

pytestmark = pytest.mark.browser

LEAST = 500
POLICY = "content-security-policy"
# Families of which most run or load as soon as they are HTML; the rest are Markdown, TeX or words.
LIVELY = [
    *("raw HTML", "event handlers", "SVG"),
    *("styles, frames, redirections", "redirections, frames and forms"),
    "images in more than twenty spellings",
]
# The way of an answer's text onto the page, growing by one character at a time; then the text as it is, past
# the Markdown and into the sanitiser.
SHOW = """
async (texts) => {
  const at = (name) => new URL(name, document.querySelector('script[src*="/chat/conversation.js"]').src);
  const { MarkdownView } = await import(at("text/markdown.js"));
  const { toFragment } = await import(at("text/html.js"));
  for (const text of texts) {
    const place = document.body.appendChild(document.createElement("section"));
    place.className = "hostile";
    const view = new MarkdownView(place.appendChild(document.createElement("div")));
    for (let end = 1; end < text.length; end += 1) view.update(text.slice(0, end));
    view.finish(text);
    place.append(toFragment(text));
  }
}
"""
# Texts of which the sanitiser leaves something that it would take away if a parser had read it once more.
UNSTABLE = """
async (texts) => {
  const script = document.querySelector('script[src*="/chat/conversation.js"]');
  const { toFragment } = await import(new URL("text/html.js", script.src));
  const written = (fragment) => {
    const place = document.createElement("div");
    place.append(fragment);
    return place.innerHTML;
  };
  const readAgain = (html) => {
    const place = document.createElement("template");
    place.innerHTML = html;
    return place.innerHTML;
  };
  return texts.filter((text) => {
    const left = readAgain(written(toFragment(text)));
    return written(toFragment(left)) !== left;
  });
}
"""
ASSIGN = """() => { try { document.body.innerHTML = "<p>x"; } catch (error) { return error.name; } }"""


def numbered(number: int, text: str) -> str:
    """The text with its number in what it would run and whom it would ask, so that a failure names it."""
    return text.replace("canary()", f"canary({number})").replace("evil.example", f"n{number}.evil.example")


TEXTS = [numbered(number, text) for number, text in enumerate(PAYLOADS)]


class Stage:
    """A browser in which nothing reaches another host: who tried is in `left`."""

    def __init__(self, browser: Browser, site: Site) -> None:
        self.site = site
        self.left: list[str] = []
        self.context = browser.new_context(base_url=site.url)
        self.context.add_cookies(
            [{"name": name, "value": value, "url": site.url} for name, value in session(site, "layered")]
        )
        self.context.add_init_script(WATCH)
        self.page = self.context.new_page()
        self.page.on("dialog", lambda dialog: self.left.append(f"dialog {dialog.message}"))
        self.context.on("page", lambda popup: self.left.append(f"popup {popup.url}"))
        self.context.route("**/*", self._answer)

    def _answer(self, route: Route) -> None:
        if not route.request.url.startswith(f"{self.site.url}/"):
            self.left.append(route.request.url)
            # With no content the page stays, whoever wanted to lead it away.
            route.fulfill(status=204)
        else:
            self.serve(route)

    def serve(self, route: Route) -> None:
        """Answer a request to the site itself."""
        route.continue_()

    def stir(self, selector: str = "*") -> list[str]:
        """Touch everything, and say what has run or left since the page was opened."""
        ran = [f"ran {words}" for words in self.page.evaluate(STIR, selector)]
        return ran + self.left


class WithoutPolicy(Stage):
    """The conversation's page as it is, but for its Content-Security-Policy."""

    def serve(self, route: Route) -> None:
        if route.request.resource_type != "document":
            route.continue_()
            return
        page = route.fetch()
        kept = {name: value for name, value in page.headers.items() if name != POLICY}
        assert len(kept) < len(page.headers)
        route.fulfill(response=page, headers=kept)

    def open(self) -> Page:
        self.page.goto("/chat/")
        return self.page


class Verbatim(Stage):
    """Pages that hold a text as it is, with the headers of the conversation's page or all but its policy."""

    def __init__(self, browser: Browser, site: Site, *, has_policy: bool) -> None:
        super().__init__(browser, site)
        self.headers = self.context.request.get("/chat/").headers
        assert "'unsafe-inline'" not in self.headers[POLICY]
        if not has_policy:
            del self.headers[POLICY]
        self.address = self.body = ""
        self.pages = 0

    def serve(self, route: Route) -> None:
        if route.request.url == self.address:
            self.address = ""
            route.fulfill(body=self.body, headers=self.headers)
        else:
            route.fulfill(status=204)

    def faults(self, text: str) -> list[str]:
        """What runs or leaves where this is a page."""
        self.left.clear()
        self.pages += 1
        self.address = f"{self.site.url}/verbatim/{self.pages}"
        self.body = f"<!doctype html><title>x</title><body>{text}"
        self.page.goto(self.address, wait_until="commit")
        return self.stir()


@pytest.fixture
def without_policy(chromium: Browser, embedded_site: Site) -> Iterator[WithoutPolicy]:
    stage = WithoutPolicy(chromium, embedded_site)
    yield stage
    stage.context.close()


@pytest.fixture
def verbatim(chromium: Browser, embedded_site: Site) -> Iterator[Verbatim]:
    stage = Verbatim(chromium, embedded_site, has_policy=True)
    yield stage
    stage.context.close()


@pytest.fixture
def careless(chromium: Browser, embedded_site: Site) -> Iterator[Verbatim]:
    stage = Verbatim(chromium, embedded_site, has_policy=False)
    yield stage
    stage.context.close()


def test_the_corpus_is_large_and_each_text_is_in_it_once() -> None:
    assert len(set(PAYLOADS)) == len(PAYLOADS) >= LEAST


@pytest.mark.timeout(300)
def test_the_sanitiser_alone_lets_nothing_run_or_leave(without_policy: WithoutPolicy) -> None:
    page = without_policy.open()
    page.evaluate(SHOW, TEXTS)
    assert without_policy.left == []
    assert page.locator(".hostile").count() == len(TEXTS)
    assert without_policy.stir(".hostile *") == []
    assert page.evaluate(LOOK) == []


def test_what_the_sanitiser_leaves_it_would_leave_again(without_policy: WithoutPolicy) -> None:
    assert without_policy.open().evaluate(UNSTABLE, TEXTS) == []


@pytest.mark.timeout(300)
def test_the_policy_alone_lets_nothing_run_or_leave(verbatim: Verbatim) -> None:
    done = {
        payload: faults
        for payload, text in zip(PAYLOADS, TEXTS, strict=True)
        if "<" in text and payload not in PAST_POLICY and (faults := verbatim.faults(text))
    }
    assert done == {}
    # What has no tag is one text like any other.
    assert verbatim.faults("\n".join(text for text in TEXTS if "<" not in text)) == []


def test_what_no_policy_stops_leads_away_and_runs_nothing(verbatim: Verbatim) -> None:
    """Known for a reason: the sanitiser alone keeps it from the page."""
    assert PAST_POLICY
    for text in PAST_POLICY:
        with verbatim.page.expect_request(re.compile(r"//evil\.example/")):
            assert not [fault for fault in verbatim.faults(text) if fault.startswith("ran")]


def test_the_policy_lets_no_string_become_html(verbatim: Verbatim) -> None:
    assert verbatim.faults("harmless") == []
    assert verbatim.page.evaluate(ASSIGN) == "TypeError"


@pytest.mark.timeout(300)
def test_the_corpus_runs_where_nobody_is_careful(careless: Verbatim) -> None:
    """Otherwise it would show nothing about where somebody is."""
    lively = {text for family in LIVELY for text in CORPUS[family] if isinstance(text, str) and "<" in text}
    texts = [text for payload, text in zip(PAYLOADS, TEXTS, strict=True) if payload in lively]
    done = [faults for text in texts if (faults := careless.faults(text))]
    assert sum(any(fault.startswith("ran") for fault in faults) for faults in done) >= 40
    assert sum(any("evil.example" in fault for fault in faults) for faults in done) >= 40
