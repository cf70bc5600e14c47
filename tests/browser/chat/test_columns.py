"""Comparing in a real browser: choosing, versions, wordings, and how the columns stand."""

from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.kit.browser import (
    PHONE,
    Visitor,
    Visits,
    ask,
    choose,
    column,
    conversation_id,
    text_of,
    wait_for_state,
)
from tests.site.running import Site
from tests.site.vendor import Vendor, answering

pytestmark = pytest.mark.browser

NAMES = {"openai": "OpenAI", "mistral": "Mistral", "groq": "Groq", "xai": "xAI"}


def long_answer(name: str) -> str:
    return "\n\n".join(f"{name}, paragraph {number}. " + "Words. " * 40 for number in range(30))


@pytest.fixture
def visitor(embedded_site: Site, vendor_scripts: Vendor, visit: Visits) -> Visitor:
    """Somebody whose question three AIs have answered at length."""
    return answered(visit(embedded_site), vendor_scripts)


def answered(visitor: Visitor, vendor: Vendor, *names: str) -> Visitor:
    names = names or ("openai", "mistral", "groq")
    for name in names:
        vendor.scripts[name] = answering(long_answer(name))
    visitor.sign_in("columns").page.goto("/chat/")
    choose(visitor.page, *names)
    ask(visitor.page, "Which one?")
    done = visitor.page.locator('.turn.live .column[data-status="done"]')
    expect(done).to_have_count(len(names), timeout=30_000)
    return visitor


def standing(page: Page) -> list[str | None]:
    """The AIs of the last turn’s columns, from left to right."""
    return [one.get_attribute("data-provider") for one in page.locator(".turn.live .column").all()]


def widths(page: Page) -> list[float]:
    boxes = [one.bounding_box() for one in page.locator(".turn.live .column").all()]
    return [box["width"] if box else 0 for box in boxes]


def act(column: Locator, name: str) -> None:
    column.get_by_role("button", name="More actions").click()
    column.page.get_by_role("menuitem", name=name).click()


def told(vendor: Vendor, name: str) -> list[dict[str, Any]]:
    return [body for asked, body in vendor.asked if asked == name]


def test_the_star_stands_on_one_answer_and_in_every_tab(visitor: Visitor) -> None:
    page, tab = visitor.page, visitor.tab()
    tab.goto(page.url)
    star = column(page, "Mistral").locator(".choose")
    star.click()
    expect(star).to_have_attribute("aria-pressed", "true")
    expect(star).to_have_text("Chosen")
    expect(column(tab, "Mistral")).to_have_attribute("data-chosen", "")
    column(tab, "OpenAI").get_by_role("button", name="Choose").click()
    expect(column(page, "OpenAI")).to_have_attribute("data-chosen", "")
    expect(page.locator(".column[data-chosen]")).to_have_count(1)
    chosen = [row["provider"] for row in visitor.rows(page) if row["is_chosen"]]
    assert chosen == ["openai"]
    column(page, "OpenAI").get_by_role("button", name="Chosen").click()
    expect(tab.locator(".column[data-chosen]")).to_have_count(0)
    # Also later, when another turn has begun.
    ask(page, "And now?")
    page.locator(".turn").first.locator(".column").first.get_by_role("button", name="Choose").click()
    expect(tab.locator(".turn").first.locator(".column[data-chosen]")).to_have_count(1)


def test_every_version_of_an_answer_stays_and_can_be_looked_at(
    visitor: Visitor, vendor_scripts: Vendor
) -> None:
    page = visitor.page
    vendor_scripts.scripts["openai"] = lambda exchange: exchange.answer("The second try.")
    openai = column(page, "OpenAI")
    openai.get_by_role("button", name="Run again").click()
    expect(openai.locator(".versions")).to_contain_text("2/2")
    wait_for_state(page, openai="done")
    expect(openai.locator(".prose")).to_have_text("The second try.")
    openai.get_by_role("button", name="Earlier version").click()
    expect(openai.locator(".versions")).to_contain_text("1/2")
    expect(openai.locator(".prose")).to_contain_text("openai, paragraph 0.")
    # At the end a further step does nothing, and the keyboard keeps its place.
    expect(openai.get_by_role("button", name="Earlier version")).to_be_focused()
    page.keyboard.press("Enter")
    expect(openai.locator(".versions")).to_contain_text("1/2")
    openai.get_by_role("button", name="Choose").click()
    page.reload()
    openai = column(page, "OpenAI")
    expect(openai.locator(".versions")).to_contain_text("2/2")
    openai.get_by_role("button", name="Earlier version").click()
    expect(openai).to_have_attribute("data-chosen", "")


