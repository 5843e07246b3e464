"""Turns: few at once, few waiting, and one person's not before everybody else's."""

import threading
import time

import pytest

from invoices.turns import Busy, Turns
from tests.stack import wait_until


class People:
    """People who ask for turns, each request in a thread, and hold theirs until they are let go."""

    def __init__(self, turns: Turns) -> None:
        self.turns = turns
        self.holding: list[str] = []
        self.told: dict[str, list[str]] = {}
        self._go = {}
        self._threads = []

    def ask(self, name: str) -> None:
        """Ask, and come back once the request holds its turn, waits in line, or was refused."""
        before = self.state()
        thread = threading.Thread(target=self._hold, args=(name,))
        self._threads.append(thread)
        thread.start()
        wait_until(lambda: self.state() != before, "the request is somewhere", 10)

    def state(self) -> tuple[int, int, int]:
        return len(self.holding), len(self.turns._line), sum(map(len, self.told.values()))

    def let_go(self, name: str) -> None:
        self._go.setdefault(name, threading.Semaphore(0)).release()

    def end(self) -> None:
        for name in list(self._go):
            for _ in range(50):
                self.let_go(name)
        for thread in self._threads:
            thread.join(10)

    def _hold(self, name: str) -> None:
        go = self._go.setdefault(name, threading.Semaphore(0))
        try:
            with self.turns.turn(name):
                self.holding.append(name)
                go.acquire(timeout=30)
                self.holding.remove(name)
            self.told.setdefault(name, []).append("done")
        except Busy:
            self.told.setdefault(name, []).append("busy")


@pytest.fixture
def people():
    made = []

    def with_turns(**limits) -> People:
        made.append(People(Turns(**{"at_once": 2, "waiting": 3, "wait_seconds": 30} | limits)))
        return made[-1]

    yield with_turns
    for each in made:
        each.end()


def test_few_at_once_few_wait_and_the_others_are_told_at_once(people):
    crowd = people()
    for _ in range(20):
        crowd.ask("anyone")
    assert (crowd.holding, crowd.told) == (["anyone"] * 2, {"anyone": ["busy"] * 15})
    crowd.end()
    assert crowd.told["anyone"].count("done") == 5
    with crowd.turns.turn():  # all was given back
        pass


def test_who_waits_in_vain_is_told_too():
    turns = Turns(at_once=1, waiting=1, wait_seconds=0.01)
    with turns.turn():
        for _ in range(2):
            with pytest.raises(Busy), turns.turn():
                pass


def test_an_error_gives_the_turn_back():
    turns = Turns(at_once=1, waiting=0, wait_seconds=0)
    with pytest.raises(ValueError, match="mine"), turns.turn():
        raise ValueError("mine")
    with turns.turn():
        pass


def test_one_who_asks_twenty_times_leaves_a_turn_and_places_to_the_others(people):
    crowd = people(each_at_once=1, waiting=4, each_waiting=2)
    for _ in range(20):
        crowd.ask("hostile")
    assert crowd.holding == ["hostile"]
    assert crowd.told == {"hostile": ["busy"] * 17}
    began = time.monotonic()
    crowd.ask("Camille")
    assert time.monotonic() - began < 5
    assert crowd.holding == ["hostile", "Camille"]
    # And a third and a fourth person wait, since both turns are held.
    crowd.ask("Noël")
    crowd.ask("Zoé")
    assert crowd.told == {"hostile": ["busy"] * 17}
    # Camille's turn goes to the first who may have it, and not to the one who came before but holds theirs.
    crowd.let_go("Camille")
    wait_until(lambda: crowd.holding == ["hostile", "Noël"], "Noël's turn", 10)
    crowd.let_go("Noël")
    wait_until(lambda: crowd.holding == ["hostile", "Zoé"], "Zoé's turn", 10)


def test_turns_come_in_the_order_of_arrival(people):
    crowd = people(at_once=1, waiting=5)
    names = ["a", "b", "c", "d"]
    for name in names:
        crowd.ask(name)
    for name, following in zip(names, [*names[1:], None], strict=True):
        assert crowd.holding == [name]
        crowd.let_go(name)
        wait_until(lambda now=following: crowd.holding == ([now] if now else []), "the next one's turn", 10)
