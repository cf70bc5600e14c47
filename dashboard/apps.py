"""The dashboard application: usage by the hour, added up from the ledger, and what is read from it."""

from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _
from prometheus_client import REGISTRY

from chat.engine import engine_of_process

COUNT_EVERY_S = 30.0


class DashboardConfig(AppConfig):
    name = "dashboard"
    verbose_name = _("Usage")

    def ready(self) -> None:
        engine_of_process().chores.append((COUNT_EVERY_S, _count_new))
        REGISTRY.register(import_module("dashboard.metrics").Moment())


def _count_new() -> None:
    # Models can be imported only once every application is loaded.
    import_module("dashboard.aggregate").count_new()
