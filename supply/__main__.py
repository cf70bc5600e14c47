"""The command line of `python -m supply`."""

import argparse
import io
import sys
from pathlib import Path

from supply import audit, leaks, licences, pins, vendored
from supply.tools import ROOT, CouldNotLook

COOLDOWN_DAYS = 7
FOUND, UNKNOWN = 1, 3
"""Exit codes: something is wrong; something could not be asked. 2 is argparse's own."""


def main(words: list[str]) -> int:
    """Do what the command line says; returns the exit code."""
    options = parser().parse_args(words)
    try:
        if options.command == "update":
            return update(ROOT, options.names, options.cooldown)
        if options.command == "verify":
            return verify(ROOT)
        if options.command == "licences":
            licences.write(ROOT)
            return 0
        return audit_all(ROOT)
    except CouldNotLook as problem:
        print(problem, file=sys.stderr)
        return UNKNOWN


def parser() -> argparse.ArgumentParser:
    """What the command line may say."""
    whole = argparse.ArgumentParser(
        prog="python -m supply", description="What WeBox takes from others.", allow_abbrev=False
    )
    commands = whole.add_subparsers(dest="command", required=True)
    renew = commands.add_parser("update", help="pin newer versions, and show what changed")
    renew.add_argument("names", nargs="*", help="only these packages (default: all)")
    renew.add_argument(
        "--cooldown",
        type=int,
        default=COOLDOWN_DAYS,
        metavar="DAYS",
        help="take nothing younger than this, %(default)s by default; 0 asks for no dates",
    )
    commands.add_parser("verify", help="compare the vendored files with their packages")
    commands.add_parser("licences", help=f"write {licences.PAGE}")
    commands.add_parser("audit", help="ask for known weaknesses, and look for keys in the files")
    return whole


def update(root: Path, names: list[str], cooldown: int) -> int:
    """Pin anew, copy newer vendored files, write the licences, and show what changed."""
    known = pins.known(root) | vendored.known(root)
    if unknown := sorted(set(names) - known):
        print(f"Nothing is called {', '.join(unknown)}", file=sys.stderr)
        return FOUND
    before = {file.target: pins.versions(root / file.target) for file in pins.PIN_FILES}
    pins.update(root, names, cooldown)
    for file in pins.PIN_FILES:
        show(file.target, differences(before[file.target], pins.versions(root / file.target)))
    front_end = vendored.update(root, names, cooldown)
    show("Front-end files", front_end.changed)
    licences.write(root)
    for note in front_end.by_hand:
        print(f"By hand: {note}")
    return 0


def differences(before: dict[str, str], after: dict[str, str]) -> list[tuple[str, str, str]]:
    """Name, old and new version of whatever is not the same; "" where it was or is not there."""
    names = sorted(before.keys() | after.keys())
    rows = [(name, before.get(name, ""), after.get(name, "")) for name in names]
    return [row for row in rows if row[1] != row[2]]


def show(title: str, rows: list[tuple[str, str, str]]) -> None:
    """Print what changed in one place."""
    print(f"{title}: {len(rows) or 'nothing'} changed")
    for name, old, new in rows:
        print(f"  {name:<32} {old or '(new)':<20} → {new or '(gone)'}")


def verify(root: Path) -> int:
    """Say how the vendored files differ from their packages."""
    faults = vendored.verify(root)
    for fault in faults:
        print(fault)
    if not faults:
        print("Every vendored file is the one in its package")
    return FOUND if faults else 0


def audit_all(root: Path) -> int:
    """Say which weaknesses are known, where a key seems to lie, and what could not be asked."""
    found, keys = audit.look(root), leaks.find(root)
    for title, lines in (
        ("Known weaknesses", found.weaknesses),
        ("What looks like a real key", [str(leak) for leak in keys]),
        ("Could not ask, so that nothing is known", found.unknown),
    ):
        if lines:
            print(title, *lines, sep="\n  ")
    if found.weaknesses or keys:
        return FOUND
    if found.unknown:
        return UNKNOWN
    print("No known weakness, and nothing that looks like a real key")
    return 0


if __name__ == "__main__":
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A narrow code page shows a `?` instead of failing on an arrow.
        sys.stdout.reconfigure(errors="replace")
    sys.exit(main(sys.argv[1:]))
