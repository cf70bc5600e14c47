"""Asking in a real browser: which AIs, how each is asked, what it takes, and what goes along."""

from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.kit.browser import PHONE, Visitor, Visits, ask, choose, column, new_name, wait_for_state
from tests.site.running import Site
from tests.site.vendor import Vendor, answering

pytestmark = pytest.mark.browser


@pytest.fixture
def visitor(embedded_site: Site, visit: Visits) -> Visitor:
    return visit(embedded_site).sign_in(new_name())


@pytest.fixture
def page(visitor: Visitor, vendor_scripts: Vendor) -> Page:
    """A new person’s chat, where three vendors answer a few words."""
    for name in ("openai", "mistral", "groq"):
        vendor_scripts.scripts[name] = answering(f"{name}’s answer")
    page = visitor.page
    page.goto("/chat/")
    choose(page, "openai", "mistral")
    return page


def chips(page: Page) -> list[str]:
    return [chip.inner_text().replace("\n", " ") for chip in page.locator("#chips [data-target]").all()]


def settings(page: Page, name: str, place: int = 0) -> Locator:
    """The open settings of the chip with this name."""
    page.locator("#chips [data-target]").filter(has_text=name).nth(place).click()
    return page.locator(".ai-settings")


def bodies(vendor: Vendor, name: str) -> list[dict[str, Any]]:
    return [body for asked, body in vendor.asked if asked == name]


def test_each_chip_says_how_its_ai_is_asked(page: Page, vendor_scripts: Vendor) -> None:
    popover = settings(page, "OpenAI")
    popover.get_by_label("Model").fill("gpt-of-tomorrow")
    popover.get_by_label("Temperature").fill("9")
    popover.get_by_label("Longest answer, in tokens").fill("321")
    expect(popover.get_by_text("Enter a number from 0 to 2.")).to_be_visible()
    popover.get_by_label("Temperature").fill("0.3")
    popover.get_by_label("Instructions").fill("Be brief.")
    # Enter in a field of it sends no question.
    popover.get_by_label("Temperature").press("Enter")
    page.keyboard.press("Escape")
    expect(page.locator("#chips [data-target]").first).to_be_focused()
    assert chips(page)[0] == "OpenAI gpt-of-tomorrow · 0.3"
    ask(page, "How?")
    wait_for_state(page, openai="done", mistral="done")
    [body] = bodies(vendor_scripts, "openai")
    assert (body["model"], body["temperature"]) == ("gpt-of-tomorrow", 0.3)
    assert body["messages"][0] == {"role": "developer", "content": "Be brief."}
    assert 321 in body.values()
    assert "temperature" not in bodies(vendor_scripts, "mistral")[0]
    head = column(page, "OpenAI").locator(".who")
    expect(head).to_contain_text("gpt-of-tomorrow · temperature 0.3")


def test_the_same_ai_twice_is_told_its_own_thread(page: Page, vendor_scripts: Vendor) -> None:
    settings(page, "OpenAI").get_by_role("button", name="Duplicate").click()
    popover = settings(page, "OpenAI", 1)
    popover.get_by_label("Temperature").fill("1.5")
    page.keyboard.press("Escape")
    settings(page, "Mistral").get_by_role("button", name="Remove").click()
    expect(page.get_by_role("button", name="Choose the AIs")).to_be_focused()
    ask(page, "Twice?")
    done = page.locator('.turn.live .column[data-status="done"]')
    expect(done).to_have_count(2)
    first, second = sorted(bodies(vendor_scripts, "openai"), key=lambda body: "temperature" in body)
    assert ("temperature" in first, second["temperature"]) == (False, 1.5)
    vendor_scripts.asked.clear()
    ask(page, "And now?")
    expect(page.locator(".turn")).to_have_count(2)
    expect(done).to_have_count(2)
    assert [len(body["messages"]) for body in bodies(vendor_scripts, "openai")] == [3, 3]


def test_the_order_of_the_chips_is_the_order_of_the_columns(page: Page) -> None:
    settings(page, "OpenAI").get_by_role("button", name="Move to the right").click()
    expect(page.locator("#chips [data-target]").nth(1)).to_be_focused()
    page.locator('#chips [data-target="mistral"]').drag_to(page.locator('#chips [data-target="openai"]'))
    page.locator('#chips [data-target="mistral"]').drag_to(page.locator('#chips [data-target="openai"]'))
    ask(page, "In which order?")
    order = [one.get_attribute("data-provider") for one in page.locator(".turn.live .column").all()]
    assert order == ["mistral", "openai"]


