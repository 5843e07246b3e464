"""Documents as pictures and as a ZIP, once a view has decided that the person may have them (RULES.md §7)."""

import logging

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.templatetags.static import static
from django.utils.cache import get_conditional_response
from django.utils.http import content_disposition_header, quote_etag
from zipstream import ZipStream

from roles.models import User
from trail.enums import Action
from trail.recording import record

from .. import pictures
from ..models import Document
from ..pdf.picture import CannotDraw
from ..storage import StorageAwayError
from ..turns import Busy

logger = logging.getLogger(__name__)

# A picture on which nothing can be read, in place of one that cannot be drawn.
NO_PICTURE = "img/no-preview.svg"
BUSY_RETRY_SECONDS = 2


def thumbnail(request: HttpRequest, document: Document) -> HttpResponse:
    """The first page, small; 304 where the browser has it. Raises Http404 where the file is lost.

    Nothing can be read on it, so the trail does not tell of it.
    """
    etag = quote_etag(f"{pictures.VERSION}-{document.sha256}")
    unchanged = get_conditional_response(request, etag=etag)
    if unchanged is not None:
        return unchanged
    try:
        picture = pictures.thumbnail(document)
    except FileNotFoundError:
        raise Http404("The document's file is not in the storage.") from None
    except (CannotDraw, Busy, StorageAwayError) as outcome:
        return _without_picture(outcome)
    return HttpResponse(picture, content_type="image/webp", headers={"ETag": etag})


def page(document: Document, number: int, person: User) -> HttpResponse:
    """One page, large enough to be read, and so recorded. Raises Http404 where there is no such page or no file."""
    if not 1 <= number <= document.pages:
        raise Http404("The document has no such page.")
    try:
        picture = pictures.page(document, number)
    except FileNotFoundError:
        raise Http404("The document's file is not in the storage.") from None
    except (CannotDraw, Busy, StorageAwayError) as outcome:
        return _without_picture(outcome)
    record(Action.VIEW, person=person, on=document, details={"page": number})
    return HttpResponse(picture, content_type="image/webp")


def archive(content: ZipStream, name: str) -> StreamingHttpResponse:
    """A ZIP as an attachment of this name, streamed, of a length that is known."""
    headers = {
        "Content-Length": str(len(content)),
        "Content-Disposition": content_disposition_header(True, name),
    }
    return StreamingHttpResponse(iter(content), content_type="application/zip", headers=headers)


def _without_picture(outcome: CannotDraw | Busy | StorageAwayError) -> HttpResponse:
    """A plain picture instead of one that there is not; of one that there may be in a moment, when to ask again."""
    if isinstance(outcome, StorageAwayError):
        logger.warning("the storage of the documents does not answer", extra={"reason": str(outcome)})
    if not isinstance(outcome, CannotDraw):
        return HttpResponse(status=503, headers={"Retry-After": str(BUSY_RETRY_SECONDS)})
    return redirect(static(NO_PICTURE))
