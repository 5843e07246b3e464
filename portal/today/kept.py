"""Figures that are as good a minute later: counted once, for everybody whom this process answers."""

import math
import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Kept(Generic[T]):
    """What `make` gives, for `seconds`; while one thread makes it anew the others wait for it.

    In the memory of the process: the home of the back office opens with Redis away too.
    """

    def __init__(self, make: Callable[[], T], *, seconds: float) -> None:
        self._make = make
        self._seconds = seconds
        self._lock = threading.Lock()
        self._made_at = -math.inf

    def __call__(self) -> T:
        """The figures. Raises what `make` raises; then nothing is kept."""
        with self._lock:
            if time.monotonic() - self._made_at >= self._seconds:
                self._made = self._make()
                self._made_at = time.monotonic()
            return self._made

    def forget(self) -> None:
        """Have them made anew the next time."""
        self._made_at = -math.inf
