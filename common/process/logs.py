"""How WeBox logs: to standard error, for people or as JSON, and nothing that is nobody else's business."""

import logging
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any

from pythonjsonlogger.json import JsonFormatter

turn_id: ContextVar[int | None] = ContextVar("turn_id", default=None)
"""The turn (its answer's message) that the running task writes; set once, where the task begins."""
WRITTEN = (
    *("time", "level", "logger", "message", "exc_info", "request_id", "turn_id"),
    *("method", "route", "status", "duration_ms"),
)
"""Of a record, as JSON; whatever else libraries hang on it (Django: the request) may be somebody's."""

LINE_CHARS = 300
"""Of what a stranger sent and a line quotes; a header may have thousands."""


class AllowedFormatter(JsonFormatter):
    """A line of JSON that holds what is allowed to be written, and of that what there is."""

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        """Leave out the rest."""
        return {name: log_data[name] for name in WRITTEN if log_data.get(name) is not None}


class PathFilter(logging.Filter):
    """Cuts the query off a logged path: words that were searched, and tickets, stay between two.

    `python3 -m webox` logs no requests; `runserver` does.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, Mapping) and isinstance(path := record.args.get("path"), str):
            record.args = {**record.args, "path": path.partition("?")[0]}
        return True


class RefusedFilter(logging.Filter):
    """What Django refused (mostly a foreign host's name) is one line: anybody can send it, it is no fault."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name.startswith("django.security.") and record.exc_info:
            record.levelno, record.levelname = logging.WARNING, logging.getLevelName(logging.WARNING)
            record.msg, record.args = record.getMessage()[:LINE_CHARS], ()
            record.exc_info = record.exc_text = None
        return True


class TurnFilter(logging.Filter):
    """Gives each log record its `turn_id`, and `where`: the request or the turn it belongs to, else `-`."""

    def filter(self, record: logging.LogRecord) -> bool:
        turn = turn_id.get()
        record.turn_id = turn
        named = getattr(record, "request_id", None)
        record.where = f"turn {turn}" if turn is not None else named or "-"
        return True


def logging_settings(level: str, form: str) -> dict[str, Any]:
    """Django's LOGGING, at this level, as lines of text or of JSON (`form`)."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {
            "request": {"()": "common.http.request_id.RequestIdFilter"},
            "turn": {"()": "common.process.logs.TurnFilter"},
            "path": {"()": "common.process.logs.PathFilter"},
            "refused": {"()": "common.process.logs.RefusedFilter"},
        },
        "formatters": {
            "text": {
                "format": "%(asctime)s %(levelname)s %(name)s [%(where)s] %(message)s",
                # By the site's clock, and how far that is from UTC: lines of two servers can be put in order.
                "datefmt": "%Y-%m-%d %H:%M:%S%z",
            },
            "json": {
                "()": "common.process.logs.AllowedFormatter",
                "fmt": "%(levelname)s %(name)s %(message)s %(request_id)s %(turn_id)s",
                "rename_fields": {"levelname": "level", "name": "logger"},
                "timestamp": "time",
                "json_ensure_ascii": False,
            },
        },
        "handlers": {
            "stderr": {
                "class": "logging.StreamHandler",
                "formatter": form,
                "filters": ["request", "turn", "path", "refused"],
            }
        },
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "httpx": {"level": "WARNING"},
            "django.request": {"level": "ERROR"},
            # Every request, for machines that read logs; a person at a terminal does not want them.
            "webox.access": {"level": level if form == "json" else "ERROR"},
            # A trace a second and process while Redis is away; chat.engine says so in one line.
            "channels_redis": {"level": "CRITICAL"},
        },
    }
