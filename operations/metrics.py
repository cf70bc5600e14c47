"""What Prometheus reads: this process's answers and sockets, and what all processes of a WeBox share.

On the site at `/metrics`, for who has the token; on WEBOX_METRICS_PORT for a network that is ours alone,
since workers serve no pages (webox.server).
"""

from collections.abc import Iterator

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.models import Count, Min
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from chat.engine.process import engine_of_process
from chat.models import Answer
from common.process import health
from dashboard import aggregate


class Moment(Collector):
    """What is true at the moment of asking."""

    def describe(self) -> Iterator[Metric]:
        """Nothing ahead: to be registered asks no database."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """The figures of this process, then those of the rows, where the database answers."""
        engine = engine_of_process()
        yield _gauge("webox_sockets", "Clients that watch a conversation, in this process.", engine.hub.size)
        writing = len(engine.running_answers()) if engine.is_running else 0
        yield _gauge("webox_writing_answers", "Answers that this process writes.", writing)
        up = GaugeMetricFamily("webox_up", "Whether a service or a part is there.", labels=["service"])
        services = health.services()
        for name, is_there in (services | health.parts()).items():
            up.add_metric([name], float(is_there))
        yield up
        if not services["database"]:
            return
        try:
            yield from _of_the_rows()
        except DatabaseError:
            return
        finally:
            # The thread that was asked is no request's: nobody else would give the connection back.
            connection.close()


def _of_the_rows() -> Iterator[Metric]:
    now = timezone.now()
    unfinished = GaugeMetricFamily("webox_unfinished_answers", "Answers to come.", labels=["status"])
    rows = Answer.objects.filter(status__in=Answer.UNFINISHED).order_by().values_list("status")
    found = dict(rows.annotate(Count("pk")))
    for status in Answer.UNFINISHED:
        unfinished.add_metric([status], found.get(status, 0))
    yield unfinished
    waiting = Answer.objects.filter(status=Answer.Status.QUEUED).aggregate(since=Min("message__created_at"))
    waits_s = (now - waiting["since"]).total_seconds() if waiting["since"] else 0.0
    yield _gauge("webox_longest_wait_seconds", "How long the oldest answer has waited to be begun.", waits_s)
    since = aggregate.waits_since()
    lag_s = (now - since).total_seconds() if since else 0.0
    yield _gauge("webox_statistics_lag_seconds", "How long the oldest call waits to be added up.", lag_s)


def _gauge(name: str, about: str, value: float) -> Metric:
    return GaugeMetricFamily(name, about, value=value)


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """The figures, for who carries WEBOX_METRICS_TOKEN as a Bearer token; 404 where none is set."""
    if not settings.METRICS_TOKEN:
        raise Http404
    if not constant_time_compare(
        request.headers.get("Authorization", ""), f"Bearer {settings.METRICS_TOKEN}"
    ):
        return HttpResponse(
            "Send the token of this site's figures.\n",
            status=401,
            content_type="text/plain; charset=utf-8",
            headers={"WWW-Authenticate": 'Bearer realm="metrics"'},
        )
    return HttpResponse(generate_latest(REGISTRY), content_type=CONTENT_TYPE_LATEST)
