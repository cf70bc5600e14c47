"""Text as it is searched: "Événement" is found by "evenement", "l’œuvre" by "l'oeuvre".

Two released migrations import `fold` from here, and the search index holds its results: this module keeps its
place, and `fold` its results (chat/tests/test_folding.py).
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

# What has no decomposition, though people type it as other letters; and what is there without being seen.
_SPELT = str.maketrans(
    {"œ": "oe", "æ": "ae", "ø": "o", "đ": "d", "ł": "l", "ı": "i", "’": "'", "\u00ad": None, "\u200b": None}
)
# Scripts without spaces between words: each character is one.
_UNSPACED = "\u3040-\u3098\u309b-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"[{_UNSPACED}]|[^\W_{_UNSPACED}]+")
# Accents that stand alone, and what is not seen, belong to the word that they are in.
_LOOSE = "\u0300-\u036f\u3099\u309a\u00ad\u200b"
_UNFOLDED_WORD = re.compile(rf"[{_UNSPACED}][{_LOOSE}]*|[^\W_{_UNSPACED}](?:[^\W_{_UNSPACED}]|[{_LOOSE}])*")
WORD_CHARS = 64
"""Of a longer word only the beginning is searched."""


def fold(text: str) -> str:
    """Without case and accents, and with single spaces."""
    text = text.casefold()
    if not text.isascii():
        parts = unicodedata.normalize("NFKD", text)
        bare = "".join(one for one in parts if not unicodedata.combining(one))
        text = bare.casefold().translate(_SPELT)
    return re.sub(r"\s+", " ", text).strip()


def words_of(text: str) -> list[str]:
    """The words of a text, folded, each once, in the order in which they come."""
    return list(dict.fromkeys(word[:WORD_CHARS] for word in _WORD.findall(fold(text))))


def words_in_place(text: str) -> Iterator[tuple[int, int, list[str]]]:
    """Where the words of a text begin and end, and what they are folded: mostly one."""
    for match in _UNFOLDED_WORD.finditer(text):
        yield match.start(), match.end(), _words_of_one(match.group())


_words_of_one = lru_cache(maxsize=4096)(words_of)