def test_a_line_up_is_saved_and_opened_by_its_link(page: Page) -> None:
    settings(page, "Mistral").get_by_label("Temperature").fill("0.1")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Line-ups").click()
    popover = page.get_by_role("dialog", name="Line-ups")
    expect(popover).to_contain_text("None yet.")
    popover.get_by_label("Name of the line-up").fill("Cold & warm")
    popover.get_by_label("Name of the line-up").press("Enter")
    expect(popover.get_by_role("button", name="Cold & warm")).to_have_attribute("aria-pressed", "true")
    popover.get_by_role("button", name="Use for new conversations").click()
    expect(popover.get_by_role("button", name="No more for new conversations")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Line-up: Cold & warm")).to_be_focused()
    choose(page, "groq")
    expect(page.get_by_role("button", name="Line-ups")).to_be_visible()
    # For a new conversation the person's own line-up comes first, and by link the one that it names.
    page.goto("/chat/")
    assert chips(page)[1] == "Mistral mistral-small-latest · 0.1"
    choose(page, "groq")
    page.goto("/chat/?lineup=cold%20%26%20WARM")
    assert [text.split()[0] for text in chips(page)] == ["OpenAI", "Mistral"]
    page.goto("/chat/?lineup=nowhere")
    expect(page.get_by_text("There is no line-up of this name. Choose the AIs yourself.")).to_be_visible()


def test_a_line_up_is_changed_renamed_and_deleted_after_a_question(page: Page, visitor: Visitor) -> None:
    visitor.expect_error("409")

    def opened() -> Locator:
        page.get_by_role("button", name="Line-up").first.click()
        return page.get_by_role("dialog", name="Line-ups")

    popover = opened()
    popover.get_by_label("Name of the line-up").fill("Work")
    popover.get_by_role("button", name="Save this line-up").click()
    popover.get_by_role("button", name="Rename").click()
    popover.get_by_label("Name of the line-up").fill("openai")
    page.keyboard.press("Enter")
    # A name that an AI has would not be told from it.
    expect(popover.get_by_role("alert")).not_to_be_empty()
    popover.get_by_role("button", name="Rename").click()
    popover.get_by_label("Name of the line-up").fill("Home")
    page.keyboard.press("Enter")
    expect(popover.get_by_role("button", name="Home")).to_be_visible()
    page.keyboard.press("Escape")
    choose(page, "groq")
    popover = opened()
    popover.get_by_role("button", name="Update “Home”").click()
    expect(popover.get_by_role("button", name="Home Groq")).to_have_attribute("aria-pressed", "true")
    popover.get_by_role("button", name="Delete").click()
    question = page.get_by_role("dialog", name="Delete this line-up?")
    question.get_by_role("button", name="Cancel").click()
    opened().get_by_role("button", name="Delete").click()
    question.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("button", name="Line-ups")).to_be_focused()
    expect(opened()).to_contain_text("None yet.")


def test_what_a_question_takes_is_said_before_it_is_sent(page: Page) -> None:
    hint = page.locator("#composer-hint")
    expect(hint).to_contain_text("for 2 AIs")
    before = hint.inner_text()
    page.get_by_label("Your question").fill("word " * 4000)
    expect(hint).not_to_have_text(before)
    expect(hint).to_contain_text("tokens · ≈ $")
    assert "Input: about" in str(hint.get_attribute("title"))
    page.get_by_label("Your question").fill("word " * 39_000)
    choose(page, "demo:quick")
    expect(hint).to_have_text("1 AI")


def test_what_each_ai_is_told_is_chosen_on_a_chip(page: Page, vendor_scripts: Vendor) -> None:
    chip = page.locator("#context button")
    expect(chip).to_be_hidden()
    ask(page, "One")
    wait_for_state(page, openai="done", mistral="done")
    chip.click()
    options = page.get_by_role("radiogroup", name="What each AI is told next")
    starred = options.get_by_role("radio", name="All from the ★ answer")
    expect(starred).to_contain_text("No answer is chosen yet")
    page.keyboard.press("Escape")
    column(page, "Mistral").locator(".choose").click()
    chip.click()
    page.keyboard.press("ArrowDown")
    expect(starred).to_contain_text("Mistral")
    page.keyboard.press("Enter")
    expect(chip).to_have_text("All from the ★ answer")
    ask(page, "Two")
    wait_for_state(page, openai="done", mistral="done")
    told = [one["content"] for one in bodies(vendor_scripts, "openai")[-1]["messages"]]
    assert told == ["One", "mistral’s answer", "Two"]
    page.reload()
    expect(chip).to_have_text("All from the ★ answer")


