"""A document's life: it arrives loose, a draft or a deposit takes it, what nothing keeps is purged.

A deposit's time ends in `retention`, which lets its documents go; their files go here, as any other's.

A row is committed before its file is put in place, and removed after it: every file among the documents, and every
picture of one, has a row at any moment, whatever dies in between.
"""

import logging
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from prometheus_client import Counter

from roles.models import User
from trail.enums import Action, Result
from trail.recording import Details, record

from . import antivirus, pictures, quotas
from .catalogue import in_force
from .clock import database_now
from .enums import DocumentType
from .models import Document, Draft, document_storage
from .pdf import PdfFacts, PdfProblem, PdfRefused, check_pdf
from .proposals.kept import to_keep
from .proposals.refusals import refusal
from .turns import Busy, Turns
from .uploads import IncomingFile, remove_interrupted

logger = logging.getLogger(__name__)

PURGE_BATCH = 100
REFUSED_UPLOADS = Counter(
    "portail_uploads_refused", "Uploaded files refused, by reason (invoices/pdf/problems.py)", ("reason",)
)
# Of this process.
checking = Turns(
    at_once=settings.CHECKS_AT_ONCE,
    waiting=settings.CHECKS_WAITING,
    wait_seconds=settings.CHECK_WAIT_SECONDS,
    each_at_once=settings.CHECKS_AT_ONCE_EACH,
    each_waiting=settings.CHECKS_WAITING_EACH,
)


def receive(
    incoming: IncomingFile, type_: str, person: User, *, deposit: UUID | None = None, side: str = ""
) -> Document:
    """Check a file that has arrived and keep it: one loose row, and the file moved, once, to its place.

    `type_` is a code of the catalogue. The row holds what was read in an invoice; mentions of dossiers are in what is
    returned, and there alone. The trail tells of it, with the `side` for which it is sent, and the id of the `deposit`
    that it is meant for.
    Called outside any transaction, since the check may take seconds. Raises PdfRefused with the sentence
    for the person (RULES.md §9), also where the storage does not take the file: what is kept then is loose.
    """
    try:
        quotas.claim_upload(person)
        incoming.send_to_disk()
        facts = _checked(incoming, type_, person)
        return _keep(incoming, type_, person, facts, deposit, side)
    except PdfRefused as refused:
        reason = refused.problem.name.lower()
        REFUSED_UPLOADS.labels(reason).inc()
        logger.info("upload refused", extra={"reason": reason})
        about = {"type": type_, "name": incoming.name or "", "sha256": incoming.sha256}
        record(
            Action.UPLOAD,
            person=person,
            side=side,
            deposit=deposit,
            result=Result.REFUSED,
            reason=reason,
            details=about,
        )
        raise


def _keep(
    incoming: IncomingFile, type_: str, person: User, facts: PdfFacts, deposit: UUID | None, side: str
) -> Document:
    document = Document(
        type=type_,
        name=incoming.name or "document.pdf",
        size=incoming.size or 0,
        sha256=incoming.sha256,
        pages=facts.pages,
        flags=list(facts.flags),
        reading=to_keep(facts.reading) if type_ == DocumentType.FACTURE else None,
        uploaded_by=person,
        loose_since=database_now(),
    )
    document.mentions = facts.reading.mentions if facts.reading else ()
    document.file.name = f"{timezone.localdate():%Y/%m}/{document.pk}.pdf"
    with transaction.atomic():
        quotas.take_room(person, document.size)
        document.save(force_insert=True)
    try:
        incoming.wait_for_disk()
        document_storage().save(document.file.name, incoming)
    except OSError as error:
        # Whether the file is there all the same, nobody knows: the loose row stays, its room is taken (quotas.py), and
        # the purge looks.
        reason = {"document": str(document.pk), "reason": f"{type(error).__name__}: {error}"}
        logger.error("a file could not be stored", extra=reason)  # noqa: TRY400 - the reason is all there is to know
        raise PdfRefused(PdfProblem.NOT_STORED) from None
    # Only now is it kept, and the trail says no sooner that it is.
    kept: Details = {"type": type_, "size": document.size, "sha256": document.sha256}
    record(Action.UPLOAD, person=person, side=side, on=document, deposit=deposit, details=kept)
    return document


def _checked(incoming: IncomingFile, type_: str, person: User) -> PdfFacts:
    """What the box says of a file, and the antivirus after it, at the person's turn; PdfRefused otherwise."""
    is_invoice = type_ == DocumentType.FACTURE
    try:
        with checking.turn(person.pk):
            facts = check_pdf(incoming.path, is_invoice=is_invoice, limits=in_force.limits())
            if is_invoice and (problem := refusal(facts.reading)):
                raise PdfRefused(problem)
            antivirus.scan(incoming.path)
            return facts
    except Busy:
        raise PdfRefused(PdfProblem.BUSY) from None


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
        record(Action.DELETE_DRAFT, person=person, side=draft.side, on=draft)
    return True


def purge(*, batch: int = PURGE_BATCH) -> int:
    """Remove what nothing keeps: abandoned drafts, loose documents with their files, uploads cut by a crash.

    A loose row is never taken again once it is this old (the request that made it is long over), and its
    row is locked while its file goes: a live file cannot be deleted. Returns the number of documents removed.
    """
    remove_interrupted()
    empty_abandoned_drafts()
    removed, _ = remove_loose(batch=batch)
    return removed


def remove_loose(*, batch: int = PURGE_BATCH) -> tuple[int, int]:
    """Remove the documents that belong to nothing any more, with their files; return how many, and their bytes."""
    removed = freed = 0
    while True:
        with transaction.atomic():
            loose = list(Document.objects.purgeable().select_for_update(skip_locked=True)[:batch])
            for document in loose:
                pictures.discard(document)
                document.file.delete(save=False)
            Document.objects.filter(pk__in=[document.pk for document in loose]).delete()
        removed += len(loose)
        freed += sum(document.size for document in loose)
        if len(loose) < batch:
            break
    if removed:
        logger.info("%d documents that nothing kept were removed", removed)
    return removed, freed


def empty_abandoned_drafts() -> int:
    """Delete the drafts that nobody touched, with their documents, and return how many.

    Marks of deleted ones go after as long again. Starts of which nothing was saved hold nothing, and go sooner.
    """
    with transaction.atomic():
        abandoned = list(Draft.objects.abandoned().select_for_update(skip_locked=True, of=("self",)))
        for draft in abandoned:
            _empty(draft)
    age = timedelta(days=settings.DRAFT_RETENTION_DAYS)
    Draft.objects.filter(deleted_at__lte=database_now(-age)).delete()
    unsaved = timedelta(days=settings.UNSAVED_START_DAYS)
    Draft.objects.filter(saved_at=None, deleted_at=None, created_at__lte=database_now(-unsaved)).delete()
    return len(abandoned)


def _empty(draft: Draft) -> None:
    draft.documents.update(draft=None, slot="", loose_since=database_now())
    draft.data = {}
    draft.deleted_at = timezone.now()
    draft.save(update_fields=["data", "deleted_at"])
