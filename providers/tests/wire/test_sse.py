import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.wire.sse import EVENT_BYTES, LINE_BYTES, SseEvent, SseReader, TooLong


def read(*chunks: bytes) -> list[SseEvent]:
    reader = SseReader()
    return [event for chunk in chunks for event in reader.feed(chunk)] + list(reader.end())


def data(*texts: str) -> list[SseEvent]:
    return [SseEvent("", text) for text in texts]


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_every_line_end_ends_a_line(end: bytes) -> None:
    assert read(b"data: 1" + end * 2 + b"data: 2" + end * 2) == data("1", "2")


def test_line_ends_may_be_mixed_within_one_event() -> None:
    assert read(b"event: a\r\ndata: 1\rdata: 2\n\r\n") == [SseEvent("a", "1\n2")]


def test_a_cr_and_an_lf_in_two_reads_are_one_line_end() -> None:
    assert read(b"data: 1\r", b"\ndata: 2\r\n\r", b"\n") == data("1\n2")


def test_a_cr_that_ends_a_read_dispatches_at_once() -> None:
    reader = SseReader()
    assert list(reader.feed(b"data: 1\r\r")) == data("1")


def test_a_byte_order_mark_is_dropped_only_at_the_start() -> None:
    assert read(b"\xef", b"\xbb\xbfdata: 1\n\n\xef\xbb\xbfdata: 2\n\ndata: 3\n\n") == data("1", "3")


def test_comments_ids_and_unknown_fields_yield_nothing() -> None:
    assert read(
        b": hi\n\nid: 4\nretry: 9\n\n: hi\n\nfoo: bar\nnonsense\n\ndata: 1\n: in between\n\n"
    ) == data("1")


def test_one_space_after_the_colon_is_optional_and_a_second_is_data() -> None:
    assert read(b"data:1\n\ndata:  2\n\n") == data("1", " 2")


def test_several_data_lines_join_with_a_line_feed() -> None:
    assert read(b'data: {"a":\ndata: 1}\n\n') == data('{"a":\n1}')


def test_an_event_with_a_name_and_no_data_yields_nothing() -> None:
    assert read(b"event: ping\n\ndata\n\ndata:\n\ndata: 1\n\n") == data("1")


def test_a_name_belongs_to_one_event() -> None:
    assert read(b"event: error\ndata: 1\n\ndata: 2\n\n") == [SseEvent("error", "1"), SseEvent("", "2")]


def test_separators_that_are_legal_in_json_end_no_line() -> None:
    text = "a\u2028b\u2029c\x85d\x0be\x0cf"
    assert read(f"data: {text}\n\n".encode()) == data(text)


def test_a_character_split_over_reads_is_whole() -> None:
    whole = "data: ☕\n\n".encode()
    assert read(whole[:8], whole[8:]) == data("☕")


def test_an_error_field_becomes_an_error_event() -> None:
    assert read(b'data: 1\n\nerror: {"code": 500}\n\n') == [*data("1"), SseEvent("error", '{"code": 500}')]


def test_bare_json_with_an_error_becomes_an_error_event() -> None:
    bare = b'data: 1\n\n{\n  "error": {\n    "code": 503\n  }\n}\n'
    assert read(bare) == [*data("1"), SseEvent("error", '{\n  "error": {\n    "code": 503\n  }\n}')]


def test_bare_json_without_an_error_is_ignored() -> None:
    assert read(b'{"a": 1}\n\n{"error": \n\n') == []


@pytest.mark.parametrize(
    "ending", [b'data: {"a": 1}', b'data: {"a": 1}\n', b"data: [DONE]", b"data: [DONE] \r"]
)
def test_a_whole_last_event_without_its_blank_line_is_kept(ending: bytes) -> None:
    assert len(read(b"data: 1\n\n" + ending)) == 2


@pytest.mark.parametrize(
    "ending", [b'data: {"a": 1', b'data: {"a": "\xe2', b"data: [DON", b"dat", b'error: {"a']
)
def test_a_last_event_that_was_cut_is_dropped(ending: bytes) -> None:
    assert read(b"data: 1\n\n" + ending) == data("1")


def test_a_line_over_the_limit_is_refused_after_what_came_before_it() -> None:
    reader = SseReader()
    events = iter(reader.feed(b"data: 1\n\ndata: " + b"x" * LINE_BYTES))
    assert next(events) == SseEvent("", "1")
    with pytest.raises(TooLong):
        next(events)


def test_a_line_without_end_is_refused_over_many_reads() -> None:
    reader = SseReader()
    half = b"x" * (LINE_BYTES // 2)
    assert list(reader.feed(half)) == []
    assert list(reader.feed(half)) == []
    with pytest.raises(TooLong):
        list(reader.feed(b"x"))


def test_an_event_without_end_is_refused() -> None:
    line = b"data: " + b"x" * (LINE_BYTES - 10) + b"\n"
    with pytest.raises(TooLong):
        read(line * (EVENT_BYTES // LINE_BYTES + 1))


STREAMS = st.lists(
    st.one_of(
        st.sampled_from(
            [
                b"\n",
                b"\r",
                b"\r\n",
                b"\n\n",
                b"data: ",
                b"data:",
                b"event: error",
                b":",
                b"error: ",
                b"id: 1",
                b"\xef\xbb\xbf",
                b"{",
                b'"error": 1',
                b"}",
                b"[DONE]",
                "☕\u2028".encode(),
            ]
        ),
        st.binary(max_size=6),
    ),
    max_size=40,
).map(b"".join)


@given(stream=STREAMS, cuts=st.lists(st.integers(0, 300), max_size=12))
def test_no_split_of_the_bytes_changes_the_events(stream: bytes, cuts: list[int]) -> None:
    edges = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    split = [stream[start:end] for start, end in itertools.pairwise(edges)]
    assert read(*split) == read(stream)
    assert read(*(stream[at : at + 1] for at in range(len(stream)))) == read(stream)
