"""How WeBox logs: a line each to standard error, and of a request nothing that is nobody else's business."""

import logging
from collections.abc import Mapping
from typing import Any


class PathFilter(logging.Filter):
    """Cuts the query off a logged path: words that were searched, and tickets, stay between two.

    `python3 -m webox` logs no requests; `runserver` does.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, Mapping) and isinstance(path := record.args.get("path"), str):
            record.args = {**record.args, "path": path.partition("?")[0]}
        return True


def logging_settings(level: str) -> dict[str, Any]:
    """Django's LOGGING, at this level."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {
            "request": {"()": "webox.request_id.RequestIdFilter"},
            "path": {"()": "webox.logs.PathFilter"},
        },
        "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s"}},
        "handlers": {
            "stderr": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["request", "path"]}
        },
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "httpx": {"level": "WARNING"},
            "django.request": {"level": "ERROR"},
            # A trace a second and process while Redis is away; chat.engine says so in one line.
            "channels_redis": {"level": "CRITICAL"},
        },
    }
