"""Ollama's own chat: what is asked, and what its lines make of an answer."""

import json
from typing import Any

import pytest

from providers.adapters.ollama import OllamaAdapter, OllamaParser, build_body
from providers.base import ChatMessage, ChatRequest, FinishReason, Image, Usage
from providers.errors import BadStream, CutOff, Overloaded, ProviderError, VendorFailed
from providers.tests.vendor import Heard, Reply, VendorServer, hear, listen
from providers.wire.http import ProviderClient

NDJSON = "application/x-ndjson"
QUESTION = (ChatMessage("system", "Be brief."), ChatMessage("user", "Why?"))


def line(content: str = "", **more: Any) -> dict[str, Any]:
    return {"model": "m", "message": {"role": "assistant", "content": content} | more, "done": False}


def last(reason: str | None = "stop", /, **more: Any) -> dict[str, Any]:
    end = {"message": {"role": "assistant", "content": ""}, "done": True}
    return end | ({} if reason is None else {"done_reason": reason}) | more


def lines(*values: object) -> bytes:
    texts = (value if isinstance(value, str) else json.dumps(value) for value in values)
    return "".join(f"{text}\n" for text in texts).encode()


def heard(*values: object) -> Heard:
    return hear(OllamaParser("Vendor"), [lines(*values)], content_type=NDJSON)


def test_the_body_leaves_out_what_was_not_set() -> None:
    # No `think` either: a model that can't think refuses it, and one that can does so unasked.
    assert build_body(ChatRequest("m", QUESTION, show_reasoning=True)) == {
        "model": "m",
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Why?"}],
        "stream": True,
    }


def test_temperature_and_limit_are_options() -> None:
    body = build_body(ChatRequest("m", QUESTION, temperature=0.0, max_tokens=9))
    assert body["options"] == {"temperature": 0.0, "num_predict": 9}
    assert not {"temperature", "max_tokens"} & body.keys()


def test_images_go_along_as_bare_base64() -> None:
    message = ChatMessage("user", "What?", (Image("image/png", b"\x89PNG"), Image("image/jpeg", b"\xff\xd8")))
    assert build_body(ChatRequest("m", (message,)))["messages"] == [
        {"role": "user", "content": "What?", "images": ["iVBORw==", "/9g="]}
    ]


async def test_the_request_is_as_documented_whatever_the_address_ends_in() -> None:
    client = ProviderClient(backoff_s=0.001)
    reply = Reply((lines(line("So"), last()),), headers={"Content-Type": NDJSON})
    async with VendorServer(reply) as vendor:
        for path in ("", "/v1", "/api"):
            endpoint = vendor.endpoint(path=path, key="" if path else "key-1")
            assert (await listen(OllamaAdapter(client).stream(ChatRequest("m", QUESTION), endpoint))).text
        await client.aclose()
    assert {(request.method, request.path) for request in vendor.requests} == {("POST", "/api/chat")}
    assert vendor.requests[0].body == build_body(ChatRequest("m", QUESTION))
    keys = [request.headers.get("authorization") for request in vendor.requests]
    assert keys == ["Bearer key-1", None, None]


async def test_a_model_that_was_not_pulled_is_not_found() -> None:
    client = ProviderClient(backoff_s=0.001)
    body = b'{"error":"model \\"m\\" not found, try pulling it first"}'
    async with VendorServer(Reply((body,), 404, {"Content-Type": "application/json"})) as vendor:
        stream = OllamaAdapter(client).stream(ChatRequest("m", QUESTION), vendor.endpoint(path=""))
        error = (await listen(stream)).error
        await client.aclose()
    assert error is not None
    assert error.code == "model_not_found"
    assert len(vendor.requests) == 1


def test_thoughts_are_apart_from_text() -> None:
    answer = heard(line(thinking="Hm"), line(thinking="m"), line("So"), line(" be it"), last())
    assert (answer.reasoning, answer.text) == ("Hmm", "So be it")


def test_a_leading_think_tag_of_an_older_server_is_reasoning() -> None:
    tags = heard(line("<thi"), line("nk>Hmm</th"), line("ink>\n\nSo"), last())
    assert (tags.reasoning, tags.text) == ("Hmm", "So")


def test_the_last_line_may_hold_text_and_lack_its_line_end() -> None:
    body = lines(line("So")) + json.dumps(last(message={"content": " be it"})).encode()
    answer = hear(OllamaParser("Vendor"), [body], content_type=NDJSON)
    assert (answer.text, answer.error) == ("So be it", None)


