"""Packages of the npm registry, fetched with npm itself and held against the registry's own checksum."""

import base64
import hashlib
import io
import json
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

from supply.tools import CouldNotLook, run


@dataclass(frozen=True)
class Package:
    """A package as the registry has it: its files by their path inside of it."""

    name: str
    version: str
    files: dict[str, bytes]


def fetch(spec: str, before: str = "") -> Package:
    """Download a package (`name`, `name@version`): no newer than `before`, where that is given.

    Raises CouldNotLook when npm fails, and when the archive is not what the registry says it is.
    """
    with tempfile.TemporaryDirectory(prefix="webox-supply-") as scratch:
        folder = Path(scratch)
        options = ["--json", "--ignore-scripts", "--loglevel=error"]
        if before:
            options.append(f"--before={before}")
        [packed] = json.loads(run("npm", "pack", spec, *options, cwd=folder))
        name, version = packed["name"], packed["version"]
        stated = json.loads(run("npm", "view", f"{name}@{version}", "dist.integrity", "--json", cwd=folder))
        [archive] = folder.glob("*.tgz")
        content = archive.read_bytes()
    if stated != integrity(content):
        raise CouldNotLook(f"{name}@{version}: the archive is not what the registry says it is")
    return Package(name, version, files_in(content))


def integrity(archive: bytes) -> str:
    """The checksum of an archive as the registry writes it."""
    return "sha512-" + base64.b64encode(hashlib.sha512(archive).digest()).decode()


def files_in(archive: bytes) -> dict[str, bytes]:
    """The files of a package's archive, all of which lie in one folder there."""
    found = {}
    with tarfile.open(fileobj=io.BytesIO(archive)) as members:
        for member in members:
            file = members.extractfile(member) if member.isfile() else None
            if file:
                found[member.name.partition("/")[2]] = file.read()
    return found
