"""No page there is breaks its own Content-Security-Policy or says anything in the console.

The list is tests/api/authorization.yaml, which every new route must be in, and the models of the admin.
"""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from django.apps import apps
from django.contrib import admin
from playwright.sync_api import Browser

from tests import ROOT
from tests.browser.kit.browser import Visitor, Visits, enter
from tests.browser.pages.test_ais import image_file
from tests.site.running import OWNER_EMAIL, Account, Site

pytestmark = pytest.mark.browser

ROWS: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "tests/api/authorization.yaml").read_text("utf-8"))
# No pages: a browser saves these as files.
FILES = {
    *("/api/chat/messages/{message_id}/events", "/api/chat/attachments/{attachment_id}"),
    *("/chat/export", "/dashboard/usage.csv"),
}
PATHS = [row.split(" ", 1) for row in ROWS]
PAGES = [path for name, path in PATHS if name == "PAGE" and path.startswith("/") and path not in FILES]
PAGES += ["/api/docs/", "/nowhere", "/chat/999999", "/chat/?lineup=none"]
API = [path for name, path in PATHS if name == "GET" and path.startswith("/api/") and path not in FILES]
IDLE = "() => new Promise((done) => requestIdleCallback(done, { timeout: 500 }))"
FAILED = re.compile("Failed to load resource: the server responded with a status of 40")
"""Whoever opens a page that is not there, or not theirs, is told so by the browser, too."""
ROWS_OF_ADMIN = "#result_list tbody th a, #result_list .field-masked a"


def open_all(visitor: Visitor, paths: Iterator[str] | list[str]) -> list[str]:
    """What the browser said against any of these pages, each once."""
    said: list[str] = []
    for path in paths:
        visitor.problems.clear()
        response = visitor.page.goto(path)
        visitor.page.evaluate(IDLE)
        status = response.status if response else 0
        assert status < 500, f"{path}: {status}"
        said += [f"{path}: {one}" for one in visitor.problems if status < 400 or not FAILED.search(one)]
    visitor.problems.clear()
    return said


def names_of(account: Account) -> dict[str, Any]:
    """One of everything, and what the routes call it: a new name in a path is a line here or below."""
    conversation = account.conversation()
    body = {"conversation_id": conversation, "message": "Hello", "selected_providers": ["demo:quick"]}
    sent = account.post("/api/chat/send", **body)
    assert sent.status_code == 200, sent.text
    [answer] = sent.json()["answers"]
    line_up = account.post("/api/chat/line-ups", name="Mine", targets=["demo:quick"])
    assert line_up.status_code == 201, line_up.text
    return {
        "conversation_id": conversation,
        "message_id": answer["message_id"],
        "answer_id": answer["id"],
        "line_up_id": line_up.json()["id"],
        "slug": "demo",
        "pk": 1,
    }


# What stands in addresses that belong to nobody.
NOBODYS = {"uidb36": "1", "key": "nonsense", "token": "nonsense", "version": "any", "language": "fr"}


@pytest.fixture(scope="module")
def filled_site(keyless_site: Site, chromium: Browser) -> tuple[Site, dict[str, Any]]:
    """The site, with one of everything of Polly's."""
    names = names_of(keyless_site.account("polly"))
    polly = Visitor(chromium, keyless_site, (1440, 900))
    enter(polly.page, "polly")
    names |= by_session(polly)
    polly.close()
    return keyless_site, names | NOBODYS


def by_session(visitor: Visitor) -> dict[str, Any]:
    """What only a person can make, not a token: an image and a token."""
    [csrf] = [one["value"] for one in visitor.context.cookies() if one["name"] == "webox_csrf"]
    headers = {"X-CSRFToken": csrf, "Referer": visitor.site.url}
    image = visitor.context.request.post(
        "/api/chat/attachments", multipart={"file": image_file("one.png")}, headers=headers
    )
    assert image.status == 201, image.text()
    token = visitor.context.request.post(
        "/api/auth/tokens", data={"name": "mine", "scope": "read"}, headers=headers
    )
    assert token.status == 201, token.text()
    return {"attachment_id": image.json()["id"], "token_id": token.json()["id"]}


def test_no_page_breaks_its_policy_for_who_is_signed_out(
    filled_site: tuple[Site, dict[str, Any]], visit: Visits
) -> None:
    site, names = filled_site
    stranger = visit(site)
    assert open_all(stranger, [path.format(**names) for path in PAGES]) == []


def test_no_page_breaks_its_policy_for_who_is_signed_in(
    filled_site: tuple[Site, dict[str, Any]], visit: Visits
) -> None:
    site, names = filled_site
    polly = visit(site)
    enter(polly.page, "polly")
    assert open_all(polly, [path.format(**names) for path in PAGES]) == []


def test_no_page_of_the_browsable_api_breaks_its_policy(
    filled_site: tuple[Site, dict[str, Any]], visit: Visits
) -> None:
    site, names = filled_site
    polly = visit(site)
    enter(polly.page, "polly")
    assert open_all(polly, [path.format(**names) for path in API]) == []


def test_no_page_of_the_admin_breaks_its_policy(
    filled_site: tuple[Site, dict[str, Any]], visit: Visits
) -> None:
    owner = visit(filled_site[0])
    enter(owner.page, OWNER_EMAIL)
    assert open_all(owner, ["/admin/", "/admin/password_change/"]) == []
    for model in apps.get_models():
        if not admin.site.is_registered(model):
            continue
        start = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        assert open_all(owner, [start, f"{start}?q=x", f"{start}add/"]) == []
        owner.page.goto(start)
        rows = owner.page.locator(ROWS_OF_ADMIN)
        if rows.count() == 0:
            continue
        change = str(rows.first.get_attribute("href")).split("?")[0]
        assert open_all(owner, [change, f"{change}../history/", f"{change}../delete/"]) == []
