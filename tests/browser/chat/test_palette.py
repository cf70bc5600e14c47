"""Search, commands and keys in a browser."""

import json
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.kit.browser import Visitor, Visits, ask, choose, conversation_id, wait_for_state
from tests.site.running import Site

pytestmark = pytest.mark.browser
# One for all: so many accounts in a minute are not made.
NAME = "seeker"


def palette(page: Page, words: str = "") -> None:
    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox", name="Search conversations and commands")).to_be_focused()
    page.keyboard.type(words)


def started(visitor: Visitor, *titles: str) -> list[int]:
    made = [visitor.post("/api/chat/conversations", title=title) for title in titles]
    return [int(one["id"]) for one in made]


def wait_until_found(page: Page, words: str) -> None:
    """What was written is searched some seconds later."""
    found = "async (words) => (await (await fetch(`/api/chat/search?words=${words}`)).json()).length > 0"
    page.wait_for_function(found, arg=words, polling=200)


def hit(**values: Any) -> dict[str, Any]:
    return {
        "conversation_id": 1,
        "title": "A talk",
        "folder": "Général",
        "is_archived": False,
        "updated_at": "2026-01-01T00:00:00Z",
        "message_id": 2,
        "answer_id": 3,
        "found_in": "answer",
        "label": "Demo",
        "model": "quick",
        "snippet": [{"text": "a word", "is_hit": True}],
    } | values


def test_it_opens_with_recent_conversations_and_all_commands(keyless_site: Site, visit: Visits) -> None:
    visitor = visit(keyless_site).sign_in(NAME)
    started(visitor, "The first", "The second")
    page = visitor.page
    page.goto("/dashboard/")
    page.get_by_role("button", name="Search").click()
    options = page.get_by_role("dialog").get_by_role("option")
    expect(options.nth(0)).to_contain_text("The second")
    expect(options.nth(1)).to_contain_text("The first")
    for command in ("New conversation", "AIs and keys", "Usage", "My account", "Sign out", "Keyboard"):
        expect(options.filter(has_text=command)).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Search")).to_be_focused()


def test_a_command_is_found_and_done_by_keyboard_alone(keyless_site: Site, visit: Visits) -> None:
    page = visit(keyless_site).sign_in(NAME).page
    page.goto("/chat/")
    palette(page, "usage")
    expect(page.get_by_role("option", selected=True)).to_have_text("Usage")
    page.keyboard.press("Enter")
    page.wait_for_url("**/dashboard/")
    palette(page, "several")
    page.keyboard.press("Enter")
    expect(page.get_by_role("group", name="Selected conversations")).to_be_visible()


def test_the_arrows_go_round_and_the_field_tells_where_they_are(keyless_site: Site, visit: Visits) -> None:
    page = visit(keyless_site).sign_in(NAME).page
    page.goto("/chat/")
    palette(page)
    field = page.get_by_role("combobox")
    options = page.get_by_role("option")
    expect(field).to_have_attribute("aria-activedescendant", "palette-option-0")
    page.keyboard.press("ArrowUp")
    expect(options.last).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowDown")
    expect(options.first).to_have_attribute("aria-selected", "true")
    expect(page.get_by_role("option", selected=True)).to_have_count(1)


def test_an_answer_is_found_marked_and_opened_where_it_stands(keyless_site: Site, visit: Visits) -> None:
    visitor = visit(keyless_site).sign_in(NAME)
    page = visitor.page
    page.goto("/chat/")
    choose(page, "demo:quick")
    ask(page, "Le cœur d’un événement")
    wait_for_state(page, demo="done")
    place = conversation_id(page)
    [answer] = visitor.rows(page)
    wait_until_found(page, "coeur")
    page.goto("/chat/ais")
    palette(page, "evenement coeur")
    question = page.get_by_role("option").filter(has_text="Question ·")
    expect(question.locator("mark")).to_have_text(["cœur", "événement"])
    found = page.get_by_role("option").filter(has_text="Demo ·")
    expect(found.locator("mark").first).to_have_text("cœur")
    found.click()
    page.wait_for_url(f"**/chat/{place}#answer-{answer['id']}")


def test_the_words_of_a_hit_go_along_with_it(keyless_site: Site, visit: Visits) -> None:
    visitor = visit(keyless_site).sign_in(NAME)
    # The answer that is found is made up: where it leads, it is looked for in vain.
    visitor.expect_error("status of 404")
    [place] = started(visitor, "Found by its title")
    page = visitor.page
    page.goto("/dashboard/")
    page.route("**/api/chat/search?*", lambda route: route.fulfill(json=[hit(conversation_id=place)]))
    palette(page, "word")
    expect(page.get_by_role("option").filter(has_text="a word")).to_be_visible()
    with visitor.context.expect_page() as opened:
        page.keyboard.press("Control+Enter")
    opened.value.wait_for_url(f"**/chat/{place}#answer-3")
    assert page.evaluate("sessionStorage.getItem('webox.hit')") is None
    page.evaluate(
        "addEventListener('pagehide', () => sessionStorage.setItem('seen', sessionStorage['webox.hit']))"
    )
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/chat/{place}#answer-3")
    assert json.loads(page.evaluate("sessionStorage.seen")) == {"words": "word"}


