"""Runs the tests of a module against its mutants: each in a fork of one process that has everything loaded.

mutmut leaves out what is decorated (`@property`, `@prepared`), and makes the database anew for each mutant.
Nothing is written: a fork puts the changed code into the functions that it has in memory.
"""

import ast
import gc
import json
import os
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from importlib import import_module
from pathlib import Path
from types import FunctionType

import coverage
import pytest
from django.db import connection

from tests import ROOT
from tests.trust.modules import Trusted
from tests.trust.mutants import Mutant, code_of, mutants

WARM = "tests/trust/warm.py"
LEAST_S, BASELINE_S = 10.0, 3600.0
LEFT_OUT = ("randomly", "xdist", "cacheprovider")
# By this profile hypothesis takes the same examples for each mutant.
OPTIONS = (
    "-s",
    "-o",
    "addopts=",
    "--hypothesis-profile=ci",
    *(word for name in LEFT_OUT for word in ("-p", f"no:{name}")),
)
SURVIVED, KILLED, NOT_PLACED = range(3)


@dataclass
class Tried:
    """What became of a module's mutants."""

    path: str
    killed: int = 0
    timed_out: int = 0
    survivors: list[str] = field(default_factory=list)

    @property
    def tried(self) -> int:
        """How many were."""
        return self.killed + len(self.survivors)


def try_mutants(modules: Sequence[Trusted], tell: Callable[[Tried], None]) -> str:
    """Try every mutant of these modules, and tell of one module after another.

    For a process that has loaded nothing of WeBox yet. What it returns is why it had to stop, or nothing.
    """
    plugin = Trying(modules, tell)
    tests = sorted({one for module in modules for one in module.tests})
    with tempfile.TemporaryDirectory() as folder:
        code = pytest.main([*OPTIONS, f"--basetemp={folder}/tests", WARM, *tests], plugins=[plugin])
    return plugin.fault or (f"pytest ended with {code}" if code else "")


class Trying:
    """In place of pytest's own loop over the tests."""

    def __init__(self, modules: Sequence[Trusted], tell: Callable[[Tried], None]) -> None:
        self.fault = ""
        self._modules, self._tell = modules, tell
        self._in_baseline = self._in_mutant = False
        self._seconds: dict[str, float] = defaultdict(float)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        warm = next(item for item in session.items if item.path == ROOT / WARM)
        items = {item.nodeid: item for item in session.items if item is not warm}
        # The session goes on: what it has made for this test stays, and stands in every fork.
        warm.ihook.pytest_runtest_protocol(item=warm, nextitem=session)
        for module in self._modules:
            import_module(module.path.removesuffix(".py").replace("/", "."))
        forget_statements()
        # Its file is whole then, and no fork goes on with this process's connection.
        connection.close()
        with tempfile.TemporaryDirectory() as folder:
            told = Path(folder) / "baseline"
            status = _fork(lambda: self._baseline(items, told), BASELINE_S)
            if status != SURVIVED:
                self.fault = told.read_text() if told.exists() else f"the tests ended with {status}"
                return True
            self._seconds, reached = json.loads(told.read_text())
        for module in self._modules:
            own = {node: item for node, item in items.items() if node.startswith(module.tests)}
            nodes = {int(line): nodes for line, nodes in reached[module.path].items()}
            self._try_module(module, own, nodes)
            if self.fault:
                break
        return True

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and self._in_mutant:
            print(report.nodeid, report.longreprtext, file=sys.stderr, flush=True)
            os._exit(KILLED)
        self._seconds[report.nodeid] += report.duration
        if report.failed:
            self.fault = f"{report.nodeid}: {report.longreprtext}"

    def _baseline(self, items: Mapping[str, pytest.Item], told: Path) -> int:
        """All tests in a fork without a fault: how long each takes, and which lines it reaches."""
        paths = {module.path: str(ROOT / module.path) for module in self._modules}
        measure = coverage.Coverage(data_file=None, include=[*paths.values()], config_file=False)
        measure.start()
        for item, following in _in_turn([*items.values()]):
            measure.switch_context(item.nodeid)
            forget_statements()
            item.ihook.pytest_runtest_protocol(item=item, nextitem=following)
            if self.fault:
                told.write_text(self.fault)
                return KILLED
        measure.stop()
        reached = {name: measure.get_data().contexts_by_lineno(path) for name, path in paths.items()}
        told.write_text(json.dumps((self._seconds, reached)))
        return SURVIVED

    def _try_module(
        self, module: Trusted, items: Mapping[str, pytest.Item], reached: Mapping[int, list[str]]
    ) -> None:
        tree = ast.parse(module.source)
        tried = Tried(module.path)
        for mutant in sorted(mutants(tree, module.parts), key=lambda one: one.line):
            lines = (mutant.line, mutant.statement) if mutant.is_function else reached
            run = self._in_order(items, reached, lines)
            status = self._run(run, partial(_place, mutant, tree, ROOT / module.path))
            if status == SURVIVED:
                tried.survivors.append(str(mutant) + ("" if run else "  [no test comes here]"))
            elif status == NOT_PLACED:
                tried.survivors.append(f"{mutant}  [could not be put in]")
            else:
                tried.killed += 1
                tried.timed_out += status == -signal.SIGKILL
        # Else what was taken for a kill was none.
        if self._run(self._in_order(items, reached, reached), lambda: True) != SURVIVED:
            self.fault = f"the tests of {module.path} fail without a fault, too"
        self._tell(tried)

    def _in_order(
        self, items: Mapping[str, pytest.Item], reached: Mapping[int, list[str]], lines: Iterable[int]
    ) -> list[pytest.Item]:
        """The tests that reach one of these lines, the quickest first."""
        nodes = {node for line in lines for node in reached.get(line, ()) if node in items}
        return [items[node] for node in sorted(nodes, key=lambda node: self._seconds[node])]

    def _run(self, items: Sequence[pytest.Item], place: Callable[[], bool]) -> int:
        """Run tests in a fork until one fails, after something was put in place there."""

        def in_fork() -> int:
            self._in_mutant = True
            if not place():
                return NOT_PLACED
            for item, following in _in_turn(items):
                item.ihook.pytest_runtest_protocol(item=item, nextitem=following)
            return SURVIVED

        return _fork(in_fork, LEAST_S + 5 * sum(self._seconds[item.nodeid] for item in items))


