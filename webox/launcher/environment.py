"""The virtual environment: made, filled with the pinned packages, and remade when it is not sound.

A stamp inside it is written as unfinished before pip starts and as finished after it, so an install
that was cut off is recognised at the next start.
"""

# ruff: noqa: S603 - every command is a list written here, nothing passes a shell

import hashlib
import importlib.util
import json
import os
import re
import subprocess
import sys
import threading
import time
import venv
from collections.abc import Callable, Iterator
from pathlib import Path

from webox.launcher.progress import Progress
from webox.launcher.words import Problem, say

PINNED = re.compile(r"^[A-Za-z0-9][\w.-]*==", re.MULTILINE)
UNREACHABLE = re.compile(
    r"NewConnectionError|Failed to establish|NameResolution|Temporary failure in name|Could not fetch URL"
    r"|Connection(Reset|Refused|Aborted)?Error|ReadTimeout|timed out|ProxyError|SSLError",
    re.IGNORECASE,
)


def python_in(folder: Path) -> Path:
    """Where a virtual environment keeps its Python."""
    return folder / "Scripts" / "python.exe" if os.name == "nt" else folder / "bin" / "python"


def packages_in(folder: Path) -> Path:
    """Where a virtual environment of this Python keeps its packages."""
    if os.name == "nt":
        return folder / "Lib" / "site-packages"
    return folder / "lib" / "python{}.{}".format(*sys.version_info) / "site-packages"


