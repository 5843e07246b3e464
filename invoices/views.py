"""The « Documents » tab of a dossier, and what can be done there (RULES.md §4, §6, §7, §8)."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.core.paginator import Paginator
from django.db import IntegrityError, transaction
from django.db.models import prefetch_related_objects
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from dossiers.models import Dossier
from roles.http import PersonRequest
from trail.enums import Action
from trail.recording import record

from . import deposits, documents, rules
from .catalogue import in_force
from .forms import OptionalDocumentForm
from .models import Deposit, Document, Draft
from .pdf import PdfRefused
from .presentation import remaining
from .reading import archive
from .serving import stored_file
from .uploads import IncomingFile
from .wizard.start import explain_missing
from .wizard.steps import STEP_TITLES

DEPOSITS_A_PAGE = 10


@require_safe
def dossier_documents(request: PersonRequest, numero: str) -> HttpResponse:
    """The tab: deposits filed in the dossier, newest first, own drafts, and what the person may do (§4, §6, §8).

    GET parameters: `type`, the type of an optional document to add; `depot`, the id of a deposit to show with all its
    documents, however many; `page`.
    """
    dossier = _visible_dossier(request, numero)
    sides, _ = rules.sides_for(rules.why_no_documents, dossier, request.user.scope)
    chosen = request.GET.get("type", "")
    form = None
    if sides and chosen in rules.document_types(dossier, in_force.catalogue()):
        form = OptionalDocumentForm(dossier=dossier, sides=sides, initial={"type": chosen, "depot": uuid4()})
    return _render_tab(request, dossier, form)


def add_document(request: PersonRequest, numero: str) -> HttpResponse:
    """« Valider » of a document outside an invoice: it is a deposit of its own (§8). Sent twice, it is one."""
    dossier = _visible_dossier(request, numero)
    done = redirect("invoices:documents", numero)
    if request.method != "POST":
        return done
    sides, why_not = rules.sides_for(rules.why_no_documents, dossier, request.user.scope)
    if why_not:
        raise PermissionDenied(why_not)
    form = OptionalDocumentForm(request.POST, request.FILES, dossier=dossier, sides=sides)
    if not form.is_valid():
        return _render_tab(request, dossier, form)
    deposit_id = form.cleaned_data["depot"]
    if Deposit.objects.filter(pk=deposit_id, depositor=request.user).exists():
        return done
    if Draft.objects.filter(pk=deposit_id).exists():
        raise SuspiciousOperation("The form's deposit id is a draft's.")
    incoming: IncomingFile = form.cleaned_data["fichier"]
    try:
        document = documents.receive(
            incoming, form.cleaned_data["type"], request.user, deposit=deposit_id, side=form.cleaned_data["side"]
        )
    except PdfRefused as refused:
        form.add_error("fichier", f"{incoming.name} : {refused.problem.sentence(in_force.limits())}")
        return _render_tab(request, dossier, form)
    # The check took its time: what allowed the deposit is asked again, as of now.
    request.user.forget_scope()
    dossier = _visible_dossier(request, numero)
    if why_not := rules.why_no_documents(dossier, request.user.scope, form.cleaned_data["side"]):
        raise PermissionDenied(why_not)
    before = deposits.deposited_before([document.sha256], request.user)
    try:
        deposits.submit(
            deposit_id=deposit_id,
            origin=dossier,
            side=form.cleaned_data["side"],
            depositor=request.user,
            documents=[document],
        )
    except IntegrityError:
        # The same form sent twice at the same time: the other request made the deposit, this file is purged.
        if not Deposit.objects.filter(pk=deposit_id, depositor=request.user).exists():
            raise SuspiciousOperation("The form's deposit id is another person's.") from None
        return done
    messages.success(request, f"« {document.get_type_display()} » déposé.")
    for deposit in before.values():
        messages.warning(request, render_to_string("invoices/same_file.html", {"deposit": deposit}))
    return done


def cancel_deposit(request: PersonRequest, depot: UUID) -> HttpResponse:
    """« Annuler le dépôt », until its delay ends (§6). Anything but a POST leads to the tab and changes nothing."""
    deposit = get_object_or_404(
        Deposit.objects.filter(origin__in=Dossier.objects.visible_to(request.user)).select_related("origin", "invoice"),
        pk=depot,
    )
    if request.method == "POST":
        if not deposits.may_cancel(deposit, request.user):
            raise PermissionDenied("Votre rôle permet de consulter ce dépôt, pas de l’annuler.")
        if deposits.cancel(deposit, request.user):
            messages.success(request, f"Dépôt annulé : {deposit.title}.")
        else:
            messages.warning(
                request,
                f"Le dépôt n’a pas été annulé : {deposit.title} est déjà annulé, "
                "ou son délai d’annulation est terminé.",
            )
    return redirect("invoices:documents", deposit.origin.number)


def delete_draft(request: PersonRequest, depot: UUID) -> HttpResponse:
    """« Supprimer le brouillon » (§5). Anything but a POST leads to the tab and changes nothing."""
    draft = Draft.objects.resumable_by(request.user).select_related("origin").filter(pk=depot).first()
    if draft is None:
        return explain_missing(request, depot)
    if request.method == "POST" and documents.delete_draft(draft.pk, request.user):
        messages.success(request, "Brouillon supprimé.")
    return redirect("invoices:documents", draft.origin.number)


@require_safe
@cache_control(private=True, no_store=True)
def download(request: PersonRequest, document: UUID) -> HttpResponseBase:
    """One document, as an attachment, for whoever sees a dossier that shows it; 404 for anyone else (§7)."""
    found = get_object_or_404(Document.objects.visible_to(request.user), pk=document)
    with transaction.atomic():  # what cannot be given is not recorded as given
        record(Action.DOWNLOAD, person=request.user, on=found)
        return stored_file(
            str(found.file.name), content_type="application/pdf", attachment=archive.download_name(found)
        )


def _visible_dossier(request: PersonRequest, numero: str) -> Dossier:
    return get_object_or_404(Dossier.objects.visible_to(request.user).with_places(), number=numero)


def _deposits(ids: Sequence[UUID], dossier: Dossier) -> list[Deposit]:
    """These deposits, in this order, with all that their cards ask for."""
    found = Deposit.objects.select_related("invoice").with_documents().with_associated_count().in_bulk(ids)
    shown = [found[pk] for pk in ids if pk in found]
    # The dossier brought along what most of them need: it is not asked for again.
    known = {place.pk: place for place in (dossier.employer, dossier.training_provider)}
    for deposit in shown:
        if deposit.origin_id == dossier.pk:
            deposit.origin = dossier
        if place := known.get(deposit.perimeter_id):
            deposit.perimeter = place
    prefetch_related_objects(shown, "perimeter__company")
    return shown


def _render_tab(request: PersonRequest, dossier: Dossier, form: OptionalDocumentForm | None) -> HttpResponse:
    _, why_no_invoice = rules.sides_for(rules.why_no_invoice, dossier, request.user.scope)
    _, why_no_documents = rules.sides_for(rules.why_no_documents, dossier, request.user.scope)
    page = Paginator(Deposit.objects.filed_in(dossier), DEPOSITS_A_PAGE).get_page(request.GET.get("page"))
    shown = _deposits(list(page), dossier)
    context: dict[str, Any] = {
        "dossier": dossier,
        "page": page,
        "deposits": shown,
        "cancellable": {
            deposit.pk
            for deposit in shown
            if deposit.is_pending and remaining(deposit.transmit_at) and deposits.may_cancel(deposit, request.user)
        },
        "drafts": [
            {
                "row": draft,
                "step_title": STEP_TITLES[draft.data["step"]],
                "why_not": rules.why_no_invoice(dossier, request.user.scope, draft.as_side),
            }
            for draft in Draft.objects.begun_by(request.user).saved().filter(origin=dossier)
        ],
        "why_no_invoice": why_no_invoice,
        "why_no_documents": why_no_documents,
        "document_types": rules.document_types(dossier, in_force.catalogue()),
        "form": form,
        "whole": request.GET.get("depot", ""),
    }
    return render(request, "invoices/documents.html", context)
