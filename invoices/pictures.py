"""Pictures of documents: the first page, small, kept beside the documents; any page, large, drawn at each look.

A kept picture is named after its document, which has a row; it goes before the row does (documents.purge). So no
picture outlives its document.

What a person can ask for costs a process a tenth of a second, and a hostile file seconds. So few are drawn at once,
few requests wait for their turn, and the others are told to come back: pictures never take all the threads.
"""

import logging
from pathlib import Path
from tempfile import NamedTemporaryFile

from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import storages
from django.core.files.storage.base import Storage

from .models import Document
from .pdf.picture import CannotDraw, Frame, draw_page
from .storage import StorageAwayError, local_file
from .turns import Turns

logger = logging.getLogger(__name__)

# A4's proportions. Shown at 60 × 84 px, sharp on fine screens; about 4 kB for a page full of text.
THUMBNAIL = Frame(128, 181)
# An A4 page at 150 points per inch; three times as high as wide is a receipt's roll.
PAGE = Frame(1280, 3840)
# To be raised with what a picture looks like, so that browsers ask for it anew.
VERSION = 1
# Kept in place of a picture that there cannot be.
NO_PICTURE = b"none"


# Of this process.
drawing = Turns(
    at_once=settings.PICTURES_AT_ONCE,
    waiting=settings.PICTURES_WAITING,
    wait_seconds=settings.PICTURE_WAIT_SECONDS,
)


def thumbnail(document: Document) -> bytes:
    """The first page, small, as WebP: kept, or drawn now and kept.

    Raises CannotDraw, turns.Busy, FileNotFoundError where the document's file is lost, StorageAwayError.
    """
    name = _name(document)
    picture = _kept(name)
    if not picture:
        try:
            picture = page(document, 1, THUMBNAIL)
        except CannotDraw as cannot:
            if cannot.for_good:
                _keep(name, NO_PICTURE)
            raise
        _keep(name, picture)
    if picture == NO_PICTURE:
        raise CannotDraw(for_good=True)
    return picture


def page(document: Document, number: int, frame: Frame = PAGE) -> bytes:
    """One page (from 1), as WebP, drawn now. Raises what `thumbnail` raises."""
    with drawing.turn(), local_file(document.file.storage, str(document.file)) as path:
        return draw_page(path, number, frame)


def discard(document: Document) -> None:
    """Remove what is kept of a document, if anything: before its row goes."""
    _storage().delete(_name(document))


def document_name(name: str) -> str:
    """The name of the document's file of which this is a picture's."""
    return f"{name.removesuffix('.webp')}.pdf"


def _storage() -> Storage:
    return storages["pictures"]


def _name(document: Document) -> str:
    return f"{str(document.file).removesuffix('.pdf')}.webp"


class _Written(File):
    """A file that is whole already: the storage moves it to its place, where nobody ever sees a part of it."""

    def temporary_file_path(self) -> str:
        return str(self.name)


def _kept(name: str) -> bytes:
    """What is kept under this name; b"" for nothing, as a machine that lost its power may leave it.

    Raises StorageAwayError: where the bucket does not answer, the document cannot be had either.
    """
    try:
        with _storage().open(name) as file:
            return bytes(file.read())
    except StorageAwayError:
        raise
    except OSError:
        return b""


def _keep(name: str, picture: bytes) -> None:
    """Keep a picture; where that fails it is drawn again next time."""
    try:
        settings.INCOMING_ROOT.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=settings.INCOMING_ROOT, suffix=".webp", delete=False) as file:
            try:
                file.write(picture)
                file.flush()
                _storage().save(name, _Written(file, file.name))
            finally:
                Path(file.name).unlink(missing_ok=True)  # it is there no more where the storage moved it
    except OSError:
        logger.warning("A picture could not be kept: %s.", name, exc_info=True)
