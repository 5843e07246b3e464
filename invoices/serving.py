"""How a stored file leaves the portal, once a view has decided that the person may have it (RULES.md §7).

By itself the portal streams the file, from a folder or from a bucket. Behind a proxy that sees the documents'
folder (DOCUMENT_ACCEL_LOCATION) it answers with headers alone, X-Accel-Redirect among them, and nginx sends the file:
a slow line then holds no thread.
"""

from urllib.parse import quote

from django.conf import settings
from django.http import FileResponse, Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header

from .models import document_storage
from .storage import StorageAwayError


def stored_file(stored_name: str, *, content_type: str, attachment: str = "") -> HttpResponseBase:
    """Answer with a file of the documents' storage.

    `stored_name` is its name there (`document.file.name`), never anything that a request says. `attachment` is the
    name under which the browser is to save it; without one the browser shows it. Http404 when the storage does not
    hold it, StorageAwayError when it cannot be read. What may be kept of the answer is for the view to say.
    """
    storage = document_storage()
    if not settings.DOCUMENT_ACCEL_LOCATION:
        try:
            content = storage.open(stored_name)
        except FileNotFoundError:
            raise Http404("The file is not in the storage.") from None
        except OSError as error:
            raise StorageAwayError(type(error).__name__) from error
        response = FileResponse(content, as_attachment=bool(attachment), filename=attachment, content_type=content_type)
        # Django measures files of this machine alone.
        response.setdefault("Content-Length", str(content.size))
        return response
    if not storage.exists(stored_name):
        raise Http404("The file is not in the storage.")
    # nginx takes the address as it would take a browser's: with « % » and « ? » escaped.
    headers = {"X-Accel-Redirect": settings.DOCUMENT_ACCEL_LOCATION + quote(stored_name)}
    if attachment and (disposition := content_disposition_header(as_attachment=True, filename=attachment)):
        headers["Content-Disposition"] = disposition
    return HttpResponse(content_type=content_type, headers=headers)
