"""The tool that puts faults in: which ones, each alone, and what its list names is there."""

import ast

import pytest

from tests import ROOT
from tests.trust.modules import ROOMS, Trusted
from tests.trust.mutants import code_of, is_part, mutants

MODULES = [module for modules in ROOMS.values() for module in modules]


def faults(source: str) -> list[str]:
    return [str(one).partition("  ")[2] for one in mutants(ast.parse(source))]


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.path)
def test_what_the_list_names_is_there(module: Trusted) -> None:
    tree = ast.parse(module.source)
    names = {one.scope for one in mutants(tree)}
    for part in module.parts:
        assert any(is_part(name, [part]) for name in names), part
    for path in module.tests:
        assert (ROOT / path).is_file(), path


def test_no_module_is_named_twice() -> None:
    assert len({module.path for module in MODULES}) == len(MODULES)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("return a < b", ["a < b  →  a <= b", "a < b  →  a >= b", "return a < b  →  return None"]),
        ("return a and b", ["a and b  →  a or b", "return a and b  →  return None"]),
        ("return not a", ["not a  →  a", "return not a  →  return None"]),
        ("return True", ["True  →  False"]),
        ("if a:\n  raise E", ["a  →  not a", "raise E  →  (left out)"]),
        ("f(2)", ["2  →  1", "2  →  3", "f(2)  →  (left out)"]),
        ("a += b", ["a += b  →  (left out)", "a += b  →  a -= b"]),
        (
            "x = q.filter(a=b, c=d)",
            [
                "q.filter(a=b, c=d)  →  q.filter(a=b)",
                "q.filter(a=b, c=d)  →  q.filter(c=d)",
            ],
        ),
        ("x = {'a': b}", ["{'a': b}  →  {}"]),
        ("'''Words.'''\nx: int = a", []),
    ],
)
def test_a_function_has_these_faults(body: str, expected: list[str]) -> None:
    lines = "\n".join(f"  {line}" for line in body.splitlines())
    assert faults(f"@prepared\ndef f(a: A = 1) -> B:\n{lines}") == [f"f:  {one}" for one in expected]


def test_a_value_of_the_module_is_one_too_and_a_class_s_is_not() -> None:
    assert faults("LIMIT = 5\nclass A:\n  x = 5") == ["LIMIT:  5  →  4", "LIMIT:  5  →  6"]


def test_a_fault_is_there_for_a_while_and_then_taken_back() -> None:
    tree = ast.parse("class A:\n  @property\n  def f(self):\n    return super().f() < 1\n")
    before = ast.unparse(tree)
    for mutant in mutants(tree):
        with mutant.in_place():
            assert ast.unparse(tree) != before
            code = code_of(tree, "a.py", "A.f")
        assert ast.unparse(tree) == before
        # What it closes over is the same, so that it fits into the function that there is.
        assert code.co_freevars == code_of(tree, "a.py", "A.f").co_freevars
