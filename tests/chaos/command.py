"""How a run begins on the command line, and how it ends: with all that it has started."""

import os
import signal
import sys
from collections.abc import Callable
from typing import NoReturn

import django

from tests.chaos.place import Place, own_place

INTERRUPTED = 130


def in_place(go: Callable[[Place], int], *, settings: str, delay: int, webs: int = 2, keep: bool = False) -> int:
    """Let `go` run in a new place with Django set up for it; return its exit status, or 130 when interrupted."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with own_place(settings, delay, webs=webs, keep=keep) as place:
            django.setup()
            return go(place)
    except KeyboardInterrupt:
        say("Interrupted: everything was stopped.")
        return INTERRUPTED


def say(line: str) -> None:
    """Print a line, at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def leave(status: int) -> NoReturn:
    """End this process; threads that wait for an answer are not waited for."""
    sys.stdout.flush()
    os._exit(status)
