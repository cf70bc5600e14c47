"""The engine: one object that owns the loop's turns, clients, tick, writer and reaper.

Started by the server's lifespan on the server's own loop; where there is no lifespan (runserver, a test
client, a management command, a Celery worker) `ensure_started()` gives it a loop in a thread of its own.
"""

import asyncio
import contextlib
import contextvars
import logging
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from django.db import close_old_connections, connections
from filelock import FileLock, Timeout

from chat.engine.fanout import run_turn
from chat.engine.hub import Hub
from chat.engine.reaper import reap, unclaimed_turns
from chat.engine.running import RunningAnswer, RunningTurn
from chat.engine.writer import Writer
from chat.errors import EngineStopping
from chat.providers.base import Adapter, ProtocolName
from chat.providers.http import ProviderClient
from chat.providers.protocols import make_adapter

log = logging.getLogger(__name__)

TICK_S = 0.033
SAVE_S = 1.0
REAP_S = 10.0
UNCLAIMED_S = 30.0
DAILY_S = 6 * 3600.0
GRACE_S = 10.0


class Engine:
    """Runs turns. One per process; every public method may be called from any thread."""

    def __init__(
        self,
        *,
        hub: Hub,
        lock_path: Path | None,
        restart_turn: Callable[[int], object],
        daily: Callable[[], None],
    ) -> None:
        """`lock_path`: whoever holds this file ends at once what a crash left; None where several
        processes share the rows. `restart_turn` starts a turn that nobody has claimed. `daily` is run in the
        database thread of whoever holds the file, several times a day."""
        self.hub = hub
        self.turns: dict[int, RunningTurn] = {}
        self.writer = Writer(self.database, self.running_answers)
        self._restart_turn = restart_turn
        self._daily = daily
        self._lock = FileLock(lock_path, thread_local=False) if lock_path else None
        self._starting = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._stopping = False

    # --- Life ---------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Start on the running loop."""
        self._loop = asyncio.get_running_loop()
        self._stopping = False
        self._client = ProviderClient()
        self._adapters: dict[str, Adapter] = {}
        self._unflushed: set[RunningTurn] = set()
        self._tick: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._database_thread = ThreadPoolExecutor(1, "webox-engine-database")
        await self.hub.start()
        self._beats = [
            asyncio.create_task(self._every(SAVE_S, self._save)),
            asyncio.create_task(self._every(REAP_S, self._reap)),
        ]
        # Held by another process on this machine: it is alive, so are its turns.
        with contextlib.suppress(Timeout):
            if self._lock:
                self._lock.acquire(blocking=False)
                await self._reap(stale_s=0, unclaimed_s=0)
                self._beats.append(asyncio.create_task(self._every(DAILY_S, self._tidy)))

    async def stop(self) -> None:
        """End running answers as interrupted, their text saved, and release everything."""
        self._stopping = True
        self._end_running()
        for beat in self._beats:
            beat.cancel()
        await asyncio.gather(*self._beats, return_exceptions=True)
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=GRACE_S)
        await self.hub.stop()
        await self._client.aclose()
        await self._loop_of(self._database_thread, connections.close_all)
        self._database_thread.shutdown()
        if self._lock:
            self._lock.release()
        self._loop = None

    @property
    def is_running(self) -> bool:
        return self._loop is not None

    def begin_shutdown(self) -> None:
        """Take no new turns and end the running ones: requests that wait for them can then finish."""
        self._stopping = True
        self._call(self._end_running)

    def ensure_started(self) -> None:
        """Start in a thread of its own where no server has started it."""
        with self._starting:
            if self._loop is not None:
                return
            ready = threading.Event()
            self._thread = threading.Thread(
                target=self._run_thread, args=[ready], name="webox-engine", daemon=True
            )
            self._thread.start()
            ready.wait()

    def _run_thread(self, ready: threading.Event) -> None:
        async def main() -> None:
            await self.start()
            self._thread_end = asyncio.Event()
            ready.set()
            await self._thread_end.wait()
            await self.stop()

        asyncio.run(main())

    def close_thread(self) -> None:
        """Stop an engine that `ensure_started` gave a thread; nothing where a server owns it."""
        thread = self._thread
        if thread is not None:
            self._call(lambda: self._thread_end.set())
            thread.join()
            self._thread = None

    # --- Turns --------------------------------------------------------------------------------------

    def start_turn(self, message_id: int) -> Future[None]:
        """Run a turn; the future ends with it. Raises EngineStopping while the process ends."""
        if self._stopping or self._loop is None:
            raise EngineStopping
        done: Future[None] = Future()
        self._call(lambda: self._spawn(run_turn(self, message_id), done))
        return done

    def reap(self) -> Future[None]:
        """End what lost its process, and start what nobody has claimed, now."""
        done: Future[None] = Future()
        self._call(lambda: self._spawn(self._reap(), done))
        return done

    def stop_answers(self, answer_ids: list[int]) -> None:
        """Cancel those of these answers that run here; their rows already say stopped."""

        def stop() -> None:
            for answer in self.running_answers():
                if answer.id in answer_ids:
                    answer.cancel("stopped")

        self._call(stop)

    def _end_running(self) -> None:
        for answer in self.running_answers():
            answer.cancel("lost")

    def running_answers(self) -> list[RunningAnswer]:
        return [answer for turn in list(self.turns.values()) for answer in list(turn.answers.values())]

    def running_answer(self, message_id: int, answer_id: int) -> RunningAnswer | None:
        turn = self.turns.get(message_id)
        return turn.answers.get(answer_id) if turn else None

    def call_soon(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Run a coroutine on the engine's loop; failures go to the log."""
        self._call(lambda: self._spawn(coroutine, None))

    # --- What a running turn needs ------------------------------------------------------------------

    async def database(self, function: Callable[..., Any], *args: Any) -> Any:
        """Run a function in the engine's own database thread."""
        return await self._loop_of(self._database_thread, _with_fresh_connection, function, *args)

    def adapter(self, protocol: ProtocolName) -> Adapter:
        if protocol not in self._adapters:
            self._adapters[protocol] = make_adapter(protocol, self._client)
        return self._adapters[protocol]

    def flush(self, turn: RunningTurn) -> None:
        """Send what the turn has now."""
        self._unflushed.discard(turn)
        frame = turn.take_deltas()
        if frame:
            self.hub.publish(turn.conversation_id, frame)

    def flush_soon(self, turn: RunningTurn) -> None:
        """Send it with the next tick; one tick serves all turns of the process."""
        self._unflushed.add(turn)
        if self._tick is None:
            self._tick = asyncio.get_running_loop().call_later(TICK_S, self._flush_all)

    def _flush_all(self) -> None:
        self._tick = None
        for turn in tuple(self._unflushed):
            self.flush(turn)

    # --- Beats --------------------------------------------------------------------------------------

    async def _save(self) -> None:
        await self.writer.save_all()
        for turn in list(self.turns.values()):
            self.hub.publish(turn.conversation_id, turn.lengths())

    async def _reap(self, stale_s: float | None = None, unclaimed_s: float = UNCLAIMED_S) -> None:
        own = {answer.id for answer in self.running_answers()}
        ended = await self.database(reap, own) if stale_s is None else await self.database(reap, own, stale_s)
        for conversation_id, event in ended:
            self.hub.publish(conversation_id, event)
        for message_id in await self.database(unclaimed_turns, unclaimed_s):
            self._restart_turn(message_id)

    async def _tidy(self) -> None:
        await self.database(self._daily)

    async def _every(self, seconds: float, beat: Callable[[], Coroutine[Any, Any, None]]) -> None:
        while True:
            await asyncio.sleep(seconds)
            try:
                await beat()
            except Exception:
                # A beat that failed once must not be the last one.
                log.exception("A periodic task failed")

    # --- Threads ------------------------------------------------------------------------------------

    def _call(self, function: Callable[[], object]) -> None:
        loop = self._loop
        if loop is None:
            return
        # An empty context: a task must not inherit the asker's connections or language (asgiref#526).
        loop.call_soon_threadsafe(function, context=contextvars.Context())

    def _spawn(self, coroutine: Coroutine[Any, Any, None], done: Future[None] | None) -> None:
        task = asyncio.create_task(coroutine)
        self._tasks.add(task)

        def finished(task: asyncio.Task[None]) -> None:
            self._tasks.discard(task)
            error = None if task.cancelled() else task.exception()
            if error:
                log.error("A task of the engine failed", exc_info=error)
            if done:
                done.set_result(None)

        task.add_done_callback(finished)

    async def _loop_of(self, executor: ThreadPoolExecutor, function: Callable[..., Any], *args: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(executor, function, *args)


def _with_fresh_connection(function: Callable[..., Any], *args: Any) -> Any:
    # Django resets connection health checks per request only; here nobody else would.
    close_old_connections()
    return function(*args)
