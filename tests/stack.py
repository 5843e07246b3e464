"""The real portal for tests: what `make run` runs, with a folder, a port, a database and a broker of its own.

    with Stack(transmission_delay=3) as stack:
        browser.goto(stack.url)
        stack.kill("worker")

On the embedded default unless DATABASE_URL and REDIS_URL name servers; there it makes a database of its own,
claims a database number of its own, and removes both at the end.
"""

import contextlib
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Self, TypeVar
from urllib.parse import urlsplit

import psycopg
import redis
from django.conf import settings

from portal.launch.services import leashed

START_SECONDS = 90
STOP_SECONDS = 20
# What the tests' own environment says of the portal does not reach the stack.
PORTAL_VARIABLES = {
    *("ADMIN_NETWORKS", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
    *("ACCESSIBILITY_CONTACT", "ALLOWED_HOSTS", "BEHIND_TLS", "CSRF_TRUSTED_ORIGINS", "DATABASE_URL", "DEBUG"),
    *("CLAMAV_URL", "DRAFTS_PER_PERSON", "DRAFT_MEGABYTES_PER_PERSON", "UPLOADS_PER_HOUR"),
    *("DEFAULT_FROM_EMAIL", "DEMO", "DJANGO_SETTINGS_MODULE", "DOCUMENT_ACCEL_LOCATION", "DOCUMENT_STORAGE_URL"),
    *("EMAIL_URL", "LOG_FORMAT", "LOG_LEVEL", "MAIL_RETENTION_DAYS", "MAINTENANCE", "METRICS_TOKEN", "PUBLIC_URL"),
    *("REDIS_URL", "SECRET_KEY", "SECRET_KEY_FALLBACKS", "SENTRY_DSN", "SESSION_HOURS", "SESSION_IDLE_MINUTES"),
    *("STATIC_ROOT", "TRAIL_RETENTION_YEARS", "TRANSMISSION_DELAY", "VAR_DIR", "WEB_CONCURRENCY", "WEB_THREADS"),
    # How long what is over is kept, and whom to ask.
    *("CANCELLED_RETENTION_DAYS", "DEPOSIT_RETENTION_YEARS", "DRAFT_RETENTION_DAYS", "PRIVACY_CONTACT"),
    *(
        "HANDOVER_URL",
        "HANDOVER_WEBHOOK_SECRET",
        "HANDOVER_WEBHOOK_URL",
        "IMPORT_RETENTION_DAYS",
        "UNUSED_ACCOUNT_DAYS",
    ),
    *("PROCONNECT_CLIENT_ID", "PROCONNECT_CLIENT_SECRET", "PROCONNECT_ISSUER", "STAFF_SECOND_FACTOR"),
}
T = TypeVar("T")
CLAIM = "portal-tests:claimed"
CLAIM_SECONDS = 3600


def wait_until(condition: Callable[[], T], what: str, seconds: float = 30) -> T:
    """Return what the condition gives as soon as it is true; AssertionError when it is not in time."""
    deadline = time.monotonic() + seconds
    while not (result := condition()):
        assert time.monotonic() < deadline, f"{what}: not within {seconds} s"
        time.sleep(0.05)
    return result


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def is_gone(pid: int) -> bool:
    """Whether neither the process nor any other of its group is left."""
    try:
        os.killpg(pid, 0)
    except ProcessLookupError:
        return True
    return False


@contextlib.contextmanager
def own_database(server: str) -> Iterator[str]:
    """A new database on this PostgreSQL server, dropped at the end."""
    name = f"portal_stack_{secrets.token_hex(4)}"
    with psycopg.connect(urlsplit(server)._replace(path="/postgres", query="").geturl(), autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")
        try:
            yield urlsplit(server)._replace(path=f"/{name}").geturl()
        finally:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextlib.contextmanager
def own_broker(server: str) -> Iterator[str]:
    """A database number of this Redis server that no other stack has, emptied at the beginning and at the end."""
    for number in range(15, 0, -1):
        url = urlsplit(server)._replace(path=f"/{number}").geturl()
        with redis.Redis.from_url(url) as client:
            if client.set(CLAIM, 1, nx=True, ex=CLAIM_SECONDS):
                break
    else:
        raise RuntimeError("Every database number of the Redis server is claimed by another stack.")
    with redis.Redis.from_url(url) as client:
        empty(client)
        try:
            yield url
        finally:
            client.flushdb()


def empty(client: redis.Redis) -> None:
    """Take everything out of a broker's database but the claim on it, if there is one."""
    claimed = client.exists(CLAIM)
    with client.pipeline() as pipeline:
        pipeline.flushdb()
        if claimed:
            pipeline.set(CLAIM, 1, ex=CLAIM_SECONDS)
        pipeline.execute()


class Stack:
    """Web server, worker, beat and broker under the real launcher; see the module's words.

    In: `transmission_delay` in seconds; `embedded=True` for the embedded default whatever the environment
    names; further environment variables by name. Out: `url`, `env`, `folder` (its VAR_DIR).
    """

    def __init__(self, *, transmission_delay: int = 900, embedded: bool = False, **environment: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.launcher: subprocess.Popen[bytes] | None = None
        self._embedded = embedded
        self._resources = contextlib.ExitStack()
        self.env = {name: value for name, value in os.environ.items() if name not in PORTAL_VARIABLES}
        self.env |= {"SECRET_KEY": "stack-tests", "TRANSMISSION_DELAY": str(transmission_delay), **environment}

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as resources:
            self.folder = Path(tempfile.mkdtemp(prefix="portal-stack-"))
            resources.callback(shutil.rmtree, self.folder)
            self.env["VAR_DIR"] = str(self.folder)
            database, broker = os.environ.get("DATABASE_URL", ""), os.environ.get("REDIS_URL", "")
            if database.startswith("postgres") and not self._embedded:
                self.env["DATABASE_URL"] = resources.enter_context(own_database(database))
            if broker and not self._embedded:
                self.env["REDIS_URL"] = resources.enter_context(own_broker(broker))
            resources.callback(self.stop)
            self.start()
            self._resources = resources.pop_all()
        return self

    def __exit__(self, *exception: object) -> None:
        self._resources.close()

    def start(self) -> None:
        """Launch it and return when it serves; AssertionError with its output when it does not."""
        if self.launcher and self.launcher.poll() is None:
            return
        begun = len(self.log())
        with (self.folder / "launch.log").open("ab") as output:
            self.launcher = launcher = subprocess.Popen(
                # On the leash too: it ends with the tests, however they end.
                leashed([sys.executable, "-m", "portal.launch", "--port", str(self.port)], signal.SIGTERM),
                cwd=settings.BASE_DIR,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                process_group=0,
            )

        def served() -> bool:
            assert launcher.poll() is None, f"The launcher ended:\n{self.log()[begun:]}"
            return "The portal runs on" in self.log()[begun:]

        wait_until(served, "the stack serves", START_SECONDS)

    def stop(self, how: signal.Signals = signal.SIGINT) -> int:
        """End the launcher with a signal; return its exit status once no process of the stack is left."""
        assert self.launcher is not None
        if self.launcher.poll() is None:
            self.launcher.send_signal(how)
        try:
            status = self.launcher.wait(STOP_SECONDS)
            wait_until(lambda: not self.left(), f"the end of every process in\n{self.log()}", STOP_SECONDS)
        finally:
            for pid in [self.launcher.pid, *self.left()]:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(pid, signal.SIGKILL)
            self.launcher.wait()
        return status

    def log(self) -> str:
        """All that the stack has printed so far."""
        path = self.folder / "launch.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def pids(self, name: str) -> list[int]:
        """The processes that the service had, the present one last."""
        return [int(pid) for pid in re.findall(rf"^portal \| {name} started, process (\d+)$", self.log(), re.M)]

    def left(self) -> list[int]:
        """The processes that ran at some time and are still there, by themselves or by their children."""
        return [pid for pid in self.pids(r"\w+") if not is_gone(pid)]

    def kill(self, name: str, how: signal.Signals = signal.SIGKILL) -> int:
        """Send a signal to the service's process (web, worker, beat, valkey), and return its process id."""
        pid = self.pids(name)[-1]
        os.kill(pid, how)
        return pid

    def wait_for_another(self, name: str, than: int) -> int:
        """Wait until the service runs as another process than this one, and return its process id."""
        return wait_until(lambda: [pid for pid in self.pids(name)[-1:] if pid != than], f"{name} starts again")[0]

    def broker(self) -> redis.Redis:
        """A client of the stack's broker, to be closed by the caller."""
        # Here, since the settings read the environment as soon as they are imported.
        from portal.environment import broker_socket

        return redis.Redis.from_url(self.env.get("REDIS_URL") or broker_socket(self.folder.resolve()))

    def flush_broker(self) -> None:
        """Take everything out of the broker, as FLUSHALL on a server of its own would."""
        with self.broker() as client:
            empty(client)

    def manage(self, *arguments: str) -> str:
        """Run manage.py in the stack's environment and return what it prints; AssertionError when it fails."""
        done = subprocess.run(
            [sys.executable, str(settings.BASE_DIR / "manage.py"), *arguments],
            env=self.env,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def python(self, code: str) -> str:
        """Run code with Django set up on the stack's database, and return what it prints."""
        return self.manage("shell", "--verbosity", "0", "--command", code)
