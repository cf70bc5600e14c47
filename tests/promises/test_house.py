"""The house stands as its plan says: no circle, no room too wide, and each thing lies where one guesses."""

import ast
import re
import tomllib
from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from tests import ROOT

APPS = (
    "accounts", "chat", "common", "dashboard", "gateway", "operations", "outbound", "providers", "webox",
)  # fmt: skip
MOST_MODULES = 14
"""At the top of one package: more can't be surveyed."""
CHAT_ROOMS, CHAT_FLOORS = 25, 10
# AppConfig.ready runs once models can be imported; __main__ first looks whether Python is new enough.
MAY_IMPORT_LATE = {
    "accounts/apps.py", "chat/apps.py", "dashboard/apps.py", "operations/apps.py", "webox/__main__.py",
}  # fmt: skip
# The first import of these imports what REST framework's settings name.
READ_THE_SETTINGS = {"rest_framework.decorators", "rest_framework.generics", "rest_framework.views"} | {
    f"rest_framework.views.{name}" for name in ("APIView", "exception_handler")
}
NAMED_IN_SETTINGS = (
    "DEFAULT_AUTHENTICATION_CLASSES", "DEFAULT_PARSER_CLASSES", "DEFAULT_PERMISSION_CLASSES",
    "DEFAULT_THROTTLE_CLASSES",
)  # fmt: skip
# Files that hold a rule over several modules, and are named after the rule.
RULES = {
    "accounts": {"api/me", "api/register", "api/tickets", "api/tokens"},
    "chat": {
        "actions/quota", "ais/audited_keys", "ais/model_lists", "api/ais/servers", "api/authorization",
        "api/conversations/conversation_lists", "api/mass_assignment", "live/socket_authorization",
        "page_authorization", "store/content_access", "store/deletion", "store/retention", "store/visibility",
    },
    "common": {"pages/static_files"},
    "dashboard": {"site"},
    "gateway": {"gateway", "stop_sequences"},
    "operations": {"backup_archive"},
    "providers": {
        "adapters/endless", "adapters/recorded_streams", "adapters/replicate_places",
        "wire/event_reader_properties", "wire/fallbacks",
    },
}  # fmt: skip


@cache
def modules() -> dict[str, Path]:
    """Every module of the product by its dotted name; tests and migrations are none."""
    found = {}
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            if "tests" in parts or "migrations" in parts:
                continue
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def nearest(name: str) -> str | None:
    """The module that a dotted name is of."""
    while name and name not in modules():
        name = name.rpartition(".")[0]
    return name or None


@cache
def imports() -> dict[str, set[str]]:
    """What each module imports of ours: at its top, in functions and for its types."""
    found: dict[str, set[str]] = {}
    for module, path in modules().items():
        named: set[str] = set()
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                named |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                named |= {f"{node.module}.{alias.name}" for alias in node.names}
        found[module] = {one for name in named if (one := nearest(name))} - {module}
    return found


def named_in_settings() -> set[str]:
    """Our modules that REST framework's views import because its settings name them."""
    named: dict[str, Any] = settings.REST_FRAMEWORK
    names = [str(name) for key in NAMED_IN_SETTINGS for name in named[key]]
    return {one for name in names if (one := nearest(name))}


def imports_through_settings() -> dict[str, set[str]]:
    """The imports, and those that REST framework makes for whoever imports its views."""
    found = {}
    for module, others in imports().items():
        nodes = [*ast.walk(ast.parse(modules()[module].read_text("utf-8")))]
        taken = {
            f"{node.module}.{alias.name}"
            for node in nodes
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        }
        found[module] = others | named_in_settings() if taken & READ_THE_SETTINGS else others
    return found


