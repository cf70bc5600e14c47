"""What the engine promises: nothing shown is lost, nothing hangs, a delete wins."""

import threading
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from chat import events
from chat.actions import announcing, asking, stopping
from chat.ais.targets import resolve
from chat.engine.claiming.jobs import claim_turns
from chat.engine.process import engine_of_process
from chat.engine.saving.reaper import reap, unclaimed_turns
from chat.models import Answer, Conversation, Message, Provider
from chat.store.saving import Question
from tests.site.vendor import Exchange, Vendor, answering


def ask(user: User, *names: str) -> announcing.Asked:
    return asking.ask(user, None, Question(message="Hello", targets=resolve(user, names)))


def make_answer(owner: User, **columns: object) -> Answer:
    conversation = Conversation.objects.create(owner=owner, updated_at=timezone.now())
    question = Message.objects.create(conversation=conversation, role="user", content="?")
    message = Message.objects.create(conversation=conversation, role="assistant", parent=question)
    columns = {"provider": "demo", "model": "quick"} | columns
    provider = Provider.objects.get(slug=columns["provider"])
    return Answer.objects.create(
        message=message, position=0, target="demo", name="demo", provider_row=provider, **columns
    )


def wait(asked: announcing.Asked) -> None:
    assert asked.running is not None
    asked.running.result(60)


def test_a_claimed_answer_is_never_asked_twice(alice: User) -> None:
    answer = make_answer(alice)
    [first], second = claim_turns([answer.message_id]), claim_turns([answer.message_id])
    assert [job.answer_id for job in first.jobs] == [answer.pk]
    assert second == []


def test_a_silent_process_is_reaped_and_its_text_kept(alice: User) -> None:
    old = timezone.now() - timedelta(minutes=1)
    lost = make_answer(alice, status="streaming", text="So far", heartbeat_at=old)
    alive = make_answer(alice, status="streaming", heartbeat_at=timezone.now())
    own = make_answer(alice, status="streaming", heartbeat_at=old)
    [(conversation_id, ended), (_, complete)] = reap({own.pk})
    assert isinstance(ended, events.AnswerChanged)
    assert (conversation_id, ended.id, ended.status) == (lost.message.conversation_id, lost.pk, "interrupted")
    assert complete == events.TurnChanged(state="complete", message_id=lost.message_id)
    lost.refresh_from_db()
    assert (lost.status, lost.text, lost.error_code) == ("interrupted", "So far", "lost")
    assert set(Answer.objects.filter(status="streaming")) == {alive, own}


def test_what_nobody_claimed_is_found_again(alice: User) -> None:
    waiting = make_answer(alice)
    assert unclaimed_turns(30) == []
    Answer.objects.filter(pk=waiting.pk).update(created_at=timezone.now() - timedelta(minutes=1))
    assert unclaimed_turns(30) == [waiting.message_id]
    # Found once: several processes look.
    assert unclaimed_turns(30) == []


def test_the_start_ends_what_a_crash_left_and_asks_what_was_accepted(alice: User, vendor: Vendor) -> None:
    vendor.scripts["openai"] = lambda exchange: exchange.answer("late, but here")
    left = make_answer(alice, status="streaming", text="Half", heartbeat_at=timezone.now())
    accepted = make_answer(alice, provider="openai", model="m")
    engine = engine_of_process()
    engine.ensure_started()
    engine.reap().result(60)
    running = engine.start_turn(accepted.message_id)
    running.result(60)
    while Answer.objects.filter(pk=accepted.pk, status__in=Answer.UNFINISHED).exists():
        engine.reap().result(60)
    left.refresh_from_db()
    accepted.refresh_from_db()
    assert (left.status, left.text) == ("interrupted", "Half")
    assert (accepted.status, accepted.text) == ("done", "late, but here")


def test_an_account_deleted_in_mid_stream_wins(alice: User, vendor: Vendor) -> None:
    started = threading.Event()

    def script(exchange: Exchange) -> None:
        exchange.start()
        exchange.text("Soon gone")
        started.set()
        exchange.hang()

    vendor.scripts["openai"] = script
    asked = ask(alice, "openai")
    assert started.wait(60)
    alice.delete()
    wait(asked)
    assert not Answer.objects.exists()


def test_a_stop_keeps_what_was_shown(alice: User, vendor: Vendor) -> None:
    started = threading.Event()

    def script(exchange: Exchange) -> None:
        exchange.start()
        exchange.text("Shown before the stop")
        started.set()
        exchange.hang()

    vendor.scripts["openai"] = script
    asked = ask(alice, "openai")
    assert started.wait(60)
    engine = engine_of_process()
    while not any(one.text.length for one in engine.running_answers()):
        engine.reap().result(60)
    stopping.stop(alice, asked.conversation_id, None)
    wait(asked)
    answer = Answer.objects.get()
    assert (answer.status, answer.text) == ("stopped", "Shown before the stop")
    stopping.stop(alice, asked.conversation_id, None)
    assert Answer.objects.get().status == "stopped"


def test_the_end_of_the_process_keeps_the_text_and_says_why(
    alice: User, vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_of_process(), "_grace_s", 0)
    started = threading.Event()

    def script(exchange: Exchange) -> None:
        exchange.start()
        exchange.text("Saved at the end")
        started.set()
        exchange.hang()

    vendor.scripts["openai"] = script
    asked = ask(alice, "openai")
    assert started.wait(60)
    engine = engine_of_process()
    while not any(one.text.length for one in engine.running_answers()):
        engine.reap().result(60)
    engine.close_thread()
    wait(asked)
    answer = Answer.objects.get()
    assert (answer.status, answer.text, answer.error_code) == ("interrupted", "Saved at the end", "lost")


def test_a_vendor_that_floods_ends_at_the_length_limit(alice: User, vendor: Vendor) -> None:
    def script(exchange: Exchange) -> None:
        exchange.start()
        for _ in range(30):
            exchange.text("x" * 100_000)
        exchange.finish()

    vendor.scripts["openai"] = script
    asked = ask(alice, "openai")
    wait(asked)
    answer = Answer.objects.get()
    assert (answer.status, answer.finish_reason) == ("done", "length")
    assert 2_000_000 < len(answer.text) < 2_200_000


def test_who_needs_an_engine_that_can_not_start_is_told(
    alice: User, vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    vendor.scripts["openai"] = answering("Well")
    engine = engine_of_process()
    with monkeypatch.context() as broken:
        broken.setattr(engine.hub, "start", raises)
        with pytest.raises(OSError, match="no way"):
            engine.ensure_started()
    assert not engine.is_running
    wait(ask(alice, "openai"))
    assert Answer.objects.get().text == "Well"


async def raises() -> None:
    raise OSError("no way")
