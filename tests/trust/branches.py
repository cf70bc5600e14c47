"""Which branches of the trusted code no test takes: the tests of all of it, once, under coverage.py."""

import ast
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests import ROOT
from tests.trust.modules import Trusted
from tests.trust.mutants import is_part


@dataclass(frozen=True)
class Taken:
    """Of a module or its parts: how many lines and branches there are, and those that no test takes."""

    path: str
    lines: int
    branches: int
    missing: tuple[str, ...]


def branches_taken(modules: Sequence[Trusted]) -> list[Taken] | None:
    """What the tests take of these modules; None where they fail."""
    tests = sorted({one for module in modules for one in module.tests})
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"COVERAGE_FILE": f"{folder}/data"}
        paths = ",".join(module.path for module in modules)
        run = [
            "run",
            "--branch",
            "--rcfile=",
            f"--include={paths}",
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:randomly",
        ]
        made = subprocess.run([sys.executable, "-m", "coverage", *run, *tests], cwd=ROOT, env=environment)
        if made.returncode:
            return None
        report = ["json", "--rcfile=", "--quiet", "-o", f"{folder}/report"]
        subprocess.run([sys.executable, "-m", "coverage", *report], cwd=ROOT, env=environment, check=True)
        files = json.loads(Path(f"{folder}/report").read_text())["files"]
    return [_of_module(module, files[module.path]) for module in modules]


def _of_module(module: Trusted, file: dict[str, Any]) -> Taken:
    tree = ast.parse(module.source)
    inside = {line for first, last in _spans(tree, module.parts) for line in range(first, last + 1)}
    lines = inside & {*file["executed_lines"], *file["missing_lines"]}
    arcs = [(start, end) for start, end in file["executed_branches"] if start in inside]
    left = [(start, end) for start, end in file["missing_branches"] if start in inside]
    missing = [f"line {line}" for line in sorted(inside & {*file["missing_lines"]})]
    missing += [f"{start} → {end if end > 0 else 'the end'}" for start, end in left]
    return Taken(module.path, len(lines), len(arcs) + len(left), tuple(missing))


def _spans(tree: ast.Module, parts: Sequence[str], prefix: str = "") -> Iterator[tuple[int, int]]:
    """First and last lines of what is looked at."""
    waiting: list[tuple[str, ast.stmt]] = [("", node) for node in tree.body]
    for prefix, node in waiting:
        name = prefix + getattr(node, "name", "")
        if is_part(name, parts):
            yield node.lineno, node.end_lineno or node.lineno
        elif isinstance(node, ast.ClassDef):
            waiting += [(f"{name}.", one) for one in node.body]