def test_a_question_in_other_words_stands_beside_the_first(visitor: Visitor, vendor_scripts: Vendor) -> None:
    page, tab = visitor.page, visitor.tab()
    tab.goto(page.url)
    page.locator(".turn-head").hover()
    page.get_by_role("button", name="Edit and ask again").click()
    field = page.get_by_label("The question in other words")
    expect(field).to_have_value("Which one?")
    field.press("Escape")
    expect(page.get_by_role("heading", name="Which one?", level=2)).to_be_visible()
    page.get_by_role("button", name="Edit and ask again").click()
    field.fill("Which two?")
    field.press("Enter")
    for one in (page, tab):
        expect(one.get_by_role("heading", name="Which two?", level=2)).to_be_visible()
        expect(one.locator(".turn")).to_have_count(1)
        expect(one.locator(".question .versions")).to_contain_text("2/2")
    wait_for_state(page, openai="done", mistral="done", groq="done")
    assert [one["content"] for one in told(vendor_scripts, "openai")[-1]["messages"]] == ["Which two?"]
    page.get_by_role("button", name="Earlier wording").click()
    for one in (page, tab):
        expect(one.get_by_role("heading", name="Which one?", level=2)).to_be_visible()
        expect(one.locator(".question .versions")).to_contain_text("1/2")
    assert text_of(column(page, "OpenAI")) == long_answer("openai")


def test_the_answers_stand_as_columns_as_tabs_or_one_alone(visitor: Visitor) -> None:
    page = visitor.page
    shown = page.locator(".turn.live .column .body:visible")
    expect(shown).to_have_count(3)
    turn = page.locator(".turn.live")
    turn.get_by_role("button", name="Tabs").click()
    expect(shown).to_have_count(1)
    turn.get_by_role("tab", name="Mistral, Done").click()
    expect(column(page, "Mistral").locator(".body")).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(column(page, "Groq").locator(".body")).to_be_visible()
    turn.get_by_role("button", name="Focus").click()
    expect(shown).to_have_count(1)
    turn.get_by_role("button", name="Open OpenAI").click()
    expect(column(page, "OpenAI").locator(".body")).to_be_visible()
    page.reload()
    expect(shown).to_have_count(1)
    turn.get_by_role("button", name="Show OpenAI alone").click()
    expect(shown).to_have_count(3)
    # Each turn for itself.
    turn.get_by_role("button", name="Tabs").click()
    ask(page, "And now?")
    page.locator(".turn.live").get_by_role("button", name="Columns").click()
    expect(page.locator(".turn").first).to_have_attribute("data-view", "tabs")


def test_columns_are_moved_folded_and_widened_in_all_turns(visitor: Visitor) -> None:
    page = visitor.page
    ask(page, "And now?")
    wait_for_state(page, openai="done", mistral="done", groq="done")
    act(column(page, "Groq"), "Move to the left")
    assert standing(page) == ["openai", "groq", "mistral"]
    first = page.locator(".turn").first.locator(".column")
    assert [one.get_attribute("data-provider") for one in first.all()] == ["openai", "groq", "mistral"]
    page.locator(".turn.live .column-head").nth(2).drag_to(page.locator(".turn.live .column-head").first)
    assert standing(page) == ["mistral", "openai", "groq"]
    before = widths(page)
    edge = column(page, "Mistral").get_by_role("separator")
    edge.focus()
    page.keyboard.press("ArrowRight")
    after = widths(page)
    assert (after[0] > before[0], after[1] < before[1]) == (True, True)
    box = edge.bounding_box()
    assert box
    page.mouse.move(box["x"] + 4, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + 64, box["y"] + 60)
    page.mouse.up()
    dragged = widths(page)
    assert dragged[0] == pytest.approx(after[0] + 60, abs=6)
    page.reload()
    page.locator(".turn.live .column").nth(2).wait_for()
    assert standing(page) == ["mistral", "openai", "groq"]
    assert widths(page) == pytest.approx(dragged, abs=2)
    act(column(page, "OpenAI"), "Same width for all")
    assert max(widths(page)) - min(widths(page)) < 2
    act(column(page, "OpenAI"), "Fold this column")
    expect(column(page, "OpenAI").locator(".body")).to_be_hidden()
    expect(page.get_by_role("button", name="Open OpenAI").last).to_be_focused()
    page.keyboard.press("Enter")
    expect(column(page, "OpenAI").locator(".body")).to_be_focused()


def test_no_column_is_squeezed_and_the_one_out_of_sight_is_named(
    embedded_site: Site, vendor_scripts: Vendor, visit: Visits
) -> None:
    page = answered(visit(embedded_site, (1024, 800)), vendor_scripts, *NAMES).page
    assert min(widths(page)) >= 320
    named = page.locator(".turn.live .more")
    expect(named).to_have_text("xAI →")
    named.click()
    expect(column(page, "xAI").locator(".body")).to_be_in_viewport(ratio=0.9)
    expect(column(page, "xAI").locator(".body")).to_be_focused()
    expect(named).to_be_hidden()


