"""The pinned Python packages: what the requirements files hold, and how they are made anew."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from supply.tools import UV, days_ago, run


@dataclass(frozen=True)
class PinFile:
    """A file of pins, and what it is made from."""

    target: str
    source: str
    constraint: str = ""

    @property
    def how(self) -> list[str]:
        """The words after `uv` that make it."""
        common = ["pip", "compile", "--universal", "--python-version", "3.11", "--generate-hashes"]
        constraint = ["-c", self.constraint] if self.constraint else []
        return [*common, self.source, *constraint, "-o", self.target]


PIN_FILES = (
    PinFile("requirements.txt", "requirements.in"),
    PinFile("requirements-test.txt", "requirements-test.in", "requirements.txt"),
    PinFile("supply/audit.txt", "supply/audit.in", "requirements-test.txt"),
)


@dataclass(frozen=True)
class Pin:
    """One line of a file of pins; several can have one name, each for other platforms."""

    name: str
    specifier: str
    marker: str
    hashes: tuple[str, ...]

    @property
    def version(self) -> str:
        """The version that it is pinned to."""
        return self.specifier.removeprefix("==")


def read(path: Path) -> list[Pin]:
    """The pins of a file, in its order."""
    return [as_pin(line) for line in lines_of(path)]


def as_pin(line: str) -> Pin:
    wanted, *options = re.split(r"\s+--", line)
    requirement = Requirement(wanted)
    hashes = tuple(one.removeprefix("hash=") for one in options if one.startswith("hash="))
    marker = str(requirement.marker or "")
    return Pin(canonicalize_name(requirement.name), str(requirement.specifier), marker, hashes)


def wanted(path: Path) -> set[str]:
    """The packages that a .in file names itself, also by way of the files it takes in."""
    names = set()
    for line in lines_of(path):
        if line.startswith("-r "):
            names |= wanted(path.parent / line.removeprefix("-r ").strip())
        else:
            names.add(canonicalize_name(Requirement(line).name))
    return names


def lines_of(path: Path) -> Iterator[str]:
    """What is said in a requirements file, without comments and with its long lines put together."""
    for line in path.read_text(encoding="utf-8").replace("\\\n", " ").splitlines():
        if said := re.sub(r"(^|\s+)#.*", "", line).strip():
            yield said


def versions(path: Path) -> dict[str, str]:
    """Each package's newest pin in a file; none where there is no file yet."""
    found: dict[str, str] = {}
    for pin in read(path) if path.exists() else []:
        if pin.name not in found or Version(found[pin.name]) < Version(pin.version):
            found[pin.name] = pin.version
    return found


def known(root: Path) -> set[str]:
    """Every package that is pinned, or named in a .in file and not pinned yet."""
    names: set[str] = set()
    return names.union(
        *(versions(root / file.target) for file in PIN_FILES),
        *(wanted(root / file.source) for file in PIN_FILES),
    )


def update(root: Path, names: Collection[str], cooldown: int) -> None:
    """Pin anew: these packages, or all where none is named, to the newest that are so many days old.

    What the .in files name and the pins lack is added. A pin that is younger was somebody's choice: it stays.
    """
    kept: set[str] = set()
    for file in PIN_FILES:
        target = root / file.target
        before, original = versions(target), target.read_bytes() if target.exists() else b""
        chosen = set(names) or set(before)
        compile_(root, file, chosen - kept, kept, cooldown)
        back = {name for name, now in versions(target).items() if is_older(now, before.get(name))} - kept
        if back:
            kept |= back
            target.write_bytes(original)
            compile_(root, file, chosen - kept, kept, cooldown)


def is_older(now: str, before: str | None) -> bool:
    """Whether a package went back."""
    return before is not None and Version(now) < Version(before)


def compile_(root: Path, file: PinFile, chosen: set[str], kept: set[str], cooldown: int) -> None:
    """Let uv write a file of pins, newer for those chosen; the kept ones may be younger than the rest."""
    options = ["--quiet", "--no-header"]
    for name in sorted(chosen):
        options += ["--upgrade-package", name]
    if cooldown:
        options += ["--exclude-newer", days_ago(cooldown)]
        for name in sorted(kept):
            options += ["--exclude-newer-package", f"{name}={days_ago(0)}"]
    run(*UV, *file.how, *options, cwd=root)
    target = root / file.target
    head = f"# Made by: uv {' '.join(file.how)}\n"
    target.write_text(head + target.read_text(encoding="utf-8"), encoding="utf-8", newline="\n")
