"""The usage page."""

import csv
import json
import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from chat.models import Provider
from dashboard.tests.rows import make_conversation, make_turn

URL = "/dashboard/"


def text_of(html: str) -> str:
    """What a person reads of the page's main part, spaces made one."""
    main = html[html.index("<main") : html.index("</main>")]
    without_data = re.sub(r"<script.*?</script>", "", main, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", without_data)).split())


def chart_of(html: str) -> list[dict[str, Any]]:
    found = re.search(r'<script id="usage-data" type="application/json">(.*?)</script>', html)
    assert found is not None
    return list(json.loads(found[1])["activity"])


def page(client: Client, **query: str | int) -> str:
    answer = client.get(URL, query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_page_shows_own_figures_only(as_alice: Client, alice: User, bob: User) -> None:
    now = timezone.now()
    conversation = make_conversation(alice, now)
    make_turn(conversation, now, "openai", "demo")
    make_turn(conversation, now, "openai", "demo")
    make_turn(make_conversation(alice, now - timedelta(days=8)), now - timedelta(days=8), "openai")
    make_turn(make_conversation(bob, now), now, "mistral")

    text = text_of(page(as_alice))

    assert "Conversations 2 6 messages" in text
    assert "Questions in these days 3 5 answers" in text
    assert "This week 1 new conversation in 7 days" in text
    assert "Plan Premium" in text
    assert "OpenAI 60% · 3" in text
    assert "Demo 40% · 2" in text
    assert "Mistral" not in text


def test_graph_has_thirty_days_and_the_table_the_same(as_alice: Client, alice: User) -> None:
    now = timezone.now()
    make_turn(make_conversation(alice, now), now, "openai")

    html = page(as_alice)

    days = chart_of(html)
    assert len(days) == 30
    assert days[-1] == {"day": timezone.localdate(now).isoformat(), "questions": 1, "before": 0}
    assert sum(row["questions"] for row in days) == 1
    table = html[html.index('id="activity-table"') : html.index("</table>")]
    rows = re.findall(r'<th scope="row">.*?</th><td>(\d+)</td>', table)
    assert [int(count) for count in rows] == [row["questions"] for row in days]


def test_free_plan_is_named(as_bob: Client, bob: User) -> None:
    now = timezone.now()
    make_turn(make_conversation(bob, now), now, "demo")

    assert "Plan Free" in text_of(page(as_bob))


def test_provider_that_the_registry_forgot_keeps_its_slug(as_alice: Client, alice: User) -> None:
    now = timezone.now()
    make_turn(make_conversation(alice, now), now, "old-vendor")

    assert "old-vendor 100% · 1" in text_of(page(as_alice))


def test_tiny_share_is_not_shown_as_none(as_alice: Client, alice: User) -> None:
    now = timezone.now()
    conversation = make_conversation(alice, now)
    make_turn(conversation, now, *["openai"] * 250, "demo")

    assert "Demo under 1% · 1" in text_of(page(as_alice))


def test_thousands_are_set_apart(as_alice: Client, alice: User) -> None:
    now = timezone.now()
    make_turn(make_conversation(alice, now), now, *["openai"] * 1200)

    assert "1,200 answers" in text_of(page(as_alice))


def test_who_asked_nothing_is_led_to_the_chat(as_bob: Client) -> None:
    html = page(as_bob)

    assert "No question yet. Your figures appear here after the first one" in text_of(html)
    assert 'href="/chat/"' in html[html.index("<main") :]
    assert "usage-data" not in html


def test_titles_and_slugs_are_text_never_markup(as_alice: Client, alice: User) -> None:
    now = timezone.now()
    conversation = make_conversation(alice, now)
    conversation.title = "<script>alert(1)</script>"
    conversation.save()
    make_turn(conversation, now, "<img src=x>")

    html = page(as_alice)

    assert "<script>alert" not in html
    assert "<img" not in html


def test_nothing_inline_and_no_cache(as_alice: Client, alice: User) -> None:
    now = timezone.now()
    make_turn(make_conversation(alice, now), now, "openai")

    answer = as_alice.get(URL)

    html = answer.content.decode()
    assert not re.search(r"\sstyle=|\son[a-z]+=|<style", html)
    inline = [tag for tag in re.findall(r"<script[^>]*>", html) if "src=" not in tag]
    assert '<script id="usage-data" type="application/json">' in inline
    assert all('type="application/json"' in tag for tag in inline)
    assert "no-store" in answer["Cache-Control"]


def test_anonymous_is_sent_to_sign_in(client: Client, transactional_db: None) -> None:
    answer = client.get(URL)

    assert answer.status_code == 302
    assert answer["Location"] == "/accounts/login/?next=/dashboard/"


def test_page_is_only_read(as_alice: Client) -> None:
    assert as_alice.post(URL).status_code == 405


def test_queries_stay_the_same_with_more_rows(as_alice: Client, alice: User) -> None:
    now = timezone.now()
    make_turn(make_conversation(alice, now), now, "openai")
    page(as_alice)
    with CaptureQueriesContext(connection) as few:
        page(as_alice)
    for _ in range(5):
        make_turn(make_conversation(alice, now), now, "openai", "anthropic", "demo")
    page(as_alice)
    with CaptureQueriesContext(connection) as many:
        page(as_alice)

    assert len(many) == len(few)


def test_days_ai_and_folder_are_chosen(as_alice: Client, alice: User) -> None:
    now = timezone.now()
    make_turn(make_conversation(alice, now, folder="Work"), now, "openai", cost_usd=0.25)
    make_turn(make_conversation(alice, now), now - timedelta(days=8), "mistral", cost_usd=1.0)
    assert "Mistral" not in text_of(page(as_alice, days=7)).partition("All folders")[2]
    assert "$0.25" in text_of(page(as_alice, folder="Work"))
    assert "$1.00" in text_of(page(as_alice, ai="mistral"))
    early = timezone.localdate(now - timedelta(days=9)).isoformat()
    until = timezone.localdate(now - timedelta(days=7)).isoformat()
    assert [day["questions"] for day in chart_of(page(as_alice, first=early, last=until))] == [0, 1, 0]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"first": "soon"}, "Enter a valid date."),
        ({"first": "2026-03-02", "last": "2026-03-01"}, "The first day is after the last one."),
        ({"first": "2020-03-02"}, "That is more than a year."),
        ({"first": "0001-01-02", "last": "0001-01-20"}, "That is too long ago."),
        ({"last": "0001-01-20"}, "That is too long ago."),
        ({"days": "31"}, "is not one of the available choices"),
    ],
)
def test_what_is_no_span_is_said_and_the_usual_one_is_shown(
    as_alice: Client, alice: User, query: dict[str, str], said: str
) -> None:
    now = timezone.now()
    make_turn(make_conversation(alice, now), now, "openai")
    html = page(as_alice, **query)
    assert said in text_of(html)
    assert len(chart_of(html)) == 30


