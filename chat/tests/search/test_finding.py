"""Search: which words find which places, whatever the database does with them, and what is never found."""

import logging
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from chat import limits
from chat.actions import asking, retrying
from chat.ais.targets import resolve
from chat.folding import words_of
from chat.models import Answer, Conversation, Message, SearchText
from chat.search import finding
from chat.search.indexing import index_some
from chat.store import erasing
from chat.store.saving import Question
from chat.tests.api.conversations.test_views import LIST, make, make_turn
from gateway.tests.test_gateway import as_tool, complete
from tests.api.problems import fields_of

__all__ = ["as_tool"]  # a fixture
SEARCH = "/api/chat/search"
WAYS = ["fts5", "neither"] if connection.vendor == "sqlite" else [connection.vendor]


@pytest.fixture(params=WAYS)
def way(request: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each way in which this database can look words up."""
    if request.param == "neither":
        monkeypatch.setattr(finding, "_has_fts5", lambda: False)


def hits(client: Client, words: str, **query: int) -> list[dict[str, Any]]:
    """What is found once search knows all that there is."""
    index_some(60)
    asked: dict[str, Any] = {"words": words, **query}
    got = client.get(SEARCH, asked)
    assert got.status_code == 200, got.content
    return list(got.json())


def marked(hit: dict[str, Any]) -> str:
    """A snippet as one text, its hits in brackets."""
    return "".join(f"[{part['text']}]" if part["is_hit"] else part["text"] for part in hit["snippet"])


def snippets(client: Client, words: str) -> list[str]:
    return [marked(hit) for hit in hits(client, words)]


@pytest.mark.parametrize(
    ("words", "is_found"),
    [
        ("événements", True),
        ("EVENEMENTS", True),
        ("evenement", True),
        ("e\u0301ve\u0301n", True),
        ("paris les", True),
        # Only the last word may be a beginning.
        ("evenement paris", False),
        ("paris evenement", True),
        ("vénements", False),
        ("paris londres", False),
        ("l'opera", True),
        ("oeuvre", True),
        ("ŒUVRE", True),
        ("curriculum vitae", True),
        ("strasse", True),
        ("東京", True),
        ("3.14", True),
        ("C++", True),
        # What means something to a database means nothing here.
        ("paris* OR", False),
        ('"paris" NOT opera', False),
        ("paris & !opera", True),
        ("paris:*", True),
        ("words:paris", False),
        ("%", None),
        ("'", None),
        ("_", None),
    ],
)
def test_words_are_found_whatever_their_case_and_accents(
    way: None, as_alice: Client, alice: User, words: str, is_found: bool | None
) -> None:
    text = "Les Événements à l’Opéra de Paris : l’œuvre, curriculum vitæ, Straße, 東京都 ; π = 3,14 en C++"
    make_turn(make(alice, ""), "?", openai=text)
    if is_found is None:
        index_some(60)
        refused = as_alice.get(SEARCH, {"words": words})
        assert (refused.status_code, refused.json()["code"]) == (400, "nothing_to_search")
    else:
        assert [hit["found_in"] for hit in hits(as_alice, words)] == ["answer"] * is_found


def test_each_place_is_a_hit_and_those_of_a_conversation_stand_together(
    way: None, as_alice: Client, alice: User
) -> None:
    old = make(alice, "The treasure", minutes_ago=60, folder="Maps", is_archived=True)
    turn = make_turn(old, "Where is the treasure?", openai="The treasure is here.", mistral="Nobody knows.")
    new = make(alice, "Something else", minutes_ago=5)
    make_turn(new, "Hello", openai="No treasure", mistral="A treasure")
    found = hits(as_alice, "treasure")
    assert [(one["title"], one["found_in"], marked(one)) for one in found] == [
        ("The treasure", "title", "The [treasure]"),
        ("The treasure", "question", "Where is the [treasure]?"),
        ("The treasure", "answer", "The [treasure] is here."),
        ("Something else", "answer", "No [treasure]"),
        ("Something else", "answer", "A [treasure]"),
    ]
    title, question, answer = found[:3]
    assert (title["message_id"], title["answer_id"]) == (None, None)
    assert (question["message_id"], question["answer_id"]) == (turn.parent_id, None)
    assert (answer["message_id"], answer["answer_id"]) == (turn.pk, turn.answers.get(position=0).pk)
    assert (answer["label"], question["label"]) == ("openai", "")
    assert (answer["folder"], answer["is_archived"], found[3]["is_archived"]) == ("Maps", True, False)
    assert answer["updated_at"] == as_alice.get(f"{LIST}/{old.pk}").json()["updated_at"]


def test_an_outsider_finds_nothing(way: None, as_alice: Client, as_bob: Client, alice: User) -> None:
    make_turn(make(alice, "A secret"), "The secret?", openai="It is secret.")
    assert len(hits(as_alice, "secret")) == 3
    assert hits(as_bob, "secret") == []
    assert hits(as_bob, f"{alice.pk}:secret") == []


@pytest.mark.parametrize("words", ["", "  ", "\0", "x" * 201, None])
def test_bad_words_are_refused_by_name(as_alice: Client, words: str | None) -> None:
    got = as_alice.get(SEARCH, {} if words is None else {"words": words})
    assert got.status_code == 400
    assert fields_of(got.json()) == ["words"]


def test_pages_are_linked(way: None, as_alice: Client, alice: User) -> None:
    for number in range(3):
        make(alice, f"Same {number}", minutes_ago=number)
    index_some(60)
    first = as_alice.get(SEARCH, {"words": "same", "limit": "2"})
    assert [one["title"] for one in first.json()] == ["Same 0", "Same 1"]
    assert (first["X-Total-Count"], 'rel="next"' in first["Link"]) == ("3", True)
    assert [one["title"] for one in hits(as_alice, "same", limit=2, offset=2)] == ["Same 2"]
    assert as_alice.get(SEARCH, {"words": "same", "limit": "101"}).status_code == 400


def test_a_long_conversation_does_not_hide_the_others(way: None, as_alice: Client, alice: User) -> None:
    long = make(alice, "long")
    for _ in range(limits.HITS_OF_A_CONVERSATION):
        make_turn(long, "word", openai="word")
    make_turn(make(alice, "short", minutes_ago=5), "word")
    titles = [one["title"] for one in hits(as_alice, "word")]
    assert titles == ["long"] * limits.HITS_OF_A_CONVERSATION + ["short"]


def test_every_version_of_an_answer_is_found(as_alice: Client, alice: User) -> None:
    turn = make_turn(make(alice), "?", openai="first version")
    assert len(hits(as_alice, "version")) == 1
    first = turn.answers.get()
    again = retrying.retry(alice, turn.conversation_id, [first.pk])
    for asked in again:
        assert asked.running is not None
        asked.running.result(30)
    Answer.objects.exclude(pk=first.pk).update(text="second version", status="done")
    Conversation.objects.update(is_indexed=False)
    assert snippets(as_alice, "version") == ["first [version]", "second [version]"]


def test_a_question_and_its_answers_are_found_once_they_are_whole(as_alice: Client, alice: User) -> None:
    question = Question(message="Une œuvre ?", targets=resolve(alice, ["demo:quick"]))
    asked = asking.ask(alice, None, question)
    assert asked.running is not None
    asked.running.result(60)
    found = hits(as_alice, "oeuvre")
    assert [one["found_in"] for one in found][:2] == ["title", "question"]
    text = Answer.objects.get().text
    assert [one["found_in"] for one in hits(as_alice, words_of(text)[-1])][-1] == "answer"


@pytest.mark.parametrize("status", ["queued", "streaming"])
def test_what_is_being_written_is_taken_in_when_it_has_ended(
    as_alice: Client, alice: User, status: str
) -> None:
    make_turn(make(alice), "?", openai="half a sentence")
    Answer.objects.update(status=status)
    assert hits(as_alice, "half") == []
    # However it ends: here as the reaper does it, by the row alone.
    Answer.objects.update(status="interrupted")
    assert snippets(as_alice, "half") == ["[half] a sentence"]


def test_the_last_words_of_a_stopped_answer_are_waited_for(as_alice: Client, alice: User) -> None:
    make_turn(make(alice), "?", openai="half a sentence")
    Answer.objects.update(status="stopped", finished_at=timezone.now())
    assert hits(as_alice, "half") == []
    Answer.objects.update(finished_at=timezone.now() - timedelta(minutes=1), text="half a sentence, and more")
    assert snippets(as_alice, "more") == ["half a sentence, and [more]"]


def test_a_title_is_found_by_its_new_words_alone(way: None, as_alice: Client, alice: User) -> None:
    path = f"{LIST}/{make(alice, 'Before').pk}"
    assert len(hits(as_alice, "before")) == 1
    as_alice.patch(path, {"title": "Après"}, content_type="application/json")
    assert (hits(as_alice, "before"), snippets(as_alice, "apres")) == ([], ["[Après]"])
    as_alice.patch(path, {"title": ""}, content_type="application/json")
    assert hits(as_alice, "apres") == []


def test_what_is_deleted_is_not_found_until_it_is_back(way: None, as_alice: Client, alice: User) -> None:
    conversation = make(alice, "gone")
    make_turn(conversation, "gone", openai="gone")
    assert len(hits(as_alice, "gone")) == 3
    path = f"{LIST}/{conversation.pk}"
    as_alice.delete(path)
    assert hits(as_alice, "gone") == []
    as_alice.post(f"{path}/undo")
    assert len(hits(as_alice, "gone")) == 3
    as_alice.delete(path)
    Conversation.objects.update(deleted_at=timezone.now() - timedelta(hours=2))
    erasing.purge_deleted()
    assert not SearchText.objects.exists()
    # Nor does the index keep a word.
    make(alice, "other")
    assert (hits(as_alice, "gone"), len(hits(as_alice, "other"))) == ([], 1)


@pytest.mark.parametrize("store", [False, True])
def test_what_a_program_does_not_keep_never_comes_into_the_index(
    as_alice: Client, as_tool: Client, store: bool
) -> None:
    told = [{"role": "assistant", "content": "my secret"}, {"role": "user", "content": "the new secret"}]
    messages = [{"role": "user", "content": "an old secret"}, *told]
    assert complete(as_tool, model="demo/quick", messages=messages, store=store).status_code == 200
    found = [(one["found_in"], marked(one)) for one in hits(as_alice, "secret")]
    if not store:
        assert not SearchText.objects.exists()
        return
    assert found[:4] == [
        ("title", "an old [secret]"),
        ("question", "an old [secret]"),
        ("answer", "my [secret]"),
        ("question", "the new [secret]"),
    ]


def test_what_a_program_told_and_keeps_is_found(as_alice: Client, alice: User) -> None:
    conversation = make(alice, "")
    for role in ("system", "user", "assistant"):
        Message.objects.create(conversation=conversation, role=role, content=f"said by {role}")
    found = [(one["found_in"], one["label"], marked(one)) for one in hits(as_alice, "said")]
    assert found == [("question", "", "[said] by user"), ("answer", "", "[said] by assistant")]


def test_what_is_asked_meanwhile_is_taken_in_later(as_alice: Client, alice: User) -> None:
    conversation = make(alice)
    make_turn(conversation, "one")
    assert (index_some(60), index_some(60)) == (1, 0)
    turn = make_turn(conversation, "two", openai="three")
    Answer.objects.update(status="queued")
    conversation.save(update_fields=["title"])
    assert index_some(60) == 0
    turn.answers.update(status="done")
    assert (index_some(60), len(hits(as_alice, "three"))) == (1, 1)


def test_many_texts_are_taken_in_in_steps(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chat.search.indexing.TEXTS_AT_ONCE", 3)
    conversation = make(alice, "title")
    for _ in range(4):
        make_turn(conversation, "question", openai="answer", mistral="answer")
    assert index_some(0) == 0
    assert SearchText.objects.count() == 3
    assert index_some(60) == 1
    assert SearchText.objects.count() == 13


def test_more_words_than_an_index_bears_are_no_failure(way: None, as_alice: Client, alice: User) -> None:
    text = " ".join(f"mot{number:x}é" for number in range(100_000)) + " " + "é" * 100_000
    make_turn(make(alice), "?", openai=text)
    assert len(hits(as_alice, "mot1e")) == 1
    assert len(hits(as_alice, "x" * 200)) == 0


def test_a_search_takes_the_same_queries_however_much_there_is(
    as_alice: Client, alice: User, django_assert_max_num_queries: Any
) -> None:
    for number in range(15):
        make_turn(make(alice, "word", minutes_ago=number), "word", openai="word", mistral="word")
    index_some(60)
    with django_assert_max_num_queries(8):
        assert len(as_alice.get(SEARCH, {"words": "word", "limit": "50"}).json()) == 50


def test_words_are_in_no_log(as_alice: Client, alice: User, caplog: pytest.LogCaptureFixture) -> None:
    make_turn(make(alice), "?", openai="the treasure")
    with caplog.at_level(logging.DEBUG):
        assert len(hits(as_alice, "treasure")) == 1
        as_alice.get(SEARCH, {"words": "treasure", "limit": "treasure"})
    assert "treasure" not in caplog.text


def test_a_search_begins_with_the_index(as_alice: Client) -> None:
    """SQLite says how it reads; from any other place on, it would grow with everything that there is."""
    with CaptureQueriesContext(connection) as queries:
        as_alice.get(SEARCH, {"words": "the treasure"})
    search_sql = next(one["sql"] for one in queries if "MATCH" in one["sql"])
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {search_sql}")
        steps = [row[3] for row in cursor.fetchall()]
    assert steps[0].startswith("SCAN chat_searchindex VIRTUAL TABLE")
    reads = [step for step in steps[1:] if step.startswith(("SCAN", "SEARCH"))]
    assert all("USING INTEGER PRIMARY KEY" in step for step in reads), steps
