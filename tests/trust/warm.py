"""What the runs of all mutants start from: a database that is there, and not a thread yet."""

import os

import pytest
from filelock import FileLock

from chat.engine.process import engine_of_process


def _take_a_lock_of_its_own() -> None:
    """A FileLock refuses to be used in a fork."""
    engine = engine_of_process()
    if engine._lock:
        engine._lock = FileLock(engine._lock.lock_file, thread_local=False)


os.register_at_fork(after_in_child=_take_a_lock_of_its_own)


@pytest.mark.usefixtures("django_db_setup")
def test_the_database_is_there() -> None:
    """Run once, before the first fork."""