def test_columns_scroll_by_themselves_or_together(visitor: Visitor) -> None:
    page = visitor.page
    tops = (
        "() => [...document.querySelectorAll('.turn.live .body')].map((body) => Math.round(body.scrollTop))"
    )
    bodies = page.locator(".turn.live .body")
    bodies.first.hover()
    page.mouse.wheel(0, -9999)
    page.wait_for_function("() => document.querySelector('.turn.live .body').scrollTop < 1")
    assert page.evaluate(tops)[1] > 0
    page.get_by_role("button", name="Link scrolling").click()
    bodies.nth(1).hover()
    page.mouse.wheel(0, -9999)
    page.wait_for_function(f"() => ({tops})().every((top) => top < 1)")
    page.mouse.wheel(0, 400)
    page.wait_for_function(f"() => ({tops})().every((top) => top > 200)")


def test_keys_act_on_the_column_the_keyboard_is_in(visitor: Visitor, vendor_scripts: Vendor) -> None:
    page = visitor.page
    page.keyboard.press("Alt+2")
    expect(column(page, "Mistral").locator(".body")).to_be_focused()
    page.keyboard.press("s")
    expect(column(page, "Mistral")).to_have_attribute("data-chosen", "")
    page.keyboard.press("Alt+ArrowRight")
    expect(column(page, "Groq").locator(".body")).to_be_focused()
    page.keyboard.press("f")
    expect(page.locator(".turn.live")).to_have_attribute("data-view", "focus")
    expect(column(page, "Groq").locator(".body")).to_be_visible()
    page.keyboard.press("f")
    expect(page.locator(".turn.live")).to_have_attribute("data-view", "columns")
    vendor_scripts.scripts["groq"] = lambda exchange: exchange.answer("Once more.")
    column(page, "Groq").locator(".body").focus()
    page.keyboard.press("r")
    expect(column(page, "Groq").locator(".versions")).to_contain_text("2/2")
    # In a field they are letters.
    page.get_by_label("Your question").fill("")
    page.get_by_label("Your question").press_sequentially("scrf")
    expect(page.get_by_label("Your question")).to_have_value("scrf")
    expect(page.locator(".turn.live")).to_have_attribute("data-view", "columns")


def test_what_a_link_names_is_found_in_any_branch_and_marked(visitor: Visitor) -> None:
    page = visitor.page
    first = visitor.messages(page)
    number = conversation_id(page)
    page.locator(".turn-head").hover()
    page.get_by_role("button", name="Edit and ask again").click()
    page.get_by_label("The question in other words").fill("Other words")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Other words")).to_be_visible()
    wait_for_state(page, openai="done", mistral="done", groq="done")
    page.evaluate("() => sessionStorage.setItem('webox.hit', JSON.stringify({ words: 'PARAGRAPH' }))")
    mistral = next(one for one in first[1]["answers"] if one["provider"] == "mistral")
    page.goto(f"/chat/{number}#answer-{mistral['id']}")
    expect(page.get_by_role("heading", name="Which one?", level=2)).to_be_visible()
    expect(column(page, "Mistral").locator(".body")).to_be_focused()
    page.wait_for_function("() => (CSS.highlights.get('hit')?.size ?? 0) >= 30")
    visitor.expect_error("404")
    page.goto(f"/chat/{number}#message-999999999")
    expect(page.get_by_text("What was found is no longer in this conversation.")).to_be_visible()


def test_a_turn_is_built_as_it_comes_near_and_the_last_one_at_once(
    embedded_site: Site, vendor_scripts: Vendor, visit: Visits
) -> None:
    visitor = answered(visit(embedded_site), vendor_scripts, "openai")
    page = visitor.page
    for number in range(6):
        ask(page, f"Question {number}")
        wait_for_state(page, openai="done")
    page.reload()
    expect(column(page, "OpenAI").locator(".prose")).to_contain_text("paragraph 29")
    far = page.locator(".turn").first
    expect(far.locator(".column")).to_have_count(0)
    expect(far.locator(".question")).to_contain_text("Which one?")
    # The browser's own search finds its words all the same.
    expect(far).to_contain_text("paragraph 29")
    # Building what stands above has left the last turn where it is.
    expect(page.locator(".turn.live .question")).to_be_in_viewport()
    far.scroll_into_view_if_needed()
    expect(far.locator(".prose")).to_contain_text("paragraph 0.")
    expect(far.locator(".turn-plain")).to_have_count(0)
    expect(far.locator(".question")).to_be_in_viewport()


def test_a_swipe_leads_to_the_next_ai_on_a_phone(
    embedded_site: Site, vendor_scripts: Vendor, visit: Visits
) -> None:
    page = answered(visit(embedded_site, PHONE, has_touch=True), vendor_scripts).page
    expect(page.locator(".turn.live .column:visible")).to_have_count(1)
    swipe(page, 300, 60)
    expect(column(page, "Mistral")).to_be_visible()
    expect(page.get_by_role("tab", name="Mistral, Done")).to_have_attribute("aria-selected", "true")
    swipe(page, 60, 300)
    expect(column(page, "OpenAI")).to_be_visible()


def swipe(page: Page, start: int, end: int) -> None:
    """One finger across the text of the answer that is shown."""
    touch = page.context.new_cdp_session(page)
    for kind, x in (("touchStart", start), ("touchMove", (start + end) // 2), ("touchMove", end)):
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": 500}]})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
