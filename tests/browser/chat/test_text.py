"""The text of answers in a browser: formulas, code, images, Markdown, and how often any of it is drawn."""

import itertools
import threading
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests import ROOT
from tests.browser.kit.browser import Visits, ask, choose, text_of, wait_for_state, wait_for_text
from tests.site.running import Site
from tests.site.vendor import Exchange, Vendor

pytestmark = pytest.mark.browser

# Each document grows by one character at a time; at the end it must be what it is when it comes whole.
DOCUMENTS = ROOT / "tests/js/chat/documents.js"
STREAM_EVERY_DOCUMENT = """
async () => {
  const chat = new URL(".", document.querySelector('script[src$="/chat/conversation.js"]').src);
  const { MarkdownView } = await import(`${chat}text/markdown.js`);
  const { DOCUMENTS } = await import(`${chat}documents.js`);
  const place = () => document.body.appendChild(document.createElement("div"));
  const first = new MarkdownView(place());
  first.finish("$x$");
  while (!first.root.querySelector("math")) await new Promise((done) => setTimeout(done, 10));
  const faults = [];
  DOCUMENTS.forEach((text, number) => {
    const streamed = new MarkdownView(place());
    let complete = [];
    for (let end = 1; end <= text.length; end += 1) {
      streamed.update(text.slice(0, end));
      const { blocks, final } = streamed.rendered;
      const again = complete.some((node, index) => blocks[index].node !== node);
      if (again) faults.push(`${number}: drawn again at ${end}`);
      complete = blocks.slice(0, final).map((block) => block.node);
    }
    streamed.finish(text);
    // A reference that is defined later changes what was complete; nothing else does.
    if (streamed.counts.swapped > 0 && !/^\\[\\w+\\]:/m.test(text)) faults.push(`${number}: swapped`);
    const whole = new MarkdownView(place());
    whole.finish(text);
    if (streamed.root.innerHTML !== whole.root.innerHTML) faults.push(`${number}: differs`);
    streamed.root.remove();
    whole.root.remove();
  });
  first.root.remove();
  return [DOCUMENTS.length, faults];
}
"""
FLUSH_TIMES = """
(column) => {
  const { markdown } = column;
  const update = markdown.update.bind(markdown);
  column.flushTimes = [];
  markdown.update = (text) => {
    column.flushTimes.push(performance.now());
    update(text);
  };
}
"""
REMEMBER_COMPLETE = """
(column) => {
  const { blocks, final } = column.markdown.rendered;
  column.complete = blocks.slice(0, final).map((block) => block.node);
  return column.complete.length;
}
"""
STILL_COMPLETE = "(column) => column.complete.every((node) => node.isConnected)"
# Until the page, which still follows the text, has seen that it is the reader who scrolls.
SCROLL_UP = """
(body) => {
  const scrolled = body.scrollTop === 900;
  body.scrollTop = 900;
  return scrolled;
}
"""
FORMULA = r"$$\frac{a}{b} = \sqrt{c}$$"
MIXED = (
    "Known: $E = mc^2$, not $5 or $6.\n\n| a | b |\n|---|--:|\n| 1 | $x_1$ |\n\n"
    + FORMULA
    + "\n\n```py\nprint('one')\n```\n\n- [x] done\n- [ ] not\n\n"
)


def openai_column(page: Page) -> Locator:
    return page.locator('.turn.live .column[data-provider="openai"]')


def ask_openai(visit: Visits, site: Site, name: str, **options: Any) -> Page:
    page = visit(site, **options).sign_in(name).page
    page.goto("/chat/")
    choose(page, "openai")
    ask(page, "Tell me.")
    return page


def answers(vendor: Vendor, text: str) -> None:
    vendor.scripts["openai"] = lambda exchange: exchange.answer(text)


def test_a_streamed_text_ends_as_the_whole_one_and_nothing_complete_is_drawn_again(
    embedded_site: Site, visit: Visits
) -> None:
    page = visit(embedded_site).sign_in("streamer").page
    page.goto("/chat/")
    # The site serves no tests: for this page alone the documents lie beside its scripts.
    page.route("**/chat/documents.js", lambda route: route.fulfill(path=DOCUMENTS))
    count, faults = page.evaluate(STREAM_EVERY_DOCUMENT)
    assert count > 10
    assert faults == []


