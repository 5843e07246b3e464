"""What every request goes through beside Django's own: headers, what is no request of a browser, maintenance, where
the back office is reached from, what browsers may keep, log-in.
"""

import logging
from collections.abc import Callable
from ipaddress import ip_address
from typing import Any

from django.conf import settings
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.core.exceptions import BadRequest, MiddlewareNotUsed, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed, HttpResponseRedirect
from django.middleware.security import SecurityMiddleware
from django.shortcuts import render

from invoices.storage import StorageAwayError
from invoices.wizard import lapsed
from trail.origin import address_of

from .bodies import FOREIGN_CHARSET
from .failures import MAINTENANCE_SECONDS, asks_for_health, unavailable

logger = logging.getLogger(__name__)

METHODS = ("GET", "HEAD", "POST")
STORAGE_RETRY_AFTER_SECONDS = 30


class HeadersMiddleware(SecurityMiddleware):
    """Django's headers and FURTHER_HEADERS on every answer: refusals of the host and redirections to HTTPS as well.

    Django's own middleware stands further in, for those redirections.
    """

    def process_request(self, request: HttpRequest) -> None:
        """Let every request through."""

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        for name, value in settings.FURTHER_HEADERS.items():
            response.headers.setdefault(name, value)
        return super().process_response(request, response)


class PlainRequestsMiddleware:
    """Refuses what no page of the portal makes a browser send, before anything reads it.

    400 for a charset other than UTF-8 (portal/bodies.py), 405 for methods other than GET, HEAD and POST wherever there
    is a page.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.META.get(FOREIGN_CHARSET):
            raise BadRequest("The request's charset is not UTF-8.")
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *view: Any) -> HttpResponse | None:
        return None if request.method in METHODS else HttpResponseNotAllowed(METHODS)


class AdminNetworksMiddleware:
    """Outside ADMIN_NETWORKS there is no back office: its addresses answer as any that does not exist."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        if not settings.ADMIN_NETWORKS:
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        address = address_of(request)
        if not address or not any(ip_address(address) in network for network in settings.ADMIN_NETWORKS):
            request.urlconf = "portal.urls_outside"
        return self.get_response(request)


class AdminChoicesMiddleware:
    """400 for rows chosen in a list of the back office by what can be no id: Django asks the database all the same."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, *arguments: Any) -> None:
        model_admin = getattr(view, "model_admin", None)
        if model_admin and request.method == "POST":
            for chosen in request.POST.getlist(ACTION_CHECKBOX_NAME):
                try:
                    model_admin.opts.pk.to_python(chosen)
                except ValidationError:
                    raise BadRequest("A row is chosen by what can be no id.") from None


class MaintenanceMiddleware:
    """With MAINTENANCE on, 503 and a page that says so; the health checks answer, and static files, which come before.

    Asks neither the session nor the database: both may be away.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        if not settings.MAINTENANCE:
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if asks_for_health(request):
            return self.get_response(request)
        return unavailable(again_in=MAINTENANCE_SECONDS)


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


class StorageAwayMiddleware:
    """Where the documents' storage does not answer: 503 and a page that says so, with the way back to what was asked.

    What was asked for is undone as a whole: « Transmettre » sends nothing, and the draft is as it was.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Django's hook; nothing for any other exception."""
        if not isinstance(exception, StorageAwayError):
            return None
        logger.warning("the storage of the documents does not answer", extra={"reason": str(exception)})
        context = {
            "title": "Documents momentanément inaccessibles",
            "sentence": "L’espace où les documents sont conservés ne répond pas. Rien n’a été transmis ni perdu\u00a0: "
            "réessayez dans quelques minutes.",
            "link_url": request.path,
            "link_label": "Réessayer",
        }
        response = render(request, "layout/explanation.html", context, status=503)
        response["Retry-After"] = str(STORAGE_RETRY_AFTER_SECONDS)
        response["Cache-Control"] = "no-store"
        return response


class LogInFirstMiddleware(LoginRequiredMiddleware):
    """Django's, which lets no anonymous request through; what one typed at a step of a deposit waits for its person."""

    def process_view(
        self, request: HttpRequest, view_func: Callable[..., Any], view_args: Any, view_kwargs: Any
    ) -> HttpResponseBase | None:
        """What is open to all asks for no session: the health checks answer without a database."""
        if not getattr(view_func, "login_required", True):
            return None
        return super().process_view(request, view_func, view_args, view_kwargs)

    def handle_no_permission(self, request: HttpRequest, view_func: Callable[..., Any]) -> HttpResponseRedirect:
        match = request.resolver_match
        if request.method == "POST" and match and match.view_name == "invoices:step":
            lapsed.keep(request, match.kwargs["depot"], match.kwargs["etape"])
        return super().handle_no_permission(request, view_func)
