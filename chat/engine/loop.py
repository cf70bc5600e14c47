"""The engine: one object that owns the loop's turns, clients, tick, writer, waiting room and reaper.

Started by the server's lifespan on the server's own loop; where there is no lifespan (runserver, a test
client, a management command, a Celery worker) `ensure_started()` gives it a loop in a thread of its own.
"""

import asyncio
import contextlib
import contextvars
import logging
import os
import threading
from collections.abc import Callable, Collection, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from django.db import close_old_connections, connections
from filelock import FileLock, Timeout

from chat.engine.broadcast.control import Control, Message
from chat.engine.broadcast.frames import RunningText, Texts
from chat.engine.broadcast.hub import Hub
from chat.engine.claiming.waiting import Claims, WaitingRoom
from chat.engine.fanout import run_turn
from chat.engine.running import RunningAnswer, RunningTurn
from chat.engine.saving.reaper import reap, unclaimed_turns
from chat.engine.saving.writer import DATABASE_AWAY, Writer
from chat.errors import EngineStopping
from providers.base import Adapter, ProtocolName
from providers.protocols import make_adapter
from providers.wire.http import ProviderClient

log = logging.getLogger(__name__)

TICK_S = 0.033
SAVE_S = 1.0
REAP_S = 10.0
UNCLAIMED_S = 30
SAVE_WITHIN_S = 5.0
"""How long the last save may take once the grace time is over."""
SIDE_THREADS = 2
RESTARTING, SIGN_IN, NOT_FOUND = 1012, 4401, 4404


