"""The list of conversations in a browser, and what programs bring into it."""

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser import Visitor, Visits
from tests.running import PASSWORD, Site

pytestmark = pytest.mark.browser


def start(visitor: Visitor, title: str) -> int:
    got = visitor.context.request.post(
        "/api/chat/conversations",
        data={"title": title},
        headers={"X-CSRFToken": _csrf(visitor), "Referer": visitor.site.url},
    )
    assert got.status == 201, got.text()
    return int(got.json()["id"])


def _csrf(visitor: Visitor) -> str:
    visitor.page.goto("/chat/")
    [token] = [one["value"] for one in visitor.context.cookies() if one["name"] == "webox_csrf"]
    return token


def delete(page: Page, title: str) -> None:
    page.get_by_role("link", name=title).hover()
    page.get_by_role("button", name=f"Actions for {title}").click()
    page.get_by_role("menuitem", name="Delete").click()


def talk(page: Page, title: str) -> Locator:
    return page.get_by_role("link", name=title, exact=True)


def test_what_is_deleted_can_be_had_back(keyless_site: Site, visit: Visits) -> None:
    visitor = visit(keyless_site).sign_in("tidy")
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
    visitor = visit(keyless_site).sign_in("tidier")
    conversation_id = start(visitor, "In front of me")
    page = visitor.page
    page.goto(f"/chat/{conversation_id}")
    delete(page, "In front of me")
    page.wait_for_url("**/chat/")
    page.get_by_role("button", name="Undo").click()
    talk(page, "In front of me").click()
    expect(page.get_by_role("heading", name="In front of me")).to_be_visible()


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
