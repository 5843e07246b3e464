"""Documents in the back office: told of by `view`, read by `read_documents`, and every reading is in the trail.

The portal's own addresses give a document to those who see its dossier (RULES.md §7), whoever they are. These here
give it to the staff who may read; of a deposit alone: what lies in a draft is still its author's.
"""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_safe

from roles.http import PersonRequest
from trail.admin import LookOnlyMixin
from trail.enums import Action
from trail.recording import record

from .. import pictures
from ..catalogue.admin import DocumentTypeFilter
from ..models import Document
from ..reading import answers, archive
from ..serving import stored_file
from . import search

MAY_READ = "invoices.read_documents"


class DocumentAdmin(LookOnlyMixin, admin.ModelAdmin):
    """Documents, wherever they are: in a deposit, in a draft, or waiting to be purged."""

    list_display = ("name", "get_type_display", "size", "pages", "where", "uploaded_by", "uploaded_at")
    list_filter = (
        DocumentTypeFilter,
        ("deposit", admin.EmptyFieldListFilter),
        ("draft", admin.EmptyFieldListFilter),
        "uploaded_at",
    )
    list_select_related = ("deposit__origin", "draft__origin", "uploaded_by")
    # Named for the search box; how it searches stands below.
    search_fields = ("sha256",)
    search_help_text = search.HELP
    sortable_by = ("uploaded_at",)
    ordering = ("-uploaded_at", "pk")
    # Who may read it is asked at its own address.
    view_on_site = False
    fields = (
        "id",
        "get_type_display",
        "name",
        "size",
        "pages",
        "sha256",
        "flags",
        "uploaded_by",
        "uploaded_at",
        "deposit",
        "draft",
    )
    readonly_fields = fields

    def get_urls(self) -> list[URLPattern]:
        """With those at which a document is read."""
        return [
            path("<uuid:document>/apercu/", self._safe(self.preview), name="invoices_document_preview"),
            path("<uuid:document>/vignette.webp", self._safe(self.thumbnail), name="invoices_document_thumbnail"),
            path("<uuid:document>/pages/<int:number>.webp", self._safe(self.page), name="invoices_document_page"),
            path("<uuid:document>/fichier/", self._safe(self.download), name="invoices_document_download"),
            *super().get_urls(),
        ]

    def _safe(self, view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
        """For the staff alone, as every page of the site; nothing is sent there. Each says what may be kept of it."""
        return self.admin_site.admin_view(require_safe(view), cacheable=True)

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> tuple[QuerySet, bool]:
        """Those of the deposits that are meant, or that are alike to the byte; and those of a person in drafts too."""
        if not (term := search_term.strip()):
            return queryset, False
        if sha256 := search.sha256_of(term):
            return queryset.filter(sha256=sha256, deposit__isnull=False), False
        deposits, _ = search.meant_by(term)
        found = Q(deposit__in=search.some(deposits)) | Q(uploaded_by__in=search.people(term))
        return queryset.filter(found), False

    @admin.display(description="où")
    def where(self, document: Document) -> str:
        if document.deposit:
            return f"Dépôt · {document.deposit.origin.number}"
        return str(document.draft) if document.draft else "Nulle part, sera supprimé"

    def preview(self, request: PersonRequest, document: UUID) -> HttpResponse:
        """One page of a document after the other. GET parameter: `page`; one that is none shows the nearest."""
        found = _readable(request, document)
        context = {
            **self.admin_site.each_context(request),
            "title": found.name,
            "opts": self.opts,
            "document": found,
            "page": Paginator(range(found.pages), 1).get_page(request.GET.get("page")),
            "frame": pictures.PAGE,
        }
        return _kept_nowhere(TemplateResponse(request, "invoices/back_office/preview.html", context))

    @staticmethod
    def thumbnail(request: PersonRequest, document: UUID) -> HttpResponse:
        """The first page, small."""
        answer = answers.thumbnail(request, _readable(request, document))
        patch_cache_control(answer, private=True, no_cache=True)
        return answer

    @staticmethod
    def page(request: PersonRequest, document: UUID, number: int) -> HttpResponse:
        """One page, large enough to be read."""
        return _kept_nowhere(answers.page(_readable(request, document), number, request.user))

    @staticmethod
    def download(request: PersonRequest, document: UUID) -> HttpResponseBase:
        """The file, as an attachment."""
        found = _readable(request, document)
        name = archive.download_name(found)
        answer = stored_file(str(found.file.name), content_type="application/pdf", attachment=name)
        record(Action.DOWNLOAD, person=request.user, on=found)
        return _kept_nowhere(answer)


def _readable(request: PersonRequest, document: UUID) -> Document:
    """A deposited document, for who may read them. Raises PermissionDenied, Http404."""
    if not request.user.has_perm(MAY_READ):
        raise PermissionDenied("Votre groupe ne permet pas de lire les documents des dépôts.")
    deposited = Document.objects.filter(deposit__isnull=False).select_related("deposit__origin", "deposit__invoice")
    return get_object_or_404(deposited, pk=document)


def _kept_nowhere(answer: Any) -> Any:
    """What can be read stays on no machine that people share."""
    patch_cache_control(answer, private=True, no_store=True)
    return answer
