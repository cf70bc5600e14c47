"""A backup in which any byte was changed or any end is missing is told from a whole one."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

from operations import backup

CONTENT = bytes(range(256)) + b"What was said. " * 20


@pytest.fixture
def archive(tmp_path: Path) -> bytes:
    """A backup as small as one can be: one byte after the other of it is changed below."""
    digest = hashlib.sha256(CONTENT).hexdigest()
    manifest = backup.Manifest(backup.FORMAT, backup.VERSION, "2026-11-27T00:00:00+00:00", "sqlite", digest)
    with ZipFile(tmp_path / "whole.zip", "w", ZIP_DEFLATED) as file:
        file.writestr(backup.MANIFEST, json.dumps(asdict(manifest)))
        file.writestr(backup.DATABASE, CONTENT)
    return (tmp_path / "whole.zip").read_bytes()


def damaged(whole: bytes) -> Iterator[bytes]:
    for at, byte in enumerate(whole):
        yield whole[:at]
        for other in (byte ^ 0xFF, byte ^ 1, 0):
            yield whole[:at] + bytes([other]) + whole[at + 1 :]


def test_any_damage_is_refused_or_does_no_harm(archive: bytes, tmp_path: Path) -> None:
    file, target = tmp_path / "backup.zip", tmp_path / "database"
    refused = 0
    for content in damaged(archive):
        file.write_bytes(content)
        try:
            backup.unpack(file, backup.read_manifest(file), target)
        except backup.BackupError:
            refused += 1
        else:
            assert target.read_bytes() == CONTENT
    assert refused > len(archive)
