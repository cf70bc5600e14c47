"""The whole way by keyboard alone: what has the focus is always in sight, uncovered, and looks like it."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from playwright.sync_api import Error, Page, expect

from tests.browser.kit.browser import Visits, choose, column, new_name, sign_up, wait_for_state, wait_for_text
from tests.browser.kit.visit import STILL, script
from tests.site.running import PASSWORD, Site
from tests.site.vendor import Exchange, Vendor

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


def choose_the_answer(keys: Keys) -> None:
    keys.press("Alt+2")
    keys.press("s")


def let_all_read_everything(keys: Keys) -> None:
    keys.to("#context button")
    keys.press("Enter")
    keys.to('#context-list [data-mode="own"]')
    keys.to('#context-list [data-mode="all"]', key="ArrowDown")
    keys.press("Enter")


def set_the_temperature(keys: Keys) -> None:
    keys.to("#chips .chip", key="Shift+Tab")
    keys.to('#chips [data-target="mistral"]', key="Shift+Tab")
    keys.press("Enter")
    keys.to(".ai-settings [name=temperature]")
    keys.write("0.5")
    keys.press("Escape")
    expect(keys.page.locator('#chips [data-target="mistral"]')).to_be_focused()


def keep_a_line_up(keys: Keys) -> None:
    keys.to('.chip-plain[aria-haspopup="dialog"]')
    keys.press("Enter")
    keys.to(".line-ups input")
    keys.write("Two and a demo")
    keys.press("Enter", "Escape")


def look_at_tabs(keys: Keys) -> None:
    keys.to('.turn.live [data-view="tabs"]', key="Shift+Tab")
    keys.press("Enter")
    keys.to('.turn.live [role=tab][data-name="mistral"]')
    keys.press("ArrowLeft")
    keys.see()


def look_at_columns(keys: Keys) -> None:
    keys.to('.turn.live [data-view="columns"]', key="Shift+Tab")
    keys.press("Enter")


def ask_in_other_words(keys: Keys) -> None:
    keys.to(".turn.live .question-tools button", key="Shift+Tab")
    keys.to(".turn.live .question-tools button:first-child", key="Shift+Tab")
    keys.press("Enter")
    keys.press("Control+a")
    keys.write("Who else answers?")
    keys.press("Enter")


def go_back_to_the_first_words(keys: Keys) -> None:
    keys.to('.turn.live .versions button[aria-label="Earlier wording"]', key="Shift+Tab")
    keys.press("Enter")


def find_a_command(keys: Keys) -> None:
    keys.press("Control+k")
    keys.write("archive")
    keys.press("Enter")


def look_at_all(keys: Keys) -> None:
    keys.to(".side-view:first-child", key="Shift+Tab")
    keys.press("Enter")


def make_a_folder(keys: Keys) -> None:
    keys.to('[data-key="folders"] .icon-btn')
    keys.press("Enter")
    keys.write("By keys")
    keys.press("Enter")


def see_the_keys(keys: Keys) -> None:
    keys.press("Control+/")
    keys.see()
    expect(keys.page.get_by_role("dialog", name="Keyboard")).to_be_visible()
    keys.press("Escape")


def open_the_settings(keys: Keys) -> None:
    keys.to('.side [href="/accounts/profile"]')
    keys.press("Enter")
    keys.page.wait_for_url("**/accounts/profile")
    keys.to('.settings-nav [href="/accounts/appearance"]')
    keys.press("Enter")


def choose_the_dark(keys: Keys) -> None:
    keys.to("input[name=theme]")
    keys.to('input[name=theme][value="dark"]', key="ArrowDown")


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
        "choose an answer",
        choose_the_answer,
        lambda page: expect(column(page, "Mistral").locator(".choose")).to_have_attribute(
            "aria-pressed", "true"
        ),
    ),
    Step(
        "choose what each AI is told",
        let_all_read_everything,
        lambda page: expect(page.locator("#context button")).to_have_text("All read everything"),
    ),
    Step(
        "set a temperature",
        set_the_temperature,
        lambda page: expect(page.locator('#chips [data-target="mistral"]')).to_contain_text("0.5"),
    ),
    Step(
        "keep a line-up",
        keep_a_line_up,
        lambda page: expect(page.locator('.chip-plain[aria-haspopup="dialog"]')).to_have_text(
            "Line-up: Two and a demo"
        ),
    ),
    Step(
        "look at tabs",
        look_at_tabs,
        lambda page: expect(page.get_by_role("tab", name="OpenAI")).to_have_attribute(
            "aria-selected", "true"
        ),
    ),
    Step("look at columns", look_at_columns, lambda page: expect(page.get_by_role("tab")).to_have_count(0)),
    Step(
        "ask in other words",
        ask_in_other_words,
        lambda page: expect(page.locator(".turn.live h2")).to_have_text("Who else answers?"),
    ),
    Step(
        "go back to the first words",
        go_back_to_the_first_words,
        lambda page: expect(page.locator(".turn.live h2")).to_have_text("Who answers?"),
    ),
    Step("see the keys", see_the_keys, lambda page: expect(page.get_by_role("dialog")).to_have_count(0)),
    Step(
        "find a command",
        find_a_command,
        lambda page: expect(page.locator(".side-empty")).to_contain_text("The archive is empty."),
    ),
    Step(
        "look at all again",
        look_at_all,
        lambda page: expect(page.locator("[aria-current=page] .row-label").last).to_be_visible(),
    ),
    Step(
        "make a folder",
        make_a_folder,
        lambda page: expect(page.locator('[data-folder="By keys"]')).to_be_visible(),
    ),
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
        "open the settings",
        open_the_settings,
        lambda page: page.wait_for_url("**/accounts/appearance"),
        keeps_focus=False,
    ),
    Step(
        "choose the dark",
        choose_the_dark,
        lambda page: expect(page.locator("html")).to_have_attribute("data-theme", "dark"),
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
