"""Sequences at which an answer ends, in each protocol's own words."""

from collections.abc import Callable
from typing import Any

import pytest

from providers.adapters import anthropic, cohere, gemini, ollama, openai, openai_responses, replicate
from providers.base import WITHOUT_STOP, ChatMessage, ChatRequest

ASKED = ChatRequest("m", (ChatMessage("user", "Hello"),), stop=("END", "\n\n"))
STOP = ["END", "\n\n"]


@pytest.mark.parametrize(
    ("build", "stop"),
    [
        (lambda request: openai.build_body(request, frozenset()), {"stop": STOP}),
        (anthropic.build_body, {"stop_sequences": STOP}),
        (gemini.build_body, {"generationConfig": {"stopSequences": STOP}}),
        (cohere.build_body, {"stop_sequences": STOP}),
        (ollama.build_body, {"options": {"stop": STOP}}),
    ],
)
def test_a_protocol_is_asked_to_stop_in_its_own_words(
    build: Callable[[ChatRequest], dict[str, Any]], stop: dict[str, Any]
) -> None:
    assert build(ASKED).items() >= stop.items()
    assert not str(build(ChatRequest("m", ASKED.messages))).count("END")


def test_protocols_without_a_word_for_it_are_known() -> None:
    assert {"openai-responses", "replicate"} == WITHOUT_STOP
    assert "END" not in str(openai_responses.build_body(ASKED))
    assert "END" not in str(replicate.build_input(ASKED))
