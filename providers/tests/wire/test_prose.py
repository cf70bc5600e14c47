import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.base import ReasoningDelta, StreamEvent, TextDelta
from providers.wire.prose import Prose


def told(events: list[StreamEvent]) -> tuple[str, str]:
    """Reasoning and text of the events, each joined."""
    return (
        "".join(event.text for event in events if isinstance(event, ReasoningDelta)),
        "".join(event.text for event in events if isinstance(event, TextDelta)),
    )


def spoken(*pieces: str, inline_think: bool = True) -> tuple[str, str]:
    prose = Prose(inline_think=inline_think)
    return told([event for piece in pieces for event in prose.text(piece)] + prose.end())


@pytest.mark.parametrize(
    ("text", "reasoning", "answer"),
    [
        ("Hello", "", "Hello"),
        ("<think>why</think>So", "why", "So"),
        ("\n<think>\nwhy\n</think>\n\nSo\n", "why", "So\n"),
        ("<think></think>\n\nSo", "", "So"),
        ("<think>\n\n</think>So", "", "So"),
        ("<think>never closed ", "never closed", ""),
        ("A <think>later</think> one", "", "A <think>later</think> one"),
        ("<think>a</think>b<think>c</think>", "a", "b<think>c</think>"),
        ("<thin", "", "<thin"),
        ("  indented", "", "  indented"),
        ("<thinking>", "", "<thinking>"),
        ("", "", ""),
    ],
)
def test_only_a_leading_think_is_reasoning_wherever_it_is_cut(text: str, reasoning: str, answer: str) -> None:
    assert spoken(text) == (reasoning, answer)
    assert spoken(*text) == (reasoning, answer)


def test_text_flows_at_once_where_no_tag_can_begin() -> None:
    prose = Prose(inline_think=True)
    assert prose.text("He") == [TextDelta("He")]
    assert prose.text("<") == [TextDelta("<")]


def test_reasoning_flows_before_its_tag_is_closed() -> None:
    prose = Prose(inline_think=True)
    assert prose.text("<think>one ") == [ReasoningDelta("one")]
    assert prose.text("two </th") == [ReasoningDelta(" two")]


def test_tags_stay_text_where_the_vendor_has_a_field_for_reasoning() -> None:
    assert spoken("<think>a</think>b", inline_think=False) == ("", "<think>a</think>b")


def test_an_emoji_split_over_two_deltas_is_joined() -> None:
    prose = Prose()
    assert prose.text("a\ud83d") == [TextDelta("a")]
    assert prose.text("\ude00b") == [TextDelta("\U0001f600b")]


def test_text_and_reasoning_do_not_join_with_each_other() -> None:
    prose = Prose()
    events = prose.reasoning("\ud83d") + prose.text("\ude00") + prose.end()
    assert told(events) == ("\ufffd", "\ufffd")


@pytest.mark.parametrize("unfit", ["\0", chr(0xD83D), chr(0xDE00)], ids=["nul", "high half", "low half"])
def test_what_no_database_stores_is_replaced(unfit: str) -> None:
    assert spoken(f"a{unfit}b", unfit) == ("", "a\ufffdb\ufffd")


@given(st.lists(st.text(st.characters(), max_size=4), max_size=8))
def test_what_comes_out_can_be_stored_and_nothing_fit_is_lost(pieces: list[str]) -> None:
    reasoning, text = spoken(*pieces, inline_think=False)
    assert reasoning == ""
    assert "\0" not in text
    joined = "".join(pieces).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    assert text.encode().decode() == joined.replace("\0", "\ufffd")
