"""The ASGI application: HTTP to Django, sockets to Channels, the lifespan to the engine."""

import os

from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webox.settings")
django_application = get_asgi_application()

# Only now are the applications loaded that these import.
from chat import limits  # noqa: E402
from chat.engine.process import engine_of_process  # noqa: E402
from chat.live.routing import websocket_urlpatterns  # noqa: E402
from common.http.body_limit import BodyLimit, Receive, Scope, Send  # noqa: E402
from webox.alone import be_alone  # noqa: E402
from webox.celery import app as celery_application  # noqa: E402
from webox.launcher.words import Problem  # noqa: E402

# Tasks find their broker through this application; importing it made it the current one.
celery_application.set_default()


async def unknown_path(scope: Scope, receive: Receive, send: Send) -> None:
    """A socket on a path that is not ours: accepted and closed, so that the client learns why."""
    await receive()
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.close", "code": 4404})


class SocketRouter:
    """Channels' router raises on an unknown path; this one closes the socket with 4404."""

    def __init__(self) -> None:
        self._router = URLRouter(websocket_urlpatterns)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = str(scope["path"]).lstrip("/")
        known = any(route.pattern.match(path) for route in websocket_urlpatterns)
        await (self._router if known else unknown_path)(scope, receive, send)


async def lifespan(scope: Scope, receive: Receive, send: Send) -> None:
    """Start the engine on the server's loop and stop it with the server; Django answers no lifespan."""
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            try:
                be_alone()
            except Problem as problem:
                # `uvicorn --workers 2`: each would have a memory of its own.
                await send({"type": "lifespan.startup.failed", "message": str(problem)})
                return
            await engine_of_process().start()
            await send({"type": "lifespan.startup.complete"})
        else:
            await engine_of_process().stop()
            await send({"type": "lifespan.shutdown.complete"})
            return


# A form's borders and names come on top of a file.
FORM_BYTES = 64 * 1024
BODY_LIMITS = {
    "/v1/": limits.GATEWAY_BYTES,
    "/api/chat/attachments": limits.UPLOAD_BYTES + FORM_BYTES,
    "/chat/import": limits.IMPORT_BYTES + FORM_BYTES,
}
application = ProtocolTypeRouter(
    {
        "http": BodyLimit(django_application, limits.BODY_BYTES, BODY_LIMITS),
        "websocket": SocketRouter(),
        "lifespan": lifespan,
    }
)
