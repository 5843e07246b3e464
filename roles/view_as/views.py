"""« Revenir au back-office »; the beginning is a button of the back office (roles/admin.py)."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import NoReverseMatch, reverse
from django.views.decorators.http import require_POST

from . import viewing
from .viewing import Viewing


@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    """Be oneself again, at the account that was seen; who sees nobody is led to the first page."""
    present: Viewing | None = getattr(request, "viewing", None)
    if not present:
        return redirect("home")
    viewing.end(request, present)
    try:
        if present.person:
            return redirect(reverse("admin:roles_user_change", args=[present.person.pk]))
        return redirect("admin:index")
    except NoReverseMatch:  # not from this network any more
        return redirect("home")
