"""The version of the static files, for their addresses: what has one never changes, and browsers keep it."""

import hashlib
from pathlib import Path


def static_version(folder: Path, pins: Path) -> str:
    """Twelve hexadecimal digits of all files below `folder`, and of `pins`, the versions of the packages.

    The same on every machine that has the same ones.
    """
    digest = hashlib.sha256(pins.read_bytes())
    for path in sorted(one for one in folder.rglob("*") if one.is_file()):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(folder).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()[:12]
