"""Reading vendors' JSON without trusting its shape: a field of the wrong type counts as absent."""

import json
from typing import Any

import msgspec

MOST_TOKENS = 2**31 - 1
"""What a column of the database can hold; no vendor counts so many."""

_decoder = msgspec.json.Decoder()


class BadPayload(ValueError):
    """The text is not JSON."""


def load(text: str | bytes) -> Any:
    """The parsed value; raises BadPayload, also for nesting that Python can't follow."""
    try:
        return _decoder.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        # Halves of surrogate pairs, for one, are no JSON to the fast decoder.
        pass
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadPayload from error


def record(value: object) -> dict[str, Any]:
    """The JSON object, or an empty one."""
    return value if isinstance(value, dict) else {}


def records(value: object) -> list[dict[str, Any]]:
    """The objects among the items of a JSON array."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def text(value: object) -> str:
    """The string, or an empty one."""
    return value if isinstance(value, str) else ""


def word(value: object) -> str:
    """A string or whole number as a string: vendors send error codes as either."""
    if isinstance(value, str):
        return value
    is_code = isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**53
    return str(value) if is_code else ""


def count(value: object) -> int | None:
    """A number of tokens, or None; Cohere sends whole numbers as floats."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if 0 <= value <= MOST_TOKENS and value == int(value) else None


def total(*counts: int | None) -> int | None:
    """The sum of what is known; None where nothing is."""
    known = [number for number in counts if number is not None]
    return sum(known) if known else None


def dollars(value: object) -> float | None:
    """An amount of money that is a number, or None."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    # Also false for what is not a number, and never too large to become one.
    return float(value) if 0 <= value < 1_000_000 else None


def messages_in_words(body: dict[str, Any]) -> dict[str, Any]:
    """A request's body whose messages have lists of parts only for images, without these."""
    return body | {
        "messages": [
            message
            if isinstance(message["content"], str)
            else message
            | {"content": "\n\n".join(part["text"] for part in message["content"] if "text" in part)}
            for message in body["messages"]
        ]
    }
