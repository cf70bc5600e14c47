"""Tags in the list of conversations, and lists that come late."""

import pytest
from playwright.sync_api import Route, expect

from tests.browser.chat.test_sidebar import empty, menu, record, start, talk
from tests.browser.kit.browser import Visitor, Visits
from tests.site.running import Site

pytestmark = pytest.mark.browser


def tagged(visitor: Visitor, title: str, tag: str) -> int:
    """The id of a new conversation that has this tag."""
    conversation_id = start(visitor, title)
    visitor.post("/api/chat/conversations/change", ids=[conversation_id], add_tags=[tag])
    return conversation_id


def test_tags_are_given_taken_and_looked_through(keyless_site: Site, visit: Visits) -> None:
    visitor = empty(visit(keyless_site))
    conversation_id = start(visitor, "The roof")
    start(visitor, "Something else")
    page = visitor.page
    page.goto("/chat/")
    menu(page, "The roof", "Tags…")
    page.get_by_label("New tag").fill("house")
    page.keyboard.press("Enter")
    expect(page.get_by_role("checkbox", name="house")).to_be_checked()
    # The panel closes, and the keyboard is where it was opened.
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Actions for The roof")).to_be_focused()
    page.get_by_role("button", name="Show a tag").click()
    page.get_by_role("dialog").get_by_role("button", name="house 1").click()
    expect(page.locator(".side-list [data-conversation]")).to_have_text(["The roof"])
    menu(page, "The roof", "Tags…")
    with page.expect_response("**/api/chat/conversations/change"):
        page.get_by_role("checkbox", name="house").press("Space")
    page.keyboard.press("Escape")
    expect(page.locator(".side-empty")).to_have_text("No conversation has this tag.")
    page.get_by_role("button", name="Show all conversations").click()
    expect(talk(page, "Something else")).to_be_visible()
    assert record(visitor, conversation_id)["tags"] == []


def test_a_list_of_tags_that_comes_late_leaves_the_keyboard_where_it_is(
    keyless_site: Site, visit: Visits
) -> None:
    visitor = empty(visit(keyless_site))
    tagged(visitor, "The garden", "green")
    tagged(visitor, "The sea", "blue")
    page = visitor.page
    page.goto("/chat/")
    late: list[Route] = []
    page.route("**/api/chat/tags", lambda route: late.append(route))
    with page.expect_request("**/api/chat/tags"):
        menu(page, "The garden", "Tags…")
    green = page.get_by_role("checkbox", name="green")
    green.press("Space")
    expect(page.get_by_role("checkbox", name="blue")).to_have_count(0)
    for route in late:
        route.continue_()
    expect(page.get_by_role("checkbox", name="blue")).not_to_be_checked()
    expect(green).to_be_focused()
    expect(green).not_to_be_checked()


def test_a_list_that_was_read_before_a_change_does_not_undo_it(keyless_site: Site, visit: Visits) -> None:
    visitor = empty(visit(keyless_site))
    conversation_id = tagged(visitor, "The cellar", "damp")
    page = visitor.page
    page.goto("/chat/")
    before = visitor.get("/api/chat/conversations?tag=damp")
    late: list[Route] = []
    page.route("**/api/chat/conversations?tag=damp*", lambda route: late.append(route))
    page.get_by_role("button", name="Show a tag").click()
    with page.expect_request("**/api/chat/conversations?tag=damp*"):
        page.get_by_role("dialog").get_by_role("button", name="damp 1").click()
    menu(page, "The cellar", "Tags…")
    with page.expect_response("**/api/chat/conversations/change"):
        page.get_by_role("checkbox", name="damp").press("Space")
    page.keyboard.press("Escape")
    [route] = late
    route.fulfill(json=before)
    expect(page.locator(".side-empty")).to_have_text("No conversation has this tag.")
    assert record(visitor, conversation_id)["tags"] == []


def test_a_tick_that_is_refused_goes_back(keyless_site: Site, visit: Visits) -> None:
    visitor = empty(visit(keyless_site))
    tagged(visitor, "The attic", "dusty")
    page = visitor.page
    page.goto("/chat/")
    visitor.expect_error("net::ERR_FAILED")
    page.route("**/api/chat/conversations/change", lambda route: route.abort())
    menu(page, "The attic", "Tags…")
    page.get_by_role("checkbox", name="dusty").press("Space")
    expect(page.get_by_role("group", name="Message")).to_contain_text("WeBox can’t be reached.")
    expect(page.get_by_role("checkbox", name="dusty")).to_be_checked()
