"""One line and one measure for each request, and an id that follows it wherever it leads."""

import logging
import re
import time
import uuid
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils.functional import SimpleLazyObject
from prometheus_client import Histogram
from structlog.contextvars import bound_contextvars, clear_contextvars

logger = logging.getLogger("portal.requests")

WELL_FORMED = re.compile(r"[0-9A-Za-z_-]{8,64}", re.ASCII)
METHODS = {"GET", "HEAD", "POST", "OPTIONS"}
# Asked for by machines every few seconds, or with every page: told of at DEBUG alone.
QUIET_ROUTES = {"/static/", "/sante/", "/sante/pret/", "/metriques/"}

REQUEST_SECONDS = Histogram(
    "portail_request_seconds",
    "Seconds from a request's arrival in Django to its answer, transfer of the answer not included",
    ("route", "status"),
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)


class RequestObserver:
    """Middleware, the outermost: gives the request its id, and tells of it once it is answered.

    The id comes from the proxy's `X-Request-ID` where there is a proxy and it is well-formed, and is made here
    otherwise; the answer says it. A line tells the route and never the path or the query, which may hold names.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        clear_contextvars()  # whatever this thread did before
        began = time.perf_counter()
        request_id = given_id(request) or uuid.uuid4().hex
        with bound_contextvars(request_id=request_id):
            response = self.get_response(request)
            response.headers["X-Request-ID"] = request_id
            tell(request, response.status_code, time.perf_counter() - began)
        return response


def given_id(request: HttpRequest) -> str | None:
    """The id that the proxy gave to the request, if it may be believed."""
    given = request.headers.get("X-Request-ID", "")
    return given if settings.BEHIND_TLS and WELL_FORMED.fullmatch(given) else None


def tell(request: HttpRequest, status: int, seconds: float) -> None:
    """Measure a request and write its line."""
    route = route_of(request)
    level = logging.ERROR if status >= 500 else logging.DEBUG if route in QUIET_ROUTES else logging.INFO
    told = {
        "method": request.method if request.method in METHODS else "OTHER",
        "route": route,
        "status": status,
        "duration_ms": round(1000 * seconds, 1),
        "user": user_id(request),
    }
    logger.log(level, "request", extra=told)
    # The back office is one route here: a hundred would be no more telling.
    route = "/admin/" if route.startswith("/admin/") else route
    REQUEST_SECONDS.labels(route, f"{status // 100}xx").observe(seconds)


def route_of(request: HttpRequest) -> str:
    """The pattern of the request's address, as in « /dossiers/<numero:numero>/ »; « none » where nothing matched."""
    if request.resolver_match:
        return f"/{request.resolver_match.route}"
    return settings.STATIC_URL if request.path_info.startswith(settings.STATIC_URL) else "none"


def user_id(request: HttpRequest) -> int | None:
    """The number of the person who asked, where something has found out already: asking would read the session."""
    user = getattr(request, "user", None)
    if isinstance(user, SimpleLazyObject):
        user = getattr(request, "_cached_user", None)
    return user.pk if user else None
