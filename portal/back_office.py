"""The back office's site: Django's, as the trail records it, with a home that says what needs a hand today."""

from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.contrib.contenttypes.views import shortcut
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path
from django.utils.text import capfirst

from trail.back_office import RecordingAdmin, RecordingSite

from .today import home
from .views import PortalLogoutView


def on_site(request: HttpRequest, content_type_id: int, object_id: str) -> HttpResponse:
    """Lead to a thing's page in the portal; 404 where there is none, or it is not for this person to see."""
    kind = get_object_or_404(ContentType, pk=content_type_id)
    if not request.user.has_perm(f"{kind.app_label}.view_{kind.model}"):
        raise Http404
    return shortcut(request, content_type_id, object_id)


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

    def get_urls(self) -> list[Any]:
        """« Voir sur le site » is for those who may see the thing: its address tells a dossier's number."""
        there = [path("r/<int:content_type_id>/<path:object_id>/", self.admin_view(on_site), name="view_on_site")]
        return [*there, *(one for one in super().get_urls() if getattr(one, "name", None) != "view_on_site")]

    # Django's types know of its own pages alone.
    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:  # type: ignore[override]
        """« Mon compte »: Django's page is neither limited, nor told of by a mail."""
        return redirect("roles:change-password")

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:  # type: ignore[override]
        """The portal's, which ends a log-in by ProConnect there too."""
        return PortalLogoutView.as_view()(request)
