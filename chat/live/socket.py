"""The sockets of a conversation: `webox.v1`, and the plain protocol of whoever names none."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Coroutine
from typing import Any

from channels.generic.websocket import AsyncWebsocketConsumer
from django.utils import translation

from accounts.models import User
from chat import events, limits
from chat.actions import asking, retrying, stopping
from chat.actions.announcing import Asker
from chat.ais.targets import resolve
from chat.engine.process import engine_of_process
from chat.engine.saving.writer import DATABASE_AWAY
from chat.errors import (
    BadFrame,
    ConversationNotFound,
    FrameTooLarge,
    SignInAgain,
    TooManyCommands,
    TurnInProgress,
)
from chat.live.credentials import Credential, Handshake
from chat.live.outbox import Ended, Outbox, PlainOutbox
from chat.live.resume import ended_answers, read_joining, read_of_answers, take_snapshot
from chat.models import Answer
from chat.store import finding
from chat.store.saving import Question
from common.data import strict_json
from common.errors import Internal, Unavailable, WeBoxError

log = logging.getLogger(__name__)
PROTOCOL = "webox.v1"
TRY_LATER, SIGN_IN, FORBIDDEN, NOT_FOUND, TOO_SLOW, TOO_MANY = 1013, 4401, 4403, 4404, 4408, 4429
CLOSED = (RuntimeError, ConnectionError, OSError)


class ConversationConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]
    """One socket on one conversation. Refused ones are accepted, then closed with a code."""

    # The engine listens to the layer for all sockets of the process: two subscriptions less for each.
    channel_layer_alias = ""
    outbox: Outbox | PlainOutbox
    credential: Credential | None = None
    tasks: tuple[asyncio.Task[None], ...] = ()

    async def dispatch(self, message: dict[str, Any]) -> None:
        """Channels' own dispatch closes old connections at every frame, a thread hop each; ours does not."""
        handler = getattr(self, message["type"].replace(".", "_"))
        await handler(message)

    async def connect(self) -> None:
        self.handshake = Handshake(self.scope)
        self.conversation_id: int = self.scope["url_route"]["kwargs"]["conversation_id"]
        self.language = self.handshake.language()
        self.tokens, self.refilled = float(limits.SOCKET_COMMAND_BURST), time.monotonic()
        self.refusals = 0
        self.snapshots = asyncio.Lock()
        self.engine = engine_of_process()
        self.engine.ensure_started()
        speaks_v1 = PROTOCOL in self.handshake.subprotocols
        await self.accept(PROTOCOL if speaks_v1 else None)
        try:
            refusal = await self.engine.serve(self._let_in)
        except DATABASE_AWAY:
            refusal = TRY_LATER
        if refusal:
            await self.close(refusal)
            return
        self._watch(speaks_v1)
        if speaks_v1:
            await self.engine.hub.joined(self.conversation_id)
            await self._send_joining()

    def _let_in(self) -> int | None:
        """The close code that refuses this socket; None where it may come in."""
        self.credential = self.handshake.credential()
        if self.handshake.has_foreign_origin(self.credential):
            return FORBIDDEN
        user = self.credential.user() if self.credential else None
        if user is None:
            return SIGN_IN
        self.user_id = user.pk
        if self.engine.hub.count(user.pk) >= limits.SOCKETS_PER_PERSON:
            return TOO_MANY
        return None if finding.owns(user, self.conversation_id) else NOT_FOUND

    def _watch(self, speaks_v1: bool) -> None:
        assert self.credential is not None
        who = self.user_id, self.credential.session_key
        if speaks_v1:
            outbox = self.outbox = Outbox(*who, self._send_joining)
            sending = self._send_frames(outbox)
        else:
            plain = self.outbox = PlainOutbox(
                *who,
                send=self._send_text,
                read_text=lambda answer_id: self.engine.serve(_saved_text, answer_id),
                read_ended=lambda message_id: self.engine.serve(ended_answers, message_id),
                language=self.language,
            )
            sending = plain.run()
        self.engine.hub.join(self.conversation_id, self.outbox)
        self.tasks = (
            asyncio.create_task(self._until_it_ends(sending)),
            asyncio.create_task(self._check_again_and_again()),
        )

    async def disconnect(self, code: int) -> None:
        if not self.tasks:
            return
        self.engine.hub.leave(self.conversation_id, self.outbox)
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    # --- Out ----------------------------------------------------------------------------------------

    async def _until_it_ends(self, sending: Coroutine[Any, Any, None]) -> None:
        try:
            await sending
        except Ended as ended:
            await self._close(ended.code)
        except TimeoutError:
            # It takes nothing any more; what it misses it reads when it comes back.
            await self._close(TOO_SLOW)
        except DATABASE_AWAY:
            # A plain socket reads rows to send the rest: without them it must not wait for ever.
            await self._close(TRY_LATER)
        except CLOSED:
            # The client went away: disconnect() cleans up.
            return

    async def _send_frames(self, outbox: Outbox) -> None:
        while True:
            frame = await outbox.take()
            await self._send_text(frame.text)

    async def _send_text(self, text: str) -> None:
        async with asyncio.timeout(limits.SOCKET_SEND_S):
            await self.send(text_data=text)

    async def _close(self, code: int) -> None:
        with contextlib.suppress(*CLOSED):
            await self.close(code)

    async def _send_joining(self) -> None:
        await self._send_snapshot(lambda: read_joining(self.conversation_id))

    async def _send_snapshot(self, read: Callable[[], list[events.MessageRecord]]) -> None:
        if not isinstance(self.outbox, Outbox):
            return
        try:
            async with self.snapshots:
                await take_snapshot(self.engine, self.outbox, self.conversation_id, read)
        except DATABASE_AWAY:
            self.outbox.close(TRY_LATER)

    async def _check_again_and_again(self) -> None:
        """Whoever lost the right to this socket without a command of theirs noticing it is sent away."""
        while True:
            await asyncio.sleep(limits.SOCKET_RECHECK_S)
            try:
                refusal = await self.engine.serve(self._still_let_in)
            except DATABASE_AWAY:
                continue
            if refusal:
                self.outbox.close(refusal)

    def _still_let_in(self) -> int | None:
        user = self.credential.user() if self.credential else None
        if user is None:
            return SIGN_IN
        return None if finding.owns(user, self.conversation_id) else NOT_FOUND

    # --- In -----------------------------------------------------------------------------------------

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if not self.tasks:
            return
        client_id: str | None = None
        try:
            value = self._read(text_data)
            client_id = value.get("client_id") if isinstance(value.get("client_id"), str) else None
            if isinstance(self.outbox, PlainOutbox):
                await self._carry_out_plain(self.outbox, _parse(value, events.PlainAsk))
            else:
                await self._carry_out(self.outbox, _parse(value, events.AnyCommand))
        except SignInAgain:
            self.outbox.close(SIGN_IN)
        except WeBoxError as error:
            self._refuse(error, client_id)
        except DATABASE_AWAY:
            self._refuse(Unavailable(), client_id)
        except Exception:
            log.exception("A socket command failed")
            self._refuse(Internal(), client_id)
        else:
            self.refusals = 0

    def _read(self, text: str | None) -> dict[str, Any]:
        now = time.monotonic()
        self.tokens += (now - self.refilled) * limits.SOCKET_COMMANDS_PER_S
        self.tokens, self.refilled = min(self.tokens, limits.SOCKET_COMMAND_BURST), now
        if self.tokens < 1:
            raise TooManyCommands
        self.tokens -= 1
        if text is None:
            raise BadFrame(reason="binary frames are not used here")
        if len(text) > limits.FRAME_BYTES or len(text.encode("utf-8", "replace")) > limits.FRAME_BYTES:
            raise FrameTooLarge
        try:
            value = strict_json.loads(text)
        except strict_json.BadJson as error:
            raise BadFrame(reason=str(error)) from error
        if not isinstance(value, dict):
            raise BadFrame(reason="it must be a JSON object")
        return value

    def _refuse(self, error: WeBoxError, client_id: str | None) -> None:
        self.refusals += 1
        if self.refusals > limits.SOCKET_REFUSALS:
            self.outbox.close(TOO_MANY)
            return
        with translation.override(self.language):
            detail = error.detail
        if isinstance(self.outbox, PlainOutbox):
            self.outbox.refuse(events.PlainRefusal(detail, error.code))
        else:
            self.outbox.put(events.Refused(code=error.code, detail=detail, client_id=client_id))

    def _user(self) -> User:
        """Who is behind the socket now. Raises SignInAgain: signed out, deactivated, password changed."""
        user = self.credential.user() if self.credential else None
        if user is None:
            raise SignInAgain
        return user

    async def _carry_out(self, outbox: Outbox, command: events.AnyCommand) -> None:
        if isinstance(command, events.Resume):
            await self._send_snapshot(lambda: self._read_of_answers(command.answer_ids))
        else:
            await self.engine.serve(self._change, outbox, command)

    def _change(self, outbox: Outbox, command: events.Ask | events.Retry | events.Stop) -> None:
        user = self._user()
        asker = Asker(
            on_accepted=lambda accepted: outbox.loop.call_soon_threadsafe(outbox.put, accepted),
            socket_id=outbox.id,
        )
        if isinstance(command, events.Ask):
            question = Question(
                message=command.message,
                targets=resolve(
                    user, command.targets, temperature=command.temperature, max_tokens=command.max_tokens
                ),
                attachments=command.attachments,
                client_id=command.client_id,
                parent_id=command.parent_id,
                context=command.context,
            )
            asking.ask(user, self.conversation_id, question, asker)
        elif isinstance(command, events.Retry):
            retrying.retry(user, self.conversation_id, command.answer_ids, asker)
        else:
            stopping.stop(user, self.conversation_id, command.answer_ids)

    def _read_of_answers(self, answer_ids: list[int]) -> list[events.MessageRecord]:
        if not finding.owns(self._user(), self.conversation_id):
            raise ConversationNotFound
        return read_of_answers(self.conversation_id, answer_ids)

    async def _carry_out_plain(self, outbox: PlainOutbox, command: events.PlainAsk) -> None:
        if outbox.message_id is not None:
            raise TurnInProgress
        await self.engine.serve(self._ask_plain, outbox, command)

    def _ask_plain(self, outbox: PlainOutbox, command: events.PlainAsk) -> None:
        user = self._user()
        question = Question(message=command.message, targets=resolve(user, command.providers))
        asker = Asker(
            on_accepted=lambda accepted: outbox.loop.call_soon_threadsafe(outbox.accept, accepted),
            socket_id=outbox.id,
        )
        asking.ask(user, self.conversation_id, question, asker)


def _parse(value: dict[str, Any], kind: Any) -> Any:
    try:
        return events.parse(value, kind)
    except ValueError as error:
        raise BadFrame(reason=str(error)) from error


def _saved_text(answer_id: int) -> str:
    return Answer.objects.filter(pk=answer_id).values_list("text", flat=True).first() or ""
