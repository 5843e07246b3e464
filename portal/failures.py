"""What is answered when the portal itself cannot: 503 while something it needs is away, 500 for its own mistakes."""

import sqlite3
import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.defaults import server_error as own_mistake

# While a new version is put in place.
MAINTENANCE_SECONDS = 300
# A database that starts again, or whose place another takes.
DATABASE_SECONDS = 30


def asks_for_health(request: HttpRequest) -> bool:
    """Whether it is for an address that answers while all else is away, even the session (portal/health.py)."""
    return request.path.startswith(reverse("health-live"))


def unavailable(*, again_in: int) -> HttpResponse:
    """503 and a page that says so, without asking the session or the database: both may be away."""
    return HttpResponse(
        render_to_string("503.html"),
        status=503,
        headers={"Retry-After": str(again_in), "Cache-Control": "no-store"},
    )


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's handler500: called while what nobody caught is handled, which the log tells in either case."""
    if database_is_away(sys.exc_info()[1]):
        return unavailable(again_in=DATABASE_SECONDS)
    return own_mistake(request)


def database_is_away(error: BaseException | None) -> bool:
    """Whether it is for want of the database: not reached, cut off, full, locked for too long; later it may work.

    For a mistake of ours PostgreSQL has errors of other kinds. SQLite calls nearly all « operational », and tells them
    apart by a code.
    """
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    code = getattr(error.__cause__, "sqlite_errorcode", None)
    return code is None or code != sqlite3.SQLITE_ERROR
