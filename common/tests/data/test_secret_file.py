"""Secrets in files of their own: made once, by one process alone, and readable by nobody else."""

import os
import stat
from pathlib import Path

import pytest

from common.data.secret_file import read_or_make, replace


def test_a_secret_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "key"
    made = read_or_make(path)
    assert len(made) >= 64
    assert read_or_make(path) == made
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [*tmp_path.iterdir()] == [path]
    assert read_or_make(tmp_path / "other") != made


def test_of_two_processes_that_start_at_once_both_have_the_first_ones_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, link = tmp_path / "key", os.link

    def be_late(draft: Path, target: Path) -> None:
        target.write_text("of the other process")
        link(draft, target)

    monkeypatch.setattr(os, "link", be_late)
    assert read_or_make(path) == "of the other process"
    assert [*tmp_path.iterdir()] == [path]


def test_other_secrets_take_the_place_of_the_old_ones_in_one_step(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text("old")
    replace(path, "new\nold")
    assert path.read_text() == "new\nold"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [*tmp_path.iterdir()] == [path]
