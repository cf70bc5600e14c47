"""The usage page."""

import json
import re
from datetime import timedelta
from html import unescape
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from dashboard.tests.rows import make_conversation, make_turn

URL = "/dashboard/"


def text_of(html: str) -> str:
    """What a person reads of the page's main part, spaces made one."""
    main = html[html.index("<main") : html.index("</main>")]
    without_data = re.sub(r"<script.*?</script>", "", main, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", without_data)).split())


def chart_of(html: str) -> list[dict[str, Any]]:
    found = re.search(r'<script id="activity-data" type="application/json">(.*?)</script>', html)
    assert found is not None
    return list(json.loads(found[1]))


def page(client: Client) -> str:
    answer = client.get(URL)
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
    assert "Questions 3 5 answers" in text
    assert "This week 1 new conversation in 7 days" in text
    assert "Plan Premium" in text
    assert "3 questions in the last 30 days" in text
    assert "OpenAI 60% · 3" in text
    assert "Demo 40% · 2" in text
    assert "Mistral" not in text


def test_graph_has_thirty_days_and_the_table_the_same(as_alice: Client, alice: User) -> None:
    now = timezone.now()
    make_turn(make_conversation(alice, now), now, "openai")

    html = page(as_alice)

    days = chart_of(html)
    assert len(days) == 30
    assert days[-1] == {"day": timezone.localdate(now).isoformat(), "questions": 1}
    assert sum(row["questions"] for row in days) == 1
    rows = re.findall(r'<th scope="row">.*?</th><td>(\d+)</td>', html)
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

    assert "No question yet. Your figures appear here after the first one." in text_of(html)
    assert 'href="/chat/"' in html[html.index("<main") :]
    assert "activity-data" not in html


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
    assert '<script id="activity-data" type="application/json">' in inline
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
    with CaptureQueriesContext(connection) as few:
        page(as_alice)
    for _ in range(5):
        make_turn(make_conversation(alice, now), now, "openai", "anthropic", "demo")
    with CaptureQueriesContext(connection) as many:
        page(as_alice)

    assert len(many) == len(few)
