"""Secrets that WeBox makes for itself under `var/`, once, so that no `.env` is needed."""

import os
import secrets
from pathlib import Path


def read_or_make(path: Path) -> str:
    """Return the secret in `path`, made on first use: 64 random bytes, readable by the owner only.

    Safe when several processes start at once: exactly one of them makes the file. (On Windows the
    mode means nothing; the folder's own rights protect it.)
    """
    if not path.exists():
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(64))
        try:
            # link() fails where the name is taken; rename() would replace another process's secret.
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text().strip()


def replace(path: Path, text: str) -> None:
    """Put other secrets into the file in one step: a reader sees all of the old or all of the new."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    draft.replace(path)
