import pytest

from providers.wire import payload


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, "9" * 5000, b"\xff\xfe\xff"])
def test_what_python_cannot_read_is_a_bad_payload(text: str | bytes) -> None:
    with pytest.raises(payload.BadPayload):
        payload.load(text)


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (0, 0),
        (7, 7),
        (7.0, 7),
        (7.5, None),
        (-1, None),
        (True, None),
        ("7", None),
        (1e400, None),
        (2**60, None),
    ],
)
def test_only_whole_numbers_are_counts(value: object, number: int | None) -> None:
    assert payload.count(value) == number


@pytest.mark.parametrize("value", [None, 1, "x", [1], True])
def test_a_wrong_shape_counts_as_absent(value: object) -> None:
    assert payload.record(value) == {}
    assert payload.records(value) == []
    assert payload.text(None if isinstance(value, str) else value) == ""


def test_a_total_is_of_what_is_known() -> None:
    assert payload.total(1, None, 2) == 3
    assert payload.total(None, None) is None
