"""The list of conversations in a browser, and what programs bring into it."""

from typing import Any

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.kit.browser import PHONE, Visitor, Visits, ask, choose, wait_for_state
from tests.site.running import PASSWORD, Site

pytestmark = pytest.mark.browser


def empty(visitor: Visitor) -> Visitor:
    """Signed in as one and the same person, without conversations and folders.

    So many accounts in a minute are not made.
    """
    visitor.sign_in("tidy")
    for query in ("archived=false", "archived=true"):
        while found := visitor.get(f"/api/chat/conversations?limit=100&{query}"):
            visitor.post("/api/chat/conversations/delete", ids=[one["id"] for one in found])
    for folder in visitor.get("/api/chat/folders")[1:]:
        visitor.delete(f"/api/chat/folders/{folder['id']}")
    return visitor


def start(visitor: Visitor, title: str) -> int:
    return int(visitor.post("/api/chat/conversations", title=title)["id"])


def delete(page: Page, title: str) -> None:
    page.get_by_role("link", name=title).hover()
    page.get_by_role("button", name=f"Actions for {title}").click()
    page.get_by_role("menuitem", name="Delete").click()


def talk(page: Page, title: str) -> Locator:
    return page.get_by_role("link", name=title, exact=True)


def test_what_is_deleted_can_be_had_back(keyless_site: Site, visit: Visits) -> None:
    visitor = empty(visit(keyless_site))
    start(visitor, "Holiday in Brittany")
    start(visitor, "Quarterly figures")
    page = visitor.page
    page.goto("/chat/")
    delete(page, "Holiday in Brittany")
    expect(talk(page, "Holiday in Brittany")).to_have_count(0)
    expect(talk(page, "Quarterly figures")).to_be_visible()
    # The keyboard stands where the next key is likely to be meant.
    expect(page.get_by_role("button", name="Undo")).to_be_focused()
    page.keyboard.press("Enter")
    expect(talk(page, "Holiday in Brittany")).to_be_visible()
    expect(page.get_by_role("button", name="Undo")).to_have_count(0)
    assert {one["title"] for one in visitor.get("/api/chat/conversations")} == {
        "Holiday in Brittany",
        "Quarterly figures",
    }


def test_the_offer_outlives_the_page_of_what_was_deleted(keyless_site: Site, visit: Visits) -> None:
    visitor = empty(visit(keyless_site))
    conversation_id = start(visitor, "In front of me")
    page = visitor.page
    page.goto(f"/chat/{conversation_id}")
    delete(page, "In front of me")
    page.wait_for_url("**/chat/")
    page.get_by_role("button", name="Undo").click()
    talk(page, "In front of me").click()
    expect(page.get_by_role("heading", name="In front of me")).to_be_visible()


def row(page: Page, title: str) -> Locator:
    return page.locator(".side-list [data-conversation]").filter(has_text=title)


def menu(page: Page, title: str, item: str) -> None:
    """Open the menu of a conversation and pick what it offers, by mouse."""
    row(page, title).hover()
    row(page, title).get_by_role("button", name="Actions for").click()
    page.get_by_role("menuitem", name=item, exact=True).click()


def record(visitor: Visitor, conversation_id: int) -> dict[str, Any]:
    return dict(visitor.get(f"/api/chat/conversations/{conversation_id}"))


