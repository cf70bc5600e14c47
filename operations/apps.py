"""The application of whoever runs a WeBox: its chores, its checks before the start, its figures."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _
from prometheus_client import REGISTRY

TIDY_EVERY_S = 6 * 3600.0


class OperationsConfig(AppConfig):
    name = "operations"
    verbose_name = _("Operations")

    def ready(self) -> None:
        # ruff: noqa: PLC0415 - models can be imported only once every application is loaded, which is now
        from chat.engine.process import engine_of_process
        from operations import checks, metrics, upkeep  # noqa: F401 - importing registers the checks

        engine_of_process().chores.append((TIDY_EVERY_S, upkeep.tidy))
        REGISTRY.register(metrics.Moment())
