"""What axe finds on every page in every state, and what screen readers hear while answers are written."""

import hashlib
import json
import threading
from functools import cache, partial
from typing import Any

import pytest
from playwright.sync_api import Page

from tests import ROOT
from tests.browser.kit.browser import Visits, ask, choose, wait_for_state
from tests.browser.kit.visit import script
from tests.site.running import Site
from tests.site.vendor import Exchange, Vendor

pytestmark = pytest.mark.browser

VENDOR_JS = ROOT / "tests/browser/vendor_js"
# What other projects' pages can't be made to do from here, by place: axe's rule, and why it stands.
FOREIGN = {
    "api-docs": {
        "nested-interactive": "Swagger UI: copy and link buttons stand inside each operation’s button"
    },
    "admin-account": {"aria-prohibited-attr": "Django: the icons beside the filters of its two lists"},
}
RUN = script("axe_run")


@cache
def axe() -> str:
    return (VENDOR_JS / "axe.min.js").read_text()


def serious(page: Page, **options: Any) -> list[str]:
    """What axe finds serious or critical: the rule, where it is broken, and how to mend it."""
    # Through the debugger: neither the policy of scripts nor Trusted Types is in its way.
    page.evaluate(axe())
    return [
        f"{one['id']} ({one['impact']}) at {where}: {' '.join(summary.split())}"
        for one in page.evaluate(RUN, options)
        if one["impact"] in ("serious", "critical")
        for where, summary in one["nodes"]
    ]


def test_axe_is_the_file_of_its_package() -> None:
    [entry] = json.loads((VENDOR_JS / "vendor.json").read_text())["files"]
    assert hashlib.sha256((VENDOR_JS / entry["file"]).read_bytes()).hexdigest() == entry["sha256"]
    assert (VENDOR_JS / entry["licence_file"]).exists()


HEAR = script("hear")


def test_a_screen_reader_hears_one_sentence_an_answer_and_none_of_the_stream(
    embedded_site: Site, vendor_scripts: Vendor, visit: Visits
) -> None:
    may_end = threading.Event()

    def slowly(name: str, exchange: Exchange) -> None:
        exchange.start()
        for number in range(20):
            exchange.text(f"{name} {number} ")
        exchange.wait_for(may_end)
        exchange.finish()

    vendor_scripts.scripts = {name: partial(slowly, name) for name in ("openai", "mistral")}
    page = visit(embedded_site).sign_in("hearing").page
    page.goto("/chat/")
    choose(page, "openai", "mistral")
    ask(page, "Read this to me.")
    wait_for_state(page, openai="streaming", mistral="streaming")
    page.evaluate(HEAR)
    # Nothing the text stands in, at any level, is announced as it changes.
    announced = page.locator(".turn.live .prose").first.evaluate(script("announced"))
    assert set(announced) <= {"off"}
    assert page.locator(".turn.live .body[aria-busy=true]").count() == 2
    may_end.set()
    wait_for_state(page, openai="done", mistral="done")
    page.wait_for_function("() => globalThis.heard.length >= 2")
    assert sorted(page.evaluate("() => globalThis.heard")) == [
        "Mistral finished, 40 words.",
        "OpenAI finished, 40 words.",
    ]
    assert page.locator(".turn.live .body[aria-busy=false]").count() == 2