def test_folders_are_made_filled_renamed_and_removed_by_keyboard_alone(
    keyless_site: Site, visit: Visits
) -> None:
    visitor = empty(visit(keyless_site))
    conversation_id = start(visitor, "Which bicycle?")
    page = visitor.page
    page.goto("/chat/")
    page.get_by_role("button", name="New folder").press("Enter")
    page.keyboard.type("Purchases")
    page.keyboard.press("Enter")
    folder = page.get_by_role("button", name="Purchases 0")
    expect(folder).to_be_focused()
    page.get_by_role("button", name="Actions for Which bicycle?").press("Enter")
    expect(page.get_by_role("menuitem", name="Rename")).to_be_focused()
    page.keyboard.press("m")
    expect(page.get_by_role("menuitem", name="Move to…")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog").get_by_role("button", name="Général")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Purchases 1").press("Enter")
    expect(talk(page, "Which bicycle?")).to_be_visible()
    assert record(visitor, conversation_id)["folder"] == "Purchases"
    page.get_by_role("button", name="Actions for the folder Purchases").press("Enter")
    page.keyboard.press("Enter")
    page.keyboard.type("Bought")
    page.keyboard.press("Enter")
    # What it was shown by is still what is shown.
    expect(page.get_by_role("button", name="Bought 1")).to_have_attribute("aria-pressed", "true")
    expect(talk(page, "Which bicycle?")).to_be_visible()
    page.get_by_role("button", name="Actions for the folder Bought").press("Enter")
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Delete the folder “Bought”?")
    expect(dialog).to_contain_text("It is kept and goes to Général.")
    dialog.get_by_role("button", name="Delete the folder").press("Enter")
    expect(page.get_by_role("button", name="Général 1")).to_be_visible()
    expect(talk(page, "Which bicycle?")).to_be_visible()
    assert record(visitor, conversation_id)["folder"] == "Général"


def test_a_conversation_is_dragged_onto_a_folder_and_back_by_undo(keyless_site: Site, visit: Visits) -> None:
    visitor = empty(visit(keyless_site))
    conversation_id = start(visitor, "Carry me")
    visitor.post("/api/chat/folders", name="Harbour")
    page = visitor.page
    page.goto("/chat/")
    talk(page, "Carry me").drag_to(page.get_by_role("button", name="Harbour 0"))
    expect(page.get_by_role("button", name="Harbour 1")).to_be_visible()
    assert record(visitor, conversation_id)["folder"] == "Harbour"
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("button", name="Harbour 0")).to_be_visible()
    assert record(visitor, conversation_id)["folder"] == "Général"


def test_pinned_favourite_and_archived_each_have_their_place(keyless_site: Site, visit: Visits) -> None:
    visitor = empty(visit(keyless_site))
    for title in ("First of all", "Second of all"):
        start(visitor, title)
    page = visitor.page
    page.goto("/chat/")
    menu(page, "First of all", "Pin")
    expect(page.get_by_role("heading", name="Pinned")).to_be_visible()
    expect(page.locator(".side-list .talks").first).to_have_text("First of all")
    page.get_by_role("button", name="Favourites").click()
    expect(page.locator(".side-empty")).to_contain_text("No favourites yet.")
    page.get_by_role("button", name="All", exact=True).click()
    menu(page, "Second of all", "Add to favourites")
    page.get_by_role("button", name="Favourites").click()
    expect(page.locator(".side-list [data-conversation]")).to_have_text(["Second of all"])
    menu(page, "Second of all", "Archive")
    expect(page.locator(".side-empty")).to_contain_text("No favourites yet.")
    page.get_by_role("button", name="Archived", exact=True).click()
    expect(talk(page, "Second of all")).to_be_visible()
    menu(page, "Second of all", "Unarchive")
    expect(page.locator(".side-empty")).to_contain_text("The archive is empty.")
    # Chosen once, a view is there on the next page too.
    page.goto("/dashboard/")
    expect(page.get_by_role("button", name="Archived", exact=True)).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="All", exact=True).click()
    expect(talk(page, "Second of all")).to_be_visible()


