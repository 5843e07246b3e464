"""The receipt as a page and as a PDF, for whoever sees the deposit, and the page that verifies a file, for all."""

from uuid import UUID

from django.contrib.auth.decorators import login_not_required
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.http import require_safe

from roles.enums import Side
from roles.http import PersonRequest
from roles.models import User
from trail.enums import Action
from trail.recording import record

from .. import deposits, rules
from ..catalogue.values import LARGEST_FILE_BYTES
from ..enums import DepositState
from ..models import Deposit
from ..presentation import remaining
from ..references import read_reference


@require_safe
def receipt(request: PersonRequest, depot: UUID) -> HttpResponse:
    """The receipt: what was deposited, where it stands, what comes next; 404 where the deposit is not seen (§7).

    It is a page of the origin where the person sees the origin, and stands alone where they see an associated
    dossier only.
    """
    deposit = _deposit_seen(request.user, depot)
    origin = deposit.origin_seen
    sides: list[Side] = []
    if origin:
        sides, _ = rules.sides_for(rules.why_no_invoice, origin, request.user.scope)
    context = {
        "parent": "dossiers/dossier.html" if origin else "invoices/receipts/alone.html",
        "deposit": deposit,
        "dossier": origin,
        "dossiers": deposit.dossiers_seen,
        "may_deposit_again": bool(sides),
        "cancellable": bool(
            origin
            and deposit.is_pending
            and remaining(deposit.transmit_at)
            and deposits.may_cancel(deposit, request.user)
        ),
    }
    return render(request, "invoices/receipts/receipt.html", context)


@require_safe
def receipt_by_reference(request: PersonRequest, reference: str) -> HttpResponse:
    """The receipt's address in mails: by what is printed on it; 404 where the deposit is not seen."""
    deposit = get_object_or_404(Deposit.objects.visible_to(request.user), reference=read_reference(reference) or "")
    return redirect("invoices:receipt", deposit.pk)


@require_safe
@cache_control(private=True, no_store=True)
def receipt_pdf(request: PersonRequest, depot: UUID) -> HttpResponse:
    """The same as a PDF, as it stands now."""
    # What draws it takes 27 MB, which a worker never needs, nor a web process before its first receipt.
    from . import paper

    deposit = _deposit_seen(request.user, depot)
    drawn = paper.draw(deposit, deposit.dossiers_seen, at=timezone.now())
    record(Action.RECEIPT, person=request.user, on=deposit)
    return HttpResponse(
        drawn,
        content_type="application/pdf",
        headers={"Content-Disposition": f'attachment; filename="recepisse-{deposit.reference}.pdf"'},
    )


@login_not_required
@never_cache
@require_safe
def verify(request: HttpRequest) -> HttpResponse:
    """« Vérifier un dépôt »: by its reference, when it was made, its state and the hashes of its files.

    GET parameter: `reference`. The browser compares a file's hash with them (static/js/verifier.js); no file is sent.
    No name is said, of a file, a dossier or a person. A reference that nobody was given and one that cannot be one
    get the same answer. Guesses are not bounded: a reference is 80 random bits (invoices.references).
    """
    typed = request.GET.get("reference", "").strip()
    reference = read_reference(typed)
    deposit = None
    if reference:
        deposit = (
            Deposit.objects.filter(reference=reference).annotate(files=Count("documents")).with_documents().first()
        )
    context = {
        "typed": typed,
        "deposit": deposit,
        "hashes": sorted({document.sha256 for document in deposit.all_documents}) if deposit else [],
        "max_bytes": LARGEST_FILE_BYTES,
        "CANCELLED": DepositState.CANCELLED,
    }
    return render(request, "invoices/receipts/verify.html", context)


def _deposit_seen(user: User, depot: UUID) -> Deposit:
    """The deposit with all that a receipt says, and of its dossiers those that the person sees; Http404."""
    return get_object_or_404(
        Deposit.objects.visible_to(user)
        .select_related("invoice", "perimeter__company", "origin__employer", "origin__training_provider")
        .with_documents()
        .with_dossiers_seen_by(user),
        pk=depot,
    )
