"""Below all of supply/: the checkout, and other programs, whose failure is one exception."""

import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
UV = (sys.executable, "-m", "uv")


class CouldNotLook(Exception):
    """A registry or database did not answer, or a program is missing: nothing is known."""


def run(*command: str | Path, cwd: Path) -> str:
    """What a program prints. Raises CouldNotLook when it fails, with its last words."""
    done = attempt(*command, cwd=cwd)
    if done.returncode:
        said = (done.stderr or done.stdout).strip()
        raise CouldNotLook(f"{' '.join(map(str, command))}\n{said}")
    return done.stdout


def attempt(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """A program that has run, well or not. Raises CouldNotLook when there is no such program."""
    found = shutil.which(str(command[0]))
    if not found:
        raise CouldNotLook(f"{command[0]} is not installed")
    return subprocess.run(
        [found, *command[1:]], cwd=cwd, capture_output=True, check=False, encoding="utf-8", errors="replace"
    )


def days_ago(days: int) -> str:
    """That moment, as uv and npm want it."""
    return f"{datetime.now(UTC) - timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}"
