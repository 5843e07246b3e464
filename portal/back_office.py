"""The back office's site: Django's, as the trail records it, with the portal's own page for one's password."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from trail.back_office import RecordingSite

from .views import PortalLogoutView


class BackOffice(RecordingSite):
    """Where Django has a page of its own for what the portal does already, the portal's."""

    # Django's types know of its own pages alone.
    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:  # type: ignore[override]
        """« Mon compte »: Django's page is neither limited, nor told of by a mail."""
        return redirect("roles:change-password")

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:  # type: ignore[override]
        """The portal's, which ends a log-in by ProConnect there too."""
        return PortalLogoutView.as_view()(request)
