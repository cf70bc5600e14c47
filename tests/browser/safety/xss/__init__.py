"""Hostile texts: the corpus, packed to the room of a place, and in the shapes that Markdown knows."""

from collections.abc import Iterable, Iterator
from typing import Any

import yaml

from tests import ROOT

CORPUS: dict[str, list[str | dict[str, Any]]] = yaml.safe_load(
    (ROOT / "tests/browser/safety/xss/corpus.yaml").read_text("utf-8")
)
_ENTRIES = [one if isinstance(one, dict) else {"text": one} for family in CORPUS.values() for one in family]
PAYLOADS: list[str] = [entry["text"] for entry in _ENTRIES]
PAST_POLICY = {entry["text"] for entry in _ENTRIES if entry.get("past_policy")}
"""Those that no Content-Security-Policy stops."""


def packed(chars: int, payloads: Iterable[str] = PAYLOADS, *, prefix: str = "") -> Iterator[str]:
    """Every payload, several to a text of at most so many characters; a longer one is cut.

    A {} in the prefix becomes the number of the text.
    """
    text, number = "", 0
    for payload in payloads:
        lead = prefix.format(number)
        more = f"{text} {payload}" if text else lead + payload
        if text and len(more) > chars:
            yield text
            number += 1
            more = prefix.format(number) + payload
        text = more[:chars]
    yield text


def plain() -> str:
    """Each on its own, then what only length makes hostile."""
    long = [
        "<b onclick=canary()>" * 500,
        "> " * 300 + "<svg onload=canary()>",
        "[" * 2000,
        "$" * 999,
        "*" * 2000,
    ]
    return "\n\n".join(PAYLOADS + long)


def in_blocks() -> str:
    """Each in a table, a list, a quote and a heading."""

    def block(payload: str) -> str:
        line = " ".join(payload.split())
        return f"| {line} | b |\n|---|--:|\n| {line} | {line} |\n\n- {line}\n\n> {line}\n\n## {line}"

    return "\n\n".join(block(payload) for payload in PAYLOADS)


def in_links() -> str:
    """Each as the text, the address and the title of links and images."""

    def links(payload: str) -> str:
        line = " ".join(payload.split())
        title = line.replace('"', '\\"')
        image = f"![{line}](https://evil.example/{line})"
        return f'[{line}]({line}) [x](<{line}> "{title}") {image} <{line}> **{line}**'

    return "\n\n".join(links(payload) for payload in PAYLOADS)


def in_code_and_formulas() -> str:
    """Each as the language of a fence, as code, and as TeX."""

    def code(payload: str) -> str:
        line = " ".join(payload.split())
        info = line.replace("`", "")
        return (
            f"````{info}\n{payload}\n````\n\n`{line}`\n\n$\\text{{{line}}}$\n\n$$\n{line}\n$$\n\n\\({line}\\)"
        )

    return "\n\n".join(code(payload) for payload in PAYLOADS)
