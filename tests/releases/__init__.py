"""The databases of released versions, and what these told of them: every later version must tell the same.

`python -m tests.releases make VERSION` makes one before the version is tagged; then it stays as it is.
"""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
ENGINES = ("sqlite", "postgresql")


@dataclass(frozen=True)
class Release:
    """One version's folder: a backup of each engine, its keys, and `told.json`."""

    folder: Path

    @property
    def version(self) -> str:
        return self.folder.name

    @property
    def told_file(self) -> Path:
        return self.folder / "told.json"

    def backup(self, engine: str) -> Path:
        return self.folder / f"{engine}.zip"

    def keys(self, engine: str) -> Path:
        return self.folder / f"{engine}.keys.json"

    @cached_property
    def document(self) -> dict[str, Any]:
        """`migrations`, and for each engine `settings`, `known` (what its people know) and `told`."""
        document: dict[str, Any] = json.loads(self.told_file.read_text(encoding="utf-8"))
        return document


def kept() -> list[Release]:
    """Every release whose database is kept, the oldest first."""
    found = [Release(path.parent) for path in FOLDER.glob("*/told.json")]
    return sorted(found, key=lambda release: [int(part) for part in release.version.split(".")])


def released_migrations() -> set[str]:
    """The migrations that some release has had, as `app.name`."""
    return {name for release in kept() for name in release.document["migrations"]}


def differences(old: Any, new: Any, place: str = "") -> list[str]:
    """Where `new` lacks something of `old` or says something else; what it says beside that is not looked at.

    A list has as many items as it had, in the same order.
    """
    if isinstance(old, dict) and isinstance(new, dict):
        lost = [f"{place}/{name} is gone" for name in old if name not in new]
        common = [name for name in old if name in new]
        return lost + [one for name in common for one in differences(old[name], new[name], f"{place}/{name}")]
    if isinstance(old, list) and isinstance(new, list):
        if len(old) != len(new):
            return [f"{place} had {len(old)} items and has {len(new)}"]
        pairs = enumerate(zip(old, new, strict=True))
        return [one for at, pair in pairs for one in differences(*pair, f"{place}/{at}")]
    return [] if type(old) is type(new) and old == new else [f"{place} was {old!r:.80} and is {new!r:.80}"]
