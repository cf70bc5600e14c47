"""An embedded WeBox is one process: what it writes, the sockets of a second one would not hear of."""

from django.conf import settings
from filelock import FileLock, Timeout

from webox.launcher.words import Problem


def be_alone() -> None:
    """Raise Problem (webox.E005) where another one runs on this folder; with Redis there may be many."""
    if settings.SCALED:
        return
    try:
        with FileLock(settings.VAR_DIR / "engine.lock", timeout=0):
            return
    except Timeout as error:
        raise Problem("runs_already", path=settings.VAR_DIR) from error
