"""JSON from outside, read so that nothing in it can hurt the rooms below: REST and the sockets use it."""

import json
import math
from typing import Any

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 32
MAX_INT = 2**53


class BadJson(ValueError):
    """The text is not JSON that WeBox takes; `str()` is one plain English sentence without its content."""


def loads(raw: bytes | str, max_bytes: int = MAX_BYTES) -> Any:
    """Return the parsed value.

    Refused with BadJson: more than `max_bytes`, bytes that are not UTF-8, anything RFC 8259 refuses, NaN and
    infinities, integers past 2**53, nesting deeper than 32, and strings or keys with NUL or a lone
    surrogate (PostgreSQL can't store them).
    """
    if len(raw) > max_bytes:
        raise BadJson(f"The JSON is larger than {max_bytes // 2**20} MiB.")
    try:
        text = raw if isinstance(raw, str) else raw.decode("utf-8")
        value = json.loads(text, parse_int=_int, parse_float=_float, parse_constant=_constant)
    except UnicodeDecodeError as error:
        raise BadJson("The JSON is not UTF-8.") from error
    except RecursionError as error:
        raise BadJson("The JSON is nested too deeply.") from error
    except BadJson:
        raise
    except ValueError as error:
        raise BadJson("This is not JSON.") from error
    _check(value)
    return value


def _int(digits: str) -> int:
    if len(digits) > 17 or abs(int(digits)) > MAX_INT:
        raise BadJson("A number in the JSON is too large.")
    return int(digits)


def _float(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise BadJson("A number in the JSON is too large.")
    return number


def _constant(name: str) -> float:
    raise BadJson(f"{name} is not JSON.")


def _check(value: Any) -> None:
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        below: list[Any] = []
        for item in level:
            if isinstance(item, str):
                _check_string(item)
            elif isinstance(item, list):
                below.extend(item)
            elif isinstance(item, dict):
                below.extend(item.keys())
                below.extend(item.values())
        if not below:
            return
        level = below
    raise BadJson("The JSON is nested too deeply.")


def _check_string(text: str) -> None:
    if "\0" in text:
        raise BadJson("A string in the JSON holds a NUL character.")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise BadJson("A string in the JSON holds half of a surrogate pair.") from error
