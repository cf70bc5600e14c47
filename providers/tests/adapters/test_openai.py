from typing import Any

import pytest

from providers.adapters.openai import OpenAIParser, build_body, read_usage
from providers.base import ChatMessage, ChatRequest, FinishReason, Quirk, Usage
from providers.errors import BadStream, CutOff, Overloaded, RateLimited, VendorFailed
from providers.tests.vendor import Heard, hear, sse

QUESTION = (ChatMessage("system", "Be brief."), ChatMessage("user", "Why?"))


def chunk(reason: str | None = None, /, **delta: Any) -> dict[str, Any]:
    return {"id": "c1", "choices": [{"index": 0, "delta": delta, "finish_reason": reason}]}


def heard(*values: object) -> Heard:
    return hear(OpenAIParser("Vendor"), [sse(*values)])


def test_the_body_leaves_out_what_was_not_set() -> None:
    assert build_body(ChatRequest("m", QUESTION), frozenset()) == {
        "model": "m",
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Why?"}],
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def test_the_body_follows_the_vendors_quirks() -> None:
    request = ChatRequest("m", QUESTION, temperature=1.7, max_tokens=9)
    plain = build_body(request, frozenset())
    assert (plain["temperature"], plain["max_tokens"]) == (1.7, 9)
    odd = build_body(request, frozenset(Quirk))
    assert (odd["temperature"], odd["max_completion_tokens"]) == (1.0, 9)
    assert not {"max_tokens", "stream_options"} & odd.keys()


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("stop", FinishReason.STOP),
        ("eos", FinishReason.STOP),
        ("length", FinishReason.LENGTH),
        ("model_length", FinishReason.LENGTH),
        ("tool_calls", FinishReason.TOOL_CALL),
        ("content_filter", FinishReason.CONTENT_FILTER),
        ("insufficient_system_resource", FinishReason.OTHER),
    ],
)
def test_the_reason_is_translated_and_the_vendors_word_kept(word: str, reason: FinishReason) -> None:
    finished = heard(chunk(content="Hi"), chunk(word)).finished
    assert finished is not None
    assert (finished.reason, finished.vendor_reason, finished.request_id) == (reason, word, "c1")


def test_a_reason_may_come_with_the_last_text() -> None:
    assert heard(chunk("stop", content="Hi")).text == "Hi"


def test_done_without_a_reason_is_complete() -> None:
    finished = heard(chunk(content="Hi"), "[DONE]").finished
    assert finished is not None
    assert (finished.reason, finished.vendor_reason) == (FinishReason.STOP, "")


def test_the_end_without_reason_or_done_is_a_cut() -> None:
    cut = heard(chunk(content="Hi"), chunk(""))
    assert (cut.text, type(cut.error)) == ("Hi", CutOff)


def test_done_alone_is_no_answer() -> None:
    assert type(heard("[DONE]").error) is BadStream


def test_what_follows_done_is_ignored() -> None:
    assert heard(chunk("stop", content="Hi"), "[DONE]", chunk(content="more"), "no json").text == "Hi"


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
def test_reasoning_is_apart_from_text(field: str) -> None:
    both = heard(chunk(**{field: "Hmm", "content": ""}), chunk("stop", content="So"))
    assert (both.reasoning, both.text) == ("Hmm", "So")


def test_reasoning_sent_twice_in_one_chunk_is_shown_once() -> None:
    twice = chunk(reasoning="Hmm", reasoning_details=[{"type": "reasoning.text", "text": "Hmm"}])
    assert heard(twice, chunk("stop")).reasoning == "Hmm"
    details = chunk(reasoning_details=[{"type": "reasoning.encrypted", "data": "x"}, {"summary": "So"}])
    assert heard(details, chunk("stop")).reasoning == "So"


def test_content_may_be_a_list_of_parts() -> None:
    thinking = [{"type": "thinking", "thinking": [{"type": "text", "text": "Hmm"}]}]
    parts = heard(chunk(content=thinking), chunk(content=[{"type": "text", "text": "So"}]), chunk("stop"))
    assert (parts.reasoning, parts.text) == ("Hmm", "So")


def test_a_leading_think_tag_is_reasoning() -> None:
    tags = heard(
        chunk(content="<thi"), chunk(content="nk>Hmm</th"), chunk(content="ink>\n\nSo"), chunk("stop")
    )
    assert (tags.reasoning, tags.text) == ("Hmm", "So")


def test_a_refusal_is_an_outcome_of_its_own() -> None:
    refused = heard(chunk(refusal="I can’t "), chunk(refusal="help.\ud83d"), chunk("stop"))
    assert refused.text == ""
    assert refused.finished is not None
    assert refused.finished.reason is FinishReason.REFUSAL
    assert refused.finished.refusal == "I can’t help.\ufffd"


