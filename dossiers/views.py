"""The person's dossiers, and one dossier's « Informations »."""

from django.core.paginator import Page
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from roles.http import PersonRequest
from trail.paging import BoundedPaginator

from .forms import DossierFilters
from .models import Dossier
from .querysets import DossierQuerySet

DOSSIERS_A_PAGE = 25


class DossierPaginator(BoundedPaginator):
    """Forty pages: who looks for one of more types three letters of it."""

    counted = 1_000


@require_safe
def dossier_list(request: PersonRequest) -> HttpResponse:
    """The dossiers that the person sees, searched, filtered, by pages (RULES.md §3).

    Those that wait for someone come first.
    """
    filters = DossierFilters(request.GET)
    dossiers = filters.apply(Dossier.objects.visible_to(request.user).with_places().by_need())
    page = page_of(dossiers, filters, request.GET.get("page"))
    return render(request, "dossiers/list.html", {"filters": filters, "page": page})


def page_of(dossiers: DossierQuerySet, filters: DossierFilters, number: str | None = None) -> Page:
    """One page of what passed the filters; what is searched is not counted."""
    paginator = DossierPaginator(dossiers, DOSSIERS_A_PAGE)
    return paginator.look_ahead(number) if filters.is_searching else paginator.get_page(number)


@require_safe
def dossier_detail(request: PersonRequest, numero: str) -> HttpResponse:
    """The tab « Informations »; 404 for a dossier that the person does not see."""
    dossier = get_object_or_404(Dossier.objects.visible_to(request.user).with_places(), number=numero)
    return render(request, "dossiers/detail.html", {"dossier": dossier})
