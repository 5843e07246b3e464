"""Documents as pictures, and a deposit as one ZIP: for whoever may download them, and 404 for anyone else (§7)."""

from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from roles.http import PersonRequest
from trail.enums import Action
from trail.recording import record

from .. import pictures
from ..deposits import FileLostError
from ..models import Deposit, Document
from ..presentation import quoted
from ..wizard.steps import INVOICE, step_url
from . import answers, archive


@require_safe
# A browser may keep it, and asks each time whether it still may show it: the file never changes, rights do. What a
# machine that people share then holds is too small to be read.
@cache_control(private=True, no_cache=True)
def thumbnail(request: PersonRequest, document: UUID) -> HttpResponse:
    """The first page of a document, small: nothing can be read on it, so the trail does not tell of it."""
    return answers.thumbnail(request, _visible_document(request, document))


@require_safe
# As the document itself: what can be read stays on no machine that people share.
@cache_control(private=True, no_store=True)
def page_picture(request: PersonRequest, document: UUID, number: int) -> HttpResponse:
    """One page of a document, large enough to be read."""
    return answers.page(_visible_document(request, document), number, request.user)


@require_safe
@cache_control(private=True, no_store=True)
def preview(request: PersonRequest, document: UUID) -> HttpResponse:
    """One page of a document after the other. GET parameter: `page`; one that is none shows the nearest."""
    found = _visible_document(request, document)
    page = Paginator(range(found.pages), 1).get_page(request.GET.get("page"))
    context: dict[str, Any] = {"document": found, "page": page, "frame": pictures.PAGE}
    return render(request, "invoices/reading/preview.html", context | _place_of(found, request))


@require_safe
@cache_control(private=True, no_store=True)
def deposit_zip(request: PersonRequest, depot: UUID) -> HttpResponseBase:
    """All the documents of a deposit as a ZIP; a page that says which one is missing where one is."""
    deposits = Deposit.objects.visible_to(request.user).select_related("invoice", "origin")
    deposit = get_object_or_404(deposits.with_documents().with_dossiers_seen_by(request.user), pk=depot)
    try:
        content = archive.of_deposit(deposit)
    except FileLostError as lost:
        context = {
            "title": "Un fichier manque",
            "sentence": f"Le fichier {quoted(lost.document.name)} de ce dépôt n’est plus lisible. "
            "Téléchargez les autres un par un, et signalez-le à l’OPCO.",
            "link_url": _card_of(deposit),
            "link_label": "Revenir aux documents",
        }
        return render(request, "layout/explanation.html", context, status=404)
    record(Action.DOWNLOAD_ALL, person=request.user, on=deposit)
    return answers.archive(content, archive.archive_name(deposit))


def _visible_document(request: PersonRequest, document: UUID) -> Document:
    return get_object_or_404(Document.objects.visible_to(request.user), pk=document)


def _place_of(document: Document, request: PersonRequest) -> dict[str, str]:
    """Where the document stands, and the words that lead back there."""
    if document.draft:
        step = document.draft.data.get("step", INVOICE)
        return {"back_url": step_url(document.draft.pk, step), "back_label": "Revenir au dépôt en préparation"}
    deposit = Deposit.objects.with_dossiers_seen_by(request.user).get(documents=document)
    return {"back_url": _card_of(deposit), "back_label": "Revenir aux documents du dossier"}


def _card_of(deposit: Deposit) -> str:
    """The deposit's card in the first dossier that the person sees it in."""
    return f"{reverse('invoices:documents', args=[deposit.dossiers_seen[0].number])}#depot-{deposit.pk}"
