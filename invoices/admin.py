"""Deposits and what belongs to them in the back office (invoices/back_office/)."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from trail.admin import LookOnlyMixin

from .back_office import search
from .back_office.deposits import DepositAdmin
from .back_office.documents import DocumentAdmin
from .models import Deposit, Document, Draft, Invoice

admin.site.register(Deposit, DepositAdmin)
admin.site.register(Document, DocumentAdmin)


@admin.register(Invoice)
class InvoiceAdmin(LookOnlyMixin, admin.ModelAdmin):
    """Invoices, the last that came first."""

    list_display = ("number", "issue_date", "amount_ht", "amount_ttc", "state", "origin")
    list_filter = ("deposit__state", "deposit__side")
    list_select_related = ("deposit__origin",)
    # Named for the search box; how it searches stands below.
    search_fields = ("number",)
    search_help_text = search.HELP
    sortable_by = ()
    ordering = ("-pk",)

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> tuple[QuerySet, bool]:
        """Those of the deposits that are meant."""
        if not search_term.strip():
            return queryset, False
        deposits, _ = search.meant_by(search_term)
        return queryset.filter(deposit__in=search.some(deposits)), False

    @admin.display(description="statut")
    def state(self, invoice: Invoice) -> str:
        return invoice.deposit.get_state_display()

    @admin.display(description="dossier d’origine")
    def origin(self, invoice: Invoice) -> str:
        return str(invoice.deposit.origin)


class DocumentInline(LookOnlyMixin, admin.TabularInline):
    """The documents of a draft."""

    model = Document
    fields = ("get_type_display", "name", "size", "pages", "flags", "uploaded_by", "uploaded_at")
    readonly_fields = fields
    show_change_link = True
    view_on_site = False  # see DocumentAdmin

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("uploaded_by")


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
