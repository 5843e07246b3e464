"""A document's life: it arrives loose, a draft or a deposit takes it, what nothing keeps is purged.

A row is committed before its file is put in place, and removed after it: every file among the documents, and every
picture of one, has a row at any moment, whatever dies in between.
"""

import logging
import time
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from prometheus_client import Counter

from roles.models import User

from . import pictures
from .clock import database_now
from .enums import DocumentType
from .models import Document, Draft, document_storage
from .pdf import PdfRefused, check_pdf
from .uploads import IncomingFile

logger = logging.getLogger(__name__)

PURGE_BATCH = 100
REFUSED_UPLOADS = Counter(
    "portail_uploads_refused", "Uploaded files refused, by reason (invoices/pdf/problems.py)", ("reason",)
)


def receive(incoming: IncomingFile, type_: DocumentType, person: User) -> Document:
    """Check a file that has arrived and keep it: one loose row, and the file moved, once, to its place.

    Called outside any transaction, since the check may take seconds. Raises PdfRefused with the sentence
    for the person (RULES.md §9); nothing is kept then.
    """
    try:
        facts = check_pdf(incoming.path, is_invoice=type_ == DocumentType.FACTURE)
    except PdfRefused as refused:
        reason = refused.problem.name.lower()
        REFUSED_UPLOADS.labels(reason).inc()
        logger.info("upload refused", extra={"reason": reason})
        raise
    document = Document(
        type=type_,
        name=incoming.name or "document.pdf",
        size=incoming.size or 0,
        sha256=incoming.sha256,
        pages=facts.pages,
        flags=list(facts.flags),
        uploaded_by=person,
        loose_since=database_now(),
    )
    document.file.name = f"{timezone.localdate():%Y/%m}/{document.pk}.pdf"
    document.save(force_insert=True)
    document_storage().save(document.file.name, incoming)
    return document


def put_in_draft(document: Document, draft: Draft, slot: str) -> None:
    """Give a loose document to a field of a draft, in place of what was there. The caller holds the draft's lock."""
    remove_from_draft(draft, slot)
    Document.objects.filter(pk=document.pk, loose_since__isnull=False).update(draft=draft, slot=slot, loose_since=None)


def remove_from_draft(draft: Draft, *slots: str) -> None:
    """Take the documents of these fields out of a draft. The caller holds the draft's lock."""
    draft.documents.filter(slot__in=slots).update(draft=None, slot="", loose_since=database_now())


def delete_draft(draft_id: UUID, person: User) -> bool:
    """Delete a person's draft, its documents with it; return whether this call did (RULES.md §5)."""
    with transaction.atomic():
        draft = Draft.objects.resumable_by(person).filter(pk=draft_id).select_for_update(of=("self",)).first()
        if draft is None:
            return False
        _empty(draft)
    return True


def purge(*, batch: int = PURGE_BATCH) -> int:
    """Remove what nothing keeps: abandoned drafts, loose documents with their files, uploads cut by a crash.

    A loose row is never taken again once it is this old (the request that made it is long over), and its
    row is locked while its file goes: a live file cannot be deleted. Returns the number of documents removed.
    """
    _empty_abandoned_drafts()
    removed = 0
    while True:
        with transaction.atomic():
            loose = list(
                Document.objects.loose(since=timedelta(hours=settings.LOOSE_FILE_HOURS)).select_for_update(
                    skip_locked=True
                )[:batch]
            )
            for document in loose:
                pictures.discard(document)
                document.file.delete(save=False)
            Document.objects.filter(pk__in=[document.pk for document in loose]).delete()
        removed += len(loose)
        if len(loose) < batch:
            break
    _remove_interrupted_uploads(settings.INCOMING_ROOT)
    if removed:
        logger.info("%d documents that nothing kept were removed", removed)
    return removed


def _empty(draft: Draft) -> None:
    draft.documents.update(draft=None, slot="", loose_since=database_now())
    draft.data = {}
    draft.deleted_at = timezone.now()
    draft.save(update_fields=["data", "deleted_at"])


def _empty_abandoned_drafts() -> None:
    """Drafts that nobody touched are deleted with their documents; marks of deleted ones go after as long again.

    Starts of which nothing was saved hold nothing, and go sooner.
    """
    age = timedelta(days=settings.DRAFT_RETENTION_DAYS)
    with transaction.atomic():
        abandoned = Draft.objects.filter(deleted_at=None, saved_at__lte=database_now(-age))
        for draft in abandoned.select_for_update(skip_locked=True, of=("self",)):
            _empty(draft)
    Draft.objects.filter(deleted_at__lte=database_now(-age)).delete()
    unsaved = timedelta(days=settings.UNSAVED_START_DAYS)
    Draft.objects.filter(saved_at=None, deleted_at=None, created_at__lte=database_now(-unsaved)).delete()


def _remove_interrupted_uploads(folder: Path) -> None:
    limit = time.time() - settings.LOOSE_FILE_HOURS * 3600
    for path in folder.glob("*.*"):
        with suppress(FileNotFoundError):  # its request ended meanwhile
            if path.stat().st_mtime < limit:
                path.unlink()