def test_text_comes_at_most_20_times_a_second_and_what_is_complete_stays(
    embedded_site: Site, vendor_scripts: Vendor, visit: Visits
) -> None:
    may_go_on, may_end = threading.Event(), threading.Event()

    def script(exchange: Exchange) -> None:
        exchange.start()
        for piece in MIXED:
            exchange.text(piece)
        exchange.text("Half-way. ")
        exchange.wait_for(may_go_on)
        for piece in MIXED * 2:
            exchange.text(piece)
        exchange.text("Nearly there. ")
        exchange.wait_for(may_end)
        exchange.finish()

    vendor_scripts.scripts["openai"] = script
    page = ask_openai(visit, embedded_site, "frames")
    column = openai_column(page)
    wait_for_text(column, "Half-way.")
    column.evaluate(FLUSH_TIMES)
    assert column.evaluate(REMEMBER_COMPLETE) >= 4
    may_go_on.set()
    wait_for_text(column, "Nearly there.")
    assert column.evaluate(STILL_COMPLETE)
    times = column.evaluate("(column) => column.flushTimes")
    gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
    # The page’s clock is cut to tenths of a millisecond.
    assert all(gap >= 49.8 for gap in gaps), sorted(gaps)[:5]
    may_end.set()
    wait_for_state(page, openai="done")
    assert column.evaluate(STILL_COMPLETE)
    assert column.evaluate("(column) => column.markdown.counts.swapped") == 0
    expect(column.locator("math")).to_have_count(9)


def test_formulas_are_drawn_and_wrong_ones_stay_as_they_are_written(
    embedded_site: Site, vendor_scripts: Vendor, visit: Visits
) -> None:
    text = MIXED + "Wrong: $\\frac{a$ and $\\href{https://evil.example}{x}$."
    answers(vendor_scripts, text)
    page = ask_openai(visit, embedded_site, "formulas", permissions=["clipboard-read", "clipboard-write"])
    column = openai_column(page)
    expect(column.locator("math")).to_have_count(3)
    expect(column.locator("math[display=block] mfrac")).to_have_count(1)
    expect(column.locator(".prose")).to_contain_text("not $5 or $6.")
    expect(column.locator(".prose > .block").last).to_contain_text(
        "Wrong: $\\frac{a$ and $\\href{https://evil.example}{x}$."
    )
    assert column.locator(".prose [style], math [href], merror").count() == 0
    column.get_by_role("button", name="Copy the answer").click()
    page.wait_for_function(
        "(text) => navigator.clipboard.readText().then((copied) => copied === text)", arg=text
    )
    page.reload()
    expect(openai_column(page).locator("math")).to_have_count(3)


def test_an_open_formula_is_shown_as_it_is_written(
    embedded_site: Site, vendor_scripts: Vendor, visit: Visits
) -> None:
    may_close = threading.Event()

    def script(exchange: Exchange) -> None:
        exchange.start()
        exchange.text("Behold\n\n$$\n- a_1\n- *b*\n")
        exchange.wait_for(may_close)
        exchange.text("= 0\n$$\n")
        exchange.finish()

    vendor_scripts.scripts["openai"] = script
    page = ask_openai(visit, embedded_site, "opened")
    last = openai_column(page).locator(".prose > .block").last
    expect(last).to_have_text("$$ - a_1 - *b*")
    assert last.locator("li, em, math").count() == 0
    may_close.set()
    expect(last.locator("math[display=block]")).to_have_count(1)


def test_code_names_its_language_wraps_and_is_copied(
    embedded_site: Site, vendor_scripts: Vendor, visit: Visits
) -> None:
    line = "x = " + " + ".join(str(number) for number in range(200))
    answers(vendor_scripts, f"```py\n{line}\n```\n\n```brainmelt\n?\n```\n\n```\nplain\n```\n")
    page = ask_openai(visit, embedded_site, "coder", permissions=["clipboard-read", "clipboard-write"])
    column = openai_column(page)
    expect(column.locator(".code-language")).to_have_text(["Python", "brainmelt", "Text"])
    pre = column.locator("pre").first
    scrolls = "(pre) => pre.scrollWidth > pre.clientWidth"
    assert pre.evaluate(scrolls)
    wrap = column.get_by_role("button", name="Wrap long lines").first
    wrap.click()
    expect(wrap).to_have_attribute("aria-pressed", "true")
    assert not pre.evaluate(scrolls)
    column.get_by_role("button", name="Copy", exact=True).first.click()
    page.wait_for_function(
        "(line) => navigator.clipboard.readText().then((copied) => copied === line + '\\n')", arg=line
    )


