"""The API's documentation in a browser: under the policy, without another server, for trying things out."""

import pytest
from playwright.sync_api import expect

from tests.browser.kit.browser import Visits
from tests.site.running import Site

pytestmark = pytest.mark.browser


def test_a_signed_in_person_tries_the_api_in_its_documentation(keyless_site: Site, visit: Visits) -> None:
    reader = visit(keyless_site).sign_in("docs-reader")
    page = reader.page
    page.goto("/api/docs/")
    account = page.locator("#operations-auth-getAccount")
    account.get_by_role("button").first.click()
    account.get_by_role("button", name="Try it out").click()
    account.get_by_role("button", name="Execute").click()
    expect(account.locator(".live-responses-table")).to_contain_text("docs-reader@example.org")

    start = page.locator("#operations-chat-createConversation")
    start.get_by_role("button").first.click()
    start.get_by_role("button", name="Try it out").click()
    start.locator("textarea").first.fill('{"title": "From the documentation"}')
    start.get_by_role("button", name="Execute").click()
    expect(start.locator(".live-responses-table .response-col_status").last).to_contain_text("201")
    assert [one["title"] for one in reader.get("/api/chat/conversations")] == ["From the documentation"]


def test_the_documentation_speaks_french(keyless_site: Site, visit: Visits) -> None:
    page = visit(keyless_site, locale="fr-FR").page
    page.goto("/api/docs/")
    expect(page.locator("#operations-chat-send")).to_contain_text("Interroger plusieurs IA")
