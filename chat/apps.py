"""The chat application: it makes the engine of this process and connects what listens."""

from django.apps import AppConfig
from django.conf import settings
from django.db import connection
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _

from common.signals import process_stops

INDEX_EVERY_S = 1.0
INDEXING_S = 0.1
"""How long one run of the search index may keep turns waiting."""


class ChatConfig(AppConfig):
    name = "chat"
    verbose_name = _("Conversations")

    def ready(self) -> None:
        # ruff: noqa: PLC0415 - models can be imported only once every application is loaded, which is now
        from chat.actions import starting
        from chat.ais import catalogue, checks, receivers  # noqa: F401 - importing registers them
        from chat.engine import process
        from chat.engine.broadcast.hub import Hub, RedisHub
        from chat.engine.loop import Engine
        from chat.live import closing
        from chat.models import AiPreference
        from chat.search import indexing

        engine = Engine(
            hub=RedisHub(settings.REDIS_URL, settings.REDIS_CHANNELS) if settings.SCALED else Hub(),
            lock_path=None if settings.SCALED else settings.VAR_DIR / "engine.lock",
            restart_turn=starting.start,
            serving_threads=settings.SOCKET_THREADS,
            grace_s=settings.STOP_GRACE_S,
        )
        engine.chores.append((INDEX_EVERY_S, lambda: indexing.index_some(INDEXING_S)))
        process.install(engine)
        closing.listen()
        process_stops.connect(lambda **_: engine.begin_shutdown(), weak=False)

        def fill_catalogue(**_: object) -> None:
            # Not in the middle of the way there.
            if AiPreference._meta.db_table in connection.introspection.table_names():
                catalogue.fill()

        post_migrate.connect(fill_catalogue, sender=self, weak=False)