def test_days_without_a_question_say_so(as_alice: Client, alice: User) -> None:
    now = timezone.now()
    make_turn(make_conversation(alice, now), now - timedelta(days=8), "openai")
    assert "Nothing was asked in these days." in text_of(page(as_alice, days=7))


def test_a_budget_is_set_and_taken_away(as_alice: Client, alice: User) -> None:
    now = timezone.now()
    make_turn(make_conversation(alice, now), now, "openai")
    answer = as_alice.post("/dashboard/budget", {"budget_usd": "20"}, follow=True)
    assert "Your budget is saved." in text_of(answer.content.decode())
    assert "of your budget of $20.00" in text_of(page(as_alice))
    assert as_alice.get("/api/usage").json()["budget"]["limit_usd"] == 20
    as_alice.post("/dashboard/budget", {"budget_usd": ""})
    alice.refresh_from_db()
    assert alice.budget_usd is None


@pytest.mark.parametrize("budget", ["-1", "a lot", "1.234", "99999999"])
def test_what_is_no_budget_is_said_and_nothing_changes(as_alice: Client, alice: User, budget: str) -> None:
    now = timezone.now()
    make_turn(make_conversation(alice, now), now, "openai")
    answer = as_alice.post("/dashboard/budget", {"budget_usd": budget})
    assert answer.status_code == 400
    # From here the filters lead back to the page, which this address is not.
    assert 'action="/dashboard/" data-filters' in answer.content.decode()
    alice.refresh_from_db()
    assert alice.budget_usd is None


def test_the_csv_has_what_the_page_shows_and_no_formulas(as_alice: Client, alice: User, bob: User) -> None:
    now = timezone.now()
    Provider.objects.create(
        owner=alice,
        slug="mine",
        label="=HYPERLINK(1)",
        mark="M",
        protocol="openai",
        base_url="http://127.0.0.1",
    )
    make_turn(make_conversation(alice, now), now, "openai", "mine", cost_usd=0.25)
    make_turn(make_conversation(alice, now), now - timedelta(days=8), "openai")
    make_turn(make_conversation(bob, now), now, "openai")
    answer = as_alice.get("/dashboard/usage.csv", {"days": "7"})
    assert answer["Content-Disposition"].startswith("attachment")
    head, *lines = csv.reader(answer.content.decode("utf-8-sig").splitlines())
    assert head[:4] == ["day", "ai", "questions", "answers"]
    today = timezone.localdate(now).isoformat()
    assert [line[:4] for line in lines] == [[today, "'=HYPERLINK(1)", "0", "1"], [today, "OpenAI", "1", "1"]]
    assert [line[-1] for line in lines] == ["0.25", "0.25"]
