"""The adapters over recorded answers of real vendors, fed whole, in small pieces, and cut off anywhere."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from providers.adapters import openai
from providers.adapters.anthropic import AnthropicParser
from providers.adapters.cohere import CohereParser
from providers.adapters.gemini import GeminiParser
from providers.adapters.ollama import OllamaParser
from providers.adapters.openai_responses import ResponsesParser
from providers.base import FinishReason
from providers.errors import (
    BadStream,
    Blocked,
    CutOff,
    NoCredit,
    Overloaded,
)
from providers.tests.recorded import MISSING, Case, all_cases, expected_usage, kind_of
from providers.tests.vendor import Heard, hear
from providers.wire import failures
from providers.wire.reader import AnswerParser

PARSERS: dict[str, Callable[[str], AnswerParser]] = {
    "openai-chat": openai.OpenAIParser,
    "openai-responses": ResponsesParser,
    "anthropic": AnthropicParser,
    "gemini": GeminiParser,
    "cohere-v2": CohereParser,
    "ollama": OllamaParser,
}
CUTS = 100
EVENT_END = re.compile(rb"(\r\n|\n|\r)(\r\n|\n|\r)|(?<=\})\n")


def of_a_complete_answer(case: Case) -> bool:
    return case.status == 200 and bool(case.expected["complete"])


def of_a_broken_answer(case: Case) -> bool:
    return case.status == 200 and not case.expected["complete"]


def of_a_refusal(case: Case) -> bool:
    return case.status != 200


def of_an_answer(case: Case) -> bool:
    return case.status == 200


def cases(kind: Callable[[Case], bool]) -> list[Any]:
    ours = [pytest.param(case, id=case.folder.name) for case in all_cases() if kind(case)]
    return ours or [pytest.param(None, marks=pytest.mark.skip(reason=MISSING))]


def pieces(body: bytes, size: int) -> list[bytes]:
    return [body[at : at + size] for at in range(0, len(body), size)] if size else [body]


def read(case: Case, chunks: list[bytes]) -> Heard:
    parser = PARSERS[case.expected["protocol"]]("Vendor")
    return hear(parser, chunks, content_type=case.headers.get("content-type", ""))


@pytest.mark.parametrize("case", cases(of_a_complete_answer))
@pytest.mark.parametrize("size", [0, 1, 3, 7])
def test_a_complete_answer_is_read_exactly(case: Case, size: int) -> None:
    seen = read(case, pieces(case.body, size))
    assert seen.error is None
    assert seen.finished is not None
    assert seen.text == case.text
    assert seen.reasoning == case.reasoning
    assert seen.finished.vendor_reason == (case.expected["finish_reason"] or "")
    assert seen.finished.refusal == (case.expected.get("refusal") or "")
    assert seen.finished.reason is not FinishReason.OTHER
    if case.expected.get("tool_calls") and not seen.text:
        assert seen.finished.reason in (FinishReason.TOOL_CALL, FinishReason.STOP)
    wanted, usage = expected_usage(case), seen.finished.usage
    assert (usage.input_tokens, usage.output_tokens) == (wanted.input_tokens, wanted.output_tokens)
    if wanted.cached_tokens is not None:
        assert usage.cached_tokens == wanted.cached_tokens
    if wanted.reasoning_tokens is not None:
        assert usage.reasoning_tokens == wanted.reasoning_tokens


@pytest.mark.parametrize("case", cases(of_a_broken_answer))
@pytest.mark.parametrize("size", [0, 1, 3, 7])
def test_an_answer_that_is_not_complete_is_an_error(case: Case, size: int) -> None:
    seen = read(case, pieces(case.body, size))
    assert seen.finished is None
    assert seen.text == case.text
    error = case.expected.get("error") or {}
    if case.expected.get("block_reason"):
        assert isinstance(seen.error, Blocked)
    elif "overloaded" in str(error.get("type")):
        assert isinstance(seen.error, Overloaded)
    elif "quota" in str(error.get("message")):
        assert isinstance(seen.error, NoCredit)
    elif "type" in error or "code" in error or "sdk_exception" in error:
        assert seen.error is not None
        assert seen.error.code == "vendor_failed"
    elif error:
        assert isinstance(seen.error, BadStream)
    else:
        assert isinstance(seen.error, CutOff)


def cuts(body: bytes) -> list[int]:
    """At most 100 places: half of them the ends of events, half spread evenly."""
    borders = [match.end() for match in EVENT_END.finditer(body)]
    step = max(1, len(borders) // (CUTS // 2))
    chosen = borders[::step][: CUTS // 2]
    even = CUTS - len(chosen)
    return sorted({*chosen, *(len(body) * number // even for number in range(even))} - {len(body)})


def says_more_than_once(case: Case, body: bytes) -> bool:
    """Whether the bytes end the answer several times over, so that a cut between two ends can't be seen.

    Older Gemini models finish with every chunk; one recording holds several responses in a row.
    """
    return body.count(b'"finishReason"') > 1 or body.count(b"event: response.completed") > 1


@pytest.mark.parametrize("case", cases(of_an_answer))
def test_a_cut_answer_is_never_taken_for_a_whole_one(case: Case) -> None:
    body = case.body
    whole = read(case, [body])
    for at in cuts(body):
        seen = read(case, pieces(body[:at], 97))
        assert whole.text.startswith(seen.text)
        assert whole.reasoning.startswith(seen.reasoning)
        if seen.finished:
            # Cut between the reason and the end: nothing of the answer is missing.
            assert case.expected["complete"]
            same = (seen.text, seen.reasoning) == (whole.text, whole.reasoning)
            assert same or says_more_than_once(case, body)
        else:
            assert seen.error is not None


@pytest.mark.parametrize("case", cases(of_a_refusal))
def test_a_refused_request_is_named(case: Case) -> None:
    report = failures.read_report(case.body)
    error = failures.before_stream("Vendor", case.status, case.headers, report)
    kind = kind_of(case)
    assert type(error) is kind if kind else error.code == "bad_request"
    said = case.expected["error"]
    if delay := said.get("retry_delay"):
        assert error.retry_after_s == float(delay.removesuffix("s"))
    if milliseconds := said.get("retry_after_ms"):
        assert error.retry_after_s == float(milliseconds) / 1000
    assert failures.may_retry(case.status, case.headers, error) == (
        case.headers.get("x-should-retry", str(error.retryable).lower()) == "true"
    )
