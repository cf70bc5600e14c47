"""Which of the many made-up examples a run tries: all of them where their inputs have changed, else a tenth.

tests/tried.json holds, for each group, the hash of all its inputs with which every example was tried last.
`python -m tests.tried` runs every example of the groups whose hash has changed, and records the green ones.
"""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from random import Random
from typing import TypeVar

from tests import ROOT

Example = TypeVar("Example")
RECORD = ROOT / "tests" / "tried.json"
SHARE = 10
"""One in so many examples is tried where nothing has changed."""
API = (
    "accounts", "chat", "common", "dashboard/api", "gateway", "outbound", "providers/errors.py",
    "requirements.txt", "tests/api", "tests/tried.py", "webox/urls.py",
)  # fmt: skip
GROUPS: dict[str, tuple[str, ...]] = {
    "schema": ("docs/openapi.yaml", *API),
    "adversarial": ("tests/sockets", *API),
}
"""Group → the files and folders that its examples depend on; tests of single rooms are no inputs."""
TESTS = {
    "schema": ("tests/api/test_fuzzing.py",),
    "adversarial": ("tests/api/test_adversarial_rest.py", "tests/sockets/test_adversarial_socket.py"),
}


def digest(group: str) -> str:
    """The hash of all inputs of a group, by name and content."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *GROUPS[group]],
        cwd=ROOT, capture_output=True, check=True, encoding="utf-8",
    ).stdout  # fmt: skip
    sha = hashlib.sha256()
    for name in sorted({*listed.split("\0")} - {""}):
        of_one_room = "/tests/" in name and not name.startswith("tests/")
        if of_one_room or not (ROOT / name).is_file():
            continue
        sha.update(name.encode() + b"\0" + (ROOT / name).read_bytes() + b"\0")
    return sha.hexdigest()


def tries_all(group: str) -> bool:
    """Whether this run has to try every example: asked for by WEBOX_TEST_EXAMPLES=all, or inputs changed."""
    if os.environ.get("WEBOX_TEST_EXAMPLES") == "all":
        return True
    try:
        return bool(json.loads(RECORD.read_text("utf-8")).get(group) != digest(group))
    except (OSError, subprocess.CalledProcessError):
        # Not a checkout, or no record yet: nobody can say that nothing has changed.
        return True


def sample(group: str, examples: Sequence[Example]) -> list[Example]:
    """The examples that this run tries; another change of the inputs draws other ones."""
    if tries_all(group):
        return list(examples)
    chosen = Random(digest(group)).sample(range(len(examples)), -(-len(examples) // SHARE))
    return [examples[number] for number in sorted(chosen)]


def main() -> int:
    """Run what has changed as a whole, and record what is green; 1 where something is not."""
    record = json.loads(RECORD.read_text("utf-8")) if RECORD.exists() else {}
    failed = 0
    for group, files in TESTS.items():
        now = digest(group)
        if record.get(group) == now:
            continue
        command = [sys.executable, "-m", "pytest", "-q", "-n", "2", *files]
        done = subprocess.run(command, cwd=ROOT, env=os.environ | {"WEBOX_TEST_EXAMPLES": "all"}, check=False)
        if done.returncode:
            failed = 1
            continue
        record[group] = now
        RECORD.write_text(json.dumps(record, indent=2, sort_keys=True) + "\n", "utf-8")
    return failed


if __name__ == "__main__":
    sys.exit(main())
