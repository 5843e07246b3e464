"""Where the documents lie (DOCUMENT_STORAGE_URL): a folder or a bucket, which answer the same questions.

Whatever goes wrong there is an OSError: FileNotFoundError for a file that is not there, StorageAwayError for a
bucket that cannot be asked.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import NamedTemporaryFile

from django.conf import settings
from django.core.files.storage.base import Storage


class StorageAwayError(OSError):
    """The storage does not answer, or not as it should: nothing is known of the file that was asked for."""


@dataclass(frozen=True)
class Stored:
    """A file as the storage lists it."""

    name: str
    modified: datetime


class FileStore(Storage):
    """What the portal asks of the storage of documents beside what Django does."""

    def walk(self) -> Iterator[Stored]:
        """Every file, read as it is iterated over; raises OSError."""
        raise NotImplementedError

    def check(self) -> None:
        """Raise OSError, soon, where a file that is sent now could not be kept."""
        raise NotImplementedError


@contextmanager
def local_file(storage: Storage, name: str) -> Iterator[Path]:
    """A stored file as one of this machine: where it lies, or a copy that is gone at the end. Raises OSError."""
    try:
        path = Path(storage.path(name))
    except NotImplementedError:  # Django's word for a storage that is no folder
        settings.INCOMING_ROOT.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=settings.INCOMING_ROOT, suffix=".pdf") as copy:
            with storage.open(name) as stored:
                for chunk in stored.chunks():
                    copy.write(chunk)
            copy.flush()
            yield Path(copy.name)
    else:
        yield path
