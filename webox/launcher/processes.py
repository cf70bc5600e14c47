"""Starting other processes, and ending them properly on every system.

Windows has no SIGTERM to send, and a Ctrl-C on a terminal reaches a whole group at once, which would
tell a child twice. So a long-running child stands in a group of its own and holds the reading end of a
pipe, its leash: when the parent closes the pipe or dies, however it dies, the child stops itself.
"""

# ruff: noqa: S603 - every command is a list written here, nothing passes a shell

import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

from webox.launcher.words import say

# More than any sensible WEBOX_STOP_GRACE_S: children end by themselves long before.
STOP_WITHIN_S = 120
# A lock that waits for ever can’t be interrupted on Windows.
LOOK_EVERY_S = 0.5
STOP_SIGNALS = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK") if hasattr(signal, name)
]


def interrupt(number: int, frame: FrameType | None) -> None:
    """A signal handler that makes every wish to stop the same exception."""
    raise KeyboardInterrupt


def run_attached(
    command: Sequence[str | Path], folder: Path, env: Mapping[str, str] | None = None
) -> tuple[int, bool]:
    """Run a command on this terminal; returns its exit code, and whether somebody pressed Ctrl-C meanwhile.

    A Ctrl-C reaches the command by itself, which answers it as it likes (a shell stays).
    """
    pressed: list[int] = []
    with subprocess.Popen(command, cwd=folder, env=env) as child:
        before = [
            (signal.SIGINT, signal.signal(signal.SIGINT, lambda number, _: pressed.append(number))),
            (signal.SIGTERM, signal.signal(signal.SIGTERM, lambda *_: child.terminate())),
        ]
        try:
            return child.wait(), bool(pressed)
        finally:
            for number, handler in before:
                signal.signal(number, handler)


def start_leashed(
    command: Sequence[str | Path], folder: Path, output: int | None = None
) -> subprocess.Popen[str]:
    """Start a child that calls `wear_leash` and ends when its standard input does."""
    own_group: dict[str, Any] = {"start_new_session": True}
    if sys.platform == "win32":
        own_group = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    return subprocess.Popen(
        command,
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=output,
        stderr=None if output is None else subprocess.STDOUT,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
        encoding="utf-8",
        errors="replace",
        **own_group,
    )


def wear_leash() -> None:
    """Stop this process, as if it were told to, when its standard input ends."""
    threading.Thread(target=_wait_for_the_end, daemon=True).start()


def _wait_for_the_end() -> None:
    # Not through sys.stdin, whose lock this thread would still hold when the interpreter ends.
    while os.read(0, 4096):
        pass
    if sys.platform == "win32":
        signal.raise_signal(signal.SIGINT)
    else:
        # To the main thread itself: a signal to the process may wake another one, and leave it asleep.
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)


def supervise(children: Mapping[str, subprocess.Popen[str]]) -> str | None:
    """Wait until one of `children` ends or this process is told to stop, then end them all.

    Returns the name of the one that ended by itself, None for a wished stop. A second wish while they
    are ending kills them.
    """
    news: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    before = {number: signal.signal(number, lambda *_: news.put(None)) for number in STOP_SIGNALS}
    for name, child in children.items():
        threading.Thread(target=_report_end, args=(name, child, news), daemon=True).start()
    try:
        first = _next(news, time.monotonic() + threading.TIMEOUT_MAX)
        for child in children.values():
            assert child.stdin is not None
            child.stdin.close()
        deadline = time.monotonic() + STOP_WITHIN_S
        while any(child.poll() is None for child in children.values()):
            if _next(news, deadline) is None:
                for child in children.values():
                    child.kill()
        return first
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _report_end(name: str, child: "subprocess.Popen[str]", news: "queue.SimpleQueue[str | None]") -> None:
    child.wait()
    news.put(name)


def _next(news: "queue.SimpleQueue[str | None]", deadline: float) -> str | None:
    while time.monotonic() < deadline:
        try:
            return news.get(timeout=LOOK_EVERY_S)
        except queue.Empty:
            continue
    return None


def run_leashed(command: Sequence[str | Path], folder: Path) -> int:
    """Run one long-lived child on this terminal; 0 when it was told to stop and did."""
    child = start_leashed(command, folder)
    ended = supervise({"child": child})
    return child.wait() if ended or child.returncode > 0 else 0


def run_together(commands: Mapping[str, Sequence[str | Path]], folder: Path) -> int:
    """Run several long-lived children, each line of theirs under its name, until one ends or all are told to.

    Returns 0 for a wished stop, 1 when one of them ended by itself.
    """
    print(say("starting_parts", names=", ".join(commands)), flush=True)
    children = {name: start_leashed(command, folder, subprocess.PIPE) for name, command in commands.items()}
    width = max(len(name) for name in commands)
    printers = [
        threading.Thread(target=_print_lines, args=(name.ljust(width), child), daemon=True)
        for name, child in children.items()
    ]
    for printer in printers:
        printer.start()
    ended = supervise(children)
    for printer in printers:
        printer.join(timeout=STOP_WITHIN_S)
    if ended is None:
        return 0
    print(say("part_ended", name=ended, code=children[ended].returncode), file=sys.stderr, flush=True)
    return 1


def _print_lines(name: str, child: subprocess.Popen[str]) -> None:
    assert child.stdout is not None
    for line in child.stdout:
        # One write a line, so that lines of several children do not mix.
        sys.stdout.write(f"{name} | {line}" if line.endswith("\n") else f"{name} | {line}\n")
        sys.stdout.flush()
