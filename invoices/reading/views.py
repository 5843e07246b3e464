"""Documents as pictures, and a deposit as one ZIP: for whoever may download them, and 404 for anyone else (§7)."""

import logging
from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.utils.http import content_disposition_header, quote_etag
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from roles.http import PersonRequest
from trail.enums import Action
from trail.recording import record

from .. import pictures
from ..deposits import FileLostError
from ..models import Deposit, Document
from ..pdf.picture import CannotDraw
from ..presentation import quoted
from ..storage import StorageAwayError
from ..turns import Busy
from ..wizard.steps import INVOICE, step_url
from . import archive

logger = logging.getLogger(__name__)

# A picture on which nothing can be read, in place of one that cannot be drawn.
NO_PICTURE = "img/no-preview.svg"
BUSY_RETRY_SECONDS = 2


@require_safe
# A browser may keep it, and asks each time whether it still may show it: the file never changes, rights do. What a
# machine that people share then holds is too small to be read.
@cache_control(private=True, no_cache=True)
def thumbnail(request: PersonRequest, document: UUID) -> HttpResponse:
    """The first page of a document, small: nothing can be read on it, so the trail does not tell of it."""
    found = _visible_document(request, document)
    etag = quote_etag(f"{pictures.VERSION}-{found.sha256}")
    unchanged = get_conditional_response(request, etag=etag)
    if unchanged is not None:
        return unchanged
    try:
        picture = pictures.thumbnail(found)
    except FileNotFoundError:
        raise Http404("The document's file is not in the storage.") from None
    except (CannotDraw, Busy, StorageAwayError) as outcome:
        return _without_picture(outcome)
    return HttpResponse(picture, content_type="image/webp", headers={"ETag": etag})


@require_safe
# As the document itself: what can be read stays on no machine that people share.
@cache_control(private=True, no_store=True)
def page_picture(request: PersonRequest, document: UUID, number: int) -> HttpResponse:
    """One page of a document, large enough to be read."""
    found = _visible_document(request, document)
    if not 1 <= number <= found.pages:
        raise Http404("The document has no such page.")
    try:
        picture = pictures.page(found, number)
    except FileNotFoundError:
        raise Http404("The document's file is not in the storage.") from None
    except (CannotDraw, Busy, StorageAwayError) as outcome:
        return _without_picture(outcome)
    record(Action.VIEW, person=request.user, on=found, details={"page": number})
    return HttpResponse(picture, content_type="image/webp")


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
    deposit = get_object_or_404(deposits.prefetch_related("documents").with_dossiers_seen_by(request.user), pk=depot)
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
    headers = {
        "Content-Length": str(len(content)),
        "Content-Disposition": content_disposition_header(True, archive.archive_name(deposit)),
    }
    return StreamingHttpResponse(iter(content), content_type="application/zip", headers=headers)


def _visible_document(request: PersonRequest, document: UUID) -> Document:
    return get_object_or_404(Document.objects.visible_to(request.user), pk=document)


def _without_picture(outcome: CannotDraw | Busy | StorageAwayError) -> HttpResponse:
    """A plain picture instead of one that there is not; of one that there may be in a moment, when to ask again."""
    if isinstance(outcome, StorageAwayError):
        logger.warning("the storage of the documents does not answer", extra={"reason": str(outcome)})
    if not isinstance(outcome, CannotDraw):
        return HttpResponse(status=503, headers={"Retry-After": str(BUSY_RETRY_SECONDS)})
    return redirect(static(NO_PICTURE))


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