def test_going_on_with_one_answer_asks_its_ai_alone(page: Page, vendor_scripts: Vendor) -> None:
    ask(page, "One")
    wait_for_state(page, openai="done", mistral="done")
    column(page, "Mistral").get_by_role("button", name="More actions").click()
    page.get_by_role("menuitem", name="Continue with this AI alone").click()
    expect(page.get_by_label("Your question")).to_be_focused()
    expect(column(page, "Mistral")).to_have_attribute("data-chosen", "")
    assert [text.split()[0] for text in chips(page)] == ["Mistral"]
    vendor_scripts.asked.clear()
    ask(page, "Two")
    wait_for_state(page, mistral="done")
    assert [name for name, _ in vendor_scripts.asked] == ["mistral"]


def test_text_files_go_along_inside_the_question(page: Page, vendor_scripts: Vendor) -> None:
    files = [
        {"name": "notes.md", "mimeType": "text/markdown", "buffer": "Été ```".encode()},
        {"name": "photo.bin", "mimeType": "application/octet-stream", "buffer": b"\x00\xff"},
    ]
    page.locator("#attach-file").set_input_files(files)  # type: ignore[arg-type]  # as Playwright takes them
    expect(page.get_by_text("photo.bin is neither text nor an image that AIs can read.")).to_be_visible()
    page.get_by_label("Your question").fill("Read this.")
    page.reload()
    expect(page.locator(".tray-file")).to_contain_text("notes.md")
    expect(page.get_by_label("Your question")).to_have_value("Read this.")
    page.get_by_label("Your question").press("Enter")
    wait_for_state(page, openai="done", mistral="done")
    [body] = bodies(vendor_scripts, "openai")
    assert body["messages"][-1]["content"] == "Read this.\n\nnotes.md\n\n````md\nÉté ```\n````"
    expect(page.locator(".tray-file")).to_have_count(0)
    expect(page.get_by_label("Your question")).to_have_value("")


def test_a_long_paste_stands_beside_the_question_until_it_is_wanted_in_it(page: Page) -> None:
    field = page.get_by_label("Your question")
    field.focus()
    paste = """(text) => {
      const data = new DataTransfer();
      data.setData("text/plain", text);
      document.activeElement.dispatchEvent(
        new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
    }"""
    page.evaluate(paste, "line\n" * 3000)
    expect(page.locator(".tray-file")).to_contain_text("15,000 characters")
    expect(field).to_have_value("")
    page.get_by_role("button", name="Into the field").click()
    expect(page.locator(".tray-file")).to_have_count(0)
    assert len(field.input_value()) == 15_000


def test_the_arrow_in_an_empty_field_leads_to_the_last_question(page: Page) -> None:
    ask(page, "Say it better")
    page.get_by_label("Your question").press("ArrowUp")
    expect(page.get_by_label("The question in other words")).to_have_value("Say it better")


def test_an_ai_that_is_not_ready_stays_on_its_chip_and_is_not_asked(page: Page) -> None:
    page.evaluate(
        """() => fetch('/api/chat/line-ups', { method: 'POST', body: JSON.stringify({ name: 'Mixed',
          targets: ['mistral', 'anthropic'] }), headers: { 'Content-Type': 'application/json',
          'X-CSRFToken': document.querySelector('meta[name="csrf-token"]').content } })"""
    )
    page.goto("/chat/?lineup=Mixed")
    missing = page.locator("#chips .chip-missing")
    expect(missing).to_contain_text("Key to add")
    missing.click()
    expect(page.get_by_role("link", name="Open AIs and keys")).to_have_attribute(
        "href", "/chat/ais#anthropic"
    )
    page.keyboard.press("Escape")
    ask(page, "Who is there?")
    expect(page.locator(".turn.live .column")).to_have_count(1)


def test_everything_is_in_reach_on_a_phone(embedded_site: Site, visit: Visits) -> None:
    page = visit(embedded_site, PHONE).sign_in(new_name()).page
    page.goto("/chat/")
    page.get_by_role("button", name="Choose the AIs").click()
    page.get_by_role("button", name="Line-ups…").click()
    page.get_by_label("Name of the line-up").fill("Pocket")
    page.get_by_role("button", name="Save this line-up").click()
    expect(page.get_by_role("button", name="Copy the link")).to_be_in_viewport()
    wide = page.evaluate("() => document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0