def test_several_are_chosen_by_a_range_archived_and_deleted_and_had_back(
    keyless_site: Site, visit: Visits
) -> None:
    visitor = empty(visit(keyless_site))
    for title in ("One", "Two", "Three", "Four"):
        start(visitor, title)
    page = visitor.page
    page.goto("/chat/")
    page.get_by_role("button", name="Select several").click()
    expect(page.get_by_role("checkbox", name="Four")).to_be_focused()
    row(page, "Three").click()
    row(page, "One").click(modifiers=["Shift"])
    bar = page.get_by_role("group", name="Selected conversations")
    expect(bar).to_contain_text("3 selected")
    bar.get_by_role("button", name="Archive").click()
    expect(page.locator(".side-list [data-conversation]")).to_have_text(["Four"])
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".side-list [data-conversation]")).to_have_count(4)
    page.get_by_role("button", name="Select several").click()
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    bar.get_by_role("button", name="Delete").click()
    expect(page.locator(".side-list [data-conversation]")).to_have_text(["Two", "One"])
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".side-list [data-conversation]")).to_have_text(["Four", "Three", "Two", "One"])
    page.get_by_role("button", name="Select several").click()
    page.keyboard.press("Escape")
    expect(page.get_by_role("checkbox")).to_have_count(0)
    expect(page.get_by_role("button", name="Select several")).to_be_focused()


def test_the_list_goes_on_as_it_is_scrolled(keyless_site: Site, visit: Visits) -> None:
    visitor = empty(visit(keyless_site))
    for number in range(1, 121):
        visitor.post("/api/chat/conversations", title=f"Talk {number:03}")
    page = visitor.page
    page.goto("/chat/")
    rows = page.locator(".side-list [data-conversation]")
    expect(rows).to_have_count(100)
    rows.last.scroll_into_view_if_needed()
    expect(rows).to_have_count(120)
    expect(rows.last).to_have_text("Talk 001")


def test_the_bar_over_a_conversation_renames_and_sorts_it(keyless_site: Site, visit: Visits) -> None:
    visitor = empty(visit(keyless_site))
    conversation_id = start(visitor, "Draft")
    page = visitor.page
    page.goto(f"/chat/{conversation_id}")
    bar = page.locator(".top")
    bar.get_by_role("button", name="Rename").click()
    page.get_by_label("New title").fill("A better name")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("A better name")
    expect(talk(page, "A better name")).to_be_visible()
    expect(page).to_have_title("A better name · WeBox")
    expect(bar.get_by_role("button", name="Rename")).to_be_focused()
    bar.get_by_role("button", name="Rename").click()
    page.keyboard.type("Never mind")
    page.keyboard.press("Escape")
    expect(page.get_by_role("heading", level=1)).to_have_text("A better name")
    bar.get_by_role("button", name="Actions for this conversation").click()
    page.get_by_role("menuitem", name="Move to…").click()
    page.get_by_role("textbox", name="New folder").fill("Letters")
    page.keyboard.press("Enter")
    expect(bar.get_by_role("button", name="Letters")).to_be_visible()
    bar.get_by_role("button", name="Letters").click()
    expect(page.get_by_role("button", name="Letters 1")).to_have_attribute("aria-pressed", "true")
    assert record(visitor, conversation_id) | {"title": "A better name", "folder": "Letters"} == record(
        visitor, conversation_id
    )


def test_a_new_conversation_has_its_bar_and_its_disc_while_it_is_answered(
    keyless_site: Site, visit: Visits
) -> None:
    page = empty(visit(keyless_site)).page
    page.goto("/chat/")
    expect(page.get_by_role("button", name="Actions for this conversation")).to_have_count(0)
    choose(page, "demo:slow")
    ask(page, "Does it show?")
    expect(page.get_by_role("img", name="Being answered")).to_be_visible()
    expect(page.get_by_role("button", name="Actions for this conversation")).to_be_visible()
    page.get_by_label("Your question").press("Escape")
    wait_for_state(page, demo="stopped")
    expect(page.get_by_role("img", name="Being answered")).to_have_count(0)