def test_a_late_answer_to_earlier_words_is_dropped(keyless_site: Site, visit: Visits) -> None:
    page = visit(keyless_site).sign_in(NAME).page
    page.goto("/chat/")
    late: list[Route] = []

    def answer(route: Route) -> None:
        if "words=early" in route.request.url and "earlyand" not in route.request.url:
            late.append(route)
        else:
            route.fulfill(json=[hit(snippet=[{"text": "what was meant", "is_hit": True}])])

    page.route("**/api/chat/search?*", answer)
    palette(page)
    with page.expect_request("**/api/chat/search?*"):
        page.keyboard.type("early")
    page.keyboard.type("andlate")
    expect(page.get_by_role("option").filter(has_text="what was meant")).to_be_visible()
    with page.expect_response("**/api/chat/search?*"):
        late[0].fulfill(json=[hit(snippet=[{"text": "what was not meant", "is_hit": True}])])
    expect(page.get_by_role("option").filter(has_text="what was meant")).to_be_visible()
    expect(page.get_by_role("option").filter(has_text="not meant")).to_have_count(0)


def test_it_says_that_there_is_nothing_and_that_it_could_not_look(keyless_site: Site, visit: Visits) -> None:
    visitor = visit(keyless_site).sign_in(NAME)
    page = visitor.page
    page.goto("/chat/")
    palette(page, "qqqq")
    said = page.get_by_role("dialog", name="Search and commands").get_by_role("status")
    expect(said).to_have_text("Nothing found for “qqqq”. Try fewer or other words.")
    visitor.expect_error("net::ERR_FAILED")
    page.route("**/api/chat/search?*", lambda route: route.abort())
    page.keyboard.type("q")
    expect(said).to_have_text("WeBox can’t be reached. Check the connection, then try again.")
    # Signs alone are no words: nothing is asked.
    page.get_by_role("combobox").fill("???")
    expect(said).to_have_text("Nothing found for “???”. Try fewer or other words.")


def test_more_hits_follow_when_they_are_asked_for(keyless_site: Site, visit: Visits) -> None:
    page = visit(keyless_site).sign_in(NAME).page
    page.goto("/chat/")

    def answer(route: Route) -> None:
        offset = 20 if "offset=20" in route.request.url else 0
        ids = range(offset, 20 if offset == 0 else 25)
        route.fulfill(
            json=[hit(answer_id=one, snippet=[{"text": f"place {one}", "is_hit": False}]) for one in ids]
        )

    page.route("**/api/chat/search?*", answer)
    palette(page, "place")
    page.get_by_role("option", name="More results").click()
    expect(page.get_by_role("option").filter(has_text="place 24")).to_be_visible()
    expect(page.get_by_role("option", name="More results")).to_have_count(0)


def test_what_was_found_is_text(keyless_site: Site, visit: Visits) -> None:
    page = visit(keyless_site).sign_in(NAME).page
    page.goto("/chat/")
    evil = "<img src=x onerror=document.title=1>"
    told = [
        hit(title=evil, label=evil, snippet=[{"text": evil, "is_hit": True}, {"text": evil, "is_hit": False}])
    ]
    page.route("**/api/chat/search?*", lambda route: route.fulfill(json=told))
    palette(page, "img")
    expect(page.get_by_role("option").locator("mark")).to_have_text(evil)
    assert page.locator("img").count() == 0


def test_the_keys_are_told_but_not_to_who_is_writing(keyless_site: Site, visit: Visits) -> None:
    page = visit(keyless_site).sign_in(NAME).page
    page.goto("/chat/")
    question = page.get_by_label("Your question")
    question.press("?")
    expect(question).to_have_value("?")
    help_dialog = page.get_by_role("dialog", name="Keyboard")
    expect(help_dialog).to_have_count(0)
    page.keyboard.press("Control+/")
    expect(help_dialog).to_contain_text("Search and commands")
    page.keyboard.press("Escape")
    expect(question).to_be_focused()
    page.locator("#main").focus()
    page.keyboard.press("?")
    expect(help_dialog).to_be_visible()
    page.keyboard.press("?")
    expect(help_dialog).to_have_count(0)


def test_keys_fold_the_sidebar_and_begin_anew_on_any_page(keyless_site: Site, visit: Visits) -> None:
    page = visit(keyless_site).sign_in(NAME).page
    page.goto("/dashboard/")
    history = page.get_by_role("navigation", name="History")
    expect(history).to_be_visible()
    page.keyboard.press("Control+Shift+S")
    expect(history).to_be_hidden()
    page.keyboard.press("Control+Shift+S")
    expect(history).to_be_visible()
    page.keyboard.press("Control+Shift+O")
    page.wait_for_url("**/chat/")
