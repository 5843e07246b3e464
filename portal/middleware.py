"""What every request goes through beside Django's own: maintenance, what browsers may keep, log-in."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import reverse

from invoices.wizard import lapsed

RETRY_AFTER_SECONDS = 300


class MaintenanceMiddleware:
    """With MAINTENANCE on, 503 and a page that says so; the health checks answer, and static files, which come before.

    Asks neither the session nor the database: both may be away.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        if not settings.MAINTENANCE:
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path.startswith(reverse("health-live")):
            return self.get_response(request)
        return HttpResponse(
            render_to_string("503.html"),
            status=503,
            headers={"Retry-After": str(RETRY_AFTER_SECONDS), "Cache-Control": "no-store"},
        )


class PrivateMiddleware:
    """Keeps pages out of every cache, the browser's too: after the log-out « back » shows none, on a shared machine.

    What a view says of its own answer stands, and so do the answers to those who carry no session.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if settings.SESSION_COOKIE_NAME in request.COOKIES and not response.has_header("Cache-Control"):
            response["Cache-Control"] = "private, no-store"
        return response


class LogInFirstMiddleware(LoginRequiredMiddleware):
    """Django's, which lets no anonymous request through; what one typed at a step of a deposit waits for its person."""

    def handle_no_permission(self, request: HttpRequest, view_func: Callable[..., Any]) -> HttpResponseRedirect:
        match = request.resolver_match
        if request.method == "POST" and match and match.view_name == "invoices:step":
            lapsed.keep(request, match.kwargs["depot"], match.kwargs["etape"])
        return super().handle_no_permission(request, view_func)