def test_a_message_that_accumulates_beside_the_delta_is_not_shown_twice() -> None:
    first, last = chunk(content="Hi"), chunk("stop", content=" you")
    first["choices"][0]["message"] = {"content": "Hi"}
    last["choices"][0]["message"] = {"content": "Hi you"}
    assert heard(first, last).text == "Hi you"


def test_a_message_in_place_of_deltas_is_shown() -> None:
    whole = {"choices": [{"index": 0, "message": {"content": "Hi"}, "finish_reason": "stop"}]}
    assert heard(whole).text == "Hi"


def test_only_the_first_choice_is_read() -> None:
    other = {"choices": [{"index": 1, "delta": {"content": "No"}, "finish_reason": "length"}]}
    assert heard(chunk(content="Hi"), other, chunk("stop")).text == "Hi"


def test_usage_is_overwritten_not_added() -> None:
    def spent(number: int) -> dict[str, Any]:
        return {"prompt_tokens": 7, "completion_tokens": number}

    finished = heard(
        chunk(content="Hi") | {"usage": spent(1)},
        chunk("stop") | {"usage": spent(3)},
        {"choices": [], "usage": None},
    ).finished
    assert finished is not None
    assert finished.usage == Usage(7, 3)


def test_groqs_usage_is_found() -> None:
    finished = heard(
        chunk("stop") | {"x_groq": {"usage": {"prompt_tokens": 7, "completion_tokens": 3}}}
    ).finished
    assert finished is not None
    assert finished.usage == Usage(7, 3)


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        # xAI: the total tells that reasoning is not in completion_tokens.
        (
            {"prompt_tokens": 12, "completion_tokens": 1, "total_tokens": 303,
             "completion_tokens_details": {"reasoning_tokens": 290}},
            Usage(12, 291, None, 290),
        ),
        (
            {"prompt_tokens": 24, "completion_tokens": 1355, "total_tokens": 1379,
             "prompt_tokens_details": {"cached_tokens": 8},
             "completion_tokens_details": {"reasoning_tokens": 1084}},
            Usage(24, 1355, 8, 1084),
        ),
        ({"prompt_tokens": 5, "completion_tokens": 6, "prompt_cache_hit_tokens": 4}, Usage(5, 6, 4)),
        ({"prompt_tokens": 5.0, "completion_tokens": 6.0}, Usage(5, 6)),
        ({"prompt_tokens": "5", "completion_tokens": -6, "total_tokens": True}, Usage()),
        ({"prompt_tokens": None, "completion_tokens": 1e400}, Usage()),
    ],
)  # fmt: skip
def test_usage_is_counted_our_way(usage: dict[str, Any], expected: Usage) -> None:
    assert read_usage(usage) == expected


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ({"error": {"message": "x", "type": "server_error"}}, VendorFailed),
        ({"error": "x"}, VendorFailed),
        ({"object": "error", "message": "x", "code": 429}, RateLimited),
        ({"type": "error", "message": "x"}, VendorFailed),
        (chunk("error"), VendorFailed),
        (chunk("error") | {"error": {"code": 503}}, Overloaded),
    ],
)
def test_every_kind_of_error_in_the_stream_is_one_and_the_text_stays(value: object, kind: type) -> None:
    failed = heard(chunk(content="Hi"), chunk("stop"), value, "[DONE]")
    assert (failed.text, type(failed.error)) == ("Hi", kind)


def test_an_error_event_is_an_error_whatever_it_holds() -> None:
    body = sse(chunk(content="Hi")) + b"event: error\ndata: out of memory\n\n"
    assert type(hear(OpenAIParser("Vendor"), [body]).error) is VendorFailed


@pytest.mark.parametrize(
    "value",
    [
        {},
        [],
        7,
        None,
        {"choices": None},
        {"choices": {}},
        {"choices": [None, 3, "x"]},
        {"choices": [{"delta": None}]},
        {"choices": [{"delta": {"content": 5, "reasoning": [], "tool_calls": "x"}, "finish_reason": 4}]},
        {"choices": [{"index": "a", "delta": {"content": [1, {"text": 2, "thinking": 3}]}}], "usage": 9},
        {"id": 5, "usage": {"prompt_tokens_details": [], "completion_tokens_details": "x"}},
    ],
)
def test_a_value_of_the_wrong_shape_is_passed_over(value: object) -> None:
    odd = heard(chunk(content="Hi"), value, chunk("stop"))
    assert (odd.text, odd.error) == ("Hi", None)


def test_what_is_not_json_is_a_bad_stream() -> None:
    assert type(heard(chunk(content="Hi"), "{").error) is BadStream
    assert type(heard("[" * 100_000).error) is BadStream
