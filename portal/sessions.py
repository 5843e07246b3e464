"""Sessions in the database: they never take back an answer that stands, and none lasts for ever."""

import logging
import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY as PERSON
from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import SessionBase, UpdateError
from django.http import HttpRequest, HttpResponseBase

from .failures import asks_for_health

logger = logging.getLogger(__name__)

BEGAN, SEEN = "began", "seen"
# What one does is written down this often at most: a page is not worth a write of the database.
SEEN_EVERY_SECONDS = 60
# Asked for by pages that stay open (js/countdown.js) and by what watches the portal, by no person.
ASKED_BY_NOBODY = {"invoices:statuses", "health-live", "health-ready"}


class SessionStore(db.SessionStore):
    """Django's own, but for a session that cannot be kept once the answer is made.

    It is written last, when a deposit is long committed (RULES.md §5.4): if the database goes just then, or the
    person has logged out in another tab, Django answers 400 instead, whose page says that nothing was changed. What is
    lost here is the session's last message; what it is about shows on the page.
    """

    def save(self, must_create: bool = False) -> None:
        try:
            super().save(must_create)
        except UpdateError as error:
            logger.warning("A session could not be kept (%s); the answer stands.", type(error.__context__).__name__)

    def flush(self) -> None:
        """With what ends in it."""
        # Here, since this module is read before there are models.
        from roles.view_as import viewing

        viewing.end_with(self)
        super().flush()


class LimitedSessions:
    """Middleware, before any that asks who it is: ends a log-in that is too old, or in which nothing was done.

    SESSION_HOURS after the log-in, whatever is done, and SESSION_IDLE_MINUTES after the last page that a person asked
    for. The request goes on as an anonymous one: what was typed at a step waits for the log-in (wizard/lapsed.py).
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not asks_for_health(request) and _has_person(request) and is_over(request.session):
            request.session.flush()
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *view: Any) -> None:
        """Note that something is done, where there is a view that somebody may have asked for."""
        match = request.resolver_match
        if match and match.view_name not in ASKED_BY_NOBODY and _has_person(request):
            touch(request.session)


def begin(request: HttpRequest, **signal: Any) -> None:  # noqa: ARG001 - a receiver
    """Somebody has just logged in: both limits count from here."""
    request.session[BEGAN] = request.session[SEEN] = int(time.time())


def is_over(session: SessionBase) -> bool:
    """Whether one of the limits is past. A log-in of a version that knew no limits begins now."""
    now = time.time()
    return (
        now - session.get(BEGAN, now) >= settings.SESSION_HOURS * 3600
        or now - session.get(SEEN, now) >= settings.SESSION_IDLE_MINUTES * 60
    )


def touch(session: SessionBase) -> None:
    """Somebody does something in this session."""
    now = int(time.time())
    session.setdefault(BEGAN, now)
    if now - session.get(SEEN, 0) >= SEEN_EVERY_SECONDS:
        session[SEEN] = now


def _has_person(request: HttpRequest) -> bool:
    """Whether a log-in comes with the request. Without a cookie the session is not looked at."""
    return settings.SESSION_COOKIE_NAME in request.COOKIES and PERSON in request.session
