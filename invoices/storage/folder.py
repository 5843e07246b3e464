"""A folder of documents, of this machine or shared by all."""

import tempfile
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from os import walk
from pathlib import Path

from django.conf import settings
from django.core.files.storage import FileSystemStorage

from . import FileStore, Stored


class DocumentFolder(FileStore, FileSystemStorage):
    """Django's storage, and what FileStore asks."""

    def walk(self) -> Iterator[Stored]:
        """Every file but those that arrive. Raises OSError where a folder cannot be read."""
        for folder, folders, names in walk(self.location, onerror=_fail):
            folders[:] = [name for name in folders if Path(folder, name) != settings.INCOMING_ROOT]
            for name in names:
                path = Path(folder, name)
                with suppress(FileNotFoundError):  # gone since it was listed
                    modified = datetime.fromtimestamp(path.stat().st_mtime, UTC)
                    yield Stored(path.relative_to(self.location).as_posix(), modified)

    def check(self) -> None:
        """Raise OSError when nothing can be written there (missing, read-only, full)."""
        with tempfile.TemporaryFile(dir=self.location) as probe:
            probe.write(b"\0")


def _fail(error: OSError) -> None:
    raise error
