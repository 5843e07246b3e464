"""What a request may do while its person sees the portal as somebody else: look, at the pages that are for looking."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.functional import SimpleLazyObject

from trail.middleware import give_reason

from . import viewing
from .viewing import Viewing

SAFE_METHODS = ("GET", "HEAD")
# How to be oneself again: these are done by who looks, not by who is seen.
BACK = "view-as:leave"
LOG_OUT = ("logout", "admin:logout")
REASON = "view_as"


class ViewAsMiddleware:
    """Middleware, within those that know who asks: puts the person who is seen in the place of who looks.

    What is not known to read alone is refused: every unsafe method, and the addresses that VIEW_AS_PAGES does not name.
    The back office is closed meanwhile: it would be that of somebody who is not there.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if settings.SESSION_COOKIE_NAME in request.COOKIES:
            staff = request.user
            request.viewing = SimpleLazyObject(lambda: viewing.of(request, staff))  # type: ignore[attr-defined]
            request.user = SimpleLazyObject(lambda: _shown(request) or staff)  # type: ignore[assignment]
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view_func: Callable[..., Any], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        """None, and the view answers; a page that says why not; PermissionDenied with the sentence."""
        match = request.resolver_match
        if match is None or match.view_name in settings.VIEW_AS_UNASKED:
            return None
        present: Viewing | None = getattr(request, "viewing", None)
        if not present:
            return None
        if match.view_name == BACK or match.view_name in LOG_OUT:
            request.user = present.staff
            if match.view_name in LOG_OUT and request.method == "POST":
                viewing.end(request, present)
            return None
        if present.over:
            give_reason(request, REASON, present.over)
            return render(request, "roles/view_as/over.html", {"sentence": present.over}, status=403)
        if refusal := _why_refused(request, present):
            give_reason(request, REASON, refusal)
            raise PermissionDenied(refusal)
        return None


def _shown(request: HttpRequest) -> Any:
    """The person who is seen, who knows by whom; None where nobody is."""
    present: Viewing | None = getattr(request, "viewing", None)
    if not present or present.over or present.person is None:
        return None
    present.person.viewed_by = present.staff
    present.person.viewed_until = present.until
    return present.person


def _why_refused(request: HttpRequest, present: Viewing) -> str | None:
    match = request.resolver_match
    if match and "admin" in match.app_names:
        return (
            f"Vous voyez le portail comme {present.person} : le back-office est fermé. Pour l’ouvrir, pressez "
            "« Revenir au back-office »."
        )
    if request.method not in SAFE_METHODS:
        return f"Vous voyez le portail comme {present.person}, sans rien pouvoir y faire : rien n’a été changé."
    if match is None or match.view_name not in settings.VIEW_AS_PAGES:
        return f"Cette page ne s’ouvre pas à la place de {present.person}."
    return None
