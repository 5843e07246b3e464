"""What « Rechercher un autre dossier à associer » finds, in the step and while one types (RULES.md §5.2)."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from roles.http import PersonRequest
from roles.search import normalise

from .forms import Situation
from .start import explain_missing, open_draft
from .steps import DETAILS, step_url

SEARCH_RESULTS = 8
# While one types: fewer characters find too much to choose from, at the price of the whole perimeter.
SHORTEST_TYPED = 3


def found(situation: Situation, searched: str) -> dict[str, Any]:
    """What the results show (wizard/results.html): `searched`, and which dossiers that finds beside those chosen.

    Nothing is looked for once no more can be added.
    """
    searched = searched.strip()
    full = len(situation.chosen) >= situation.limits.associated_dossiers
    results = []
    if searched and not full:
        others = situation.associable.exclude(pk__in=situation.extra["dossiers"])
        results = list(others.search(searched)[: SEARCH_RESULTS + 1])
    return {
        "situation": situation,
        "searched": searched,
        "results": results[:SEARCH_RESULTS],
        "more_results": len(results) > SEARCH_RESULTS,
        "search_limit": SEARCH_RESULTS,
        "shortest": SHORTEST_TYPED,
        "full": full,
    }


@require_safe
@cache_control(private=True, no_store=True)
def associable(request: PersonRequest, depot: UUID) -> HttpResponse:
    """What is found while one types: a part of the step's page, for the person of the draft. Writes nothing.

    GET parameter: `recherche`.
    """
    draft = open_draft(request, depot)
    if draft is None or not draft.data:  # a start of which nothing was saved is not at this step yet
        return explain_missing(request, depot)
    searched = request.GET.get("recherche", "").replace("\x00", "")
    too_short = len(normalise(searched)) < SHORTEST_TYPED
    context = found(Situation(draft, request.user), "" if too_short else searched)
    context |= {"too_short": too_short and bool(searched.strip()), "action": step_url(draft.pk, DETAILS)}
    return render(request, "invoices/wizard/results.html", context)
