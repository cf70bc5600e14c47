"""The command line of `python3 -m webox`."""

import argparse
import errno
import io
import signal
import sys
from pathlib import Path

from webox.launcher import checks, port
from webox.launcher.environment import Environment
from webox.launcher.processes import interrupt, run_attached, run_leashed
from webox.launcher.progress import Progress
from webox.launcher.words import Problem, say

ROOT = Path(__file__).resolve().parent.parent.parent
PARTS = ("web", "worker", "stats", "beat")
DEFAULT_PORT = 8000
INTERRUPTED = 130


def run(words: list[str]) -> int:
    """Do what the command line says and return the exit code; what is wrong is said in one sentence."""
    for stream in (sys.stdout, sys.stderr):
        # A narrow code page shows a `?` instead of failing on an accent.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    signal.signal(signal.SIGTERM, interrupt)
    environment = Environment(ROOT, Progress())
    try:
        if words[:1] == ["manage"]:
            # Handed on untouched: argparse would take --help and --version for its own.
            python = environment.ensure("requirements.txt")
            return run_attached([python, ROOT / "manage.py", *words[1:]], ROOT)[0]
        if words[:1] == ["test"]:
            return test(words[1:], environment)
        return serve(words, environment)
    except Problem as problem:
        print(problem, file=sys.stderr)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        print(say("disk_full"), file=sys.stderr)
    except KeyboardInterrupt:
        environment.progress.close()
        print(say("interrupted"), file=sys.stderr)
        return INTERRUPTED
    return 1


def port_number(value: str) -> int:
    """A port as typed; argparse shows the sentence of the error."""
    if not value.isdecimal() or int(value) > port.LAST_PORT:
        raise argparse.ArgumentTypeError(say("bad_port", value=value))
    return int(value)


def serve_options(program: str) -> argparse.ArgumentParser:
    """The options of the server, shared with webox/server.py."""
    parser = argparse.ArgumentParser(prog=program, description=say("help"), allow_abbrev=False)
    parser.add_argument("--host", default="127.0.0.1", help=say("help_host"))
    parser.add_argument("--port", type=port_number, default=DEFAULT_PORT, help=say("help_port"))
    parser.add_argument("--no-browser", action="store_true", help=say("help_no_browser"))
    parser.add_argument("--only", choices=PARTS, help=say("help_only"))
    return parser


def serve(words: list[str], environment: Environment) -> int:
    """Install what is missing and run the server until it is told to stop."""
    options = serve_options("python3 -m webox").parse_args(words)
    if options.only in (None, "web"):
        port.check(options.host, options.port)
    python = environment.ensure("requirements.txt")
    return run_leashed([python, "-m", "webox.server", "--leash", *words], ROOT)


def test(words: list[str], environment: Environment) -> int:
    """Install what the tests need and run them."""
    split = words.index("--") if "--" in words else len(words)
    parser = argparse.ArgumentParser(prog="python3 -m webox test", allow_abbrev=False)
    parser.add_argument("--all", action="store_true", help=say("help_all"))
    options = parser.parse_args(words[:split])
    python = environment.ensure("requirements.txt", "requirements-test.txt")
    return checks.run(ROOT, python, everything=options.all, pytest_words=words[split + 1 :])