def test_what_the_server_refuses_goes_back_and_is_said(keyless_site: Site, visit: Visits) -> None:
    visitor = empty(visit(keyless_site))
    conversation_id = start(visitor, "As it was")
    page = visitor.page
    page.goto("/chat/")
    visitor.expect_error("net::ERR_FAILED")
    page.route(f"**/api/chat/conversations/{conversation_id}", lambda route: route.abort())
    menu(page, "As it was", "Rename")
    page.get_by_label("New title").fill("Not to be")
    page.keyboard.press("Enter")
    expect(page.get_by_role("group", name="Message")).to_contain_text("WeBox can’t be reached.")
    expect(talk(page, "As it was")).to_be_visible()


def test_titles_folders_and_tags_are_text_wherever_they_stand(keyless_site: Site, visit: Visits) -> None:
    visitor = empty(visit(keyless_site))
    evil = '<img src=x onerror="document.title=1">'
    conversation_id = start(visitor, evil)
    visitor.post("/api/chat/conversations/change", ids=[conversation_id], folder=evil, add_tags=[evil])
    page = visitor.page
    page.goto(f"/chat/{conversation_id}")
    expect(page.locator("#crumb")).to_have_text(evil)
    expect(page.locator(".side-list [data-conversation]")).to_have_text([evil])
    menu(page, evil, "Tags…")
    expect(page.get_by_role("checkbox", name=evil)).to_be_checked()
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    page.keyboard.type("onerror")
    expect(page.get_by_role("option").filter(has_text=evil).first).to_be_visible()
    assert page.locator("img").count() == 0


def test_on_a_phone_all_is_in_the_drawer_and_large_enough(keyless_site: Site, visit: Visits) -> None:
    visitor = empty(visit(keyless_site, PHONE, has_touch=True))
    start(visitor, "On the way")
    visitor.post("/api/chat/folders", name="Trips")
    page = visitor.page
    page.goto("/chat/")
    page.get_by_role("button", name="Open the conversations").tap()
    for control in page.locator("#side").locator("a, button").filter(visible=True).all():
        box = control.bounding_box()
        assert box, control
        assert box["height"] >= 44 or "brand" in (control.get_attribute("class") or ""), control.inner_text()
    page.get_by_role("button", name="Actions for On the way").tap()
    sheet = page.get_by_role("menu")
    box = sheet.bounding_box()
    assert box
    assert (box["x"], box["width"], box["y"] + box["height"]) == (0, PHONE[0], PHONE[1])
    page.get_by_role("menuitem", name="Move to…").tap()
    page.get_by_role("dialog").get_by_role("button", name="Trips").tap()
    expect(page.get_by_role("button", name="Trips 1")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE[0]


def test_a_conversation_that_a_program_kept_is_shown_whole(keyless_site: Site, visit: Visits) -> None:
    page = visit(keyless_site).sign_in("tool-user").page
    page.goto(f"/chat/{keep_one(keyless_site, 'tool-user')}")
    turns = page.locator(".turn")
    expect(turns).to_have_count(2)
    expect(turns.first).to_contain_text("What is the capital of France?")
    expect(turns.first).to_contain_text("The answer as a program told it")
    expect(turns.first.locator("strong")).to_have_text("Paris")
    expect(turns.last.locator(".column")).to_have_count(2)


def keep_one(site: Site, name: str) -> int:
    """A conversation that this person's program asked to keep; its id."""
    sign_in = {"username": name, "password": PASSWORD}
    token = httpx.post(f"{site.url}/api/auth/token", json=sign_in, trust_env=False).json()["access"]
    body = {
        "model": "demo/quick,demo/code",
        "messages": [
            {"role": "user", "content": "What is the capital of France?"},
            {"role": "assistant", "content": "It is **Paris**."},
            {"role": "user", "content": "And of Italy?"},
        ],
        "store": True,
    }
    got = httpx.post(
        f"{site.url}/v1/chat/completions",
        json=body,
        headers={"Authorization": f"Bearer {token}"},
        trust_env=False,
        timeout=60,
    )
    assert got.status_code == 200, got.text
    return int(got.json()["conversation_id"])
