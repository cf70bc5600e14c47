"""Reading vendors' JSON without trusting its shape: a field of the wrong type counts as absent."""

import json
from typing import Any


class BadPayload(ValueError):
    """The text is not JSON."""


def load(text: str | bytes) -> Any:
    """The parsed value; raises BadPayload, also for nesting that Python can't follow."""
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
    if isinstance(value, bool):
        return ""
    return str(value) if isinstance(value, str | int) else ""


def count(value: object) -> int | None:
    """A number of tokens, or None; Cohere sends whole numbers as floats."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if 0 <= value < 2**53 and value == int(value) else None


def total(*counts: int | None) -> int | None:
    """The sum of what is known; None where nothing is."""
    known = [number for number in counts if number is not None]
    return sum(known) if known else None
