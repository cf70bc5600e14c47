"""One browser on its way to a place of tests/browser/kit/places.py, and the scripts that look at it there."""

import functools
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

from playwright.sync_api import Browser, Locator, Page

from tests.browser.kit.browser import DESKTOP, Visitor, session_of
from tests.site.running import OWNER_EMAIL, Site
from tests.site.scene import WORDS, Scene

PHONE_PX = 768


def script(name: str) -> str:
    """One of tests/browser/kit/page_js: a function to be called on a page."""
    return (Path(__file__).parent / "page_js" / f"{name}.js").read_text()


STILL = script("still")


@functools.cache
def returning(
    browser: Browser, site: Site, size: tuple[int, int], options: tuple[tuple[str, object], ...]
) -> Visitor:
    """A browser at rest that has been to the site: half of all time went into fetching its files anew."""
    visitor = Visitor(browser, site, size, **dict(options))
    visitor.rest()
    return visitor


class Visit:
    """One browser at one place: `page` stands there once `go` is over. What it held back ends then."""

    def __init__(
        self,
        browser: Browser,
        scene: Scene,
        language: str,
        size: tuple[int, int] = DESKTOP,
        **options: object,
    ) -> None:
        self.scene = scene
        self.language = language
        self.words = WORDS[language]
        self.is_phone = size[0] < PHONE_PX
        self._browser = browser
        self._size = size
        self._options = {"locale": language} | options
        self._after = ExitStack()

    def __enter__(self) -> "Visit":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._after.close()

    @property
    def page(self) -> Page:
        return self.visitor.page

    def go(self, who: str, way: "Callable[[Visit], None]") -> Page:
        """The page, at the end of a way that this person goes (`who` as of a Place)."""
        site = self.scene.keyless if who in ("newcomer", "owner") else self.scene.site
        self.visitor = returning(self._browser, site, self._size, tuple(sorted(self._options.items())))
        self.visitor.come()
        self._after.callback(self.visitor.rest)
        if who == "person":
            self.scene.conversation(self.language)
            self.visitor.carry(session_of(site, self.words.name))
        if who == "newcomer":
            self.visitor.sign_in(f"new-{self.language}")
        if who == "owner":
            self.visitor.carry(session_of(site, OWNER_EMAIL))
        way(self)
        self.page.evaluate(STILL)
        return self.page

    def at_the_end(self, act: Callable[[], object]) -> None:
        self._after.callback(act)

    def find(self, selector: str) -> Locator:
        """The first that is visible."""
        return self.page.locator(selector).filter(visible=True).first

    def press(self, selector: str) -> None:
        self.find(selector).click()


def at(path: str, until: str = "main") -> Callable[[Visit], None]:
    """An address, and what stands there when it is all there."""

    def go(visit: Visit) -> None:
        visit.page.goto(path)
        visit.page.locator(until).first.wait_for()

    return go
