"""Imports in the back office: a file is sent, checked, confirmed, imported; its page tells how far it is.

django-import-export's own pages import within the request, and hold the whole file in memory: not for 100,000 lines.
"""

from typing import Any, cast

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.views.decorators.csrf import csrf_exempt

from invoices.overview.export import written_as_csv
from roles.models import User
from trail.enums import Action
from trail.paging import BoundedPaginator
from trail.recording import record

from . import listing, report, running
from .enums import Kind, State
from .forms import ImportFileHandler, ImportForm
from .models import Import
from .resources import RESOURCES
from .tasks import ring

# Beside the permission to import: who imports accounts makes accounts.
FURTHER = {Kind.ACCOUNTS: "roles.add_user"}


def may_import(request: HttpRequest, kind: Kind) -> bool:
    """Whether the person may import such lines."""
    person = request.user
    return person.has_perm("exchange.add_import") and (kind not in FURTHER or person.has_perm(FURTHER[kind]))


@admin.register(Import)
class ImportAdmin(admin.ModelAdmin):
    """Imports, newest first. Nobody changes or deletes one: they go at their time."""

    list_display = ("name", "kind", "state", "by", "created_at", "created", "changed", "unchanged", "refused")
    list_filter = ("state", "kind")
    list_select_related = ("by",)
    search_fields = ("name__icontains", "by__email__istartswith")
    date_hierarchy = "created_at"
    paginator = BoundedPaginator
    show_full_result_count = False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_urls(self) -> list[Any]:
        """The page that takes a file stands before Django's of that address: the file arrives in its own way."""
        send = self.admin_site.admin_view(self.add_view)

        # The handler must be there before the form is read, which looking for the token does: Django's own page on
        # upload handlers does it so. The token is looked for within.
        @csrf_exempt
        def upload(request: HttpRequest) -> HttpResponseBase:
            request.upload_handlers = [ImportFileHandler(request)]
            return send(request)

        view = self.admin_site.admin_view
        return [
            path("add/", upload, name="exchange_import_add"),
            path("<int:pk>/importer/", view(self.confirm), name="exchange_import_confirm"),
            path("<int:pk>/abandonner/", view(self.abandon), name="exchange_import_abandon"),
            path("<int:pk>/rapport.csv", view(self.report), name="exchange_import_report"),
            path("exporter/<str:what>.<str:extension>", view(listing.export), name="exchange_export"),
            *super().get_urls(),
        ]

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """« Nouvel import »: the file is kept and checked; nothing is written yet."""
        kinds = [kind for kind in Kind if may_import(request, kind)]
        if not kinds:
            raise PermissionDenied
        form = ImportForm(request.POST or None, request.FILES or None, kinds=kinds, initial=request.GET.dict())
        if request.method == "POST" and form.is_valid():
            wanted = form.cleaned_data
            file = wanted["file"]
            asked = running.begin(
                Kind(wanted["kind"]),
                file,
                name=file.name or "",
                sha256=file.sha256,
                by=_person(request),
                invites=wanted.get("invites", False),
            )
            transaction.on_commit(ring)
            return redirect(asked)
        columns = [(kind.label, RESOURCES[kind]().columns) for kind in kinds]
        context = {"form": form, "columns": columns, "title": "Nouvel import", "most": settings.IMPORT_LINES}
        return render(request, "exchange/new_import.html", self._context(request, **context))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Where an import stands, and what becomes of its lines."""
        if request.method == "POST" or not self.has_view_permission(request):
            raise PermissionDenied
        asked = self.get_object(request, object_id)
        if asked is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)  # type: ignore[attr-defined]
        context = {
            "asked": asked,
            "title": str(asked),
            "waits": asked.state == State.CHECKED and may_import(request, Kind(asked.kind)),
            "writes": asked.created + asked.changed,
            "refused_lines": report.refused(asked),
            "changed_lines": report.changed(asked),
            "shown": report.SHOWN,
        }
        return render(request, "exchange/import.html", self._context(request, **context))

    def confirm(self, request: HttpRequest, pk: int) -> HttpResponse:
        """« Importer » writes what was checked."""
        asked = self._of_the_person(request, pk)
        if request.method == "POST":
            try:
                running.confirm(asked)
                transaction.on_commit(ring)
            except running.NotNowError as reason:
                self.message_user(request, str(reason), messages.WARNING)
        return redirect(asked)

    def abandon(self, request: HttpRequest, pk: int) -> HttpResponse:
        """« Abandonner » writes nothing."""
        asked = self._of_the_person(request, pk)
        if request.method == "POST":
            try:
                running.abandon(asked)
            except running.NotNowError as reason:
                self.message_user(request, str(reason), messages.WARNING)
        return redirect(asked)

    def report(self, request: HttpRequest, pk: int) -> StreamingHttpResponse:
        """What became of the lines, as a file."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        asked = get_object_or_404(Import, pk=pk)
        record(Action.EXPORT, person=_person(request), on=asked, details={"format": "csv", "list": "report"})
        name = f"import-{asked.pk}-rapport.csv"
        return StreamingHttpResponse(
            written_as_csv(report.TITLES, report.rows(asked)),
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"},
        )

    def _of_the_person(self, request: HttpRequest, pk: int) -> Import:
        """An import that the person may confirm, whoever sent its file. Raises PermissionDenied, Http404."""
        if not request.user.has_perm("exchange.add_import"):
            raise PermissionDenied
        asked = get_object_or_404(Import, pk=pk)
        if not may_import(request, Kind(asked.kind)):
            raise PermissionDenied
        asked.by = _person(request)
        return asked

    def _context(self, request: HttpRequest, **further: Any) -> dict[str, Any]:
        listed = reverse("admin:exchange_import_changelist")
        return {**self.admin_site.each_context(request), "opts": self.opts, "listed": listed, **further}


def _person(request: HttpRequest) -> User:
    return cast(User, request.user)
