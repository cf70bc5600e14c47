"""The part of a text that is shown of a hit."""

from itertools import pairwise

import pytest

from chat.folding import words_of
from chat.search.snippets import CHARS, snippet, without_marks


def shown(text: str, words: str, chars: int = CHARS) -> str:
    parts = snippet(text, words_of(words), chars)
    assert all(part.text for part in parts)
    assert all(one.is_hit != other.is_hit for one, other in pairwise(parts))
    return "".join(f"[{part.text}]" if part.is_hit else part.text for part in parts)


@pytest.mark.parametrize(
    ("text", "words", "expected"),
    [
        ("A short one", "short", "A [short] one"),
        ("Événement, événements", "evenement", "[Événement], [événements]"),
        ("Les e\u0301ve\u0301nements", "evenements", "Les [e\u0301ve\u0301nements]"),
        ("l’ŒUVRE", "oeuvre", "l’[ŒUVRE]"),
        ("co\u00adop", "coop", "[co\u00adop]"),
        ("paris parisian", "paris x", "[paris] parisian"),
        ("東京都", "京", "東[京]都"),
        ("one\n\n  two\tthree", "two", "one [two] three"),
        ("nothing of it", "else", "nothing of it"),
        ("", "else", ""),
        ("<b>bold</b> &amp;", "bold", "<b>[bold]</b> &amp;"),
    ],
)
def test_words_are_marked_where_they_stand(text: str, words: str, expected: str) -> None:
    assert shown(text, words) == expected


@pytest.mark.parametrize(
    ("markdown", "plain"),
    [
        ("## A heading\n\n> said **once**", "A heading said once"),
        ("```python\nx = 2**3 ** y\n```", "python x = 2**3 ** y"),
        ("| a | b |\n|---|:-:|\n| c | d |", "a b c d"),
        ("a `snake_case` name, __init__, a|b", "a snake_case name, __init__, a|b"),
        ("one\n\n---\n\ntwo # three", "one two # three"),
    ],
)
def test_the_marks_of_markdown_are_left_out_and_no_word(markdown: str, plain: str) -> None:
    assert " ".join(without_marks(markdown).split()) == plain
    assert words_of(without_marks(markdown)) == words_of(markdown)


@pytest.mark.parametrize("piece", ["-", "\n", " ", "|", "`x", "# ", "**", "-\n", " |"])
def test_however_long_and_odd_a_text_is_its_marks_are_found_in_one_pass(piece: str) -> None:
    assert without_marks(piece * 200_000 + "end").endswith("end")


def test_of_a_long_text_the_part_with_most_of_the_words_is_shown() -> None:
    text = "one alone " + "filler " * 100 + "here one beside two " + "filler " * 100
    part = shown(text, "one two")
    assert part.startswith("…filler")
    assert part.endswith("filler…")
    assert "here [one] beside [two] filler" in part
    assert len(part) <= CHARS + len("…[][]…")


def test_a_text_without_spaces_is_cut_anyway() -> None:
    assert len(shown("x" * 10_000, "y")) == CHARS + 1
    assert len(shown("." * 10_000 + "word" + "." * 10_000, "word")) == CHARS + len("…[]…")
