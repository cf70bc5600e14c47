"""Folding gives what it gave in 0.9.0: released migrations and rows of the search index hold its results."""

import pytest

from chat.folding import fold


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("\xc9v\xe9nement", "evenement"),
        ("L\u2019\u0153uvre  d'\xc8ve", "l'oeuvre d'eve"),
        ("STRASSE Stra\xdfe", "strasse strasse"),
        ("\u0130stanbul \u0131l\u0131k", "istanbul ilik"),
        ("\ufb01anc\xe9", "fiance"),
        ("\xc5ngstr\xf6m \xc5", "angstrom a"),
        ("na\xefve\xadt\xe9", "naivete"),
        ("  two\n\tlines ", "two lines"),
        ("\u65e5\u672c\u8a9e \u30c6\u30b9\u30c8", "\u65e5\u672c\u8a9e \u30c6\u30b9\u30c8"),
        (
            "\u0395\u03bb\u03bb\u03b7\u03bd\u03b9\u03ba\u03ac \u0386\u0388\u0389",
            "\u03b5\u03bb\u03bb\u03b7\u03bd\u03b9\u03ba\u03b1 \u03b1\u03b5\u03b7",
        ),
        ("\u0110\xe0 N\u1eb5ng", "da nang"),
        ("\xbd kg", "1\u20442 kg"),
        ("e\u0301", "e"),
        ("zero\u200bwidth", "zerowidth"),
        ("\u2116 5", "no 5"),
        ("\xd8RSTED \u0142\xf3d\u017a", "orsted lodz"),
        ("", ""),
    ],
)
def test_a_text_is_folded_as_in_the_first_release(text: str, folded: str) -> None:
    assert fold(text) == folded


def test_what_is_folded_stays_as_it_is() -> None:
    once = fold("L’Œuvre d’Ève à Łódź, ½")
    assert fold(once) == once