def digest(path: Path) -> str:
    """The SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


class Environment:
    """The `.venv` of a checkout."""

    def __init__(self, root: Path, progress: Progress) -> None:
        self.root = root
        self.folder = root / ".venv"
        self.python = python_in(self.folder)
        self.stamp = self.folder / "webox-installed.json"
        self.log = self.folder / "webox-install.log"
        self.progress = progress

    def ensure(self, *files: str) -> Path:
        """Return the Python that has the packages of these requirements files, installing what is missing.

        Raises Problem when there is no way to make or fill the environment.
        """
        started = time.monotonic()
        wanted = {name: digest(self.root / name) for name in files}
        found = self.read_stamp()
        if found is not None and self.is_sound():
            missing = [name for name in files if found.get(name) != wanted[name]]
            if not missing:
                return self.python
        else:
            found, missing = {}, list(files)
        try:
            if not self.is_kept():
                self.make()
            self.write_stamp(None)
            for name in missing:
                self.install(name)
            self.write_stamp(found | wanted)
        except OSError as error:
            raise Problem(
                "not_writable", path=error.filename or self.folder, detail=error.strerror or error
            ) from error
        self.progress.line(say("installed", seconds=time.monotonic() - started))
        return self.python

    def read_stamp(self) -> dict[str, str] | None:
        """Which requirements files (name → digest) are installed here; None where that is not known.

        Not known means: never stamped, cut off while installing, or moved from another place.
        """
        try:
            stamp = json.loads(self.stamp.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        if stamp.get("folder") != str(self.folder) or not isinstance(stamp.get("files"), dict):
            return None
        return dict(stamp["files"])

    def write_stamp(self, files: dict[str, str] | None) -> None:
        """Note what is installed; None while it is being installed."""
        stamp = {"folder": str(self.folder), "files": files}
        draft = self.stamp.with_suffix(".draft")
        draft.write_text(json.dumps(stamp), encoding="utf-8")
        draft.replace(self.stamp)

    def is_sound(self) -> bool:
        """Whether the environment belongs to this version of Python, and that Python still exists."""
        try:
            lines = (self.folder / "pyvenv.cfg").read_text(encoding="utf-8").splitlines()
        except OSError:
            return False
        notes = {key.strip(): value.strip() for key, _, value in (line.partition("=") for line in lines)}
        version = notes.get("version") or notes.get("version_info") or ""
        same_version = version.split(".")[:2] == [str(part) for part in sys.version_info[:2]]
        # `exists` follows bin/python to the Python it stands for; on Windows the note has to say where it is.
        return same_version and self.python.exists() and Path(notes.get("home", "")).is_dir()

    def is_kept(self) -> bool:
        """Whether packages can go into the environment as it is: finished before, or made by other hands."""
        if Path(sys.prefix).resolve() == self.folder.resolve():
            return True
        if not self.is_sound() or (self.stamp.exists() and self.read_stamp() is None):
            return False
        pip = subprocess.run([self.python, "-m", "pip", "--version"], capture_output=True, check=False)
        return pip.returncode == 0

    def make(self) -> None:
        """Make the environment anew, with nothing in it but pip."""
        if not (importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip")):
            raise Problem("no_venv")
        self.progress.line(say("remaking_venv" if self.folder.exists() else "making_venv", path=self.folder))
        if self.folder.is_symlink():
            # What it leads to is another's, and would be emptied.
            self.folder.unlink()
        try:
            venv.EnvBuilder(with_pip=True, clear=True, symlinks=os.name != "nt").create(self.folder)
        except subprocess.CalledProcessError as error:
            raise Problem("no_venv") from error

    def install(self, name: str) -> None:
        """Have pip install a requirements file, every package checked against its pinned hash."""
        self.progress.line(say("installing", file=name))
        total = len(PINNED.findall((self.root / name).read_text(encoding="utf-8")))
        command: list[str | Path] = [
            self.python,
            "-m",
            "pip",
            "install",
            "--require-hashes",
            "--no-compile",  # five seconds less; Python compiles what it uses at the first start
            "--progress-bar",
            "off",
        ]
        settings = {
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "PIP_NO_INPUT": "1",
            "PIP_USER": "0",
            "PYTHONUTF8": "1",
        }
        with (
            subprocess.Popen(
                [*command, "-r", self.root / name],
                cwd=self.root,
                env=os.environ | settings,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                encoding="utf-8",
                errors="replace",
            ) as pip,
            self.log.open("w", encoding="utf-8") as log,
        ):
            assert pip.stdout is not None
            try:
                said = list(self.follow(pip.stdout, total, log.write))
            except BaseException:
                pip.terminate()
                raise
        self.progress.close()
        if pip.returncode:
            raise self.explain(said)

    def follow(self, lines: Iterator[str], total: int, keep: Callable[[str], object]) -> Iterator[str]:
        """Show pip’s lines as progress, and pass each on."""
        fetched, warned, finished = 0, False, threading.Event()
        try:
            for line in lines:
                keep(line)
                yield line
                words = line.split()
                if words[:1] == ["Ignoring"]:
                    total -= 1
                elif words[:1] == ["Collecting"] and len(words) > 1:
                    fetched += 1
                    self.progress.count(say("fetching"), fetched, total, words[1].partition("==")[0])
                elif "Retrying (Retry(" in line and not warned:
                    warned = True
                    self.progress.line(say("retrying"))
                elif line.startswith("Installing collected packages"):
                    self.progress.close()
                    names = line.partition(":")[2].split(",")
                    threading.Thread(target=self.watch, args=(len(names), finished), daemon=True).start()
        finally:
            finished.set()

    def watch(self, total: int, finished: threading.Event) -> None:
        """Show how many packages are unpacked; pip itself says nothing while it does that."""
        folder = packages_in(self.folder)
        before, shown = len(list(folder.glob("*.dist-info"))), -1
        while not finished.wait(0.3):
            done = min(len(list(folder.glob("*.dist-info"))) - before, total)
            if done != shown:
                self.progress.count(say("unpacking"), done, total)
                shown = done

    def explain(self, said: list[str]) -> Problem:
        """Turn what pip said before it failed into one sentence."""
        text = "".join(said)
        if "No space left on device" in text:
            return Problem("disk_full")
        if "DO NOT MATCH THE HASHES" in text:
            return Problem("wrong_hash", log=self.log)
        if UNREACHABLE.search(text):
            return Problem("no_network", log=self.log)
        errors = [line.removeprefix("ERROR:").strip() for line in said if line.startswith("ERROR:")]
        return Problem("pip_failed", detail=(errors or said or ["?"])[-1].strip(), log=self.log)
