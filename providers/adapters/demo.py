"""The demo: streams a prepared text without key or network. It is no AI, and says so in every answer."""

import asyncio
import re
from collections.abc import AsyncGenerator
from dataclasses import dataclass

from providers.adapters.demo_texts import TEXTS
from providers.base import (
    ChatRequest,
    Endpoint,
    Finished,
    FinishReason,
    ListedModel,
    ReasoningDelta,
    StreamEvent,
    TextDelta,
    Usage,
)
from providers.errors import CutOff, ModelNotFound

QUOTED_WORDS = 12
QUOTED_CHARS = 120

WORDS_PER_S: dict[str, float] = {"quick": 40.0, "slow": 8.0, "code": 30.0, "broken": 40.0}

_WORD = re.compile(r"\S+\s*")
_LETTERS = re.compile(r"[^\W\d_]+")
_FRENCH_LETTERS = re.compile("[àâçèéêëîïôùûœ]")
_FRENCH_WORDS = frozenset(
    _LETTERS.findall(
        "bonjour salut merci le la les un une des du de et est sont que qui quoi quel quelle quels quelles "
        "comment pourquoi combien dans avec pour sur pas ne je tu il elle nous vous ils elles mon ma mes ton "
        "ta tes votre vos ce cette ces moi toi donne fais dis explique aide"
    )
)
_ENGLISH_WORDS = frozenset(
    _LETTERS.findall(
        "hello hi thanks the a an of and is are that which who what how why when where in with for on not do "
        "does i you he she it we they my your this these me give make tell explain help can could write"
    )
)


class DemoAdapter:
    """Answers with a prepared text that quotes the question's first words; equal questions, equal answers.

    `pace` scales the pauses between words: 1 is as documented, 0 does not pause.
    """

    def __init__(self, *, pace: float = 1.0) -> None:
        self._pace = pace

    async def stream(self, request: ChatRequest, endpoint: Endpoint) -> AsyncGenerator[StreamEvent, None]:
        script = script_of(request)
        if script is None:
            raise ModelNotFound(endpoint.vendor)
        pause_s = self._pace / WORDS_PER_S[request.model]
        for word in _WORD.findall(script.reasoning):
            await asyncio.sleep(pause_s)
            yield ReasoningDelta(word)
        words = _WORD.findall(script.text)
        for word in words[: len(words) // 2] if request.model == "broken" else words:
            await asyncio.sleep(pause_s)
            yield TextDelta(word)
        if request.model == "broken":
            raise CutOff(endpoint.vendor)
        # It counts no tokens, so it tells of none.
        yield Finished(FinishReason.STOP, "stop", Usage())

    async def models(self, endpoint: Endpoint) -> list[ListedModel]:
        return [ListedModel(name, sees_images=False) for name in WORDS_PER_S]


@dataclass(frozen=True, slots=True)
class Script:
    """What is going to be streamed."""

    reasoning: str
    text: str


def script_of(request: ChatRequest) -> Script | None:
    """The prepared text for a request; None for a model that the demo does not have."""
    if request.model not in WORDS_PER_S:
        return None
    questions = [message.content for message in request.messages if message.role == "user"]
    question = questions[-1] if questions else ""
    texts = TEXTS["fr" if looks_french(question) else "en"]
    intro = texts.intro % {"words": quote(question), "turn": len(questions)}
    reasoning = texts.reasoning if request.model == "slow" else ""
    return Script(reasoning, cut(f"{intro}\n\n{texts.bodies[request.model]}", request.stop))


def cut(text: str, stop: tuple[str, ...]) -> str:
    """The text up to the first of these sequences."""
    return text[: min((text.find(one) for one in stop if one in text), default=len(text))]


def quote(question: str) -> str:
    """The question's first words on one line, with three dots where there are more."""
    words = question.split()
    start = " ".join(words[:QUOTED_WORDS])[:QUOTED_CHARS]
    return start if start == " ".join(words) else f"{start}…"


def looks_french(question: str) -> bool:
    """Whether common words and accents speak for French rather than English; an even score is English."""
    text = question.casefold()
    words = _LETTERS.findall(text)
    french = sum(word in _FRENCH_WORDS for word in words) + bool(_FRENCH_LETTERS.search(text))
    return french > sum(word in _ENGLISH_WORDS for word in words)
