"""`python3 -m webox`, from outside: what it says, what it refuses, how it stops."""

import ast
import json
import re
import signal
import socket
import subprocess
import sys
import tomllib
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests import ROOT
from webox import __main__ as entry
from webox import server
from webox.launcher import checks, port, words

Variables = dict[str, str]


@pytest.fixture(scope="module")
def variables(tmp_path_factory: pytest.TempPathFactory) -> Variables:
    """An environment without the settings of whoever runs the tests, and with a `var` of its own."""
    scratch = tmp_path_factory.mktemp("launcher")
    env = checks.clean_environment(ROOT, scratch)
    del env["WEBOX_TEST_REPORT"]
    return env | {"LANGUAGE": "en", "PYTHONUNBUFFERED": "1"}


def webox(*options: str, env: Variables, module: str = "webox") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", module, *options]
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, encoding="utf-8", check=False)


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


# --- An old Python ---


@pytest.mark.parametrize(
    "file",
    ["webox/__init__.py", "webox/__main__.py", "webox/launcher/__init__.py", "webox/launcher/words.py"],
)
def test_files_read_before_the_version_check_parse_on_old_pythons(file: str) -> None:
    source = (ROOT / file).read_text(encoding="utf-8")

    tree = ast.parse(source, feature_version=(3, 6))

    top = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    imported = {alias.name for node in top if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module or "" for node in top if isinstance(node, ast.ImportFrom)}
    assert imported <= {"sys", "os", "ctypes", "webox.launcher.words"}


@pytest.mark.parametrize(
    ("version", "refused"), [((3, 6), True), ((3, 10), True), ((3, 11), False), ((3, 14), False)]
)
def test_python_older_than_needed_is_refused_in_one_sentence(version: tuple[int, int], refused: bool) -> None:
    complaint = entry.complaint_about(version)

    assert bool(complaint) is refused
    if refused:
        assert "3.11" in complaint
        assert "{}.{}".format(*version) in complaint


def test_launcher_imports_nothing_but_the_standard_library() -> None:
    outside = set()
    for file in [ROOT / "webox/__main__.py", *(ROOT / "webox/launcher").glob("*.py")]:
        if file.name == "left_out.py":  # pytest’s plugin, never imported by the launcher
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                outside |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                outside.add(node.module or "")
    known = {name for name in outside if name.partition(".")[0] in sys.stdlib_module_names}
    assert {name for name in outside - known if not name.startswith("webox.launcher")} == set()


# --- What it says ---


def test_every_sentence_has_the_same_parameters_in_both_languages() -> None:
    for key, (english, french) in words.SENTENCES.items():
        assert sorted(re.findall(r"{(\w+)", english)) == sorted(re.findall(r"{(\w+)", french)), key


