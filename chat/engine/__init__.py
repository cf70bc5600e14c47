"""The engine of this process: whoever writes, saves and shows answers is in this folder."""

from typing import TYPE_CHECKING, cast

from django.apps import apps

if TYPE_CHECKING:
    from chat.apps import ChatConfig
    from chat.engine.loop import Engine


def engine_of_process() -> "Engine":
    """The one engine of this process, started or not; the application's configuration made it."""
    return cast("ChatConfig", apps.get_app_config("chat")).engine
