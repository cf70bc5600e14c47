"""docs/asvs.csv traces OWASP ASVS 5.0.0: each requirement has one row, and what a row cites is there."""

import ast
import csv
import re
from functools import cache
from pathlib import Path

from tests import ROOT

COLUMNS = ["id", "level", "status", "evidence", "note"]
HELD, NOT_HELD = {"met", "partly"}, {"not_met", "not_applicable"}
# Requirements of level 1 and of level 2 in each chapter, counted in the standard’s own list,
# OWASP_Application_Security_Verification_Standard_5.0.0_en.csv: 70 and 183 in all.
COUNTS = {
    1: (8, 19), 2: (4, 7), 3: (8, 11), 4: (2, 8), 5: (4, 5), 6: (13, 22), 7: (6, 12), 8: (4, 3), 9: (4, 3),
    10: (5, 24), 11: (3, 11), 12: (3, 6), 13: (1, 12), 14: (2, 7), 15: (3, 10), 16: (0, 16), 17: (0, 7),
}  # fmt: skip
TOTALS = (70, 183)


@cache
def rows() -> list[dict[str, str]]:
    with (ROOT / "docs" / "asvs.csv").open(encoding="utf-8", newline="") as file:
        head, *lines = csv.reader(file, strict=True)
    assert head == COLUMNS
    return [dict(zip(COLUMNS, line, strict=True)) for line in lines]


def numbers(requirement: str) -> tuple[int, ...]:
    """V1.2.10 as numbers, which sort after those of V1.2.9."""
    return tuple(int(part) for part in requirement[1:].split("."))


def test_every_requirement_of_both_levels_has_its_row() -> None:
    ids = [row["id"] for row in rows()]
    assert [one for one in ids if not re.fullmatch(r"V[1-9]\d*\.[1-9]\d*\.[1-9]\d*", one)] == []
    assert [numbers(one) for one in ids] == sorted({numbers(one) for one in ids})
    found = {chapter: [0, 0] for chapter in COUNTS}
    for row in rows():
        found[numbers(row["id"])[0]][("1", "2").index(row["level"])] += 1
    assert {chapter: tuple(counts) for chapter, counts in found.items()} == COUNTS
    assert tuple(map(sum, zip(*COUNTS.values(), strict=True))) == TOTALS


def test_a_row_says_how_it_is_held_or_why_not() -> None:
    wrong = [
        row["id"]
        for row in rows()
        if row["status"] not in HELD | NOT_HELD
        or bool(row["evidence"]) != (row["status"] in HELD)
        or not row["note"].endswith(".")
    ]
    assert wrong == []


@cache
def names_of_tests(file: Path) -> frozenset[str]:
    """What pytest would call the tests of a file: `test_x`, and `TestX::test_x` for those of a class."""
    found = set()
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        inside = node.body if isinstance(node, ast.ClassDef) else [node]
        prefix = f"{node.name}::" if isinstance(node, ast.ClassDef) else ""
        names = [one.name for one in inside if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)]
        found |= {prefix + name for name in names if name.startswith("test_")}
    return frozenset(found)


@cache
def headings_of(file: Path) -> frozenset[str]:
    """The headings of a page as links name them."""
    found = re.findall(r"^#+ (.+)$", file.read_text(encoding="utf-8"), re.MULTILINE)
    return frozenset(re.sub(r"[^\w -]", "", heading.lower()).strip().replace(" ", "-") for heading in found)


def is_there(evidence: str) -> bool:
    """Whether a test (`file::test`), a part of a page (`page#heading`) or a file exists."""
    path, is_test, test = evidence.partition("::")
    path, is_part, heading = path.partition("#")
    file = ROOT / path
    if not file.is_file():
        return False
    return (not is_test or test in names_of_tests(file)) and (not is_part or heading in headings_of(file))


def test_what_is_cited_is_there() -> None:
    cited = [(row["id"], one) for row in rows() for one in row["evidence"].split()]
    assert len(cited) > sum(row["status"] in HELD for row in rows())
    assert [(requirement, one) for requirement, one in cited if not is_there(one)] == []


def test_what_is_not_there_is_noticed() -> None:
    here = "tests/promises/test_asvs.py"
    assert is_there(f"{here}::test_what_is_not_there_is_noticed")
    for gone in ("tests/gone.py", "tests", f"{here}::test_gone", f"{here}::TestX::test_gone", f"{here}#gone"):
        assert not is_there(gone), gone


def test_the_security_page_names_files_that_are_there() -> None:
    page = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`([\w./-]+(?:\.(?:py|js|json|txt|yaml|yml)|/))`", page)) - {"var/"}
    tests = {file.name for file in ROOT.glob("[!.]*/**/test_*.py")}
    assert len(named) > 30
    assert {one for one in named if not (ROOT / one).exists() and one not in tests} == set()
