"""A text's part in which the words that were searched stand, with these marked."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from chat.folding import words_in_place

CHARS = 160
BEFORE_HIT_CHARS = 40
HITS_SEEN = 200
"""Among so many the best place is looked for."""
_SPACE = re.compile(r"\s+")
CUT = "…"
# Each part stays in its line and never goes back over what it took: answers are long, and not ours.
_MARKS = re.compile(
    r"""
      ^[ \t]*+(?:`{3,}+|~{3,}+)                   # round code; its language is a word
    | ^(?=[ \t:|-]*?---)[ \t:|-]*+$               # the line under the head of a table, a rule
    | ^[ \t]*+(?:\#{1,6}|>)[ ]++                  # what makes a heading or a quotation of a line
    | (?<!\w)\*\*(?=\S) | (?<=\S)\*\*(?!\w) | `
    | (?<=\s)\|(?=\s) | ^\||\|$                  # between the cells of a table
    """,
    re.MULTILINE | re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a snippet: one of the words, or what stands between them."""

    text: str
    is_hit: bool


@dataclass(frozen=True, slots=True)
class _Hit:
    start: int
    end: int
    word: int
    """Which of the searched words it is."""


def without_marks(markdown: str) -> str:
    """A text as it reads: without the commonest marks of Markdown, with all its words in their order."""
    return _MARKS.sub("", markdown)


def snippet(text: str, words: Sequence[str], chars: int = CHARS) -> list[Part]:
    """The part of a text where most of these words stand close together, the last one as a beginning.

    `words` are of chat.folding.words_of. The beginning of the text where none of them stands in it.
    """
    hits = list(islice(_hits(text, words), HITS_SEEN))
    start = _start(text, hits, chars)
    end = _end(text, start, chars)
    shown = [hit for hit in hits if start <= hit.start and hit.end <= end]
    parts, at = [], start
    for hit in shown:
        parts += [Part(text[at : hit.start], is_hit=False), Part(text[hit.start : hit.end], is_hit=True)]
        at = hit.end
    parts.append(Part(text[at:end], is_hit=False))
    before = [Part(CUT, is_hit=False)] if start else []
    after = [Part(CUT, is_hit=False)] if end < len(text) else []
    return _joined([*before, *parts, *after])


def _hits(text: str, words: Sequence[str]) -> Iterator[_Hit]:
    wanted = {word: number for number, word in enumerate(words)}
    beginning, last = (words[-1], len(words) - 1) if words else ("", 0)
    for start, end, here in words_in_place(text) if words else ():
        for word in here:
            number = wanted.get(word, last if word.startswith(beginning) else None)
            if number is not None:
                yield _Hit(start, end, number)
                break


def _start(text: str, hits: list[_Hit], chars: int) -> int:
    """A little before the hit that most words follow closely; of several that are as good, the first."""
    if not hits:
        return 0
    near = chars - BEFORE_HIT_CHARS

    def words_near(hit: _Hit) -> int:
        return len({one.word for one in hits if hit.start <= one.start and one.end <= hit.start + near})

    best = max(hits, key=words_near)
    if best.start <= BEFORE_HIT_CHARS or len(text) <= chars:
        return 0
    start = best.start - BEFORE_HIT_CHARS
    # From a whole word on, where one begins in time.
    space = _SPACE.search(text, start, best.start)
    return space.end() if space else start


def _end(text: str, start: int, chars: int) -> int:
    end = start + chars
    if end >= len(text):
        return len(text)
    space = max(text.rfind(" ", start + chars // 2, end), text.rfind("\n", start + chars // 2, end))
    return space if space > 0 else end


def _joined(parts: list[Part]) -> list[Part]:
    """Without empty parts, neighbours of one kind as one, spaces and line breaks as single spaces."""
    joined: list[Part] = []
    for part in parts:
        text = _SPACE.sub(" ", part.text)
        if joined and joined[-1].is_hit == part.is_hit:
            joined[-1] = Part(joined[-1].text + text, part.is_hit)
        elif text:
            joined.append(Part(text, part.is_hit))
    return joined