def _in_turn(items: Sequence[pytest.Item]) -> Iterator[tuple[pytest.Item, pytest.Item | pytest.Session]]:
    yield from zip(items, [*items[1:], items[0].session], strict=True) if items else ()


def _fork(work: Callable[[], int], limit_s: float) -> int:
    """Do it in a copy of this process; its status, which is negative where a signal has ended it."""
    with tempfile.TemporaryDirectory() as folder:
        child = os.fork()
        if child == 0:
            try:
                _take_a_database(Path(folder))
                os._exit(work())
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(KILLED)
        ends = time.monotonic() + limit_s
        while True:
            done, status = os.waitpid(child, os.WNOHANG)
            if done:
                return os.waitstatus_to_exitcode(status)
            if time.monotonic() > ends:
                os.kill(child, signal.SIGKILL)
            time.sleep(0.01)


def _take_a_database(folder: Path) -> None:
    """A file of its own: what another fork was killed over must not be found by this one's tests."""
    copied = shutil.copy(connection.settings_dict["NAME"], folder)
    connection.settings_dict["NAME"] = str(copied)


def _place(mutant: Mutant, tree: ast.Module, path: Path) -> bool:
    """Let this process have the fault, and say no more; whether it has it now."""
    os.dup2(1, 2)
    try:
        with mutant.in_place():
            return (_place_code if mutant.is_function else _place_value)(mutant, tree, path)
    except Exception:
        return False


def _place_code(mutant: Mutant, tree: ast.Module, path: Path) -> bool:
    code = code_of(tree, str(path), mutant.scope)
    found = functions(code.co_qualname)
    here = [one for one in found if one.__code__.co_filename == str(path)]
    for one in here:
        one.__code__ = code
    forget_statements()
    return bool(here)


def functions(name: str) -> list[FunctionType]:
    """Those of this qualified name that were there before the first fork, under whatever decorators."""
    return _by_name().get(name, [])


@cache
def _by_name() -> dict[str, list[FunctionType]]:
    found: dict[str, list[FunctionType]] = defaultdict(list)
    for one in gc.get_objects():
        if type(one) is FunctionType:
            found[one.__code__.co_qualname].append(one)
    return found


def forget_statements() -> None:
    """What `common.data.prepared` has kept since a query was first asked."""
    for one in functions("prepared.<locals>.read"):
        cell = (one.__closure__ or ())[one.__code__.co_freevars.index("statements")]
        cell.cell_contents.clear()


def _place_value(mutant: Mutant, tree: ast.Module, path: Path) -> bool:
    """A new value for a name of the module, wherever the old one is known by that name."""
    modules = [vars(one) for one in list(sys.modules.values())]
    names = next(one for one in modules if one.get("__file__") == str(path))
    statement = next(one for one in tree.body if one.lineno == mutant.statement)
    assert isinstance(statement, ast.Assign)
    expression = compile(ast.Expression(statement.value), str(path), "eval")
    old, new = names[mutant.scope], FunctionType(expression, names)()
    holders = [one for one in modules if one.get(mutant.scope) is old]
    for one in holders:
        one[mutant.scope] = new
    return bool(holders)
