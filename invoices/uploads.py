"""How a file arrives: streamed once to a folder beside the documents, hashed on its way, never kept in memory.

It goes on to the disk while it is checked; nothing of it is kept before it is there.
"""

import hashlib
import os
import time
import uuid
import weakref
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler

from .catalogue.values import LARGEST_FILE_BYTES

# What hashes, and waits for the disk, beside the requests; its threads start with the first uploads of a process.
_aside = ThreadPoolExecutor(max_workers=settings.WEB_THREADS, thread_name_prefix="uploads")


class IncomingFile(UploadedFile):
    """A file that has arrived, still outside the documents.

    `path` is where it lies and `sha256` its hash; `size` is what was sent, even beyond the largest that can be
    accepted, where what lies at `path` is cut. Closing it at the end of the request removes it, unless the storage
    took it.
    """

    def __init__(self, file: BinaryIO, path: Path, sha256: str, **kwargs: Any) -> None:
        super().__init__(file=file, **kwargs)
        self.path = path
        self.sha256 = sha256
        self._on_disk: Future[None] | None = None

    def send_to_disk(self) -> "Future[None]":
        """Have it written out while something else is done, but a commit: on the same disk that would wait for it."""
        if not self._on_disk:
            self._on_disk = _aside.submit(os.fsync, self.fileno())
        return self._on_disk

    def wait_for_disk(self) -> None:
        """Return once all of it is on the disk; OSError where it cannot be."""
        self.send_to_disk().result()

    def temporary_file_path(self) -> str:
        """Where it lies: Django's file storage then moves it instead of copying it."""
        return str(self.path)

    def close(self) -> None:
        if self._on_disk:
            self._on_disk.exception()  # the descriptor is in use until then
        super().close()
        self.path.unlink(missing_ok=True)


class IncomingFileHandler(FileUploadHandler):
    """Writes each uploaded file to `settings.INCOMING_ROOT`; what can never be accepted is read and thrown away.

    The sender then gets a sentence rather than a broken connection, and the disk never holds more than the largest file
    that a limit may allow; whether it is within the one in force, the check says.
    """

    chunk_size = 1024 * 1024

    @property
    def limit(self) -> int:
        """How many bytes of a file are kept: of a PDF, those of the largest that may ever be allowed."""
        return LARGEST_FILE_BYTES

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        settings.INCOMING_ROOT.mkdir(parents=True, exist_ok=True)
        self.path = settings.INCOMING_ROOT / f"{uuid.uuid4()}.pdf"
        self.file = self.path.open("xb", buffering=0)
        self.sha256 = hashlib.sha256()
        self._hashed: Future[None] | None = None
        # Nobody is told when a request's body proves unreadable: what was being written goes with the handler,
        # that is, with the request.
        self.discard = weakref.finalize(self, _discard, self.file, self.path)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        if start < self.limit + 1:
            # A piece is hashed while the next one arrives: of 10 MB that is 8 ms less.
            self._wait_for_hash()
            self._hashed = _aside.submit(self.sha256.update, raw_data)
            self.file.write(raw_data[: self.limit + 1 - start])

    def file_complete(self, file_size: int) -> IncomingFile:
        self._wait_for_hash()
        self.discard.detach()  # from here on it is for the request to close it
        return IncomingFile(
            self.file,
            self.path,
            self.sha256.hexdigest(),
            name=self.file_name,
            content_type=self.content_type,
            size=file_size,
            charset=self.charset,
            content_type_extra=self.content_type_extra,
        )

    def _wait_for_hash(self) -> None:
        if self._hashed:
            self._hashed.result()

    def upload_interrupted(self) -> None:
        if hasattr(self, "file"):
            self.discard()


def interrupted() -> list[Path]:
    """The files that a crash cut on their way in: nobody has written to them for as long as a row may be loose."""
    limit = time.time() - settings.LOOSE_FILE_HOURS * 3600
    found = []
    for path in settings.INCOMING_ROOT.glob("*.*"):
        with suppress(FileNotFoundError):  # its request ended meanwhile
            if path.stat().st_mtime < limit:
                found.append(path)
    return found


def remove_interrupted() -> tuple[int, int]:
    """Remove them; return how many, and their bytes."""
    removed = freed = 0
    for path in interrupted():
        with suppress(FileNotFoundError):  # another purge was here
            size = path.stat().st_size
            path.unlink()
            removed, freed = removed + 1, freed + size
    return removed, freed


def _discard(file: BinaryIO, path: Path) -> None:
    file.close()
    path.unlink(missing_ok=True)
