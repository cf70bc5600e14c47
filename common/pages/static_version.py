"""The version of what browsers keep, for its addresses: what has one never changes."""

import hashlib
from pathlib import Path


def static_version(folder: Path, *others: Path) -> str:
    """Twelve hexadecimal digits of all files below `folder`, and of other files.

    The same on every machine that has the same ones.
    """
    digest = hashlib.sha256(b"\0".join(other.read_bytes() for other in others))
    for path in sorted(one for one in folder.rglob("*") if one.is_file()):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(folder).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()[:12]
