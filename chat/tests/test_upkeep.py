"""What is done from time to time: old uploads go, prices follow the calendar, whoever runs it."""

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from accounts.models import User
from chat import limits, tasks
from chat.engine import engine_of_process
from chat.models import Attachment, Model
from chat.upkeep import tidy


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


async def test_the_single_process_does_it_itself(transactional_db: None) -> None:
    engine = engine_of_process()
    await engine.start()
    try:
        await engine._tidy()
        assert any("_every" in repr(beat.get_coro()) for beat in engine._beats)
    finally:
        await engine.stop()
