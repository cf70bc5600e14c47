"""A provider's places: never more calls than it bears, and everybody's turn comes."""

import asyncio
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from accounts.models import User
from chat.actions import asking, stopping
from chat.ais.targets import resolve
from chat.engine.claiming.claims import claim, in_fair_order
from chat.engine.claiming.jobs import Claimed, claim_turns
from chat.engine.claiming.waiting import WaitingRoom
from chat.models import Answer, Provider
from chat.store.saving import Question
from chat.tests.engine.test_loop import ask, make_answer, wait
from tests.site.vendor import Exchange, Vendor

people = st.integers(1, 4)


@given(st.lists(people, max_size=20), st.dictionaries(people, st.integers(0, 5)))
def test_places_go_round_the_people(owners: list[int], running: dict[int, int]) -> None:
    waiting = [(owner, number) for number, owner in enumerate(owners)]
    order = in_fair_order(waiting, Counter(running))
    assert sorted(order) == [number for _, number in waiting]
    calls = Counter(running)
    for number in order:
        owner = owners[number]
        left = {owners[later] for later in order[order.index(number) :]}
        # Nobody who still waits has fewer calls than the one who gets the place.
        assert calls[owner] == min(calls[one] for one in left)
        calls[owner] += 1
    for owner in set(owners):
        own = [number for number in order if owners[number] == owner]
        assert own == sorted(own)


def bound(slug: str, calls: int) -> None:
    Provider.objects.filter(slug=slug).update(max_calls=calls)


def test_a_provider_never_gets_more_calls_than_it_bears(alice: User) -> None:
    bound("demo", 2)
    answers = [make_answer(alice) for _ in range(3)]
    found = claim([answer.message_id for answer in answers])
    assert [answer.pk for answer in found.taken] == [answers[0].pk, answers[1].pk]
    assert [answer.pk for answer in found.waiting] == [answers[2].pk]
    assert claim([answers[2].message_id]).taken == []
    Answer.objects.filter(pk=answers[0].pk).update(status="done")
    assert [answer.pk for answer in claim([answers[2].message_id]).taken] == [answers[2].pk]


def test_who_asked_much_does_not_hold_up_who_asked_once(alice: User, bob: User) -> None:
    bound("demo", 2)
    many = [make_answer(alice) for _ in range(4)]
    claim([answer.message_id for answer in many])
    one = make_answer(bob)
    assert claim([one.message_id]).taken == []
    Answer.objects.filter(pk=many[0].pk).update(status="done")
    # Alice's next is older, but she has a call already.
    assert claim([answer.message_id for answer in many]).taken == []
    assert [answer.pk for answer in claim([one.message_id]).taken] == [one.pk]


def test_what_nobody_looks_after_keeps_no_place_empty(alice: User, bob: User) -> None:
    bound("demo", 1)
    make_answer(alice)
    later = make_answer(bob)
    assert [answer.pk for answer in claim([later.message_id]).taken] == [later.pk]


def test_a_full_provider_holds_up_no_other(alice: User) -> None:
    bound("demo", 1)
    make_answer(alice, status="streaming")
    waiting, other = make_answer(alice), make_answer(alice, provider="openai")
    found = claim_turns([waiting.message_id, other.message_id])
    assert {one.message_id: (len(one.jobs), one.is_waiting) for one in found} == {
        waiting.message_id: (0, True),
        other.message_id: (1, False),
    }


def test_what_waits_starts_as_soon_as_a_place_is_free(alice: User, vendor: Vendor) -> None:
    bound("openai", 1)
    go_on, at_once = threading.Event(), threading.Semaphore(1)

    def script(exchange: Exchange) -> None:
        assert at_once.acquire(blocking=False), "two calls at the same time"
        exchange.start()
        exchange.text("begun")
        exchange.wait_for(go_on)
        at_once.release()
        exchange.finish()

    vendor.scripts["openai"] = script
    asked = [ask(alice, "openai") for _ in range(3)]
    while Answer.objects.filter(status="streaming", text="begun").count() != 1:
        pass
    assert Answer.objects.filter(status="queued").count() == 2
    go_on.set()
    for one in asked:
        wait(one)
    assert list(Answer.objects.values_list("status", flat=True)) == ["done"] * 3


def test_what_waits_can_be_stopped_and_is_never_asked(alice: User, vendor: Vendor) -> None:
    bound("openai", 1)
    go_on = threading.Event()

    def script(exchange: Exchange) -> None:
        exchange.start()
        exchange.wait_for(go_on)
        exchange.finish()

    vendor.scripts["openai"] = script
    running, waiting = ask(alice, "openai"), ask(alice, "openai")
    stopping.stop(alice, waiting.conversation_id, None)
    wait(waiting)
    go_on.set()
    wait(running)
    statuses = dict(Answer.objects.values_list("message_id", "status"))
    assert statuses == {running.message_id: "done", waiting.message_id: "stopped"}
    assert len(vendor.asked) == 1


def test_several_ais_of_one_turn_wait_each_for_its_own_place(alice: User, vendor: Vendor) -> None:
    bound("openai", 1)
    vendor.scripts["openai"] = lambda exchange: exchange.answer("one after another")
    targets = resolve(alice, ["openai", "openai", "openai"])
    asked = asking.ask(alice, None, Question(message="Hello", targets=targets))
    wait(asked)
    assert list(Answer.objects.values_list("status", "text")) == [("done", "one after another")] * 3


def test_a_turn_that_is_run_twice_waits_once() -> None:
    async def run() -> None:
        async def database(claim: Callable[..., Any], message_ids: list[int]) -> list[Claimed]:
            return [Claimed(message_id, 1, [], is_waiting=True) for message_id in message_ids]

        room = WaitingRoom(database)
        first = asyncio.ensure_future(room.next(7))
        await asyncio.sleep(0)
        assert await room.next(7) is None
        assert await room.close() == [7]
        assert await first is None

    asyncio.run(run())
