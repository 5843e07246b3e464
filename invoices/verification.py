"""Is every document there, and as it arrived? Reads, and changes nothing: what is to be removed, the purge removes.

A row that is loose is left alone: its file is on its way, did not arrive, or goes with the next purge. A row that a
draft or a deposit keeps was given to it after its file was in place, so its file must be there. The other way round,
every file was preceded by its row: one without a row is an orphan, as a backup put back may leave it.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import timedelta
from enum import StrEnum
from itertools import islice
from pathlib import PurePosixPath
from typing import TypeVar
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from . import pictures
from .clock import database_now
from .models import Document, document_storage
from .storage import StorageAwayError, Stored

BATCH = 500
# So many files in a row that cannot be read are no matter of files.
UNREADABLE_IN_A_ROW = 5
T = TypeVar("T")


class Outcome(StrEnum):
    """What was found of one file."""

    INTACT = "intact"
    # A draft or a deposit keeps the document, and its file is not there.
    LOST = "lost"
    # Its size or its SHA-256 is not that of what arrived.
    CHANGED = "changed"
    # It is there, and could not be read this time.
    UNREADABLE = "unreadable"
    # A file, or a picture, that no document's row tells of.
    ORPHANED = "orphaned"


@dataclass(frozen=True)
class Finding:
    """A file by its name in the storage; of a document's, whose it is. Nothing that a person typed."""

    outcome: Outcome
    file: str
    document: UUID | None = None
    deposit: UUID | None = None

    def as_json(self) -> dict[str, str | None]:
        return {name: None if value is None else str(value) for name, value in asdict(self).items()}


def verify_files(since: timedelta | None = None) -> Iterator[Finding]:
    """One finding for each document that is kept, of all or of those received since; files are read as streams.

    Raises StorageAwayError where the storage does not answer.
    """
    unreadable = 0
    for document in _kept(since):
        finding = _verify(document)
        unreadable = unreadable + 1 if finding.outcome == Outcome.UNREADABLE else 0
        yield finding
        if unreadable == UNREADABLE_IN_A_ROW:
            raise StorageAwayError(f"{unreadable} files in a row could not be read")


def find_orphans() -> Iterator[Finding]:
    """The files of which no row tells; young ones are left alone, they may be on their way. Raises OSError."""
    storage = document_storage()
    limit = timezone.now() - timedelta(hours=settings.LOOSE_FILE_HOURS)
    # Files to import have rows of their own (exchange/), and are purged by themselves.
    apart = f"{settings.IMPORTS_FOLDER}/"
    settled = (one for one in storage.walk() if one.modified < limit and not one.name.startswith(apart))
    for batch in _batches(settled):
        known = _with_a_row({_document_file(stored) for stored in batch})
        for stored in batch:
            # A purge may have passed since it was listed.
            if _document_file(stored) not in known and storage.exists(stored.name):
                yield Finding(Outcome.ORPHANED, stored.name)


def _kept(since: timedelta | None) -> Iterator[Document]:
    """The rows, a batch at a time: none of them is held, nor the database's snapshot, while files are read."""
    rows = Document.objects.filter(loose_since=None).order_by("pk")
    if since is not None:
        rows = rows.filter(uploaded_at__gte=database_now(-since))
    last: UUID | None = None
    while batch := list((rows.filter(pk__gt=last) if last else rows)[:BATCH]):
        yield from batch
        last = batch[-1].pk


def _verify(document: Document) -> Finding:
    try:
        outcome = _compare(document)
    except FileNotFoundError:
        # Whoever deleted it meanwhile made its row loose before.
        kept = Document.objects.filter(pk=document.pk, loose_since=None).exists()
        outcome = Outcome.LOST if kept else Outcome.INTACT
    except OSError:
        outcome = Outcome.UNREADABLE
    return Finding(outcome, str(document.file), document.pk, document.deposit_id)


def _compare(document: Document) -> Outcome:
    sha256, size = hashlib.sha256(), 0
    with document.file.storage.open(str(document.file)) as file:
        for chunk in file.chunks():
            sha256.update(chunk)
            size += len(chunk)
    same = (size, sha256.hexdigest()) == (document.size, document.sha256)
    return Outcome.INTACT if same else Outcome.CHANGED


def _document_file(stored: Stored) -> str:
    """The name of the document's file that this is, or of which it is the picture."""
    picture = stored.name.removeprefix(f"{settings.PICTURES_FOLDER}/")
    return stored.name if picture == stored.name else pictures.document_name(picture)


def _with_a_row(names: set[str]) -> set[str]:
    """Of these files, those that a row tells of. Names hold their document's id: an index finds nearly all."""
    ids = {name: _id_in(name) for name in names}
    known = set(Document.objects.filter(pk__in={pk for pk in ids.values() if pk}).values_list("file", flat=True))
    if rest := names - known:
        known |= set(Document.objects.filter(file__in=rest).values_list("file", flat=True))
    return known


def _id_in(name: str) -> UUID | None:
    try:
        return UUID(PurePosixPath(name).stem)
    except ValueError:
        return None


def _batches(items: Iterable[T]) -> Iterator[list[T]]:
    iterator = iter(items)
    while batch := list(islice(iterator, BATCH)):
        yield batch
