"""« /metriques/ »: what Prometheus reads, for whoever has METRICS_TOKEN.

Two kinds: what this machine has counted (requests, refused uploads), and what the database says as of now,
which is the same from every machine.
"""

import math
import os
import platform
import time
from collections.abc import Iterator
from hmac import compare_digest

import django
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import Error as DatabaseFailure
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Gauge, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector

from invoices import antivirus, statistics
from invoices.handover import standing
from outbox.models import Mail

# Counting a million deposits takes 0.2 s, which is not for every reading by every server.
SETTLED_SECONDS = 300
_settled_counted_at = -math.inf

# Of the processes of this machine, the one that counted last is right.
DEPOSITS = Gauge(
    "portail_deposits",
    "Deposits by state; pending ones as of now, the others as of five minutes ago at most",
    ("state",),
    multiprocess_mode="mostrecent",
)


@login_not_required
@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer with every metric; 401 without the token, and 404 where the operator has set none."""
    if not settings.METRICS_TOKEN:
        raise Http404
    given = request.headers.get("Authorization", "")
    if not compare_digest(given.encode(), f"Bearer {settings.METRICS_TOKEN}".encode()):
        return HttpResponse(status=401, headers={"WWW-Authenticate": "Bearer"})
    return HttpResponse(collect(), content_type=CONTENT_TYPE_LATEST)


def collect() -> bytes:
    """All the metrics, in Prometheus' text format."""
    registry = CollectorRegistry()
    registry.register(Present())
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:  # gunicorn has several processes, and any of them answers for all
        MultiProcessCollector(registry)
        return generate_latest(registry)
    return generate_latest(registry) + generate_latest(REGISTRY)


class Present:
    """What is so at the moment of reading. A database that does not answer leaves the other metrics as they are."""

    def collect(self) -> Iterator[Metric]:
        yield InfoMetricFamily(
            "portail_build",
            "What runs here",
            {"version": settings.VERSION, "django": django.__version__, "python": platform.python_version()},
        )
        try:
            found = list(from_database())
        except DatabaseFailure:
            found = []
        if settings.CLAMAV is not None:
            yield GaugeMetricFamily("portail_antivirus_up", "Whether the antivirus answered", int(antivirus.ping()))
        yield GaugeMetricFamily("portail_database_up", "Whether the database answered", int(bool(found)))
        yield from found


def from_database() -> Iterator[Metric]:
    """Deposits, hand-overs, drafts and mails; raises django.db.Error."""
    count_settled()
    DEPOSITS.labels("pending").set(statistics.pending_deposits())
    overdue = statistics.overdue()
    yield GaugeMetricFamily("portail_transmissions_overdue", "Pending deposits whose delay has ended", overdue.count)
    yield GaugeMetricFamily(
        "portail_transmission_overdue_seconds",
        "How long ago the delay of the oldest of them ended; 0 without any",
        overdue.oldest.total_seconds(),
    )
    handovers = standing.backlog()
    yield GaugeMetricFamily("portail_handovers_waiting", "Hand-overs in line, never failed so far", handovers.waiting)
    yield GaugeMetricFamily("portail_handovers_failing", "Hand-overs in line that failed", handovers.failing)
    yield GaugeMetricFamily("portail_handovers_stopped", "Hand-overs of which a document is lost", handovers.stopped)
    yield GaugeMetricFamily(
        "portail_handovers_unannounced", "Hand-overs of which the webhook is still to tell", handovers.unannounced
    )
    yield GaugeMetricFamily(
        "portail_handover_oldest_seconds",
        "How long ago the oldest deposit that is not handed over was transmitted; 0 without any",
        handovers.oldest.total_seconds(),
    )
    yield GaugeMetricFamily("portail_drafts_open", "Drafts of which a step was saved", statistics.open_drafts())
    yield GaugeMetricFamily("portail_mails_in_line", "Mails to be sent", Mail.objects.in_line().count())
    yield GaugeMetricFamily("portail_mails_given_up", "Mails that no server took", Mail.objects.given_up().count())


def count_settled() -> None:
    """Count what never changes again, unless this process has done so lately."""
    global _settled_counted_at
    now = time.monotonic()
    if now - _settled_counted_at >= SETTLED_SECONDS:
        for state, count in statistics.settled_deposits().items():
            DEPOSITS.labels(state.value.lower()).set(count)
        _settled_counted_at = now
