"""« Accueil »: what waits for the person."""

from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from dossiers.enums import DossierStatus
from dossiers.forms import DossierFilters
from dossiers.models import Dossier
from roles.http import PersonRequest

from .. import rules
from ..enums import DepositState
from ..models import Deposit, Draft
from ..wizard.steps import STEP_TITLES

SHOWN = 5  # of each kind; the rest is a link away


@require_safe
def home(request: PersonRequest) -> HttpResponse:
    """Own drafts, deposits in transmission, and the dossiers on which the person may act (RULES.md §4 to §6, §8).

    GET parameter: `page`, of the drafts, which have no list elsewhere.
    """
    user = request.user
    dossiers = Dossier.objects.with_places().order_by("ends_on", "number")
    drafts = Paginator(
        Draft.objects.resumable_by(user).saved().select_related("origin__training_provider", "origin__employer"), SHOWN
    ).get_page(request.GET.get("page"))
    context = {
        "drafts": drafts,
        "draft_rows": [
            (draft, STEP_TITLES[draft.data["step"]], rules.why_no_invoice(draft.origin, user.scope, draft.as_side))
            for draft in drafts
        ],
        "pending": _first(
            Deposit.objects.visible_to(user)
            .filter(state=DepositState.PENDING)
            .select_related("invoice", "origin")
            .with_documents()
            .order_by("transmit_at", "pk")
        ),
        "to_invoice": _first(dossiers.to_invoice_by(user)),
        "to_complete": _first(dossiers.to_complete_by(user)),
        "search": DossierFilters()["q"],
        "PENDING": DepositState.PENDING,
        "A_FACTURER": DossierStatus.A_FACTURER,
        "INFORMATION_MANQUANTE": DossierStatus.INFORMATION_MANQUANTE,
    }
    return render(request, "invoices/overview/home.html", context)


def _first(rows: QuerySet[Any]) -> Page:
    """The first rows, which know how many there are in all (`paginator.count`)."""
    return Paginator(rows, SHOWN).page(1)
