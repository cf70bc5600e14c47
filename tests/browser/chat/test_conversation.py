"""WeBox in a real browser: the main way with the demonstrations, and real faults of vendors."""

import threading

import pytest
from playwright.sync_api import Page, expect

from tests.browser.kit.browser import (
    PHONE,
    Visits,
    ask,
    choose,
    column,
    new_name,
    sign_up,
    text_of,
    wait_for_state,
    wait_for_text,
)
from tests.site.running import Site
from tests.site.vendor import Exchange, Vendor

pytestmark = pytest.mark.browser

THREE = ["demo:quick", "demo:slow", "demo:code"]
EVERY_COLUMN_GROWS = """
() => {
  const columns = [...document.querySelectorAll(".turn.live .column")];
  globalThis.seen ??= columns.map(() => new Set());
  columns.forEach((column, index) => globalThis.seen[index].add(column.markdown.text.length));
  return columns.length === 3 && globalThis.seen.every((lengths) => lengths.size > 3);
}
"""
NASTY = (
    "# Hello\n\n<script>document.title = 'pwned'</script> <img src=x onerror=\"document.title='pwned'\">\n\n"
    "[click](javascript:alert(1)) ![pixel](https://evil.example/p.png) [ok](https://example.org/page)\n\n"
    "| a | b |\n|---|--:|\n"
    "| <b onmouseover=alert(1)>x</b> | <meta http-equiv=refresh content='0;url=//evil.example'> |\n\n"
    "```python\nprint('<script>')\n```\n"
)


def chosen(page: Page) -> list[str | None]:
    chips = page.locator("#chips .chip[data-target]")
    return [chip.get_attribute("data-target") for chip in chips.all()]


def test_the_main_way(keyless_site: Site, visit: Visits) -> None:
    visitor = visit(keyless_site)
    page = visitor.page
    page.goto("/")
    page.get_by_role("link", name="Create an account").first.click()
    sign_up(page, new_name())
    expect(page.locator("#chips .chip[data-target]")).to_have_count(3)
    assert chosen(page) == THREE
    ask(page, "How do three of you answer side by side?")
    page.wait_for_function(EVERY_COLUMN_GROWS)

    # Reload in mid-stream: the text is there and goes on; a second tab shows the same.
    slow = column(page, "slow")
    wait_for_text(slow, "demonstration")
    before = text_of(slow)
    page.reload()
    wait_for_text(slow, before)
    tab = visitor.tab()
    tab.goto(page.url)
    wait_for_text(column(tab, "slow"), before)

    # Stop one: its text is kept, in both tabs alike and in the rows.
    slow.get_by_role("button", name="Stop").click()
    for shown in (page, tab):
        shown.locator('.turn.live .column[data-status="stopped"]').wait_for()
        expect(shown.locator('.turn.live .column[data-status="done"]')).to_have_count(2)
    rows = {row["model"]: row["text"] for row in visitor.rows(page)}
    for shown in (page, tab):
        assert {name: text_of(column(shown, name)) for name in rows} == rows
    assert rows["slow"].startswith(before)

    # One that breaks off keeps its text and can be asked again.
    choose(page, "demo:broken")
    ask(page, "Break, please.")
    broken = column(page, "broken")
    broken.locator(".card").wait_for()
    assert text_of(broken) != ""
    broken.get_by_role("button", name="Try again").click()
    page.wait_for_function(
        "() => document.querySelector('.turn.live .column').dataset.status === 'streaming'"
    )
    broken.locator(".card").wait_for()
    assert [row["version"] for row in visitor.rows(page)] == [2]

    # What the other tab asks just before it hears that nobody is signed in any more.
    visitor.expect_error("status of 401")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(keyless_site.url + "/")
    expect(tab.get_by_role("link", name="Sign in")).to_be_visible()
    page.goto("/chat/")
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()