@pytest.mark.parametrize(
    ("found", "french"),
    [
        ({"LANG": "fr_FR.UTF-8"}, True),
        ({"LC_ALL": "fr_CA.UTF-8", "LANG": "en_US.UTF-8"}, True),
        ({"LANGUAGE": "en", "LANG": "fr_FR.UTF-8"}, False),
        ({"LANG": "C.UTF-8"}, False),
        ({}, False),
    ],
)
def test_language_is_the_one_of_the_system(
    found: Variables, french: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in found.items():
        monkeypatch.setenv(name, value)

    assert words.prefers_french() is french


@pytest.mark.parametrize(("language", "says"), [("en", "is taken"), ("fr_FR:en", "est déjà pris")])
def test_taken_port_is_told_with_another_one(
    language: str, says: str, taken_port: int, variables: Variables
) -> None:
    done = webox("--port", str(taken_port), env=variables | {"LANGUAGE": language})

    assert done.returncode == 1
    assert says in done.stderr
    assert f"--port {taken_port + 1}" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_address_of_another_machine_is_refused(variables: Variables) -> None:
    done = webox("--host", "192.0.2.1", env=variables)

    assert done.returncode == 1
    assert "192.0.2.1 is not an address of this machine" in done.stderr


@pytest.mark.parametrize(
    "options", [["--prot", "1"], ["--port", "70000"], ["--port", "x"], ["--only", "all"], ["serve"]]
)
def test_unknown_words_on_the_command_line_are_refused(options: list[str], variables: Variables) -> None:
    done = webox(*options, env=variables)

    assert done.returncode == 2
    assert "usage: python3 -m webox" in done.stderr


def test_help_names_every_option(variables: Variables) -> None:
    done = webox("--help", env=variables)

    assert done.returncode == 0
    for word in ("--host", "--port", "--no-browser", "--only", "test --all", "manage"):
        assert word in done.stdout


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"REDIS_URL": "redis://127.0.0.1:1/0"}, "those need PostgreSQL"),
        ({"WEBOX_SIGNUP": "maybe"}, "WEBOX_SIGNUP is “maybe”; it must be one of open, invite, closed."),
        ({"WEBOX_HTTPS": "oui"}, "WEBOX_HTTPS is “oui”"),
        ({"WEBOX_PROXIES": "-1"}, "WEBOX_PROXIES must be a whole number of at least 0."),
        ({"TIME_ZONE": "Mars/Olympus"}, "Mars/Olympus"),
        ({"DATABASE_URL": "postgres://me:se/cret@host/db"}, "DATABASE_URL must be postgres://"),
        ({"DATABASE_URL": "postgres://me:secret@127.0.0.1:1/db"}, "The database can’t be used"),
        (
            {"REDIS_URL": "redis://127.0.0.1:1/0", "DATABASE_URL": "postgres://a:b@127.0.0.1:1/c"},
            "Redis can’t be reached",
        ),
        ({"WEBOX_VAR": "/dev/null/var"}, "WeBox can’t write to /dev/null/var"),
    ],
)
def test_what_is_wrong_is_told_in_one_sentence(wrong: Variables, sentence: str, variables: Variables) -> None:
    done = webox("--port", "0", env=variables | wrong, module="webox.server")

    assert done.returncode == 1
    assert sentence in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert "secret" not in done.stderr


@pytest.mark.parametrize("name", ["worker", "stats", "beat"])
def test_a_part_alone_needs_redis(name: str, variables: Variables) -> None:
    done = webox("--only", name, env=variables, module="webox.server")

    assert done.returncode == 1
    assert f"--only {name} is for WeBox on several processes" in done.stderr


# --- Serving and stopping ---


def start(env: Variables) -> tuple["subprocess.Popen[str]", str]:
    """Start a server on a free port and return it with its address, once it says that it is ready."""
    command = [sys.executable, "-m", "webox.server", "--leash", "--port", "0"]
    child = subprocess.Popen(
        command,
        cwd=ROOT,
        env=env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )
    assert child.stdout is not None
    said = []
    for line in child.stdout:
        said.append(line)
        if found := re.search(r"WeBox is ready at (http://\S+)", line):
            return child, found[1]
    raise AssertionError("".join(said))


STOPS: dict[str, Callable[["subprocess.Popen[str]"], object]] = {
    "Ctrl-C": lambda child: child.send_signal(signal.SIGINT),
    "SIGTERM": lambda child: child.send_signal(signal.SIGTERM),
    "the end of its parent": lambda child: child.stdin and child.stdin.close(),
}


@pytest.mark.parametrize("stop", STOPS)
def test_server_serves_and_ends_cleanly_on(stop: str, variables: Variables) -> None:
    child, url = start(variables)
    with child:
        with urllib.request.urlopen(f"{url}/healthz", timeout=30) as answer:  # noqa: S310
            assert answer.status == 200
            assert "server" not in {name.lower() for name in answer.headers}

        STOPS[stop](child)

        assert child.stdout is not None
        assert "Traceback" not in child.stdout.read()
        assert child.wait() == 0


PARENT = """
import sys
from pathlib import Path
from webox.launcher.processes import run_together, wear_leash
wear = "import signal, sys; from webox.launcher.processes import wear_leash as wear; wear(); "
wear += "print('here', flush=True); "
lives = [sys.executable, "-c", wear + "signal.pause()"]
ends = [sys.executable, "-c", wear + "sys.exit(7)"]
wear_leash()
sys.exit(run_together({"lives": lives, "other": ends if sys.argv[1] == "ends" else lives}, Path.cwd()))
"""


