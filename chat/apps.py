"""The chat application: it makes the engine of this process and listens for what closes sockets."""

from typing import TYPE_CHECKING

from django.apps import AppConfig
from django.conf import settings
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from chat.engine.loop import Engine


class ChatConfig(AppConfig):
    name = "chat"
    verbose_name = _("Conversations")
    engine: "Engine"

    def ready(self) -> None:
        # Models can be imported only once every application is loaded, which is now.
        from chat import dispatch, sockets  # noqa: PLC0415
        from chat.engine.hub import Hub, RedisHub  # noqa: PLC0415
        from chat.engine.loop import Engine  # noqa: PLC0415

        self.engine = Engine(
            hub=RedisHub(settings.REDIS_URL) if settings.SCALED else Hub(),
            lock_path=None if settings.SCALED else settings.VAR_DIR / "engine.lock",
            restart_turn=dispatch.start,
        )
        sockets.listen()
