"""Tells the trail where a request comes from, and records that it was refused."""

from collections.abc import Callable

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase

from . import origin
from .enums import Action, Result
from .models import ID_LENGTH
from .recording import event, id_of

# Of an answer without a reason of its own.
REASONS = {403: "forbidden", 404: "not_found"}


class TrailMiddleware:
    """Middleware, within AuthenticationMiddleware: refusals of those who are logged in are events.

    A 403 always; a 404 where the address names a thing, for « not there » and « not yours » are one answer, and
    many of them are somebody who tries. Those of anonymous requests are lines of the log only: nobody may
    fill the trail without an account.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        with origin.coming_from(request):
            response = self.get_response(request)
            match = request.resolver_match
            if match and (response.status_code == 403 or (response.status_code == 404 and match.kwargs)):
                record_refusal(request, response.status_code)
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> None:
        """Keep the sentence of a refusal, which its page says."""
        if isinstance(exception, PermissionDenied):
            give_reason(request, REASONS[403], str(exception))


def give_reason(request: HttpRequest, reason: str, sentence: str = "") -> None:
    """Say why a request is about to be answered 403; the event will tell."""
    request.META["trail.reason"] = reason
    request.META["trail.sentence"] = sentence


def record_refusal(request: HttpRequest, status: int) -> None:
    """Write the event of a request that was refused, if somebody was logged in."""
    match = request.resolver_match
    if match is None or not request.user.is_authenticated:
        return
    told = {"route": f"/{match.route}", "method": request.method or ""}
    if sentence := request.META.get("trail.sentence"):
        told["sentence"] = sentence
    refusal = event(
        Action.ACCESS,
        person=request.user,
        deposit=match.kwargs.get("depot"),
        result=Result.REFUSED,
        reason=request.META.get("trail.reason", REASONS[status]),
        details=told,
    )
    # The thing itself is not looked for: it may not be there. PostgreSQL stores no NUL, which an address may hold.
    refusal.subject_id = next((id_of(key).replace("\x00", "")[:ID_LENGTH] for key in match.kwargs.values()), "")
    refusal.save(force_insert=True)
