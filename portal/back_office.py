"""The back office's site: Django's, as the trail records it, with a home that says what needs a hand today."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.text import capfirst

from trail.back_office import RecordingAdmin, RecordingSite

from .today import home
from .views import PortalLogoutView


class TitledAdmin(RecordingAdmin):
    """Pages under the name of what they show: Django's titles make « Modification de utilisateur »."""

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        name = self.opts.verbose_name
        title = capfirst(name) if object_id else f"Ajouter\u00a0: {name}"
        return super().changeform_view(request, object_id, form_url, {"title": title} | (extra_context or {}))

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        title = capfirst(self.opts.verbose_name_plural)
        return super().changelist_view(request, {"title": title} | (extra_context or {}))


class BackOffice(RecordingSite):
    """Where Django has a page of its own for what the portal does already, the portal's."""

    page = TitledAdmin
    index_template = "back_office/index.html"

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Django's list of what there is, below what needs a hand."""
        return super().index(request, (extra_context or {}) | home.context(request))

    # Django's types know of its own pages alone.
    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:  # type: ignore[override]
        """« Mon compte »: Django's page is neither limited, nor told of by a mail."""
        return redirect("roles:change-password")

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:  # type: ignore[override]
        """The portal's, which ends a log-in by ProConnect there too."""
        return PortalLogoutView.as_view()(request)
