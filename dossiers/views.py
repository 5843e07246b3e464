"""The person's dossiers, and one dossier's « Informations »."""

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from roles.http import PersonRequest

from .forms import DossierFilters
from .models import Dossier

DOSSIERS_A_PAGE = 25


@require_safe
def dossier_list(request: PersonRequest) -> HttpResponse:
    """The dossiers that the person sees, searched, filtered, by pages (RULES.md §3).

    Those that wait for someone come first.
    """
    filters = DossierFilters(request.GET)
    dossiers = filters.apply(Dossier.objects.visible_to(request.user).with_places().by_need())
    page = Paginator(dossiers, DOSSIERS_A_PAGE).get_page(request.GET.get("page"))
    return render(request, "dossiers/list.html", {"filters": filters, "page": page})


@require_safe
def dossier_detail(request: PersonRequest, numero: str) -> HttpResponse:
    """The tab « Informations »; 404 for a dossier that the person does not see."""
    dossier = get_object_or_404(Dossier.objects.visible_to(request.user).with_places(), number=numero)
    return render(request, "dossiers/detail.html", {"dossier": dossier})
