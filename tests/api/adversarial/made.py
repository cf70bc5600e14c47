"""What only a size or a depth makes hostile, and where in the API each kind of value goes."""

import json
from collections.abc import Iterator
from typing import Any

from chat.tests.api.test_authorization import TABLE
from chat.tests.api.test_mass_assignment import WRITING, body_of
from tests.api.openapi import description

MIB = 2**20
DEPTHS = (32, 33, 900, 5_000, 100_000)
SEND, GATEWAY, LINE_UP = "POST /api/chat/send", "POST /v1/chat/completions", "POST /api/chat/line-ups"
CHANGE = "POST /api/chat/conversations/change"
PICTURE: dict[str, Any] = {"type": "image_url"}
INSIDE: list[tuple[str, dict[str, Any]]] = [
    ("PATCH /api/auth/me", {"preferences": {"HOLE": "x"}}),
    ("POST /api/chat/conversations", {"tags": ["HOLE"]}),
    (CHANGE, {"ids": ["HOLE"]}),
    (CHANGE, {"remove_tags": ["HOLE"]}),
    (SEND, {"selected_providers": ["HOLE"]}),
    (SEND, {"selected_models": {"openai": "HOLE"}}),
    (SEND, {"attachments": ["HOLE"]}),
    (LINE_UP, {"targets": ["HOLE"]}),
    (LINE_UP, {"targets": [{"target": "HOLE"}]}),
    (LINE_UP, {"targets": [{"target": "openai", "settings": "HOLE"}]}),
    (LINE_UP, {"targets": [{"target": "openai", "settings": {"temperature": "HOLE"}}]}),
    (LINE_UP, {"targets": [{"target": "openai", "settings": {"max_tokens": "HOLE"}}]}),
    (LINE_UP, {"targets": [{"target": "openai", "settings": {"system_prompt": "HOLE"}}]}),
    (GATEWAY, {"messages": ["HOLE"]}),
    (GATEWAY, {"messages": [{"role": "HOLE", "content": "x"}]}),
    (GATEWAY, {"messages": [{"role": "user", "content": "HOLE"}]}),
    (GATEWAY, {"messages": [{"role": "user", "content": ["HOLE"]}]}),
    (GATEWAY, {"messages": [{"role": "user", "content": [{"type": "HOLE", "text": "x"}]}]}),
    (GATEWAY, {"messages": [{"role": "user", "content": [{"type": "text", "text": "HOLE"}]}]}),
    (GATEWAY, {"messages": [{"role": "user", "content": [PICTURE | {"image_url": "HOLE"}]}]}),
    (GATEWAY, {"messages": [{"role": "user", "content": [PICTURE | {"image_url": {"url": "HOLE"}}]}]}),
    (GATEWAY, {"stop": ["HOLE"]}),
    (GATEWAY, {"stream_options": {"include_usage": "HOLE"}}),
]


def deep() -> dict[str, bytes]:
    """Documents of lists and of objects in one another, whole and cut off."""
    found = {}
    for depth in DEPTHS:
        found[f"{depth} lists"] = b'{"title": ' + b"[" * depth + b"]" * depth + b"}"
        found[f"{depth} objects"] = b'{"preferences": ' + b'{"a":' * depth + b"1" + b"}" * depth + b"}"
    found["only opened lists"] = b"[" * 100_000
    found["only opened objects"] = b'{"a":' * 100_000
    found["only closed lists"] = b"]" * 100_000
    return found


def large() -> dict[str, bytes]:
    """Documents at and past the size that is read, and some that are hostile by what they are made of."""
    frame = len(json.dumps({"title": ""}))
    return {
        "1 MiB less one": json.dumps({"title": "x" * (MIB - frame - 1)}).encode(),
        "1 MiB": json.dumps({"title": "x" * (MIB - frame)}).encode(),
        "1 MiB and one": json.dumps({"title": "x" * (MIB - frame + 1)}).encode(),
        "2 MiB": json.dumps({"title": "x" * (2 * MIB - frame)}).encode(),
        "2 MiB and one": json.dumps({"title": "x" * (2 * MIB - frame + 1)}).encode(),
        "16 MiB": json.dumps({"title": "x" * (16 * MIB - frame)}).encode(),
        "50,000 keys": json.dumps({f"k{number}": 1 for number in range(50_000)}).encode(),
        "50,000 names of one field": b'{"title": "x"' + b', "title": "x"' * 50_000 + b"}",
        "100,000 tags": json.dumps({"tags": ["x"] * 100_000}).encode(),
        "a number of 5,000 digits": b'{"title": ' + b"9" * 5_000 + b"}",
        "a number of 500,000 digits": b'{"title": ' + b"9" * 500_000 + b"}",
        "a fraction of 5,000 digits": b'{"title": 0.' + b"3" * 5_000 + b"}",
        "an exponent of 5,000 digits": b'{"title": 1e' + b"9" * 5_000 + b"}",
        "100,000 escapes": b'{"title": "' + b"\\u0041" * 100_000 + b'"}',
        "100,000 spaces": b'{"title": "x"' + b" " * 100_000 + b"}",
        "10,000 marks on one letter": json.dumps({"title": "a" + "\u0301" * 10_000}).encode(),
    }


