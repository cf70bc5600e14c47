"""The usage page in a browser: its numbers and its graphs are those of the API, in both languages."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.kit.browser import Visits, ask, choose, new_name
from tests.site.running import Site, manage
from tests.site.vendor import Exchange, Vendor, answering

pytestmark = pytest.mark.browser

# What a graph draws, by its canvas; null where nothing is painted on it.
DRAWN = """(name) => {
  const canvas = document.querySelector(name);
  if (!canvas?.width) return null;
  const beside = new OffscreenCanvas(canvas.width, canvas.height);
  const copy = beside.getContext("2d", { willReadFrequently: true });
  copy.drawImage(canvas, 0, 0);
  const pixels = copy.getImageData(0, 0, canvas.width, canvas.height).data;
  if (!pixels.some((value, index) => index % 4 === 3 && value > 0)) return null;
  const { labels, datasets } = Chart.getChart(canvas).data;
  return { labels, datasets: datasets.map(({ label, data }) => ({ label, data })) };
}"""


def drawn(page: Page, name: str) -> dict[str, Any]:
    page.wait_for_function(DRAWN, arg=name)
    found: dict[str, Any] = page.evaluate(DRAWN, name)
    return found


def numbers(text: str) -> list[float]:
    """The amounts in a text, however the language writes them."""
    bare = re.sub(r"(?<=\d)[\u202f\u00a0 ,](?=\d{3}\b)", "", text)
    return [float(one.replace(",", ".")) for one in re.findall(r"\d+(?:[.,]\d+)?", bare)]


@pytest.mark.parametrize("language", ["en-GB", "fr-FR"])
def test_numbers_and_graphs_are_those_of_the_api(
    embedded_site: Site, vendor_scripts: Vendor, visit: Visits, language: str
) -> None:
    vendor_scripts.scripts = {
        "openai": answering(*["word "] * 4000),
        "mistral": answering("one ", "two"),
        "groq": lambda exchange: exchange.refuse(400, "No."),
    }
    visitor = visit(embedded_site, locale=language).sign_in(new_name())
    for _ in range(2):
        visitor.post("/api/chat/send", message="How?", selected_providers=["openai", "mistral", "groq"])
    page = visitor.page
    page.goto("/dashboard/")
    activity, costs = visitor.get("/api/stats/activity"), visitor.get("/api/stats/costs")
    ais = visitor.get("/api/stats/providers")

    assert (activity["questions"], activity["answers"]) == (2, 6)
    assert costs["total_usd"] > 0
    graph = drawn(page, "#activity-graph")
    assert graph["labels"] == [day["day"] for day in activity["days"]]
    assert graph["datasets"] == [
        {"label": "questions", "data": [day["questions"] for day in activity["days"]]}
    ]
    graph = drawn(page, "#costs-graph")
    assert graph["labels"] == [day["day"] for day in costs["days"]]
    by_label = {one["label"]: one["data"] for one in graph["datasets"]}
    assert by_label["OpenAI"] == [day["cost_usd"].get("openai", 0) for day in costs["days"]]

    rows = page.locator("#activity-table tbody td:first-of-type").all_text_contents()
    assert [int(text) for text in rows] == [day["questions"] for day in activity["days"]]
    last = page.locator("#costs-table tbody tr").last.locator("td").last.text_content() or ""
    assert numbers(last)[0] == pytest.approx(costs["total_usd"], abs=0.006)
    speeds = page.locator(".data-wide tbody tr")
    assert speeds.count() == len(ais)
    for row, one in zip(speeds.all(), ais, strict=True):
        cells = [numbers(text) for text in row.locator("td").all_text_contents()]
        assert cells[0] == [one["answers"]]
        assert cells[-1] == [round(100 * one["failed"] / one["answers"], 1)]
    total = page.locator(".totals dd").nth(1)
    assert numbers(total.inner_text()) == [2, 6]


def test_figures_follow_what_is_asked_without_a_reload(
    embedded_site: Site, vendor_scripts: Vendor, visit: Visits
) -> None:
    vendor_scripts.scripts = {"openai": answering("one")}
    visitor = visit(embedded_site).sign_in(new_name())
    visitor.post("/api/chat/send", message="How?", selected_providers=["openai"])
    page = visitor.page
    page.goto("/dashboard/")
    page.locator("#activity-table summary").click()
    page.evaluate("document.body.dataset.same = 'yes'")
    visitor.post("/api/chat/send", message="And?", selected_providers=["openai"])
    expect(page.locator(".totals dd").nth(1)).to_contain_text("2 answers", timeout=30_000)
    assert drawn(page, "#activity-graph")["datasets"][-1]["data"][-1] == 2
    assert page.locator("#activity-table").get_attribute("open") is not None
    assert page.evaluate("document.body.dataset.same") == "yes"


def test_what_is_used_up_is_said_and_the_question_stays(
    embedded_site: Site, vendor_scripts: Vendor, visit: Visits
) -> None:
    def script(exchange: Exchange) -> None:
        exchange.answer("An answer.")

    vendor_scripts.scripts = {"openai": script}
    name = new_name()
    visitor = visit(embedded_site).sign_in(name)
    manage(embedded_site.env, "plan", "set", "one", "--uses-server-keys", "yes", "--messages-per-day", "1")
    manage(embedded_site.env, "plan", "give", "one", name)
    sent = visitor.post("/api/chat/send", message="How?", selected_providers=["openai"])
    page = visitor.page
    page.goto(f"/chat/{sent['conversation_id']}")
    field = page.get_by_label("Your question")
    field.fill("And then?")
    field.press("Enter")
    expect(page.get_by_text("Your plan’s questions for today are used up (1).")).to_be_visible()
    expect(field).to_have_value("And then?")
    expect(page.locator("#plan-meter")).to_contain_text("1/1 today")
    page.goto("/dashboard/")
    expect(page.locator(".limits").get_by_text("1 of 1")).to_be_visible()
    page.get_by_label("Monthly budget in US dollars").fill("12.50")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("of your budget of $12.50")).to_be_visible()


def test_the_plan_is_followed_while_one_asks(
    embedded_site: Site, vendor_scripts: Vendor, visit: Visits
) -> None:
    vendor_scripts.scripts = {"openai": answering("An answer.")}
    name = new_name()
    visitor = visit(embedded_site).sign_in(name)
    manage(embedded_site.env, "plan", "set", "five", "--uses-server-keys", "yes", "--messages-per-day", "5")
    page = visitor.page
    page.goto("/chat/")
    expect(page.locator("#plan-meter")).to_be_hidden()
    manage(embedded_site.env, "plan", "give", "five", name)
    page.reload()
    choose(page, "openai")
    meter = page.locator("#plan-meter")
    expect(meter).to_contain_text("five plan 0/5 today")
    for asked in range(1, 5):
        ask(page, "How?")
        expect(meter).to_contain_text(f"{asked}/5 today")
    expect(page.locator("#plan-notice")).to_contain_text("1 question left for today.")
    expect(meter.locator("progress")).to_have_attribute("data-state", "warning")
