"""The chat application: it makes the engine of this process and listens for what closes sockets."""

from typing import TYPE_CHECKING

from django.apps import AppConfig
from django.conf import settings
from django.db import connection
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from chat.engine.loop import Engine

INDEX_EVERY_S = 1.0
TIDY_EVERY_S = 6 * 3600.0
INDEXING_S = 0.1
"""So long at a time turns may have to wait for search."""


class ChatConfig(AppConfig):
    name = "chat"
    verbose_name = _("Conversations")
    engine: "Engine"

    def ready(self) -> None:
        # Models can be imported only once every application is loaded, which is now.
        from chat import checks, dispatch, receivers, sockets  # noqa: F401, PLC0415
        from chat.engine.hub import Hub, RedisHub  # noqa: PLC0415
        from chat.engine.loop import Engine  # noqa: PLC0415

        self.engine = Engine(
            hub=RedisHub(settings.REDIS_URL, settings.REDIS_CHANNELS) if settings.SCALED else Hub(),
            lock_path=None if settings.SCALED else settings.VAR_DIR / "engine.lock",
            restart_turn=dispatch.start,
            serving_threads=settings.SOCKET_THREADS,
            grace_s=settings.STOP_GRACE_S,
        )
        self.engine.chores += [(INDEX_EVERY_S, _index), (TIDY_EVERY_S, _tidy)]
        sockets.listen()
        post_migrate.connect(_fill_catalogue, sender=self)


def _index() -> None:
    from chat import indexing  # noqa: PLC0415

    indexing.index_some(INDEXING_S)


def _tidy() -> None:
    from chat import upkeep  # noqa: PLC0415

    upkeep.tidy()


def _fill_catalogue(**_: object) -> None:
    from chat import catalogue  # noqa: PLC0415
    from chat.models import AiPreference  # noqa: PLC0415

    # Not in the middle of the way there.
    if AiPreference._meta.db_table in connection.introspection.table_names():
        catalogue.fill()
