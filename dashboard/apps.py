"""The dashboard application: usage by the hour, added up from the ledger, and what is read from it."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

COUNT_EVERY_S = 30.0


class DashboardConfig(AppConfig):
    name = "dashboard"
    verbose_name = _("Usage")

    def ready(self) -> None:
        # ruff: noqa: PLC0415 - models can be imported only once every application is loaded, which is now
        from chat.engine.process import engine_of_process
        from dashboard import aggregate

        engine_of_process().chores.append((COUNT_EVERY_S, aggregate.count_new))
