import pytest

from providers.adapters.demo import WORDS_PER_S, DemoAdapter, looks_french, quote, script_of
from providers.base import ChatMessage, ChatRequest, Endpoint, FinishReason, Usage
from providers.errors import CutOff, ModelNotFound
from providers.registry import find
from providers.tests.vendor import Heard, listen

NOWHERE = Endpoint("Demo", "", "", 60.0)


def request(model: str, *questions: str) -> ChatRequest:
    return ChatRequest(model, tuple(ChatMessage("user", question) for question in questions))


async def ask(model: str, *questions: str) -> Heard:
    return await listen(DemoAdapter(pace=0).stream(request(model, *questions), NOWHERE))


@pytest.mark.parametrize("model", ["quick", "slow", "code"])
@pytest.mark.parametrize(
    ("question", "label"), [("Why?", "not an AI"), ("Pourquoi le ciel est bleu ?", "pas une IA")]
)
async def test_every_answer_says_that_it_is_no_ai(model: str, question: str, label: str) -> None:
    answer = await ask(model, question)
    assert label in answer.text.split("\n\n")[0]
    assert f"> {question}" in answer.text
    assert answer.finished is not None
    assert (answer.finished.reason, answer.finished.usage) == (FinishReason.STOP, Usage())


async def test_equal_questions_get_equal_answers() -> None:
    assert await ask("quick", "Why?") == await ask("quick", "Why?")
    assert (await ask("quick", "Why?")).text != (await ask("quick", "How?")).text


async def test_it_answers_the_last_question_and_counts_those_it_was_told() -> None:
    answer = await ask("quick", "First?", "Second?")
    assert "> Second?" in answer.text
    assert "Question 2 of this conversation" in answer.text


@pytest.mark.parametrize("question", ["Why?", "Pourquoi ?"])
async def test_only_slow_shows_reasoning_and_only_code_a_program(question: str) -> None:
    answers = {model: await ask(model, question) for model in ("quick", "slow", "code")}
    assert [model for model in answers if answers[model].reasoning] == ["slow"]
    assert [model for model in answers if "```python" in answers[model].text] == ["code"]
    assert "| `demo:slow` |" in answers["quick"].text


async def test_broken_breaks_off_half_way_and_keeps_its_text() -> None:
    answer = await ask("broken", "Why?")
    script = script_of(request("broken", "Why?"))
    assert script is not None
    assert type(answer.error) is CutOff
    assert answer.finished is None
    assert script.text.startswith(answer.text)
    assert len(answer.text.split()) == len(script.text.split()) // 2


async def test_an_unknown_model_is_not_found() -> None:
    assert type((await ask("gpt", "Why?")).error) is ModelNotFound


@pytest.mark.parametrize("question", ["Why?", "Pourquoi ?"])
def test_slow_takes_about_half_a_minute(question: str) -> None:
    script = script_of(request("slow", question))
    assert script is not None
    words = len(script.text.split()) + len(script.reasoning.split())
    assert 20 <= words / WORDS_PER_S["slow"] <= 32


def test_the_registry_offers_the_models_that_there_are() -> None:
    demo = find("demo")
    assert demo is not None
    assert set(demo.models) == set(WORDS_PER_S)


@pytest.mark.parametrize(
    ("question", "french"),
    [
        ("Bonjour", True),
        ("Quelle est la capitale du Pérou ?", True),
        ("écris un poème", True),
        ("Combien font 2 et 2", True),
        ("Hello", False),
        ("What is the capital of Peru?", False),
        ("Explain déjà vu to me", False),
        ("What does “comment allez-vous” mean in English, and when do I use it?", False),
        ("1 + 1", False),
        ("", False),
    ],
)
def test_french_questions_are_told_from_others(question: str, french: bool) -> None:
    assert looks_french(question) is french


@pytest.mark.parametrize(
    ("question", "quoted"),
    [
        ("Why  is\nit so?", "Why is it so?"),
        ("a " * 13, "a a a a a a a a a a a a…"),
        ("x" * 200, "x" * 120 + "…"),
        ("", ""),
    ],
)
def test_the_question_is_quoted_on_one_short_line(question: str, quoted: str) -> None:
    assert quote(question) == quoted
