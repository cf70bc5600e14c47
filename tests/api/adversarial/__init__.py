"""What no good client sends: the corpus, by family and name."""

from typing import Any

import yaml

from tests import ROOT

_LONG = {"%LONG%": "9" * 5000, "%MANY%": "&".join(f"a{number}=1" for number in range(1000))}


def _whole(text: str) -> str:
    """The text with its placeholders for what is too long for a file."""
    for placeholder, long in _LONG.items():
        text = text.replace(placeholder, long)
    return text


def _read() -> dict[str, Any]:
    corpus: dict[str, Any] = yaml.safe_load((ROOT / "tests/api/adversarial/corpus.yaml").read_text("utf-8"))
    return corpus


def _bytes(family: dict[str, str]) -> dict[str, bytes]:
    return {name: _whole(text).encode("latin-1") for name, text in family.items()}


_CORPUS = _read()
TEXTS: dict[str, dict[str, str]] = _CORPUS["texts"]
"""Unicode without NUL and halves of surrogate pairs, by family and name."""
BODIES = {family: _bytes(items) for family, items in _CORPUS["bodies"].items()}
"""What stands in a body of JSON in place of a string, by family and name."""
DOCUMENTS = _bytes(_CORPUS["documents"])
NUMBERS = _bytes(_CORPUS["numbers"])
IDS = {name: _whole(text) for name, text in _CORPUS["ids"].items()}
QUERIES = {name: _whole(text) for name, text in _CORPUS["queries"].items()}
FILENAMES = _bytes(_CORPUS["filenames"])
HEADERS = _bytes(_CORPUS["headers"])
TYPES: dict[str, Any] = {
    "null": None,
    "true": True,
    "a number": 7,
    "a fraction": 1.5,
    "a string": "x",
    "a list": ["x"],
    "an object": {"x": "x"},
}
