import pytest

from providers.adapters.openai import OpenAIParser
from providers.errors import BadStream, CutOff, VendorFailed
from providers.tests.vendor import hear, sse
from providers.wire.sse import EVENT_BYTES, LINE_BYTES

HI = {"choices": [{"delta": {"content": "Hi"}, "finish_reason": "stop"}]}


def test_an_answer_that_came_whole_is_read() -> None:
    body = b'{"choices": [{"message": {"content": "Hi"}, "finish_reason": "stop"}]}'
    assert hear(OpenAIParser("Vendor"), [body], content_type="application/json").text == "Hi"


@pytest.mark.parametrize(
    ("content_type", "body", "kind"),
    [
        ("text/html", b"<html>", BadStream),
        ("application/json", b"{}", BadStream),
        ("application/json", b"not json", BadStream),
        ("application/json; charset=utf-8", b'{"error": {"code": 500}}', VendorFailed),
        ("text/event-stream", b"", BadStream),
        ("text/event-stream", b": keep-alive\n\n", CutOff),
        ("text/plain", b"hello", BadStream),
        ("", b"", BadStream),
    ],
)
def test_a_200_that_is_no_answer_is_an_error(content_type: str, body: bytes, kind: type) -> None:
    failed = hear(OpenAIParser("Vendor"), [body], content_type=content_type)
    assert type(failed.error) is kind
    assert failed.text == ""


def test_a_stream_under_a_wrong_type_is_read() -> None:
    body = sse(HI, "[DONE]")
    assert hear(OpenAIParser("Vendor"), [body], content_type="application/octet-stream").text == "Hi"


def test_a_line_or_a_document_without_bound_is_a_bad_stream() -> None:
    line = hear(OpenAIParser("Vendor"), [sse(HI), b"data: " + b"x" * LINE_BYTES])
    assert (line.text, type(line.error)) == ("Hi", BadStream)
    document = [b" " * 1024 * 1024] * (EVENT_BYTES // 1024 // 1024 + 1)
    assert type(hear(OpenAIParser("Vendor"), document, content_type="application/json").error) is BadStream
