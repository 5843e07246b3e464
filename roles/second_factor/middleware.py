"""The back office is for people who have shown a second factor."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode

from .. import entrance
from . import devices

# How to leave.
WITHOUT_CODE = {"logout"}


class StaffSecondFactorMiddleware:
    """With STAFF_SECOND_FACTOR on, leads staff who come to /admin/ by one factor to enrolment, or to their code."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view_func: Callable[..., Any], args: Any, kwargs: Any
    ) -> HttpResponseBase | None:
        match = request.resolver_match
        if (
            not settings.STAFF_SECOND_FACTOR
            or match is None
            or "admin" not in match.app_names
            or match.url_name in WITHOUT_CODE
            or not (request.user.is_authenticated and request.user.is_staff)
            or entrance.is_verified(request)
        ):
            return None
        name = "second_factor:code" if devices.exists_for(request.user) else "second_factor:overview"
        return redirect(f"{reverse(name)}?{urlencode({'next': request.get_full_path()})}")
