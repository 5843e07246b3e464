"""A world of so many dossiers: its database, which this process asks, and what serves it over HTTP."""

import contextlib
import http.client
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from time import perf_counter
from typing import Self
from urllib.parse import urlsplit

import psycopg
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from portal.launch.services import kill_group
from tests.chaos.machines import Machine
from tests.http_client import HttpClient
from tests.stack import PORTAL_VARIABLES, free_port, own_broker, wait_until

SERVER_SECONDS = 90


@contextlib.contextmanager
def own_place() -> Iterator[Path]:
    """A folder for a run, and an environment for this process and its children; SystemExit where the servers miss."""
    server, broker = os.environ.get("DATABASE_URL", ""), os.environ.get("REDIS_URL", "")
    if not server.startswith("postgres") or not broker:
        sys.exit("Name a PostgreSQL server by DATABASE_URL and a Redis server by REDIS_URL.")
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="portal-bench-"))
        stack.callback(shutil.rmtree, folder)
        for name in PORTAL_VARIABLES:
            os.environ.pop(name, None)
        os.environ |= {
            "DJANGO_SETTINGS_MODULE": "portal.settings",
            "SECRET_KEY": "bench-only",
            "VAR_DIR": str(folder),
            "DATABASE_URL": server,
            "REDIS_URL": stack.enter_context(own_broker(broker)),
            "LOG_LEVEL": "WARNING",
            # One person uploads for all.
            "UPLOADS_PER_HOUR": "1000000",
            "DRAFTS_PER_PERSON": "100000",
            "DRAFT_MEGABYTES_PER_PERSON": "100000",
        }
        (folder / "documents").mkdir()
        yield folder


def database_of(dossiers: int) -> str:
    """The address of the kept database of so many dossiers, on the server that DATABASE_URL names."""
    asked = urlsplit(os.environ["DATABASE_URL"])
    return asked._replace(path=f"{asked.path or '/portal'}_bench_{dossiers}").geturl()


def drop(url: str) -> None:
    """Remove a database, if it is there."""
    with _server(url) as server:
        server.execute(f'DROP DATABASE IF EXISTS "{_name(url)}" WITH (FORCE)')


def _name(url: str) -> str:
    return urlsplit(url).path.removeprefix("/")


def _server(url: str, *, inside: bool = False) -> psycopg.Connection:
    """A connection to the server of this database: to its maintenance database, or to this one itself."""
    asked = url if inside else urlsplit(url)._replace(path="/postgres").geturl()
    return psycopg.connect(asked, autocommit=True)


def _migrate() -> None:
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


class World:
    """A database of so many dossiers, made where it is not there as `data` would make it; served on first use.

    `portal` is the portal under gunicorn, `stock` the stock tools' views of the same rows, `raw` what but receives.
    """

    def __init__(self, dossiers: int, folder: Path, say: Callable[[str], None], *, small: bool = False) -> None:
        self.dossiers = dossiers
        self.folder = folder
        self.small = small
        self.url = database_of(dossiers)
        self._say = say
        self._machines = ExitStack()

    def __enter__(self) -> Self:
        from tests.bench import data

        self.connect()
        # As the data is now: what was made in another way is made anew.
        made_by = sha256(Path(data.__file__).read_bytes()).hexdigest()
        if self._made_by() == made_by:
            _migrate()
            with _server(self.url, inside=True) as server:  # what the runs before have written and taken away again
                server.execute("VACUUM ANALYZE")
        else:
            self._make(made_by)
        data.put_files()
        return self

    def __exit__(self, *exception: object) -> None:
        self._machines.close()
        self._connection.close()

    @cached_property
    def _connection(self) -> BaseDatabaseWrapper:
        connection = connections["default"].copy()
        connection.settings_dict["NAME"] = _name(self.url)
        return connection

    def connect(self) -> None:
        """From now on Django's connection in this thread is this world's; it stays open between turns."""
        connections["default"] = self._connection

    def _made_by(self) -> str | None:
        with _server(self.url) as server:
            found = server.execute(
                "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", [_name(self.url)]
            ).fetchone()
        return found[0] if found else None

    def _make(self, made_by: str) -> None:
        from tests.bench import data

        self._say(f"Making {self.dossiers:,} dossiers in {_name(self.url)}.")
        begun = perf_counter()
        drop(self.url)
        with _server(self.url) as server:
            server.execute(f'CREATE DATABASE "{_name(self.url)}"')
        _migrate()
        data.fill(self.dossiers, self._say)
        with _server(self.url) as server:  # it is whole
            server.execute(f"COMMENT ON DATABASE \"{_name(self.url)}\" IS '{made_by}'")
        self._say(f"Made in {perf_counter() - begun:.0f} s.")

    @cached_property
    def portal(self) -> "Server":
        """The portal, as in production: gunicorn with its configuration."""
        return self._serve("portal", "portal.wsgi", "/sante/")

    @cached_property
    def stock(self) -> "Server":
        """The stock tools' views (tests/bench/stock) of the same rows, under the same gunicorn."""
        settings = {"DJANGO_SETTINGS_MODULE": "tests.bench.stock.settings"}
        return self._serve("stock", "django.core.wsgi:get_wsgi_application()", "/connexion/", **settings)

    @cached_property
    def raw(self) -> "Server":
        """What receives bytes and keeps them (tests/bench/raw.py), under the same gunicorn."""
        return self._serve("raw", "tests.bench.raw", "/")

    def _serve(self, name: str, application: str, page: str, **environment: str) -> "Server":
        port = free_port()
        machine = Machine(
            f"{name} {self.dossiers}",
            [
                *(sys.executable, "-m", "gunicorn", "--config", "python:portal.gunicorn", application),
                *("--bind", f"127.0.0.1:{port}"),
            ],
            self.folder,
            environment={"DATABASE_URL": self.url, **environment},
        )
        server = Server(machine, f"http://127.0.0.1:{port}")
        self._machines.callback(server.end)
        server.wait_for(page)
        return server


@dataclass(frozen=True)
class Server:
    """A web server that runs: its first process, which watches the others, and its address."""

    machine: Machine
    url: str

    def wait_for(self, page: str) -> None:
        """Return once it answers this page; AssertionError with its log where it ends or takes too long."""

        def answers() -> bool:
            assert not self.machine.down, self.machine.log.read_text()
            with contextlib.suppress(OSError, http.client.HTTPException):
                return HttpClient(self.url).get(page).status_code == 200
            return False

        wait_until(answers, f"{self.machine.name} answers", SERVER_SECONDS)

    def end(self) -> None:
        """Ask it to end, at once, and see that nothing of it is left."""
        self.machine.send(signal.SIGQUIT)
        try:
            self.machine.process.wait(SERVER_SECONDS)
        finally:
            kill_group(self.machine.process)