def circles(arrows: dict[str, set[str]]) -> list[list[str]]:
    """The strongly connected groups of more than one (Tarjan)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(node: str) -> None:
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in arrows.get(node, ()):
            if other not in index:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], index[other])
        if low[node] == index[node]:
            group = [stack.pop()]
            while group[-1] != node:
                group.append(stack.pop())
            if len(group) > 1:
                found.append(sorted(group))

    for node in arrows:
        if node not in index:
            visit(node)
    return found


def rooms(package: str) -> dict[str, set[str]]:
    """The arrows between the modules and packages that lie at the top of a package."""
    depth = package.count(".") + 2 if package else 1
    found: dict[str, set[str]] = defaultdict(set)
    for module, others in imports().items():
        if package and not module.startswith(f"{package}."):
            continue
        room = ".".join(module.split(".")[:depth])
        found[room] |= {
            target
            for other in others
            if not package or other.startswith(f"{package}.")
            if (target := ".".join(other.split(".")[:depth])) != room
        }
    return found


def floors(arrows: dict[str, set[str]]) -> int:
    """How many rooms stand above each other at most."""

    @cache
    def floor(room: str) -> int:
        return 1 + max((floor(other) for other in arrows.get(room, ())), default=0)

    return max(floor(room) for room in arrows)


def packages() -> list[str]:
    return sorted({module.rpartition(".")[0] for module in modules() if "." in module})


def test_what_is_looked_for_would_be_found() -> None:
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}) == [["a", "b", "c"]]
    assert floors({"a": {"b"}, "b": {"c"}, "c": set(), "d": {"c"}}) == 3
    assert len(modules()) > 200
    assert "chat.engine.loop" in imports()["chat.engine.process"]
    assert "common.http.parsers" in imports_through_settings()["common.http.api"]


def test_no_module_imports_itself_round_a_corner() -> None:
    assert circles(imports()) == []
    assert circles(imports_through_settings()) == []


@pytest.mark.parametrize("package", ["", *packages()])
def test_no_room_imports_itself_round_a_corner(package: str) -> None:
    assert circles(rooms(package)) == []


def test_chat_has_few_rooms_on_few_floors() -> None:
    arrows = rooms("chat")
    assert len(arrows) <= CHAT_ROOMS
    assert floors(arrows) <= CHAT_FLOORS


def test_no_package_is_too_wide_to_survey() -> None:
    found: dict[str, int] = defaultdict(int)
    for folder in (*APPS, "bench", "supply", "tests"):
        for path in (ROOT / folder).rglob("*.py"):
            if path.name != "__init__.py" and "migrations" not in path.parts:
                found[path.parent.relative_to(ROOT).as_posix()] += 1
    assert {folder: count for folder, count in found.items() if count > MOST_MODULES} == {}


def test_imports_stand_at_the_top() -> None:
    """An import in a function, or by name, hides an arrow from whoever reads and from import-linter."""
    late = set()
    for module, path in modules().items():
        tree = ast.parse(path.read_text("utf-8"))
        for function in ast.walk(tree):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef) and any(
                isinstance(node, ast.Import | ast.ImportFrom) for node in ast.walk(function)
            ):
                late.add(path.relative_to(ROOT).as_posix())
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("import_module", "__import__"):
                named = str(node.args[0].value) if isinstance(node.args[0], ast.Constant) else ""
                assert nearest(named) is None, f"{module} imports {named}"
    assert late - MAY_IMPORT_LATE == set()


def test_every_module_is_in_a_contract() -> None:
    told = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]
    assert set(told["root_packages"]) == set(APPS)
    exhaustive = {
        container
        for contract in told["contracts"]
        if contract.get("exhaustive")
        for container in contract["containers"]
    }
    assert set(APPS) - exhaustive == set()


@pytest.mark.parametrize("app", sorted({*APPS} - {"webox"}))
def test_a_test_lies_where_its_module_does(app: str) -> None:
    """`a/b/x.py` ↔ `a/tests/b/test_x.py`; what is named after a rule lies in the folder that it is about."""
    folder = ROOT / app / "tests"
    found = {path.relative_to(folder) for path in folder.rglob("test_*.py")}
    assert found
    assert {test.parent.as_posix() for test in found if not (ROOT / app / test.parent).is_dir()} == set()
    named = {(test.parent / test.stem.removeprefix("test_")).as_posix() for test in found}
    unlike = {name for name in named if not (ROOT / app / f"{name}.py").exists()}
    assert {name for name in unlike if not (ROOT / app / name).is_dir()} == RULES.get(app, set())


@pytest.mark.parametrize("app", ["accounts", "chat", "dashboard"])
def test_a_page_is_found_by_the_name_of_its_view(app: str) -> None:
    """A view `x` that draws a page of its app draws `templates/a/x.html`, or a part or a state of it."""
    views = [path for name, path in modules().items() if name.startswith(f"{app}.") and "views" in path.name]
    drawn = {name for path in views for name in re.findall(rf'"({app}/\w+\.html)"', path.read_text("utf-8"))}
    assert drawn
    assert {name for name in drawn if not (ROOT / "templates" / name).exists()} == set()