def test_an_image_is_asked_for_by_a_click_alone(
    embedded_site: Site, vendor_scripts: Vendor, visit: Visits
) -> None:
    answers(vendor_scripts, "![Paris at night](https://images.example/paris.png?who=ana)")
    visitor = visit(embedded_site).sign_in("viewer")
    visitor.expect_error("asked another host: https://images.example/")
    page = visitor.page
    page.goto("/chat/")
    choose(page, "openai")
    ask(page, "Show me.")
    control = openai_column(page).get_by_role("link", name="Show image from images.example")
    expect(control).to_contain_text("Paris at night")
    expect(control).to_contain_text("The site will learn that you are reading this.")
    asked: list[dict[str, str]] = []

    def answer(route: Any) -> None:
        asked.append(route.request.headers)
        route.fulfill(body="")

    visitor.context.route("https://images.example/**", answer)
    assert visitor.problems == []
    with visitor.context.expect_page() as opened:
        control.click()
    opened.value.wait_for_load_state()
    assert [("referer" in headers, "cookie" in headers) for headers in asked] == [(False, False)]
    assert opened.value.evaluate("() => opener") is None


def paragraphs(count: int) -> str:
    return "\n\n".join(
        f"Paragraph **{number}** with $x_{number}$. " + "Words. " * 30 for number in range(count)
    )


def first_seen(column: Locator) -> int:
    """The number of the paragraph that stands at the upper edge of the column, once the page has settled."""
    return int(
        column.evaluate(
            """async (column) => {
              for (let frame = 0; frame < 5; frame += 1) await new Promise(requestAnimationFrame);
              const { left, top } = column.querySelector(".body").getBoundingClientRect();
              const range = document.caretRangeFromPoint(left + 60, top + 30);
              const whole = document.createRange();
              whole.selectNodeContents(column.querySelector(".prose"));
              whole.setEnd(range.startContainer, range.startOffset);
              return /Paragraph \\**(\\d+)(?!.*Paragraph)/s.exec(whole.toString())[1];
            }"""
        )
    )


def test_the_markdown_itself_can_be_shown_at_any_moment(
    embedded_site: Site, vendor_scripts: Vendor, visit: Visits
) -> None:
    text, may_go_on, may_end = paragraphs(30), threading.Event(), threading.Event()

    def script(exchange: Exchange) -> None:
        exchange.start()
        exchange.text(text + "\n\n- one <b>")
        exchange.wait_for(may_go_on)
        exchange.text("\n- two")
        exchange.wait_for(may_end)
        exchange.text("\n- three")
        exchange.finish()

    vendor_scripts.scripts["openai"] = script
    page = ask_openai(visit, embedded_site, "rawest")
    column = openai_column(page)
    wait_for_text(column, "- one")
    body = column.locator(".body")
    page.wait_for_function(SCROLL_UP, arg=body.element_handle())
    seen = first_seen(column)
    assert seen > 2

    column.evaluate("(column) => column.markdown.setRaw(true)")
    raw = column.locator(".prose > pre.raw")
    assert raw.text_content() == text + "\n\n- one <b>"
    assert column.locator(".prose .block").count() == 0
    assert first_seen(column) == seen
    may_go_on.set()
    wait_for_text(column, "- two")
    expect(raw).to_have_text(text + "\n\n- one <b>\n- two")
    column.evaluate("(column) => column.markdown.setRaw(false)")
    expect(column.locator(".prose li").last).to_have_text("two")
    expect(column.locator(".raw")).to_have_count(0)
    assert first_seen(column) == seen

    column.evaluate("(column) => column.markdown.setRaw(true)")
    may_end.set()
    wait_for_state(page, openai="done")
    expect(raw).to_have_text(text + "\n\n- one <b>\n- two\n- three")
    column.evaluate("(column) => column.markdown.setRaw(false)")
    expect(column.locator(".prose li").last).to_have_text("three")
    assert first_seen(column) == seen
    assert text_of(column).endswith("- three")
