"""`python3 -m webox test`: every check in turn, then what each came to and what was left out."""

# ruff: noqa: S603 - every command is a list written here, nothing passes a shell

import gettext
import hashlib
import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from webox.launcher.processes import run_attached

# Tests that replay recordings kept outside the repository may be skipped where those are not at hand.
# Their reason names the variable that says where these are.
ALLOWED_SKIP = "WEBOX_CASSETTES"
CONNECT_WITHIN_S = 3
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
SERVICES = (
    ("PostgreSQL", "WEBOX_TEST_DATABASE_URL", "postgres://postgres@127.0.0.1:5432/postgres", 5432),
    ("Redis", "WEBOX_TEST_REDIS_URL", "redis://127.0.0.1:6379/15", 6379),
)


def no_chromium() -> str:
    """Why browser tests can’t run here, or ""."""
    return "" if any(shutil.which(name) for name in CHROMIUMS) else "Chromium is not installed"


def no_services() -> str:
    """Why tests on PostgreSQL and Redis can’t run here, or ""."""
    for name, variable, default, port in SERVICES:
        url = urlsplit(os.environ.get(variable) or default)
        try:
            socket.create_connection(
                (url.hostname or "127.0.0.1", url.port or port), CONNECT_WITHIN_S
            ).close()
        except OSError as error:
            where = f"{url.hostname}:{url.port or port}"
            return f"{name} can’t be reached at {where} ({error.strerror}); set {variable}"
    return ""


def no_caddy() -> str:
    """Why the site can’t be run behind its front here, or ""."""
    return "" if shutil.which("caddy") else "Caddy is not installed"


def no_gettext() -> str:
    """Why catalogues can’t be compiled here, or ""."""
    return "" if shutil.which("msgfmt") else "GNU gettext is not installed"


def no_node() -> str:
    """Why JavaScript tests can’t run here, or ""."""
    return "" if shutil.which("node") else "Node.js is not installed"


# pytest’s marker → what the tests need, and what says why they can’t have it.
GROUPS: dict[str, tuple[str, Callable[[], str]]] = {
    "browser": ("Chromium", no_chromium),
    "services": ("PostgreSQL and Redis", no_services),
    "deploy": ("Caddy", no_caddy),
    "gettext": ("GNU gettext", no_gettext),
    "node": ("Node.js", no_node),
    # Nothing more than Python, but longer than anybody waits.
    "fuzz": ("some minutes", lambda: ""),
}


@dataclass
class Run:
    """One run of the checks, and what it has come to so far."""

    root: Path
    python: Path
    env: dict[str, str]
    report: Path
    results: list[tuple[str, str, float]] = field(default_factory=list)  # name, what is wrong or "", seconds

    def step(self, name: str, *command: str | Path) -> None:
        """Run a command on this terminal; it is right when it exits with 0.

        Raises KeyboardInterrupt when somebody pressed Ctrl-C meanwhile.
        """
        print(f"\n── {name}", flush=True)
        started = time.monotonic()
        code, pressed = run_attached(command, self.root, self.env)
        if pressed:
            raise KeyboardInterrupt
        self.note(name, f"exit code {code}" if code else "", time.monotonic() - started)

    def note(self, name: str, wrong: str, seconds: float = 0) -> None:
        """Add a line to the closing table; `wrong` is "" for what is right."""
        self.results.append((name, wrong, seconds))


def run(root: Path, python: Path, *, everything: bool, pytest_words: list[str]) -> int:
    """Run all checks, also after one has failed; returns 0 when all are right, 1 otherwise."""
    with tempfile.TemporaryDirectory(prefix="webox-test-") as scratch:
        this = Run(root, python, clean_environment(root, Path(scratch)), Path(scratch) / "report.json")
        this.step("ruff check", python, "-m", "ruff", "check", ".")
        this.step("ruff format", python, "-m", "ruff", "format", "--check", ".")
        this.step("mypy", python, "-m", "mypy", ".")
        # import-linter can’t be started with -m.
        lint = (
            "import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())"
        )
        this.step("rooms (import-linter)", python, "-c", lint)
        this.step("migrations", python, "manage.py", "makemigrations", "--check", "--dry-run")
        unavailable = {
            marker: why for marker, (_, check) in GROUPS.items() if everything and (why := check())
        }
        for marker, why in unavailable.items():
            this.note(GROUPS[marker][0], why)
        if everything:
            check_catalogues(this)
            check_javascript(this)
            check_scripts(this)
        run_pytest(this, list(unavailable) if everything else list(GROUPS), pytest_words)
        counts = json.loads(this.report.read_text(encoding="utf-8")) if this.report.exists() else {}
    if everything:
        check_skips(this, counts.get("skipped", {}))
    else:
        print_left_out(root, counts.get("left_out", {}))
    return print_table(this)