def test_one_fault_leaves_the_others_writing(
    embedded_site: Site, vendor_scripts: Vendor, visit: Visits
) -> None:
    may_end = threading.Event()

    def patient(exchange: Exchange) -> None:
        exchange.start()
        exchange.text("Still **here**. ")
        exchange.wait_for(may_end)
        exchange.text("And done.")
        exchange.finish()

    def breaks_off(exchange: Exchange) -> None:
        exchange.start()
        exchange.text("Half of it")

    def falls_silent(exchange: Exchange) -> None:
        exchange.start()
        exchange.text("Then nothing")
        exchange.hang()

    vendor_scripts.scripts = {
        "openai": patient,
        "mistral": breaks_off,
        "groq": lambda exchange: exchange.refuse(401, "no such key"),
        "xai": falls_silent,
    }
    page = visit(embedded_site).sign_in("faults").page
    page.goto("/chat/")
    choose(page, "openai", "mistral", "groq", "xai")
    ask(page, "Who holds out?")
    wait_for_state(page, mistral="interrupted", groq="failed", openai="streaming", xai="streaming")
    mistral = page.locator('.turn.live .column[data-provider="mistral"]')
    expect(mistral.locator(".card")).to_contain_text("Mistral closed the connection before the end")
    assert text_of(mistral) == "Half of it"
    expect(page.locator('.turn.live .column[data-provider="groq"] .card')).to_contain_text(
        "Groq rejected the key"
    )
    page.locator('.turn.live .column[data-provider="xai"]').get_by_role("button", name="Stop").click()
    wait_for_state(page, xai="stopped", openai="streaming")
    vendor_scripts.scripts |= dict.fromkeys(
        ["mistral", "groq"], lambda exchange: exchange.answer("Back again")
    )
    page.get_by_role("button", name="Retry the 2 failed ones").click()
    wait_for_state(page, mistral="done", groq="done")
    may_end.set()
    wait_for_state(page, openai="done")
    expect(page.locator('.turn.live .column[data-provider="openai"] .prose')).to_have_text(
        "Still here. And done."
    )


def test_a_nasty_answer_runs_nothing_and_asks_nobody(
    embedded_site: Site, vendor_scripts: Vendor, visit: Visits
) -> None:
    pieces = [NASTY[index : index + 3] for index in range(0, len(NASTY), 3)]
    vendor_scripts.scripts["openai"] = lambda exchange: exchange.answer(*pieces)
    page = visit(embedded_site).sign_in("nasty").page
    page.goto("/chat/")
    choose(page, "openai")
    ask(page, "Attack.")
    wait_for_state(page, openai="done")
    prose = page.locator(".turn.live .prose")
    expect(prose.locator("pre")).to_contain_text("print('<script>')")
    assert prose.locator("script, img, meta, [onerror], [onmouseover], a[href^=javascript]").count() == 0
    link = prose.locator('a[href="https://example.org/page"]')
    assert "noopener" in str(link.get_attribute("rel"))
    assert link.get_attribute("target") == "_blank"
    assert "pwned" not in page.title()
    counts = page.locator(".turn.live .column").evaluate("(column) => column.markdown.counts")
    # However many deltas come in a burst, the page is brought up to date a few times.
    assert counts["flushes"] < len(pieces) / 2


def test_a_session_that_ends_elsewhere_keeps_the_draft(embedded_site: Site, visit: Visits) -> None:
    visitor = visit(embedded_site)
    # What the page asks just before it hears that nobody is signed in any more.
    visitor.expect_error("status of 401")
    page = visitor.page
    name = new_name()
    sign_up(page, name)
    choose(page, "demo:quick")
    ask(page, "First.")
    page.locator(".turn.live").get_by_role("button", name="Run again").wait_for()
    page.get_by_label("Your question").fill("Not sent yet")
    other = visitor.tab()
    other.goto("/chat/")
    other.get_by_role("button", name="Sign out").click()
    expect(page.get_by_text("Your session has expired. Your draft is waiting.")).to_be_visible()
    expect(page.get_by_label("Your question")).to_have_value("Not sent yet")