def test_all_parts_stop_when_one_ends(variables: Variables) -> None:
    command = [sys.executable, "-c", PARENT, "ends"]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=variables,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as parent:
        # Its own leash is held until here: it ended because a part of it did.
        assert parent.stdout is not None
        assert parent.stderr is not None
        said, complained = parent.stdout.read(), parent.stderr.read()

    assert parent.returncode == 1
    assert "Starting WeBox on several processes: lives, other" in said
    assert "other | here" in said
    assert "The process other ended by itself (code 7)" in complained


def test_all_parts_stop_when_told_to(variables: Variables) -> None:
    command = [sys.executable, "-c", PARENT, "lives"]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=variables,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as parent:
        # Its own leash is held until here: it ended because it was told to.
        assert parent.stdout is not None
        assert parent.stderr is not None
        here = 0
        for line in parent.stdout:
            here += line.endswith("| here\n")
            if here == 2:
                break
        parent.send_signal(signal.SIGINT)
        rest, complained = parent.stdout.read(), parent.stderr.read()

    assert parent.returncode == 0
    assert "Traceback" not in rest + complained


def test_turns_and_statistics_have_workers_of_their_own() -> None:
    turns, statistics, beat = (" ".join(server.celery_words(name)) for name in ("worker", "stats", "beat"))

    assert turns == "worker -Q turns -P threads -c 256 --without-gossip --without-mingle -n turns@%h"
    assert statistics.startswith("worker -Q statistics -P threads -c 2 ")
    assert beat.startswith("beat -s ")


@pytest.mark.parametrize(
    ("host", "url"),
    [("0.0.0.0", "http://127.0.0.1:80"), ("::1", "http://[::1]:80"), ("box", "http://box:80")],  # noqa: S104
)
def test_address_shown_can_be_opened_in_a_browser(host: str, url: str) -> None:
    assert port.url_of(host, 80) == url


# --- The summary of the tests ---

PYTEST_INI = "[pytest]\nmarkers =\n    browser: x\n    deploy: x\n    services: x\n"


def test_every_group_of_tests_is_counted_when_it_is_left_out() -> None:
    options = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["pytest"]["ini_options"]
    markers = {marker.partition(":")[0] for marker in options["markers"]}
    assert {*checks.GROUPS} == markers


def test_tests_left_out_and_skipped_are_counted(tmp_path: Path, variables: Variables) -> None:
    (tmp_path / "test_it.py").write_text(
        "import pytest\n"
        "@pytest.mark.browser\ndef test_a(): pass\n"
        "@pytest.mark.services\n@pytest.mark.parametrize('x', [1, 2])\ndef test_b(x): pass\n"
        "@pytest.mark.deploy\ndef test_e(): pass\n"
        "def test_c(): pytest.skip('recorded cases are elsewhere')\n"
        "def test_d(): pass\n"
    )
    (tmp_path / "pytest.ini").write_text(PYTEST_INI)
    report = tmp_path / "report.json"
    options = ["-p", "webox.launcher.left_out", "-p", "no:django", "-n", "2"]
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            *options,
            "-m",
            "not browser and not services and not deploy",
            str(tmp_path),
        ],
        cwd=ROOT,
        env=variables | {"WEBOX_TEST_REPORT": str(report)},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )

    assert done.returncode == 0, done.stdout
    counts = json.loads(report.read_text())
    assert counts == {
        "left_out": {"browser": 1, "services": 2, "deploy": 1},
        "skipped": {"recorded cases are elsewhere": 1},
    }


def test_a_refusal_of_postgresql_in_the_letters_of_windows_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: object) -> None:
        # What psycopg2 makes of “authentification par mot de passe échouée” in Windows-1252.
        "mot de passe \xe9chou\xe9e".encode("cp1252").decode()

    monkeypatch.setattr(server, "MigrationExecutor", refuse)
    with pytest.raises(words.Problem, match="mot de passe échouée"):
        server.prepare_database()
