"""« Ajouter une facture »: where a draft begins and is found, and what to say when it is not (RULES.md §4, §5, §9)."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from dossiers.models import Dossier
from roles.enums import Side
from roles.http import PersonRequest

from .. import quotas, rules
from ..models import Deposit, Draft
from .steps import INVOICE, step_url


@require_safe
def start(request: PersonRequest, numero: str) -> HttpResponse:
    """Start a draft and go to its first step (§3, §4).

    The address is a link that people open in several tabs, and each tab is a start of its own; so this GET
    makes a row, as the session could not: two starts at the same time would overwrite each other there. The
    row shows nowhere until a step is saved, and goes within a day otherwise (documents.purge).
    A person who may deposit on both sides is asked for which one. 403 with the reason, or 404, as §4 says; 403 too for
    a person who has as many drafts as they may.
    """
    dossier = get_object_or_404(Dossier.objects.visible_to(request.user).with_places(), number=numero)
    sides, why_not = rules.sides_for(rules.why_no_invoice, dossier, request.user.scope)
    if why_not:
        raise PermissionDenied(why_not)
    side = sides[0] if len(sides) == 1 else request.GET.get("cote")
    if side not in sides:
        context = {"dossier": dossier, "sides": sides, "asked": "cote" in request.GET}
        return render(request, "invoices/choose_side.html", context)
    draft = quotas.begin_draft(request.user, dossier, Side(side))
    return redirect(step_url(draft.pk, INVOICE))


def open_draft(request: PersonRequest, depot: UUID, *, lock: bool = False) -> Draft | None:
    """The person's open draft with its dossier as of now, on request locked; None when it is not there.

    PermissionDenied with the reason when the dossier takes no deposit from this side any more (§4).
    """
    drafts = Draft.objects.begun_by(request.user).select_related(
        "origin__employer__company", "origin__training_provider__company"
    )
    draft = (drafts.select_for_update(of=("self",)) if lock else drafts).filter(pk=depot).first()
    # The scope tells of the one dossier that came with it; asked of the database, it takes three times as long.
    if draft is None or not draft.origin.is_visible_to(request.user):
        return None
    if why_not := rules.why_no_invoice(draft.origin, request.user.scope, draft.as_side):
        raise PermissionDenied(why_not)
    return draft


def explain_missing(request: PersonRequest, depot: UUID) -> HttpResponse:
    """What to say of a draft that is not there: it was sent, it was deleted, or it never was this person's."""
    sent = Deposit.objects.visible_to(request.user).filter(pk=depot, depositor=request.user).first()
    if sent:
        messages.info(request, f"Ce dépôt est déjà parti : {sent.title}. Rien n’a été envoyé deux fois.")
        return redirect("invoices:receipt", sent.pk)
    if Draft.objects.filter(pk=depot, owner=request.user, deleted_at__isnull=False).exists():
        explanation = {
            "title": "Ce brouillon a été supprimé",
            "sentence": "Il n’existe plus, et rien n’a été transmis. Pour recommencer, ouvrez le dossier et "
            "choisissez « Ajouter une facture ».",
            "link_url": reverse("dossiers:list"),
            "link_label": "Mes dossiers",
        }
        return render(request, "layout/explanation.html", explanation, status=410)
    raise Http404
