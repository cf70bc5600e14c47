"""What is done from time to time: old uploads go, prices follow the calendar, whoever runs it."""

from datetime import timedelta
from threading import Event

import pytest
from django.conf import settings
from django.utils import timezone

from accounts.models import User
from chat import limits
from chat.engine.process import engine_of_process
from chat.models import Attachment, Model
from operations import tasks
from operations.upkeep import tidy


def make_old(user: User) -> None:
    Attachment.objects.create(owner=user, media_type="image/png", width=1, height=1, size_bytes=1, data=b"x")
    old = timezone.now() - timedelta(seconds=limits.UPLOAD_WAITS_S + 1)
    Attachment.objects.update(created_at=old)
    Model.objects.filter(name="gpt-5.5").update(input_price=1)


def assert_tidy() -> None:
    assert not Attachment.objects.exists()
    assert Model.objects.get(name="gpt-5.5").input_price == 5


def test_it_may_be_repeated(bob: User) -> None:
    make_old(bob)
    tidy()
    tidy()
    assert_tidy()


def test_a_worker_does_it(bob: User) -> None:
    make_old(bob)
    tasks.tidy()
    assert_tidy()
    assert "chat.tasks.tidy" in {one["task"] for one in settings.CELERY_BEAT_SCHEDULE.values()}


def test_the_single_process_does_it_itself(bob: User, monkeypatch: pytest.MonkeyPatch) -> None:
    make_old(bob)
    engine = engine_of_process()
    done = Event()
    # Its own chores, without their patience; the last says that those before it had their turn.
    soon = [*((0.01, chore) for _, chore in engine.chores), (0.1, done.set)]
    monkeypatch.setattr(engine, "chores", soon)
    engine.ensure_started()
    assert done.wait(30)
    assert_tidy()
