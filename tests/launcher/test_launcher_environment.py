"""The virtual environment that `python3 -m webox` makes, fills and mends.

Nothing here reaches a package index: what is installed is a wheel made on the spot.
"""

import base64
import hashlib
import io
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from webox.launcher import words
from webox.launcher.environment import Environment
from webox.launcher.progress import Progress


def make_wheel(folder: Path) -> str:
    """Make a tiny wheel in `folder` and return the line that pins it."""
    wheel = folder / "pebble-1.0-py3-none-any.whl"
    files = {
        "pebble.py": "HERE = True\n",
        "pebble-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: pebble\nVersion: 1.0\n",
        "pebble-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",  # noqa: E501
    }
    record = ""
    for name, text in files.items():
        hashed = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        record += f"{name},sha256={hashed},{len(text)}\n"
    files["pebble-1.0.dist-info/RECORD"] = record + "pebble-1.0.dist-info/RECORD,,\n"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return f"pebble==1.0 --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n"


@pytest.fixture
def offline_pip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """pip that finds packages in `tmp_path` alone."""
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    monkeypatch.setenv("LANGUAGE", "en")


def environment_at(root: Path) -> tuple[Environment, io.StringIO]:
    shown = io.StringIO()
    return Environment(root, Progress(shown)), shown


@pytest.mark.fuzz
@pytest.mark.usefixtures("offline_pip")
def test_environment_is_made_once_and_again_when_it_is_not_sound(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text(make_wheel(tmp_path))
    first, shown = environment_at(tmp_path)

    python = first.ensure("requirements.txt")

    assert subprocess.run([python, "-c", "import pebble"], check=False).returncode == 0
    assert "Making the Python environment" in shown.getvalue()
    assert "Fetching packages" not in shown.getvalue() or "1/1" in shown.getvalue()

    second, shown = environment_at(tmp_path)
    assert second.ensure("requirements.txt") == python
    assert shown.getvalue() == ""

    (tmp_path / "requirements.txt").write_text(make_wheel(tmp_path) + "# changed\n")
    third, shown = environment_at(tmp_path)
    third.ensure("requirements.txt")
    assert "Installing the packages of requirements.txt" in shown.getvalue()
    assert "again" not in shown.getvalue()

    third.write_stamp(None)  # as when the power went while pip was at work
    fourth, shown = environment_at(tmp_path)
    fourth.ensure("requirements.txt")
    assert "making it again" in shown.getvalue()
    assert subprocess.run([python, "-c", "import pebble"], check=False).returncode == 0


@pytest.mark.usefixtures("offline_pip")
def test_failed_install_is_told_and_not_taken_for_a_finished_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = make_wheel(tmp_path)
    (tmp_path / "requirements.txt").write_text(line.replace(line[-9:-1], "00000000"))
    environment, _ = environment_at(tmp_path)

    with pytest.raises(words.Problem, match="not the one that was pinned"):
        environment.ensure("requirements.txt")

    assert environment.read_stamp() is None
    assert not environment.is_kept()

    (tmp_path / "requirements.txt").write_text(line.replace("pebble", "boulder"))
    with pytest.raises(words.Problem, match="boulder"):
        environment.install("requirements.txt")

    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:1/simple")
    monkeypatch.setenv("PIP_RETRIES", "1")
    with pytest.raises(words.Problem, match=r"can’t be reached\. Check the network"):
        environment.install("requirements.txt")


@pytest.mark.usefixtures("offline_pip")
def test_an_environment_that_a_link_leads_to_is_left_alone(tmp_path: Path) -> None:
    anothers = tmp_path / "anothers"
    anothers.mkdir()
    (anothers / "pyvenv.cfg").write_text("version = 3.1.0\n")
    (tmp_path / ".venv").symlink_to(anothers)
    made, _shown = environment_at(tmp_path)
    made.make()
    assert [file.name for file in anothers.iterdir()] == ["pyvenv.cfg"]
    assert not made.folder.is_symlink()
    assert made.is_sound()


@pytest.fixture
def finished(tmp_path: Path) -> Environment:
    """An environment that looks finished, though nothing is in it."""
    environment, _ = environment_at(tmp_path)
    environment.python.parent.mkdir(parents=True)
    environment.python.touch()
    version = "{}.{}.{}".format(*sys.version_info)
    (environment.folder / "pyvenv.cfg").write_text(f"home = {sys.prefix}\nversion = {version}\n")
    environment.write_stamp({})
    return environment


def test_finished_environment_is_sound(finished: Environment) -> None:
    assert finished.is_sound()
    assert finished.read_stamp() == {}


def test_environment_of_another_python_is_not_sound(finished: Environment) -> None:
    (finished.folder / "pyvenv.cfg").write_text(f"home = {sys.prefix}\nversion = 3.9.1\n")

    assert not finished.is_sound()


def test_environment_whose_python_is_gone_is_not_sound(finished: Environment) -> None:
    (finished.folder / "pyvenv.cfg").write_text(
        "home = /nowhere/bin\nversion = {}.{}.0\n".format(*sys.version_info)
    )

    assert not finished.is_sound()


def test_moved_environment_counts_as_unknown(finished: Environment) -> None:
    moved = finished.root / "elsewhere"
    moved.mkdir()
    finished.folder.rename(moved / ".venv")

    there, _ = environment_at(moved)

    assert there.read_stamp() is None
    assert not there.is_kept()


def test_garbage_for_a_stamp_counts_as_unknown(finished: Environment) -> None:
    finished.stamp.write_text("{")

    assert finished.read_stamp() is None
