"""What a problem document of the API says."""

from typing import Any


def fields_of(problem: dict[str, Any]) -> list[str]:
    """The fields in which it finds something wrong; fails where it is no whole document."""
    assert problem["type"] == "about:blank"
    assert all(problem[name] for name in ("title", "status", "detail", "code", "request_id")), problem
    return [*dict.fromkeys(error["pointer"].split("/")[1] for error in problem["errors"])]
