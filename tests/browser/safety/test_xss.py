"""Hostile texts in every place that shows text: nothing of them runs, nothing of them is asked for.

The texts are tests/browser/safety/xss/corpus.yaml. The places are `PLACES` and what the streaming
tests show. Each layer of the defence alone: tests/browser/safety/test_xss_layers.py.
"""

import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx
import pytest
import yaml
from playwright.sync_api import expect

from tests import ROOT
from tests.browser.kit.browser import Visitor, Visits, ask, choose, enter, session, wait_for_state
from tests.browser.safety.xss import PAYLOADS, in_blocks, in_code_and_formulas, in_links, packed, plain
from tests.browser.safety.xss.watch import LOOK, WATCH
from tests.site.fixtures import vendor_settings
from tests.site.running import (
    OWNER_EMAIL,
    PASSWORD,
    Account,
    Site,
    environment,
    free_port,
    manage,
    running_site,
    server_command,
)
from tests.site.vendor import Exchange, Vendor

pytestmark = pytest.mark.browser

# What an answer may be made of; icons are ours.
TAGS_OF_ANSWERS = """
(prose) => [...new Set([...prose.querySelectorAll(":not(svg, svg *, math *)")].map((node) => node.localName))]
"""
ANSWER_TAGS = {
    "a", "blockquote", "br", "button", "code", "del", "div", "em", "h3", "h4", "h5", "h6", "hr", "li", "math",
    "ol", "p", "pre", "s", "span", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
ROWS: dict[str, Any] = yaml.safe_load((ROOT / "tests/api/authorization.yaml").read_text("utf-8"))
FAILED = "Failed to load resource: the server responded with a status of 4"
# A place that shows somebody's text is a line here: {failed} and {told} are conversations full of it.
PLACES = [
    "/chat/",
    "/chat/{failed}",
    "/chat/{told}",
    "/chat/ais",
    "/dashboard/",
    "/accounts/profile",
    "/accounts/tokens",
    "/api/auth/tokens",
    "/api/chat/conversations",
    "/api/chat/conversations/{failed}/messages",
    "/api/chat/conversations/{told}/messages",
    "/api/chat/folders",
    "/api/chat/line-ups",
    "/api/chat/providers",
    "/api/chat/providers/hostile-0",
    "/api/chat/providers/hostile-0/models",
    "/api/stats/user",
]
if "GET /api/chat/search" in ROWS:
    PLACES.append("/api/chat/search?words=canary")
# What is given is given back: in a form, in a sentence, in a link.
REFLECTING = [
    "/nowhere/",
    "/chat/?lineup=",
    "/accounts/login/?next=",
    "/api/chat/conversations?folder=",
    "/api/chat/conversations?limit=",
    "/api/nowhere/",
]
ADMIN_LISTS = ("accounts/user", "accounts/invitation", "chat/provider", "chat/model", "chat/conversation")


@dataclass(frozen=True)
class Hostile:
    """A site full of hostile texts, and the vendor whose answers are hostile."""

    site: Site
    vendor: Vendor
    failed_id: int
    """A conversation whose answers failed and declined."""
    told_id: int
    """One that a program told."""


@pytest.fixture(scope="module")
def hostile(far_vendor: Vendor, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hostile]:
    var, port = tmp_path_factory.mktemp("hostile"), free_port()
    owner = {"WEBOX_OWNER_EMAIL": OWNER_EMAIL, "WEBOX_OWNER_PASSWORD": PASSWORD}
    env = environment(var, **vendor_settings(far_vendor), **owner)
    with running_site(server_command(port), env, port, var / "log") as site:
        session(site, "mallory")
        account = site.sign_in("mallory")
        address = far_vendor.address("hostile")
        manage(
            env,
            "shell",
            "-v0",
            "-c",
            f"from tests.browser.safety.xss import hostile; hostile.fill('mallory', '{address}')",
        )
        [failed] = account.get("/api/chat/conversations").json()
        yield Hostile(site, far_vendor, failed["id"], name_everything(account))


def name_everything(account: Account) -> int:
    """Conversations and folders named after the corpus, by the API; the id of one that a program told."""
    with httpx.Client(base_url=account.site.url, headers=account.headers, trust_env=False) as client:
        folders = itertools.cycle(packed(100, fit_for_names()))
        for title, folder in zip(packed(255, fit_for_names()), folders, strict=False):
            made = client.post("/api/chat/conversations", json={"title": title, "folder": folder})
            assert made.status_code == 201, made.text
        last = made.json()["id"]
        tags = list(itertools.islice(packed(50, fit_for_names()), 10))
        tagged = client.patch(f"/api/chat/conversations/{last}", json={"tags": tags})
        assert tagged.status_code == 200, tagged.text
        told = {
            "model": "demo/quick",
            "messages": [
                {"role": "user", "content": "\n\n".join(fit_for_names())},
                {"role": "assistant", "content": "\n\n".join(fit_for_names())},
                {"role": "user", "content": "And now?"},
            ],
            "store": True,
        }
        kept = client.post("/v1/chat/completions", json=told, timeout=60)
        assert kept.status_code == 200, kept.text
        return int(kept.json()["conversation_id"])


def fit_for_names() -> list[str]:
    """Without NUL, which the API refuses."""
    return [payload.replace("\0", "") for payload in PAYLOADS]


class Watched:
    """A visitor in whose pages the canary sings when anything runs."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor = visitor
        self.page = visitor.page
        visitor.expect_error(FAILED)
        visitor.context.add_init_script(WATCH)
        self.page.on("dialog", lambda dialog: visitor.problems.append(f"dialog: {dialog.message}"))

    def look(self, where: str) -> None:
        """Whoever reads this page is safe: nothing ran, and nothing stands in it that could."""
        faults = self.page.evaluate(LOOK)
        assert faults == [], (where, faults[:10])
        problems = self.visitor.unexpected()
        assert problems == [], (where, problems[:10])

    def open(self, path: str) -> None:
        response = self.page.goto(path)
        assert response is not None
        assert response.status < 500, path
        self.look(path)


@pytest.fixture
def mallory(hostile: Hostile, visit: Visits) -> Watched:
    return Watched(visit(hostile.site).sign_in("mallory"))


def cut(text: str) -> Iterator[str]:
    """The text in pieces of one to a few characters, so that every cut is a bad one somewhere."""
    sizes = random.Random(6)
    at = 0
    while at < len(text):
        size = sizes.choice((1, 2, 3, 5, 8, 13))
        yield text[at : at + size]
        at += size


def thinking(text: str) -> Any:
    """A script that says the text, in pieces, first as its reasoning and then as its answer."""

    def script(exchange: Exchange) -> None:
        exchange.start()
        exchange.send(
            {"choices": [{"index": 0, "delta": {"reasoning_content": text}, "finish_reason": None}]}
        )
        for piece in cut(text):
            exchange.text(piece)
        exchange.finish()

    return script


SHAPES = {"openai": plain, "mistral": in_blocks, "groq": in_links, "xai": in_code_and_formulas}


def look_at_answers(mallory: Watched, where: str) -> None:
    mallory.look(where)
    for prose in mallory.page.locator(".turn .prose").all():
        assert set(prose.evaluate(TAGS_OF_ANSWERS)) <= ANSWER_TAGS, where


def test_nothing_of_a_streamed_answer_runs(hostile: Hostile, mallory: Watched) -> None:
    hostile.vendor.scripts = {name: thinking(shape()) for name, shape in SHAPES.items()}
    page = mallory.page
    page.goto("/chat/")
    choose(page, *SHAPES)
    ask(page, "\n\n".join(fit_for_names()))
    page.wait_for_function("() => document.querySelectorAll('.turn.live .math').length > 3")
    look_at_answers(mallory, "while it streams")
    wait_for_state(page, **dict.fromkeys(SHAPES, "done"))
    for provider, row in rows_by_provider(mallory).items():
        assert len(row["text"]) > len("".join(PAYLOADS)), provider
    look_at_answers(mallory, "streamed")
    expect(page.locator(".turn.live math").first).to_be_attached()
    for think in page.locator(".think > summary").all():
        think.click()
    page.evaluate(
        "() => document.querySelectorAll('.column').forEach(({ markdown }) => markdown.setRaw(true))"
    )
    mallory.look("raw")
    page.reload()
    expect(page.locator(".turn.live math").first).to_be_attached()
    look_at_answers(mallory, "after a reload")


def rows_by_provider(mallory: Watched) -> dict[str, Any]:
    return {row["provider"]: row for row in mallory.visitor.rows(mallory.page)}


def test_nothing_of_what_a_vendor_says_in_place_of_an_answer_runs(hostile: Hostile, mallory: Watched) -> None:
    words = "\n".join(PAYLOADS)
    hostile.vendor.scripts = {
        "openai": lambda exchange: exchange.decline(words),
        "mistral": lambda exchange: exchange.refuse(400, words, code=words, type=words, param=words),
        "groq": lambda exchange: exchange.refuse(429, words),
        "xai": lambda exchange: exchange.document({"detail": words}, 500),
    }
    page = mallory.page
    page.goto("/chat/")
    choose(page, *SHAPES)
    ask(page, "Say no.")
    wait_for_state(page, openai="done", mistral="failed", groq="failed", xai="failed")
    expect(page.locator(".turn.live .card")).to_have_count(4)
    mallory.look("refused")


def test_nothing_runs_on_any_page_of_a_person_or_of_the_api(hostile: Hostile, mallory: Watched) -> None:
    for path in PLACES:
        mallory.open(path.format(failed=hostile.failed_id, told=hostile.told_id))
    mallory.open("/chat/")
    mallory.page.get_by_role("button", name="Choose the AIs").click()
    expect(mallory.page.locator("#ai-list")).to_be_visible()
    mallory.look("the list of AIs")


def test_nothing_runs_in_what_the_page_opens(hostile: Hostile, mallory: Watched) -> None:
    page = mallory.page
    page.goto(f"/chat/{hostile.told_id}")
    page.keyboard.press("ControlOrMeta+k")
    page.get_by_role("combobox").fill("canary")
    # What was written is found some seconds later.
    expect(page.locator("dialog[open] mark").first).to_be_visible(timeout=30_000)
    mallory.look("search hits")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Show a tag").click()
    expect(page.get_by_role("dialog")).to_contain_text("canary")
    mallory.look("tags")
    page.keyboard.press("Escape")
    page.locator("#line-ups button").click()
    expect(page.get_by_role("dialog", name="Line-ups")).to_contain_text("canary")
    mallory.look("line-ups")
    page.keyboard.press("Escape")
    page.locator(".turn-head").first.hover()
    page.get_by_role("button", name="Edit and ask again").first.click()
    mallory.look("a question that is edited")
    names = itertools.islice(packed(200, fit_for_files()), 20)
    files = [{"name": name, "mimeType": "text/plain", "buffer": b"x"} for name in names]
    page.locator("#attach-file").set_input_files(files)  # type: ignore[arg-type]  # as Playwright takes them
    expect(page.locator(".tray-file")).to_have_count(len(files))
    mallory.look("names of files")
    page.goto(f"/chat/{hostile.failed_id}")
    page.locator(".turn.live .column").first.get_by_role("button", name="More actions").click()
    mallory.look("the menu of an answer")


def fit_for_files() -> list[str]:
    """Without what no file is called."""
    return [text.replace("/", "∕") for text in fit_for_names()]


def test_nothing_runs_of_what_an_address_or_a_form_gives_back(hostile: Hostile, mallory: Watched) -> None:
    for start, text in itertools.product(REFLECTING, packed(6000)):
        mallory.open(start + quote(text, safe=""))
    page = mallory.page
    mallory.visitor.context.clear_cookies()
    page.goto("/accounts/login/")
    for text in itertools.islice(packed(250, fit_for_names()), 3):
        page.get_by_label("Email or username").fill(text)
        page.get_by_label("Password").fill("wrong")
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_label("Email or username")).to_have_value(" ".join(text.split("\n")))
        mallory.look("a refused sign-in")


def test_nothing_runs_in_the_admin(hostile: Hostile, visit: Visits) -> None:
    owner = Watched(visit(hostile.site))
    enter(owner.page, OWNER_EMAIL)
    page = owner.page
    for name in ADMIN_LISTS:
        owner.open(f"/admin/{name}/?all=1")
        row = page.locator("#result_list tbody th a").first
        change = str(row.get_attribute("href")).split("?")[0]
        for path in (change, f"{change}../history/", f"{change}../delete/"):
            owner.open(path)
    # What was done is said with the name of what it was done to.
    owner.open("/admin/accounts/user/?all=1")
    page.locator("#action-toggle").check()
    page.locator("select[name=action]").select_option("make_reset_link")
    page.locator("button[name=index]").click()
    expect(page.locator(".messagelist li").nth(50)).to_be_visible()
    owner.look("links for everybody")
    owner.open("/admin/chat/provider/?q=hostile-0")
    page.locator("#result_list tbody th a").first.click()
    page.locator("input[name=_save]").click()
    expect(page.locator(".messagelist")).to_contain_text("canary")
    owner.look("saved")
    owner.open("/admin/")
