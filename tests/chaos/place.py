"""Where a run lives: a folder, ports and an environment of its own."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.stack import PORTAL_VARIABLES, free_port

DATABASE_USER = "portal"


@dataclass(frozen=True)
class Place:
    """The folder of a run, and the ports of what runs there; everything listens on 127.0.0.1 alone."""

    folder: Path
    database_port: int
    broker_port: int
    mail_port: int
    web_ports: tuple[int, ...]

    def environment(self, settings_module: str, delay: int) -> dict[str, str]:
        """What the portal is told, by the variables that README.md lists."""
        return {
            "DJANGO_SETTINGS_MODULE": settings_module,
            "SECRET_KEY": "chaos-only",
            "VAR_DIR": str(self.folder / "var"),
            # Workers that are killed leave something in theirs.
            "TMPDIR": str(self.folder / "tmp"),
            "DATABASE_URL": f"postgres://{DATABASE_USER}@127.0.0.1:{self.database_port}/{DATABASE_USER}",
            "REDIS_URL": f"redis://127.0.0.1:{self.broker_port}/0",
            "EMAIL_URL": f"smtp://127.0.0.1:{self.mail_port}",
            "TRANSMISSION_DELAY": str(delay),
            # Few people deposit thousands of times.
            "UPLOADS_PER_HOUR": "1000000",
            "DRAFTS_PER_PERSON": "100000",
        }


@contextlib.contextmanager
def own_place(settings_module: str, delay: int, *, webs: int = 2, keep: bool = False) -> Iterator[Place]:
    """A new place, which this process and its children have for their environment; removed unless `keep`."""
    folder = Path(tempfile.mkdtemp(prefix="portal-chaos-"))
    try:
        folder.chmod(0o711)  # PostgreSQL may have to run as another user
        (folder / "var" / "documents").mkdir(parents=True)
        (folder / "tmp").mkdir()
        database, broker, mail, *web = (free_port() for _ in range(3 + webs))
        place = Place(folder, database, broker, mail, tuple(web))
        for name in PORTAL_VARIABLES:
            os.environ.pop(name, None)
        os.environ.update(place.environment(settings_module, delay))
        yield place
    finally:
        if not keep:
            shutil.rmtree(folder)
