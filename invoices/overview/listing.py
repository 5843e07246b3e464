"""« Mes dépôts »: all the deposits that the person sees, and their export (RULES.md §7)."""

from django.conf import settings
from django.contrib import messages
from django.http import FileResponse, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from dossiers.models import Dossier
from roles.http import PersonRequest
from trail.enums import Action
from trail.paging import BoundedPaginator
from trail.recording import record

from ..models import Deposit, DepositQuerySet
from . import export
from .filters import DepositFilters

DEPOSITS_A_PAGE = 25


class DepositPaginator(BoundedPaginator):
    """Forty pages: who looks for an older one names it, or a period; the exports have all."""

    counted = 1_000


@require_safe
def deposit_list(request: PersonRequest) -> HttpResponse:
    """The deposits, newest first, searched, filtered, by pages."""
    filters = DepositFilters(request.GET)
    paginator = DepositPaginator(_wanted(request, filters), DEPOSITS_A_PAGE)
    page = (paginator.look_ahead if filters.is_searching else paginator.get_page)(request.GET.get("page"))
    return render(request, "invoices/overview/deposits.html", {"filters": filters, "page": page})


@require_safe
@cache_control(private=True, no_store=True)
def deposits_csv(request: PersonRequest) -> StreamingHttpResponse:
    """The same deposits, all pages, as CSV: streamed, whatever their number."""
    record(Action.EXPORT, person=request.user, details={"format": "csv"})
    return StreamingHttpResponse(
        export.csv_lines(_wanted(request, DepositFilters(request.GET))),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{_file_name("csv")}"'},
    )


@require_safe
@cache_control(private=True, no_store=True)
def deposits_xlsx(request: PersonRequest) -> HttpResponseBase:
    """The same deposits, all pages, as a workbook; when they are too many, back to the list, which says so."""
    deposits = _wanted(request, DepositFilters(request.GET))
    if deposits.count() > settings.EXPORT_XLSX_ROWS:
        most = f"{settings.EXPORT_XLSX_ROWS:,}".replace(",", "\u202f")
        messages.warning(
            request,
            f"L’export Excel est limité à {most} dépôts. Précisez les filtres, ou choisissez l’export CSV.",
        )
        return redirect(f"{reverse('invoices:deposits')}?{request.GET.urlencode()}")
    record(Action.EXPORT, person=request.user, details={"format": "xlsx"})
    return FileResponse(export.workbook(deposits), as_attachment=True, filename=_file_name("xlsx"))


def _wanted(request: PersonRequest, filters: DepositFilters) -> DepositQuerySet:
    """What the person sees of what the filters ask for, newest first, with all that is shown of it."""
    deposits = filters.apply(Deposit.objects.visible_to(request.user), Dossier.objects.visible_to(request.user))
    return (
        deposits.select_related("invoice", "perimeter")
        .with_documents()
        .with_dossiers_seen_by(request.user)
        .order_by("-submitted_at", "pk")
    )


def _file_name(extension: str) -> str:
    return f"mes-depots-{timezone.localdate():%Y-%m-%d}.{extension}"
