"""Who may start a box now: few at once, a few more waiting for a short while, and nobody else.

A box costs a few hundredths of a second, and a hostile file's two seconds and hundreds of MiB. However many ask, a
process starts no more of them than its turns; and whoever asks often waits for themselves, not before the others.
"""

import threading
from collections import Counter
from collections.abc import Hashable, Iterator
from contextlib import contextmanager


class Busy(Exception):  # noqa: N818 - an outcome, not an error of ours
    """Too many are at work just now; the same request in a moment may be answered."""


class Turns:
    """The turns of one process, in the order of arrival.

    `at_once` turns are held, and `waiting` more wait, each for `wait_seconds` at most. Of one person `each_at_once`
    are held and `each_waiting` wait: the rest of the turns, and of the places to wait in, is for others.
    """

    def __init__(
        self,
        *,
        at_once: int,
        waiting: int,
        wait_seconds: float,
        each_at_once: int | None = None,
        each_waiting: int | None = None,
    ) -> None:
        self._at_once, self._waiting = at_once, waiting
        self._each_at_once = at_once if each_at_once is None else each_at_once
        self._each_waiting = waiting if each_waiting is None else each_waiting
        self._wait_seconds = wait_seconds
        self._held: Counter[Hashable] = Counter()
        # Whose each place in the line is, in the order of arrival.
        self._line: list[list[Hashable]] = []
        self._changed = threading.Condition()

    @contextmanager
    def turn(self, whose: Hashable = None) -> Iterator[None]:
        """Hold a turn for this person; raises Busy where there is none."""
        with self._changed:
            self._wait(whose)
            self._held[whose] += 1
        try:
            yield
        finally:
            with self._changed:
                self._held -= Counter([whose])
                self._changed.notify_all()

    def _wait(self, whose: Hashable) -> None:
        """Return when it is this person's turn; raises Busy. The caller holds the lock."""
        place = [whose]
        self._line.append(place)
        try:
            if self._is_next(place):
                return
            of_theirs = sum(other == place for other in self._line)
            if len(self._line) > self._waiting or of_theirs > self._each_waiting:
                raise Busy
            if not self._changed.wait_for(lambda: self._is_next(place), self._wait_seconds):
                raise Busy
        finally:
            self._line = [other for other in self._line if other is not place]
            self._changed.notify_all()

    def _is_next(self, place: list[Hashable]) -> bool:
        """Whether a turn is free, and nobody came earlier who may have it."""
        if self._held.total() >= self._at_once:
            return False
        may = (other for other in self._line if self._held[other[0]] < self._each_at_once)
        return next(may, None) is place
