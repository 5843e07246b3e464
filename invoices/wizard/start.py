"""« Ajouter une facture »: where a draft's uuid comes from."""

from uuid import UUID, uuid4

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from dossiers.models import Dossier
from roles.http import PersonRequest

from .. import rules
from .steps import INVOICE, step_url


def start(request: PersonRequest, numero: str) -> HttpResponse:
    """« Ajouter une facture »: a new uuid, and the first step at its address (§3, §4).

    Nothing is written but in the session: the draft's row is made by the first POST. A person who may
    deposit on both sides is asked for which one. 403 with the reason, or 404, as §4 says.
    """
    dossier = get_object_or_404(Dossier.objects.visible_to(request.user).with_places(), number=numero)
    sides, why_not = rules.sides_for(rules.why_no_invoice, dossier, request.user.scope)
    if why_not:
        raise PermissionDenied(why_not)
    side = sides[0] if len(sides) == 1 else request.GET.get("cote")
    if side not in sides:
        context = {"dossier": dossier, "sides": sides, "asked": "cote" in request.GET}
        return render(request, "invoices/choose_side.html", context)
    draft_id = uuid4()
    request.session[start_key(draft_id)] = {"dossier": dossier.pk, "side": side}
    return redirect(step_url(draft_id, INVOICE))


def start_key(draft_id: UUID) -> str:
    """The session's key of a start that nothing has been saved of yet; also the prefix of its forms."""
    return f"depot-{draft_id}"
