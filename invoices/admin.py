"""Deposits in the back office: looked at, never written. The catalogue, which is: invoices.catalogue.admin.

Their states are written by invoices.transmission alone (RULES.md §6).
"""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from trail.admin import timeline

from .catalogue.admin import DocumentTypeFilter
from .models import AssociatedDossier, Deposit, Document, Draft, Invoice


class LookOnlyMixin:
    """Nothing is added, changed or deleted here, whoever asks."""

    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class InvoiceInline(LookOnlyMixin, admin.TabularInline):
    """The invoice of a deposit."""

    model = Invoice
    fields = ("number", "issue_date", "amount_ht", "amount_ttc")


class DocumentInline(LookOnlyMixin, admin.TabularInline):
    """The documents of a deposit, or of a draft."""

    model = Document
    fields = ("get_type_display", "name", "size", "pages", "flags", "uploaded_by", "uploaded_at")
    readonly_fields = fields
    show_change_link = True
    view_on_site = False  # see DocumentAdmin

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("uploaded_by")


class AssociatedDossierInline(LookOnlyMixin, admin.TabularInline):
    """The other dossiers that receive a deposit."""

    model = AssociatedDossier
    fields = ("position", "dossier")

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("dossier")


@admin.register(Deposit)
class DepositAdmin(LookOnlyMixin, admin.ModelAdmin):
    """Deposits, with their invoice, documents and associated dossiers."""

    list_display = ("title", "origin", "state", "side", "perimeter", "depositor", "submitted_at", "transmit_at")
    list_filter = ("state", "side", "covers_tuition")
    list_select_related = ("invoice", "origin", "perimeter", "depositor")
    search_fields = (
        "reference__istartswith",
        "invoice__number__istartswith",
        "origin__number__istartswith",
        "depositor__email__istartswith",
        "perimeter__siret__startswith",
    )
    date_hierarchy = "submitted_at"
    fields = (
        "id",
        "reference",
        "origin",
        "side",
        "perimeter",
        "depositor",
        "covers_tuition",
        "state",
        "submitted_at",
        "transmit_at",
        "transmitted_at",
        "cancelled_at",
        "cancelled_by",
    )
    readonly_fields = (*fields, "history")
    inlines = (InvoiceInline, DocumentInline, AssociatedDossierInline)

    def get_fields(self, request: HttpRequest, obj: Deposit | None = None) -> Any:
        """With its history, for those who may read the trail."""
        return (*self.fields, "history") if request.user.has_perm("trail.view_event") else self.fields

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """With what the title of a deposit without an invoice is made of."""
        return super().get_queryset(request).prefetch_related("documents")

    @admin.display(description="historique")
    def history(self, deposit: Deposit) -> str:
        return timeline(deposit.pk)

    @admin.display(description="dépôt", ordering="invoice__number")
    def title(self, deposit: Deposit) -> str:
        return deposit.title


@admin.register(Invoice)
class InvoiceAdmin(LookOnlyMixin, admin.ModelAdmin):
    """Invoices, by number, date or amount."""

    list_display = ("number", "issue_date", "amount_ht", "amount_ttc", "state", "origin")
    list_filter = ("deposit__state", "deposit__side")
    list_select_related = ("deposit__origin",)
    search_fields = ("number__istartswith", "deposit__origin__number__istartswith")
    date_hierarchy = "issue_date"

    @admin.display(description="statut", ordering="deposit__state")
    def state(self, invoice: Invoice) -> str:
        return invoice.deposit.get_state_display()

    @admin.display(description="dossier d’origine", ordering="deposit__origin__number")
    def origin(self, invoice: Invoice) -> str:
        return str(invoice.deposit.origin)


@admin.register(Document)
class DocumentAdmin(LookOnlyMixin, admin.ModelAdmin):
    """Documents, wherever they are: in a deposit, in a draft, or waiting to be purged."""

    list_display = ("name", "get_type_display", "size", "pages", "where", "uploaded_by", "uploaded_at")
    list_filter = (DocumentTypeFilter, ("deposit", admin.EmptyFieldListFilter), ("draft", admin.EmptyFieldListFilter))
    list_select_related = ("deposit__origin", "draft__origin", "uploaded_by")
    search_fields = (
        "name",
        "sha256__startswith",
        "deposit__origin__number__istartswith",
        "uploaded_by__email__istartswith",
    )
    date_hierarchy = "uploaded_at"
    ordering = ("-uploaded_at",)
    # The back office is told of a file, not given it: who may read it is asked at its own address (RULES.md §7).
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

    @admin.display(description="où")
    def where(self, document: Document) -> str:
        if document.deposit:
            return f"Dépôt · {document.deposit.origin.number}"
        return str(document.draft) if document.draft else "Nulle part, sera supprimé"


@admin.register(Draft)
class DraftAdmin(LookOnlyMixin, admin.ModelAdmin):
    """Drafts: whose, on what, since when; what was typed in them stays theirs."""

    list_display = ("origin", "owner", "side", "created_at", "saved_at", "deleted_at")
    list_filter = ("side", ("deleted_at", admin.EmptyFieldListFilter))
    list_select_related = ("origin", "owner")
    search_fields = ("origin__number__istartswith", "owner__email__istartswith")
    date_hierarchy = "saved_at"
    fields = ("id", "origin", "owner", "side", "created_at", "saved_at", "deleted_at")
    readonly_fields = fields
    inlines = (DocumentInline,)
