"""gunicorn's options, in their one home: `gunicorn --config python:portal.gunicorn portal.wsgi --bind …`.

What the command line says goes before what is here.
"""

import contextlib
import ctypes
import logging.config
import os
import shutil
from hashlib import sha256
from typing import Any

from gunicorn import glogging

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

from django.conf import settings

from invoices.uploads import remove_interrupted


class Logger(glogging.Logger):
    """gunicorn's own lines like all others; no access log, since the portal tells of each request itself."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        logging.config.dictConfig(settings.LOGGING)


logger_class = Logger
# Quick requests wait for PostgreSQL, slow ones for their sender: threads serve both. Two processes, since one
# that is busy drawing or hashing holds its own threads up.
worker_class = "gthread"
workers = settings.WEB_CONCURRENCY
threads = settings.WEB_THREADS
# Of a process that no longer says that it lives; a request may take longer, the proxy knows how long.
timeout = 30
# What an upload under way may take when the server is asked to end; a supervisor must wait longer than this.
graceful_timeout = 45
# Longer than a proxy keeps its connections, or it would now and then use one that has just been closed.
keepalive = 75
# No `max_requests`: nothing grows with the requests, and each process that is replaced cuts its connections off.
# A control socket would be one for all the portals of a person.
control_socket_disable = True
# Beats of the processes: in memory, for /tmp may be a slow disk.
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108, PTH112 - gunicorn makes a safe name


# Of glibc's mallopt, by its number in malloc.h: blocks of this size and more go back to the system when they are freed.
M_MMAP_THRESHOLD = -3
LARGE_BLOCK_BYTES = 256 * 1024


def give_back_large_blocks() -> None:
    """Keep the processes small: without it each thread keeps what the pieces of uploads (1 MiB) have taken.

    Sixteen threads, 120 uploads of 9 MB: 62 MB more, and 1 MB with it. Does nothing where the C library is not glibc.
    """
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).mallopt(M_MMAP_THRESHOLD, LARGE_BLOCK_BYTES)


def on_starting(server: Any) -> None:
    """Keep the processes small, and give them a folder in which they count together (prometheus_client), then empty.

    One for each address served, so that two servers on one machine do not empty each other's. And remove what a
    crash left of uploads: with a bucket they arrive on each machine, and the purge runs on one.
    """
    give_back_large_blocks()
    remove_interrupted()
    address = sha256(" ".join(server.cfg.bind).encode()).hexdigest()[:12]
    folder = settings.VAR_DIR / "metrics" / address
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)


def child_exit(server: Any, worker: Any) -> None:  # noqa: ARG001 - a hook
    """What a process counted stays counted after its end; what it measured of itself goes."""
    from prometheus_client import multiprocess

    multiprocess.mark_process_dead(worker.pid)