@pytest.mark.parametrize("content_type", [NDJSON, "application/json", "text/plain", "", "application/jsonl"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\n\n \r\n"])
def test_lines_are_lines_under_every_type_and_blank_ones_are_none(content_type: str, end: bytes) -> None:
    body = lines(line("So"), line("\r\n"), last()).replace(b"\n", end)
    assert hear(OllamaParser("Vendor"), [body], content_type=content_type).text == "So\r\n"


def test_a_page_of_html_is_a_bad_stream() -> None:
    page = hear(OllamaParser("Vendor"), [b"<html>"], content_type="text/html")
    assert type(page.error) is BadStream


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("stop", FinishReason.STOP),
        ("length", FinishReason.LENGTH),
        ("load", FinishReason.OTHER),
        ("unload", FinishReason.OTHER),
    ],
)
def test_the_reason_is_translated_and_the_vendors_word_kept(word: str, reason: FinishReason) -> None:
    finished = heard(line("So"), last(word)).finished
    assert finished is not None
    assert (finished.reason, finished.vendor_reason) == (reason, word)


def test_an_older_server_ends_without_a_reason() -> None:
    finished = heard(line("So"), last(None)).finished
    assert finished is not None
    assert (finished.reason, finished.vendor_reason) == (FinishReason.STOP, "")


def test_a_tool_call_is_named_though_the_vendor_says_stop() -> None:
    called = heard(line(tool_calls=[{"function": {"name": "f", "arguments": {}}}]), last()).finished
    assert called is not None
    assert called.reason is FinishReason.TOOL_CALL


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ({"prompt_eval_count": 7, "eval_count": 3, "total_duration": 5_000_000_000}, Usage(7, 3)),
        ({"eval_count": 3}, Usage(None, 3)),
        ({"prompt_eval_count": None, "eval_count": "3"}, Usage()),
    ],
)
def test_usage_is_of_the_last_line(counts: dict[str, Any], expected: Usage) -> None:
    finished = heard(line("So") | {"eval_count": 99}, last(**counts)).finished
    assert finished is not None
    assert finished.usage == expected


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ({"error": "an error was encountered while running the model"}, VendorFailed),
        ({"error": {"code": 503, "message": "busy"}}, Overloaded),
        (last() | {"error": "too late"}, VendorFailed),
    ],
)
def test_an_error_line_is_an_error_and_the_text_stays(value: object, kind: type[ProviderError]) -> None:
    failed = heard(line("So"), value)
    assert (failed.text, type(failed.error)) == ("So", kind)


def test_an_error_without_a_line_end_is_one_too() -> None:
    body = lines(line("So")) + b'{"error":"out of memory"}'
    assert type(hear(OllamaParser("Vendor"), [body], content_type=NDJSON).error) is VendorFailed


def test_the_end_without_done_is_a_cut() -> None:
    cut = heard(line("So"))
    assert (cut.text, type(cut.error)) == ("So", CutOff)
    half = lines(line("So")) + lines(last())[:40]
    assert type(hear(OllamaParser("Vendor"), [half], content_type=NDJSON).error) is CutOff
    assert type(heard(line("So"), line() | {"done": "true"}).error) is CutOff


def test_lines_that_are_no_answer_are_a_bad_stream() -> None:
    assert type(heard({"models": []}).error) is BadStream
    assert type(heard({"status": "ok"}, []).error) is BadStream
    assert type(hear(OllamaParser("Vendor"), [b"\n\n"], content_type="application/json").error) is BadStream


def test_what_follows_the_end_is_ignored() -> None:
    assert heard(line("So"), last(), line("more"), "no json").text == "So"


@pytest.mark.parametrize(
    "value",
    [
        7,
        [],
        None,
        "\t",
        {"message": "x"},
        {"message": {"content": 5, "thinking": [], "tool_calls": None}, "done": 1},
        {"done": "yes", "done_reason": 5},
    ],
)
def test_a_value_of_the_wrong_shape_is_passed_over(value: object) -> None:
    odd = heard(line("So"), value, last())
    assert (odd.text, odd.error) == ("So", None)
    assert odd.finished is not None
    assert odd.finished.reason is FinishReason.STOP


def test_what_is_not_json_is_a_bad_stream() -> None:
    assert type(heard(line("So"), "{").error) is BadStream
    assert type(heard("[" * 100_000).error) is BadStream
