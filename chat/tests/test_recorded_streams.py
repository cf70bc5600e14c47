"""The adapters over recorded answers of real vendors, fed whole, in small pieces, and cut off anywhere.

The recordings are not part of the repository: WEBOX_CASSETTES names their folder, by default
`shared/cassettes` beside the checkout.
"""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from chat.providers import failures, openai
from chat.providers.anthropic import AnthropicParser
from chat.providers.base import FinishReason, Usage
from chat.providers.errors import (
    BadKey,
    BadStream,
    Blocked,
    ContextTooLong,
    CutOff,
    ModelNotFound,
    NoCredit,
    Overloaded,
    ProviderError,
    RateLimited,
)
from chat.providers.gemini import GeminiParser
from chat.providers.reader import AnswerParser
from chat.tests.vendor import Heard, hear

FOLDER = Path(
    os.environ.get("WEBOX_CASSETTES") or Path(__file__).resolve().parents[3] / "shared" / "cassettes"
)
PARSERS: dict[str, Callable[[str], AnswerParser]] = {
    "openai-chat": openai.OpenAIParser,
    "anthropic": AnthropicParser,
    "gemini": GeminiParser,
}
CUTS = 20


@dataclass
class Case:
    folder: Path
    expected: dict[str, Any]
    status: int
    headers: dict[str, str]

    @property
    def body(self) -> bytes:
        return (self.folder / "response.body").read_bytes()

    @property
    def text(self) -> str:
        """What should be shown: a leading <think> split off; a refusal is the answer that there is."""
        inline = self.expected.get("inline_think")
        text: str = (inline["text"] if inline else self.expected["text"]) or ""
        return text + (self.expected.get("refusal") or "")

    @property
    def reasoning(self) -> str:
        inline = self.expected.get("inline_think")
        return (inline["reasoning"] if inline else self.expected["reasoning"]) or ""


def load(folder: Path) -> Case:
    answer = json.loads((folder / "response.headers.json").read_text("utf-8"))
    return Case(
        folder,
        json.loads((folder / "expected.json").read_text("utf-8")),
        answer["status"],
        {name.lower(): value for name, value in answer["headers"].items()},
    )


def of_a_complete_answer(case: Case) -> bool:
    return case.status == 200 and bool(case.expected["complete"])


def of_a_broken_answer(case: Case) -> bool:
    return case.status == 200 and not case.expected["complete"]


def of_a_refusal(case: Case) -> bool:
    return case.status != 200


def of_an_answer(case: Case) -> bool:
    return case.status == 200


def cases(kind: Callable[[Case], bool]) -> list[Any]:
    found = (load(path.parent) for path in sorted(FOLDER.glob("*/*/expected.json")))
    spoken = (case for case in found if case.expected["protocol"] in PARSERS)
    ours = [pytest.param(case, id=case.folder.name) for case in spoken if kind(case)]
    reason = f"no recorded answers in {FOLDER}; WEBOX_CASSETTES names their folder"
    return ours or [pytest.param(None, marks=pytest.mark.skip(reason=reason))]


def pieces(body: bytes, size: int) -> list[bytes]:
    return [body[at : at + size] for at in range(0, len(body), size)] if size else [body]


def read(case: Case, chunks: list[bytes]) -> Heard:
    parser = PARSERS[case.expected["protocol"]]("Vendor")
    return hear(parser, chunks, content_type=case.headers.get("content-type", ""))


def expected_usage(case: Case) -> Usage:
    """The vendor's own counts, put as WeBox counts: input with cache, output with reasoning."""
    usage = case.expected["usage"]
    if usage is None:
        return Usage()
    given, made, thought = usage["input"], usage["output"], usage.get("reasoning")
    cached = usage.get("cache_read")
    if case.expected["protocol"] == "anthropic":
        given += (cached or 0) + (usage.get("cache_write") or 0)
    elif usage.get("total") is not None:
        # Every vendor's total is everything, so what is neither input nor output belongs to one of them.
        used_by_tools = (case.expected.get("usage_raw") or {}).get("toolUsePromptTokenCount") or 0
        given += used_by_tools
        made = usage["total"] - given or None
    return Usage(given, made, cached, thought)


@pytest.mark.parametrize("case", cases(of_a_complete_answer))
@pytest.mark.parametrize("size", [0, 1, 3, 7])
def test_a_complete_answer_is_read_exactly(case: Case, size: int) -> None:
    seen = read(case, pieces(case.body, size))
    assert seen.error is None
    assert seen.finished is not None
    assert seen.text == case.text
    assert seen.reasoning == case.reasoning
    assert seen.finished.vendor_reason == (case.expected["finish_reason"] or "")
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
@pytest.mark.parametrize("size", [0, 1, 7])
def test_an_answer_that_is_not_complete_is_an_error(case: Case, size: int) -> None:
    seen = read(case, pieces(case.body, size))
    assert seen.finished is None
    assert seen.text == case.text
    error = case.expected.get("error") or {}
    if case.expected.get("block_reason"):
        assert isinstance(seen.error, Blocked)
    elif "overloaded" in str(error.get("type")):
        assert isinstance(seen.error, Overloaded)
    elif "type" in error or "code" in error or "sdk_exception" in error:
        assert seen.error is not None
        assert seen.error.code == "vendor_failed"
    elif error:
        assert isinstance(seen.error, BadStream)
    else:
        assert isinstance(seen.error, CutOff)


@pytest.mark.parametrize("case", cases(of_an_answer))
def test_a_cut_answer_is_never_taken_for_a_whole_one(case: Case) -> None:
    body = case.body
    whole = read(case, [body])
    # Older Gemini models finish with every chunk: there, a cut between two can't be seen in the bytes.
    finishes_once = body.count(b'"finishReason"') <= 1
    for number in range(CUTS):
        at = len(body) * number // CUTS
        seen = read(case, pieces(body[:at], 97))
        assert whole.text.startswith(seen.text)
        assert whole.reasoning.startswith(seen.reasoning)
        if seen.finished:
            # Cut between the reason and the end: nothing of the answer is missing.
            assert case.expected["complete"]
            assert (seen.text, seen.reasoning) == (whole.text, whole.reasoning) or not finishes_once
        else:
            assert seen.error is not None


def kind_of(case: Case) -> type[ProviderError] | None:
    """The class that a refused request's status and message promise; None where only "a refusal" is sure."""
    error = case.expected["error"]
    said = f"{error.get('type')} {error.get('code')} {error.get('message')}".lower()
    if "quota" in said or case.status == 402:
        return NoCredit
    if "context length" in said or "prompt too long" in said:
        return ContextTooLong
    by_status = {401: BadKey, 404: ModelNotFound, 429: RateLimited, 502: Overloaded, 503: Overloaded}
    return by_status.get(case.status) or (Overloaded if case.status == 529 else None)


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
