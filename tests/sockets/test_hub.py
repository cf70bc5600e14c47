"""The hub over Redis: who hears what, with a real server."""

import asyncio
import os

import pytest

from chat import events
from chat.engine.broadcast.frames import Frame
from chat.engine.broadcast.hub import RedisHub

REDIS_URL = os.environ.get("WEBOX_TEST_REDIS_URL", "redis://127.0.0.1:6379/15")
WITHIN_S = 30


class Listener:
    """A socket that keeps the numbers of the messages it is told of."""

    def __init__(self, name: str) -> None:
        self.id = name
        self.loop = asyncio.get_running_loop()
        self.user_id = 1
        self.session_key: str | None = None
        self.heard: list[int] = []

    def deliver(self, frame: Frame) -> None:
        assert isinstance(frame.event, events.TurnChanged)
        self.heard.append(frame.event.message_id)

    def close(self, code: int) -> None:
        raise AssertionError(f"closed with {code}")


async def say_until_heard(hub: RedisHub, listener: Listener, number: int) -> None:
    """Publish until it arrives: a subscription takes a moment to hold."""
    while number not in listener.heard:
        hub.publish(1, events.TurnChanged(state="complete", message_id=number))
        await asyncio.sleep(0.01)


async def listen_on_two_sites() -> tuple[list[int], list[int]]:
    here, there = (RedisHub(REDIS_URL, f"webox-test:{os.getpid()}:{site}") for site in ("here", "there"))
    for hub in (here, there):
        await hub.start()
    try:
        ours, theirs = Listener("ours"), Listener("theirs")
        here.join(1, ours)
        there.join(1, theirs)
        async with asyncio.timeout(WITHIN_S):
            await say_until_heard(here, ours, 10)
            await say_until_heard(there, theirs, 20)
            # Redis keeps the order: what else came to us came before this.
            await say_until_heard(here, ours, 11)
    finally:
        for hub in (here, there):
            await hub.stop()
    return ours.heard, theirs.heard


@pytest.mark.services
def test_two_sites_on_one_redis_server_do_not_hear_each_other() -> None:
    ours, theirs = asyncio.run(listen_on_two_sites())
    assert set(ours) == {10, 11}
    assert set(theirs) == {20}
