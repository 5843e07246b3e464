"""What is to be done at a moment to come, by a few threads."""

import heapq
import threading
import time
import traceback
from collections.abc import Callable
from itertools import count

THREADS = 8


class Agenda:
    """Actions, each done as near as possible to its moment (time.time()); `close` drops what is left.

    `mistakes` gets the traceback of one that fails.
    """

    def __init__(self, mistakes: list[str]) -> None:
        self._mistakes = mistakes
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._rank = count()
        self._changed = threading.Condition()
        self._at_work = 0
        self._closed = False
        for number in range(THREADS):
            threading.Thread(target=self._work, name=f"agenda {number}", daemon=True).start()

    def at(self, moment: float, action: Callable[[], None]) -> None:
        """Do it then; at once when that is over."""
        with self._changed:
            heapq.heappush(self._due, (moment, next(self._rank), action))
            self._changed.notify()

    @property
    def idle(self) -> bool:
        """Whether nothing is under way or to come."""
        with self._changed:
            return not self._due and not self._at_work

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._due.clear()
            self._changed.notify_all()

    def _work(self) -> None:
        while True:
            with self._changed:
                while not self._closed and (not self._due or self._due[0][0] > time.time()):
                    self._changed.wait(self._due[0][0] - time.time() if self._due else None)
                if self._closed:
                    return
                _, _, action = heapq.heappop(self._due)
                self._at_work += 1
            try:
                action()
            except Exception:  # noqa: BLE001 - kept, and the thread with it
                self._mistakes.append(traceback.format_exc())
            finally:
                with self._changed:
                    self._at_work -= 1
