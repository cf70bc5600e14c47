"""The sockets of a conversation: `webox.v1`, and the plain protocol of whoever names none."""

import asyncio
import contextlib
import logging
import time
from typing import Any

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.utils import translation

from accounts.models import User
from chat import events, limits, turns
from chat.engine import engine_of_process
from chat.engine.resume import left_behind, read_joining, read_messages, read_of_answers, snapshot
from chat.errors import BadFrame, FrameTooLarge, Internal, TooManyCommands, TurnInProgress
from chat.models import Answer, Conversation
from chat.outbox import Outbox, PlainOutbox
from chat.sockets import Credential, Handshake, user_group
from chat.targets import resolve
from webox import strict_json
from webox.errors import WeBoxError

log = logging.getLogger(__name__)
PROTOCOL = "webox.v1"
SIGN_IN, FORBIDDEN, NOT_FOUND = 4401, 4403, 4404
CLOSED = (RuntimeError, ConnectionError, OSError)


class ConversationConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]
    """One socket on one conversation. Refused ones are accepted, then closed with a code."""

    outbox: Outbox | PlainOutbox
    credential: Credential | None = None
    sender: asyncio.Task[None] | None = None

    async def dispatch(self, message: dict[str, Any]) -> None:
        """Channels' own dispatch closes old connections at every frame, a thread hop each; ours does not."""
        handler = getattr(self, message["type"].replace(".", "_"))
        await handler(message)

    async def connect(self) -> None:
        self.handshake = Handshake(self.scope)
        self.conversation_id: int = self.scope["url_route"]["kwargs"]["conversation_id"]
        self.language = self.handshake.language()
        self.tokens, self.refilled = float(limits.SOCKET_COMMAND_BURST), time.monotonic()
        speaks_v1 = PROTOCOL in self.handshake.subprotocols
        await self.accept(PROTOCOL if speaks_v1 else None)
        refusal = await database_sync_to_async(self._let_in)()
        if refusal:
            await self.close(refusal)
            return
        self.outbox = (
            Outbox(self._send_text, self._send_joining)
            if speaks_v1
            else PlainOutbox(self._send_text, database_sync_to_async(_saved_text), self.language)
        )
        engine_of_process().hub.join(self.conversation_id, self.outbox)
        self.sender = asyncio.create_task(self._run_outbox())
        await self.channel_layer.group_add(user_group(self.user_id), self.channel_name)
        if speaks_v1:
            await self._send_joining()

    def _let_in(self) -> int | None:
        """The close code that refuses this socket; None where it may come in."""
        engine_of_process().ensure_started()
        self.credential = self.handshake.credential()
        if self.handshake.has_foreign_origin(self.credential):
            return FORBIDDEN
        user = self.credential.user() if self.credential else None
        if user is None:
            return SIGN_IN
        self.user_id = user.pk
        is_theirs = Conversation.objects.for_user(user).filter(pk=self.conversation_id).exists()
        return None if is_theirs else NOT_FOUND

    async def disconnect(self, code: int) -> None:
        if self.sender is None:
            return
        engine_of_process().hub.leave(self.conversation_id, self.outbox)
        await self.channel_layer.group_discard(user_group(self.user_id), self.channel_name)
        self.sender.cancel()
        await asyncio.gather(self.sender, return_exceptions=True)

    async def sockets_close(self, message: dict[str, Any]) -> None:
        """From the channel layer: a sign-out of one session, or of all."""
        session_key = message["session_key"]
        if session_key is None or (self.credential and self.credential.session_key == session_key):
            await self.close(SIGN_IN)

    # --- Out ----------------------------------------------------------------------------------------

    async def _run_outbox(self) -> None:
        # A client that went away: disconnect() cleans up.
        with contextlib.suppress(*CLOSED):
            await self.outbox.run()

    async def _send_text(self, text: str) -> None:
        await self.send(text_data=text)

    async def _send_joining(self) -> None:
        await self._send_snapshot(await database_sync_to_async(read_joining)(self.conversation_id))

    async def _send_snapshot(self, messages: list[events.MessageRecord]) -> None:
        engine = engine_of_process()
        ended_meanwhile = left_behind(engine, messages)
        if ended_meanwhile:
            # They ended between our reading and now; their rows were final before the engine let go of them.
            again = await database_sync_to_async(read_messages)(self.conversation_id, ended_meanwhile)
            fresh = {message.id: message for message in again}
            messages = [fresh.get(message.id, message) for message in messages]
        if isinstance(self.outbox, Outbox):
            self.outbox.put(snapshot(engine, messages))

    # --- In -----------------------------------------------------------------------------------------

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if self.sender is None:
            return
        client_id: str | None = None
        try:
            value = self._read(text_data)
            client_id = value.get("client_id") if isinstance(value.get("client_id"), str) else None
            if isinstance(self.outbox, PlainOutbox):
                await self._carry_out_plain(self.outbox, _parse(value, events.PlainAsk))
            else:
                await self._carry_out(self.outbox, _parse(value, events.AnyCommand))
        except WeBoxError as error:
            self._refuse(error, client_id)
        except Exception:
            log.exception("A socket command failed")
            self._refuse(Internal(), client_id)

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
        with translation.override(self.language):
            detail = error.detail
        if isinstance(self.outbox, PlainOutbox):
            self.outbox.refuse(events.PlainRefusal(detail, error.code))
        else:
            self.outbox.put(events.Refused(code=error.code, detail=detail, client_id=client_id))

    async def _user(self) -> User | None:
        """Who is behind the socket now; None closes it: signed out, deactivated, or the password changed."""
        assert self.credential is not None
        user: User | None = await database_sync_to_async(self.credential.user)()
        if user is None:
            await self.close(SIGN_IN)
        return user

    async def _carry_out(self, outbox: Outbox, command: events.AnyCommand) -> None:
        user = await self._user()
        if user is None:
            return
        if isinstance(command, events.Ask):
            await database_sync_to_async(self._ask)(user, outbox, command)
        elif isinstance(command, events.Retry):
            await database_sync_to_async(turns.retry)(
                user,
                self.conversation_id,
                command.answer_ids,
                on_accepted=lambda accepted: outbox.loop.call_soon_threadsafe(outbox.put, accepted),
                skip_id=outbox.id,
            )
        elif isinstance(command, events.Stop):
            await database_sync_to_async(turns.stop)(user, self.conversation_id, command.answer_ids)
        else:
            read = database_sync_to_async(read_of_answers)
            await self._send_snapshot(await read(self.conversation_id, command.answer_ids))

    def _ask(self, user: User, outbox: Outbox, command: events.Ask) -> None:
        turns.ask(
            user,
            conversation_id=self.conversation_id,
            message=command.message,
            targets=resolve(
                user, command.targets, temperature=command.temperature, max_tokens=command.max_tokens
            ),
            attachments=command.attachments,
            client_id=command.client_id,
            on_accepted=lambda accepted: outbox.loop.call_soon_threadsafe(outbox.put, accepted),
            skip_id=outbox.id,
        )

    def _ask_plain(self, user: User, outbox: PlainOutbox, command: events.PlainAsk) -> None:
        turns.ask(
            user,
            conversation_id=self.conversation_id,
            message=command.message,
            targets=resolve(user, command.providers),
            on_accepted=lambda accepted: outbox.loop.call_soon_threadsafe(outbox.accept, accepted),
            skip_id=outbox.id,
        )

    async def _carry_out_plain(self, outbox: PlainOutbox, command: events.PlainAsk) -> None:
        user = await self._user()
        if user is None:
            return
        if outbox.message_id is not None:
            raise TurnInProgress
        await database_sync_to_async(self._ask_plain)(user, outbox, command)


def _parse(value: dict[str, Any], kind: Any) -> Any:
    try:
        return events.parse(value, kind)
    except ValueError as error:
        raise BadFrame(reason=str(error)) from error


def _saved_text(answer_id: int) -> str:
    return Answer.objects.filter(pk=answer_id).values_list("text", flat=True).first() or ""