class Engine:
    """Runs turns. One per process; every public method may be called from any thread."""

    def __init__(
        self,
        *,
        hub: Hub,
        lock_path: Path | None,
        restart_turn: Callable[[int], object],
        serving_threads: int,
        grace_s: float,
    ) -> None:
        """`lock_path`: whoever holds this file ends at once what a crash left; None where several
        processes share the rows. `restart_turn` starts a turn that nobody has claimed.
        `serving_threads`: how many database threads serve people. `grace_s`: how long running answers may
        take to end by themselves when the process is told to stop."""
        self.hub = hub
        self.is_shared = lock_path is None
        self.turns: dict[int, RunningTurn] = {}
        self.writer = Writer(self.database, self.running_answers)
        self._restart_turn = restart_turn
        self.chores: list[tuple[float, Callable[[], object]]] = []
        """What is done every so many seconds, in the database thread of whoever holds the file."""
        self._serving_threads = serving_threads
        self._grace_s = grace_s
        self._lock = FileLock(lock_path, thread_local=False) if lock_path else None
        self._starting = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._process = 0
        self._thread: threading.Thread | None = None
        self._ends_with_process = False
        self._stopping = False
        self._winding_down: asyncio.Task[None] | None = None

    # --- Life ---------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Start on the running loop."""
        self._loop = asyncio.get_running_loop()
        self._process = os.getpid()
        self._stopping = False
        self._winding_down = None
        self._client = ProviderClient()
        self._adapters: dict[str, Adapter] = {}
        self._unflushed: set[RunningTurn] = set()
        self._tick: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._database_thread = ThreadPoolExecutor(1, "webox-engine-database")
        self._people_threads = ThreadPoolExecutor(self._serving_threads, "webox-database")
        self._side_threads = ThreadPoolExecutor(SIDE_THREADS, "webox-side")
        self.claims = Claims(self.database)
        self.waiting = WaitingRoom(self.database)
        self._control = Control(self._follow, is_shared=self.is_shared)
        await self.hub.start()
        self._beats = [
            asyncio.create_task(self._every(SAVE_S, self._save)),
            asyncio.create_task(self._every(REAP_S, self._reap)),
        ]
        if self.is_shared:
            self._beats.append(asyncio.create_task(self._control.listen()))
        # Held by another process on this machine: it is alive, so are its turns.
        with contextlib.suppress(Timeout):
            if self._lock:
                self._lock.acquire(blocking=False)
                await self._reap(stale_s=0, unclaimed_s=0)
                self._beats += [
                    asyncio.create_task(self._every(every_s, partial(self.database, chore)))
                    for every_s, chore in self.chores
                ]

    async def stop(self) -> None:
        """End what still runs after the grace time as interrupted, its text saved; release everything."""
        self.begin_shutdown()
        # The call above only asks for it; one that was asked for before may be on its way.
        await (self._winding_down or self._wind_down())
        for beat in self._beats:
            beat.cancel()
        await asyncio.gather(*self._beats, return_exceptions=True)
        await self.hub.stop()
        await self._client.aclose()
        await self._loop_of(self._database_thread, connections.close_all)
        for threads in (self._database_thread, self._people_threads, self._side_threads):
            threads.shutdown(wait=threads is self._database_thread, cancel_futures=True)
        if self._lock:
            self._lock.release()
        self._loop = None

    @property
    def is_running(self) -> bool:
        return self._loop is not None and self._process == os.getpid()

    @property
    def is_stopping(self) -> bool:
        return self._stopping

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The loop it runs on. Raises EngineStopping where it does not."""
        if self._loop is None:
            raise EngineStopping
        return self._loop

    def begin_shutdown(self) -> None:
        """Take no new turns, send watchers away, and give running answers the grace time to end."""
        if self._stopping:
            return
        self._stopping = True
        self._call(self._begin_winding_down)

    def _begin_winding_down(self) -> None:
        if self._winding_down is None:
            self._winding_down = asyncio.create_task(self._wind_down())

    async def _wind_down(self) -> None:
        self.hub.close(RESTARTING, lambda _conversation_id, _subscriber: True)
        for message_id in await self.waiting.close():
            self._restart_turn(message_id)
        turns = {task for task in self._tasks if task.get_name() == "turn"}
        if turns:
            await asyncio.wait(turns, timeout=self._grace_s)
        self._end_running()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=SAVE_WITHIN_S)

    def ensure_started(self) -> None:
        """Start in a thread of its own where no server has started it (or one has, and then forked)."""
        with self._starting:
            if self.is_running:
                return
            started: Future[None] = Future()
            self._thread = threading.Thread(
                target=self._run_thread, args=[started], name="webox-engine", daemon=True
            )
            self._thread.start()
            # Whoever asked hears of what went wrong, instead of waiting for ever.
            started.result()
            if not self._ends_with_process:
                # Nobody else would save what is being written then. Not atexit's own hook: it is called when
                # the thread pools, which the saving needs, are closed already.
                threading._register_atexit(self.close_thread)  # type: ignore[attr-defined]
                self._ends_with_process = True

    def _run_thread(self, started: Future[None]) -> None:
        async def main() -> None:
            try:
                await self.start()
            except Exception as error:
                self._loop = self._thread = None
                started.set_exception(error)
                return
            self._thread_end = asyncio.Event()
            started.set_result(None)
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
        self._call(lambda: self._spawn(run_turn(self, message_id), done, "turn"))
        return done

    def reap(self) -> Future[None]:
        """End what lost its process, and start what nobody has claimed, now."""
        done: Future[None] = Future()
        self._call(lambda: self._spawn(self._reap(), done))
        return done

    def tell(self, **message: Any) -> None:
        """Tell all processes of this WeBox: to stop answers, to send texts, to close sockets."""
        self.call_soon(self._control.tell(message))

    def _follow(self, message: Message) -> None:
        """Do here what a process of this WeBox asks for."""
        match message:
            case {"type": "answers.stop", "answer_ids": answer_ids}:
                for answer in self.running_answers():
                    if answer.id in answer_ids:
                        answer.cancel("stopped")
                self.waiting.place_freed()
            case {"type": "texts.wanted", "conversation_id": conversation_id, "answer_ids": ids, "to": to}:
                if texts := self.texts(ids):
                    self.hub.publish(conversation_id, Texts(texts=texts), only_id=to)
            case {"type": "sockets.close", "user_id": user_id, "session_key": session_key}:
                self.hub.close(
                    SIGN_IN,
                    lambda _, one: one.user_id == user_id and session_key in (None, one.session_key),
                )
            case {"type": "conversation.gone", "conversation_id": gone_id}:
                self.hub.close(NOT_FOUND, lambda conversation_id, _: conversation_id == gone_id)

    def _end_running(self) -> None:
        for answer in self.running_answers():
            answer.cancel("lost")

    def running_answers(self) -> list[RunningAnswer]:
        return [answer for turn in list(self.turns.values()) for answer in list(turn.answers.values())]

    def running_answer(self, message_id: int, answer_id: int) -> RunningAnswer | None:
        turn = self.turns.get(message_id)
        return turn.answers.get(answer_id) if turn else None

    def texts(self, answer_ids: Collection[int]) -> list[RunningText]:
        """What was shown of these answers, where they are written here: the next delta starts at its end."""
        return [
            RunningText(one.id, one.text.shown(), one.reasoning.shown(), one.first_token_ms)
            for one in self.running_answers()
            if one.id in answer_ids
        ]

    def call_soon(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Run a coroutine on the engine's loop; failures go to the log."""
        if self._loop is None:
            coroutine.close()
        self._call(lambda: self._spawn(coroutine, None))

    async def serve(self, function: Callable[..., Any], *args: Any) -> Any:
        """Run a function in one of the database threads that serve people; for any loop."""
        return await self._loop_of(self._people_threads, _with_fresh_connection, function, *args)

    async def beside(self, function: Callable[..., Any], *args: Any) -> Any:
        """Run a function that may block, and needs no database, in a thread where nobody waits behind it."""
        return await self._loop_of(self._side_threads, function, *args)

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

    async def _reap(self, stale_s: float | None = None, unclaimed_s: int = UNCLAIMED_S) -> None:
        own = {answer.id for answer in self.running_answers()}
        ended = await self.database(reap, own) if stale_s is None else await self.database(reap, own, stale_s)
        for conversation_id, event in ended:
            self.hub.publish(conversation_id, event)
        if self._stopping:
            return
        for message_id in await self.database(unclaimed_turns, unclaimed_s):
            self._restart_turn(message_id)

    async def _every(self, seconds: float, beat: Callable[[], Coroutine[Any, Any, None]]) -> None:
        while True:
            await asyncio.sleep(seconds)
            try:
                await beat()
            except DATABASE_AWAY as error:
                log.warning("The database is away (%s)", type(error).__name__)
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

    def _spawn(
        self, coroutine: Coroutine[Any, Any, None], done: Future[None] | None, name: str | None = None
    ) -> None:
        task = asyncio.create_task(coroutine, name=name)
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