def bodies() -> Iterator[tuple[str, dict[str, Any]]]:
    """Each operation that reads JSON, with a body that it takes, in which it asks the vendor of the tests."""
    for operation in WRITING:
        if body_of(operation) and "file" not in TABLE[operation]:
            text = json.dumps(TABLE[operation]["body"])
            body = json.loads(text.replace('"demo"', '"openai"').replace("demo/quick", "openai/first-model"))
            yield operation, body | ({"store": True} if operation.startswith("POST /v1/") else {})


def fields() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Operation, name and description of each field of a body."""
    for operation, _body in bodies():
        for name, described in (body_of(operation) or {})["properties"].items():
            yield operation, name, described


def places() -> Iterator[tuple[str, str, str]]:
    """Operation, name and a body with HOLE in the place of each field, and of what fields hold inside."""
    whole = dict(bodies())
    for operation, name, _described in fields():
        yield operation, name, json.dumps(whole[operation] | {name: "HOLE"})
    for operation, more in INSIDE:
        name = next(iter(more))
        yield operation, f"inside {json.dumps(more)}", json.dumps(whole[operation] | {name: more[name]})


def bounds() -> dict[str, tuple[float, float]]:
    """The least and the greatest that each field may be that is a number."""
    found = {}
    for operation, name, schema in fields():
        described = _resolved(schema)
        if {"integer", "number"} & _kinds_of(described):
            found[f"{operation} {name}"] = (described["minimum"], described["maximum"])
    return found


def is_within(least: float, number: bytes, most: float) -> bool:
    """Whether a number of JSON lies between two others; what is no number may lie anywhere."""
    value = json.loads(number)
    return isinstance(value, str) or least <= value <= most


def lengths() -> Iterator[tuple[str, str, int]]:
    """Operation, name and greatest length of each field that is a text."""
    for operation, name, schema in fields():
        described = _resolved(schema)
        if "string" in _kinds_of(described) and "maxLength" in described:
            yield operation, name, described["maxLength"]


def endless() -> set[str]:
    """The texts that a body may hold without a bound that is described."""
    return {
        f"{operation} {name}"
        for operation, name, schema in fields()
        if "string" in _kinds_of(_resolved(schema)) and not {"maxLength", "enum"} & _resolved(schema).keys()
    }


def takes(schema: dict[str, Any], value: Any) -> bool:
    """Whether a description leaves room for a value of this type."""
    kinds = _all_kinds_of(schema)
    return not kinds or bool(kinds & _KINDS[type(value)])


_KINDS: dict[type, set[str]] = {
    type(None): {"null"},
    bool: {"boolean"},
    int: {"integer", "number"},
    float: {"number"},
    str: {"string"},
    list: {"array"},
    dict: {"object"},
}


def _all_kinds_of(schema: dict[str, Any]) -> set[str]:
    """All types that a field may have; none where its description names no type."""
    if "$ref" in schema:
        return _all_kinds_of(description()["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    choices = [*schema.get("anyOf", []), *schema.get("oneOf", [])]
    return _kinds_of(schema).union(*(_all_kinds_of(one) for one in choices))


def _resolved(schema: dict[str, Any]) -> dict[str, Any]:
    """A field's description without references; the first where it may be several things."""
    while "$ref" in schema:
        schema = description()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    choices = schema.get("anyOf") or schema.get("oneOf")
    return _resolved(choices[0]) if choices else schema


def _kinds_of(schema: dict[str, Any]) -> set[str]:
    kinds = schema.get("type", [])
    return {kinds} if isinstance(kinds, str) else {*kinds}