def test_offline_is_said_and_heals(embedded_site: Site, vendor_scripts: Vendor, visit: Visits) -> None:
    may_end = threading.Event()

    def script(exchange: Exchange) -> None:
        exchange.start()
        exchange.text("Before. ")
        exchange.wait_for(may_end)
        exchange.text("After.")
        exchange.finish()

    vendor_scripts.scripts["openai"] = script
    visitor = visit(embedded_site).sign_in("offline")
    visitor.expect_error("ERR_INTERNET_DISCONNECTED")
    page = visitor.page
    page.goto("/chat/")
    choose(page, "openai")
    ask(page, "Wait for me.")
    wait_for_text(page.locator(".turn.live .column"), "Before.")
    visitor.context.set_offline(True)
    expect(page.get_by_text("You are offline. Answers go on, on the server.")).to_be_visible()
    may_end.set()
    visitor.context.set_offline(False)
    wait_for_state(page, openai="done")
    assert text_of(page.locator(".turn.live .column")) == "Before. After."


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_scrolls_sideways_on_a_phone(
    embedded_site: Site, visit: Visits, language: str, scheme: str
) -> None:
    stranger = visit(embedded_site, PHONE, locale=language, color_scheme=scheme)
    stranger.expect_error("404")
    for path in ("/", "/accounts/login/", "/accounts/signup/", "/accounts/password/reset/", "/nowhere"):
        stranger.page.goto(path)
        assert_fits(stranger.page)
    dark = stranger.page.evaluate("() => getComputedStyle(document.body).backgroundColor")
    assert (int(dark.split("(")[1].split(",")[0]) < 128) == (scheme == "dark")
    page = visit(embedded_site, PHONE, locale=language, color_scheme=scheme).sign_in("phone").page
    for path in ("/chat/", "/dashboard/", "/accounts/profile"):
        page.goto(path)
        assert page.locator("html").get_attribute("lang") == language
        assert_fits(page)


def assert_fits(page: Page) -> None:
    wide = page.evaluate("() => document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0, page.url


def test_by_keyboard_alone(keyless_site: Site, visit: Visits) -> None:
    page = visit(keyless_site).sign_in("keys").page
    page.goto("/chat/")
    page.keyboard.press("Tab")
    question = page.get_by_label("Your question")
    question.focus()
    page.keyboard.type("One line")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("and another")
    expect(question).to_have_value("One line\nand another")
    page.keyboard.press("Enter")
    page.locator('.turn.live .column[data-status="streaming"]').first.wait_for()
    page.keyboard.press("Alt+2")
    assert page.evaluate("() => !!document.activeElement.closest('.column:nth-of-type(2)')")
    page.keyboard.press("Escape")
    page.wait_for_function("() => !document.querySelector('.turn.live [data-status=streaming]')")


def test_the_browsable_api_and_the_admin_work_under_their_policy(keyless_site: Site, visit: Visits) -> None:
    stranger = visit(keyless_site)
    name = new_name()
    sign_up(stranger.page, name)
    owner = visit(keyless_site)
    page = owner.page
    page.goto("/admin/")
    page.get_by_label("Email or username").fill("owner@example.org")
    page.get_by_label("Password").fill("a long enough passphrase")
    page.get_by_role("button", name="Sign in").click()
    page.goto("/admin/accounts/user/")
    page.locator("tr", has_text=f"{name}@example.org").locator("input[type=checkbox]").first.check()
    page.locator("select[name=action]").select_option(label="Give premium")
    page.locator("button[name=index]").click()
    page.get_by_label("Reason").fill("Because")
    page.get_by_role("button", name="Give premium").click()
    expect(page.locator(".messagelist")).to_contain_text("1 account is premium now.")
    assert stranger.get("/api/auth/me")["is_premium"] is True
    page.goto("/api/chat/conversations")
    page.get_by_role("link", name="Raw data").click()
    page.locator("textarea[name=_content]:visible").fill('{"title": "From the browsable page"}')
    page.get_by_role("button", name="POST").last.click()
    expect(page.locator(".response-info")).to_contain_text("201 Created")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(keyless_site.url + "/")
