"""A list of the back office as a file: what its search and filters show, all pages, streamed whatever its length.

Companies, establishments, dossiers and accounts have the columns of their imports: what is exported can be imported.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, cast

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify

from invoices.enums import DepositState
from invoices.models import Deposit, DepositQuerySet, Invoice
from invoices.overview.export import Value, written_as_csv
from roles.enums import Side
from trail.enums import Action
from trail.recording import record

from . import sheets
from .enums import Kind
from .resources import RESOURCES
from .tables import TableResource

READ_AT_ONCE = 500
# Of a list's address, what says which page of it is shown.
OF_THE_PAGE = ("p", "all", "e")
TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@dataclass(frozen=True)
class Listing:
    """A list that can be had as a file: its rows' model, its name on the screen, its titles, a line for each row."""

    model: type[Model]
    label: str
    titles: list[str]
    lines: Callable[[QuerySet], Iterator[list[Value]]]


def _of(kind: Kind) -> Listing:
    resource: TableResource = RESOURCES[kind]()
    titles = [column.column_name for column in resource.columns]
    return Listing(resource._meta.model, kind.label, titles, resource.exported)


def _of_invoice(value: Callable[[Invoice], Value]) -> Callable[[Deposit], Value]:
    """Nothing, for a deposit without an invoice."""
    return lambda deposit: value(deposit.invoice) if hasattr(deposit, "invoice") else None


DEPOSIT_COLUMNS: dict[str, Callable[[Deposit], Value]] = {
    "Référence": lambda deposit: deposit.reference,
    "Statut": lambda deposit: DepositState(deposit.state).label,
    "Facture": _of_invoice(lambda invoice: invoice.number),
    "Date d’émission": _of_invoice(lambda invoice: invoice.issue_date),
    "Montant HT": _of_invoice(lambda invoice: invoice.amount_ht),
    "Montant TTC": _of_invoice(lambda invoice: invoice.amount_ttc),
    "Frais pédagogiques": lambda deposit: {None: "", True: "oui", False: "non"}[deposit.covers_tuition],
    "Documents": lambda deposit: ", ".join(one.get_type_display() for one in deposit.all_documents),
    "Signalements": lambda deposit: ", ".join(sorted({flag for one in deposit.all_documents for flag in one.flags})),
    "Dossier": lambda deposit: deposit.origin.number,
    "Autres dossiers": lambda deposit: ", ".join(link.dossier.number for link in deposit.links.all()),
    "Déposé en tant que": lambda deposit: Side(deposit.side).label,
    "Établissement": lambda deposit: deposit.perimeter.name,
    "SIRET": lambda deposit: deposit.perimeter.siret,
    "Déposant": lambda deposit: deposit.depositor.email,
    "Déposé le": lambda deposit: deposit.submitted_at,
    "À transmettre le": lambda deposit: deposit.transmit_at,
    "Transmis le": lambda deposit: deposit.transmitted_at,
    "Annulé le": lambda deposit: deposit.cancelled_at,
}


def _deposit_lines(deposits: QuerySet) -> Iterator[list[Value]]:
    rows = cast(DepositQuerySet, deposits).select_related("invoice", "origin", "perimeter", "depositor")
    rows = rows.prefetch_related(None).prefetch_related("links__dossier").with_documents()
    for deposit in rows.iterator(READ_AT_ONCE):
        yield [value(deposit) for value in DEPOSIT_COLUMNS.values()]


LISTINGS = {
    **{kind.value: _of(kind) for kind in Kind},
    "deposits": Listing(Deposit, "Dépôts", list(DEPOSIT_COLUMNS), _deposit_lines),
}


def listing_of(model: type[Model]) -> str | None:
    """The name by which a model's list is exported; None for one that is not."""
    return next((name for name, listing in LISTINGS.items() if listing.model is model), None)


def export(request: HttpRequest, what: str, extension: str) -> HttpResponseBase:
    """The rows that the list of the same query shows, to whoever may see the list."""
    listing = LISTINGS.get(what)
    if listing is None or extension not in TYPES:
        raise Http404
    model_admin = admin.site.get_model_admin(listing.model)
    if not model_admin.has_view_permission(request):
        raise PermissionDenied
    rows = _shown(request, model_admin)
    if rows is None or (extension == "xlsx" and _too_many(rows)):
        listed = reverse(f"admin:{listing.model._meta.app_label}_{listing.model._meta.model_name}_changelist")
        if rows is None:
            return redirect(f"{listed}?e=1")
        most = f"{settings.EXPORT_SHEET_ROWS:,}".replace(",", "\u202f")
        messages.warning(request, f"Un classeur est limité à {most} lignes. Précisez les filtres, ou exportez en CSV.")
        return redirect(f"{listed}?{request.GET.urlencode()}")
    record(Action.EXPORT, person=request.user, details={"format": extension, "list": what})
    name = f"{slugify(listing.label)}-{timezone.localdate():%Y-%m-%d}.{extension}"
    return StreamingHttpResponse(
        written_as_csv(listing.titles, listing.lines(rows))
        if extension == "csv"
        else sheets.workbook(listing.label, listing.titles, listing.lines(rows)),
        content_type=TYPES[extension],
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"},
    )


def _shown(request: HttpRequest, model_admin: Any) -> QuerySet | None:
    """All that the list shows; None where its query is not one."""
    query = request.GET.copy()
    for name in OF_THE_PAGE:
        query.pop(name, None)
    request.GET = query  # type: ignore[assignment]
    try:
        return model_admin.get_changelist_instance(request).queryset
    except IncorrectLookupParameters:
        return None


def _too_many(rows: QuerySet) -> bool:
    most = settings.EXPORT_SHEET_ROWS
    return rows.order_by()[: most + 1].count() > most
