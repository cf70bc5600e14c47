"""Recorded answers of real vendors, with what the vendors' own clients read from them.

The recordings are not part of the repository: WEBOX_CASSETTES names their folder, by default
`shared/cassettes` beside the checkout.
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from providers.base import Usage
from providers.errors import (
    BadKey,
    ContextTooLong,
    ModelNotFound,
    NoCredit,
    Overloaded,
    ProviderError,
    RateLimited,
)
from tests import ROOT

FOLDER = Path(os.environ.get("WEBOX_CASSETTES") or ROOT.parent / "shared" / "cassettes")
MISSING = f"no recorded answers in {FOLDER}; WEBOX_CASSETTES names their folder"


@dataclass
class Case:
    folder: Path
    expected: dict[str, Any]
    status: int
    headers: dict[str, str]

    @property
    def body(self) -> bytes:
        return (self.folder / "response.body").read_bytes()

    @property
    def text(self) -> str:
        """What should be shown: a leading <think> split off."""
        inline = self.expected.get("inline_think")
        text: str = (inline["text"] if inline else self.expected["text"]) or ""
        return text

    @property
    def reasoning(self) -> str:
        inline = self.expected.get("inline_think")
        return (inline["reasoning"] if inline else self.expected["reasoning"]) or ""


def load(folder: Path) -> Case:
    answer = json.loads((folder / "response.headers.json").read_text("utf-8"))
    return Case(
        folder,
        json.loads((folder / "expected.json").read_text("utf-8")),
        answer["status"],
        {name.lower(): value for name, value in answer["headers"].items()},
    )


def all_cases() -> list[Case]:
    """Every case there is, in order; none where the folder is absent."""
    return [load(path.parent) for path in sorted(FOLDER.glob("*/*/expected.json"))]


def expected_usage(case: Case) -> Usage:
    """The vendor's own counts, put as WeBox counts: input with cache, output with reasoning."""
    usage = case.expected["usage"]
    if usage is None:
        return Usage()
    given, made, thought = usage["input"], usage["output"], usage.get("reasoning")
    cached = usage.get("cache_read")
    if case.expected["protocol"] == "anthropic":
        given += (cached or 0) + (usage.get("cache_write") or 0)
    elif usage.get("total") is not None:
        # Every vendor's total is everything, so what is neither input nor output belongs to one of them.
        used_by_tools = (case.expected.get("usage_raw") or {}).get("toolUsePromptTokenCount") or 0
        given += used_by_tools
        made = usage["total"] - given or None
    return Usage(given, made, cached, thought)


def kind_of(case: Case) -> type[ProviderError] | None:
    """The class that a refused request's status and message promise; None where only "a refusal" is sure."""
    error = case.expected["error"]
    said = f"{error.get('type')} {error.get('code')} {error.get('message')}".lower()
    if "quota" in said or case.status == 402:
        return NoCredit
    if "context length" in said or "prompt too long" in said:
        return ContextTooLong
    if "model_not_found" in said:
        return ModelNotFound
    by_status = {401: BadKey, 404: ModelNotFound, 429: RateLimited, 502: Overloaded, 503: Overloaded}
    return by_status.get(case.status) or (Overloaded if case.status == 529 else None)
