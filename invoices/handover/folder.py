"""The folder of HANDOVER_URL: a file appears in it whole, and on the disk, or not at all."""

import os
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.core.files.storage import FileSystemStorage

# Files on their way, on the disk of the others, so that moving one is a rename.
UNFINISHED = ".part"
LEFT_BEHIND_SECONDS = 6 * 3_600
# For the portal, and for the group of whoever collects.
MODE = 0o640


class HandoverFolder(FileSystemStorage):
    """Django's storage, where a name is written again rather than another one found."""

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        return name

    def tidy(self) -> None:
        """Remove what a worker that was killed has left on its way. Raises OSError."""
        with suppress(FileNotFoundError):
            for path in (Path(self.location) / UNFINISHED).iterdir():
                with suppress(FileNotFoundError):  # another worker's, done with meanwhile
                    if path.stat().st_mtime < time.time() - LEFT_BEHIND_SECONDS:
                        path.unlink()

    def settle(self, name: str) -> None:
        """Have a folder in it, and all the names in that, on the disk. Raises OSError."""
        _to_disk(Path(self.path(name)))
        _to_disk(Path(self.location))

    def _save(self, name: str, content: Any) -> str:
        """Write beside, to the disk, then rename. Raises OSError.

        What is in a folder of its own has its name on the disk once that is settled: one wait for many. The place
        itself is never made: where its disk is not mounted, one would be filled that nobody collects from.
        """
        root, place = Path(self.location), Path(self.path(name))
        for folder in (root / UNFINISHED, place.parent):
            if folder != root and not folder.is_dir():
                folder.mkdir(exist_ok=True)
        descriptor, unfinished = tempfile.mkstemp(dir=root / UNFINISHED)
        try:
            with os.fdopen(descriptor, "wb") as file:
                for chunk in content.chunks():
                    file.write(chunk)
                os.fchmod(file.fileno(), MODE)
                file.flush()
                os.fsync(file.fileno())
            Path(unfinished).replace(place)
        except BaseException:
            with suppress(OSError):
                Path(unfinished).unlink()
            raise
        if place.parent == root:
            _to_disk(root)
        return name


def _to_disk(folder: Path) -> None:
    """Have the names in it on the disk, so that none is there before what it names."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