def clean_environment(root: Path, scratch: Path) -> dict[str, str]:
    """The environment without any of WeBox’s settings: no key, no database of the owner’s, no `.env`."""
    names = re.findall(
        r"^#? ?([A-Z][A-Z0-9_]*)=", (root / ".env.example").read_text(encoding="utf-8"), re.MULTILINE
    )
    env = {name: value for name, value in os.environ.items() if name not in names}
    return env | {
        "WEBOX_VAR": str(scratch / "var"),
        "WEBOX_ENV_FILE": str(scratch / "no.env"),
        "WEBOX_TEST_REPORT": str(scratch / "report.json"),
    }


def run_pytest(this: Run, leave_out: list[str], words: list[str]) -> None:
    """Run the Python tests but for the groups to leave out, on two processes unless `words` say otherwise."""
    own = ["-p", "webox.launcher.left_out"]
    if not any(word.startswith(("-n", "--numprocesses")) for word in words):
        own += ["-n", "2"]
    if leave_out:
        own += ["-m", " and ".join(f"not {marker}" for marker in leave_out)]
    this.step("pytest", this.python, "-m", "pytest", *own, *words)


def javascript_tests(root: Path) -> list[Path]:
    """The JavaScript test files."""
    return sorted(file.relative_to(root) for file in (root / "tests" / "js").glob("**/*.test.js"))


def check_javascript(this: Run) -> None:
    """Run the JavaScript tests."""
    files = javascript_tests(this.root)
    node = shutil.which("node")
    if not files:
        this.note("JavaScript", "no test file was found")
    elif node:
        this.step("JavaScript", node, "--test", *files)


def check_scripts(this: Run) -> None:
    """Check how the scripts and style sheets are written, with the tools of package-lock.json."""
    npm = shutil.which("npm")
    if not npm:
        this.note("npm", "npm is not installed")
        return
    folder, lock = this.root / "node_modules", this.root / "package-lock.json"
    stamp = folder / ".webox-installed"
    wanted = hashlib.sha256(lock.read_bytes()).hexdigest()
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != wanted:
        # A script of a package would run with the rights of whoever tests.
        this.step("npm ci", npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund")
        if this.results[-1][1]:
            return
        stamp.write_text(wanted, encoding="utf-8")
    offline = (npm, "exec", "--offline", "--")
    this.step("scripts and styles (Biome)", *offline, "biome", "ci", "--colors=off")
    this.step("types of the scripts (tsc)", *offline, "tsc")


def catalogues(root: Path) -> list[Path]:
    """The translation catalogues of the project."""
    return sorted((root / "locale").glob("*/LC_MESSAGES/*.po"))


def check_catalogues(this: Run) -> None:
    """Compile each catalogue anew and compare with the compiled one in the repository."""
    tool = shutil.which("msgfmt")
    if not tool:
        return
    started, wrong = time.monotonic(), []
    with tempfile.TemporaryDirectory() as scratch:
        for source in catalogues(this.root):
            fresh, committed = Path(scratch) / "fresh.mo", source.with_suffix(".mo")
            command: list[str | Path] = [tool, "--check-format", "-o", fresh, source]
            done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
            if done.returncode:
                wrong.append(done.stderr.strip())
            elif not committed.exists() or messages_in(committed) != messages_in(fresh):
                wrong.append(
                    f"{committed.relative_to(this.root)} is not what its .po says: run compilemessages"
                )
    if not catalogues(this.root):
        wrong.append("no catalogue was found")
    this.note("catalogues", "; ".join(wrong), time.monotonic() - started)


def messages_in(catalogue: Path) -> object:
    """What a compiled catalogue says; its bytes differ from one msgfmt to another."""
    with catalogue.open("rb") as file:
        return vars(gettext.GNUTranslations(file))["_catalog"]


def check_skips(this: Run, skipped: dict[str, int]) -> None:
    """Count what was skipped, and take any skip but the allowed one for a failure."""
    for reason, count in skipped.items():
        print(f"Skipped: {count} ({reason})")
    others = [reason for reason in skipped if ALLOWED_SKIP not in reason]
    this.note("nothing skipped", "; ".join(others))


def print_left_out(root: Path, counts: dict[str, int]) -> None:
    """Say what a run on Python alone did not look at, and why."""
    print("\nLeft out, because it needs more than Python (`python3 -m webox test --all` runs it):")
    for marker, (need, _) in GROUPS.items():
        print(f"  {counts.get(marker, 0):4} tests marked {marker}: need {need}")
    print(f"  {len(javascript_tests(root)):4} JavaScript test files: need Node.js")
    print("       the scripts' and style sheets' form: needs Node.js and npm")
    print(f"  {len(catalogues(root)):4} translation catalogues to compile and compare: need GNU gettext")


def print_table(this: Run) -> int:
    """Print what each step came to; returns the exit code of the whole."""
    width = max(len(name) for name, _, _ in this.results)
    print()
    for name, wrong, seconds in this.results:
        print(f"{name:<{width}}  {'FAILED' if wrong else 'ok':<6}  {seconds:6.1f} s  {wrong}".rstrip())
    failed = sum(1 for _, wrong, _ in this.results if wrong)
    print(
        f"\n{failed} of {len(this.results)} steps failed"
        if failed
        else f"\nAll {len(this.results)} steps are ok"
    )
    return 1 if failed else 0
