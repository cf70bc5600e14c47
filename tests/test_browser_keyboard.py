"""The whole way by keyboard alone: what has the focus is always in sight, uncovered, and looks like it."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from playwright.sync_api import Error, Page, expect

from tests.browser import Visits, choose, column, new_name, sign_up, wait_for_state, wait_for_text
from tests.running import PASSWORD, Site
from tests.vendor import Exchange, Vendor
from tests.ways import STILL, script

pytestmark = pytest.mark.browser

MOST_TABS = 120
UNSEEN = script("unseen")


class Keys:
    """Only keys; after each step what is focused is looked at."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def write(self, text: str) -> None:
        self.page.keyboard.type(text)

    def to(self, selector: str, key: str = "Tab", most: int = MOST_TABS) -> None:
        """Press until this has the focus; each stop on the way is seen."""
        for _ in range(most):
            if self.page.evaluate("(selector) => document.activeElement.matches(selector)", selector):
                self.see()
                return
            self.page.keyboard.press(key)
            # Between the page’s last control and its first the browser’s own have their turn.
            if not self.page.evaluate("() => document.activeElement === document.body"):
                self.see()
        raise AssertionError(f"{key} does not lead to {selector}")

    def see(self) -> None:
        self.page.evaluate(STILL)
        unseen = self.page.evaluate(UNSEEN)
        assert not unseen, unseen


@dataclass(frozen=True)
class Step:
    """One thing a person does: `act` with keys alone, and `proof` that it happened."""

    name: str
    act: Callable[[Keys], None]
    proof: Callable[[Page], None]
    keeps_focus: bool = True
    """Whether the page stays, and with it the place of the keyboard."""


def sign_in(keys: Keys, name: str) -> None:
    keys.page.goto("/accounts/login/")
    keys.to("[name=login]")
    keys.write(name)
    keys.to("[name=password]")
    keys.write(PASSWORD)
    keys.press("Enter")


def choose_ais(keys: Keys) -> None:
    """From where the page begins: the question’s field."""
    expect(keys.page.locator("#question")).to_be_focused()
    keys.to(".chip-add")
    keys.press("Enter")
    keys.to('.ai-option[data-target="demo:code"] input')
    keys.press("Space")
    keys.press("Escape")
    expect(keys.page.locator(".chip-add")).to_be_focused()


def ask(keys: Keys) -> None:
    keys.to("#question", key="Shift+Tab")
    keys.write("Who answers?")
    keys.press("Enter")


def through_the_columns(keys: Keys) -> None:
    keys.press("Alt+1")
    keys.see()
    expect(column(keys.page, "OpenAI").locator(".body")).to_be_focused()
    keys.press("Alt+ArrowRight")
    keys.see()
    expect(column(keys.page, "Mistral").locator(".body")).to_be_focused()


def stop_one(keys: Keys) -> None:
    keys.to('.turn.live .column[data-provider="mistral"] .column-foot button')
    keys.press("Enter")


def stop_all(keys: Keys) -> None:
    keys.press("Escape")


def retry(keys: Keys) -> None:
    keys.press("Alt+2")
    keys.press("r")


def copy(keys: Keys) -> None:
    keys.press("Alt+2")
    keys.press("c")


def rename(keys: Keys) -> None:
    open_menu(keys)
    keys.press("Enter")
    keys.press("Control+a")
    keys.write("A name of its own")
    keys.press("Enter")


def open_menu(keys: Keys) -> None:
    """The menu of the conversation this page shows, in the sidebar."""
    keys.to("[aria-current=page] ~ [aria-haspopup=menu]", key="Shift+Tab")
    keys.press("Enter")
    keys.to(".menu [role=menuitem]", key="ArrowDown")


def delete_and_undo(keys: Keys) -> None:
    open_menu(keys)
    keys.to(".menu .danger", key="ArrowUp")
    keys.press("Enter")
    keys.page.wait_for_url("**/chat/")
    keys.page.locator("#notice .btn").wait_for()
    keys.to("#notice .btn")
    keys.press("Enter")


def open_the_ais(keys: Keys) -> None:
    keys.to('.side-links [href="/chat/ais"]', key="Shift+Tab")
    keys.press("Enter")


def open_one_ai(keys: Keys) -> None:
    keys.to('.provider details[data-slug="mistral"] > summary')
    keys.press("Enter")


def sign_out(keys: Keys) -> None:
    keys.to('[action="/accounts/logout/"] button', key="Shift+Tab")
    keys.press("Enter")


def on_the_chat_page(page: Page) -> None:
    page.wait_for_url("**/chat/")


STEPS = (
    Step(
        "choose AIs",
        choose_ais,
        lambda page: expect(page.locator('#chips [data-target="demo:code"]')).to_be_visible(),
    ),
    Step("ask", ask, lambda page: wait_for_state(page, openai="streaming", mistral="streaming")),
    Step("move through the columns", through_the_columns, lambda page: None),
    Step("stop one", stop_one, lambda page: wait_for_state(page, mistral="stopped", openai="streaming")),
    Step("stop all", stop_all, lambda page: wait_for_state(page, openai="stopped")),
    Step(
        "retry",
        retry,
        lambda page: expect(column(page, "Mistral").locator(".versions")).to_contain_text("2/2"),
    ),
    Step("copy", copy, lambda page: expect(page.locator("#status")).to_contain_text("Copied.")),
    Step(
        "rename",
        rename,
        lambda page: expect(page.locator("#page-heading")).to_have_text("A name of its own"),
    ),
    Step(
        "delete and undo",
        delete_and_undo,
        lambda page: expect(page.locator(".talk", has_text="A name of its own")).to_be_visible(),
    ),
    Step("open the AIs page", open_the_ais, lambda page: page.wait_for_url("**/chat/ais"), keeps_focus=False),
    Step(
        "open one AI",
        open_one_ai,
        lambda page: expect(page.locator('details[data-slug="mistral"]')).to_have_attribute("open", ""),
    ),
    Step(
        "sign out",
        sign_out,
        lambda page: expect(page.get_by_role("link", name="Sign in").first).to_be_visible(),
        keeps_focus=False,
    ),
)


def test_the_whole_way_by_keyboard_alone(embedded_site: Site, vendor_scripts: Vendor, visit: Visits) -> None:
    def endless(exchange: Exchange) -> None:
        exchange.start()
        exchange.text("It begins. ")
        exchange.hang()

    vendor_scripts.scripts = dict.fromkeys(["openai", "mistral"], endless)
    visitor = visit(embedded_site, permissions=["clipboard-read", "clipboard-write"])
    page = visitor.page
    name = new_name()
    sign_up(page, name)
    choose(page, "openai", "mistral")
    visitor.context.clear_cookies()
    keys = Keys(page)
    sign_in(keys, name)
    on_the_chat_page(page)
    for step in STEPS:
        try:
            step.act(keys)
            step.proof(page)
            if step.keeps_focus:
                keys.see()
        except (AssertionError, Error) as error:
            error.add_note(f"on the way to: {step.name}")
            raise
        if step.name == "ask":
            for column_name in ("OpenAI", "Mistral"):
                wait_for_text(column(page, column_name), "It begins.")
        if step.name == "stop all":
            vendor_scripts.scripts = dict.fromkeys(
                ["openai", "mistral"], lambda exchange: exchange.answer("The second try.")
            )
        if step.name == "retry":
            wait_for_state(page, mistral="done")
