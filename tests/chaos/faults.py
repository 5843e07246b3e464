"""What is broken, and when: a plan made from the seed, and its execution on the machines."""

import contextlib
import os
import signal
import threading
import time
from dataclasses import dataclass
from enum import StrEnum
from random import Random

import redis

from tests.chaos.machines import Machines
from tests.stack import wait_until

# How long what was killed stays down, and what hangs hangs.
DOWN_SECONDS = (0.2, 4.0)
POLL_SECONDS = 0.05


class Kind(StrEnum):
    """What may happen, as the table calls it."""

    WORKER = "worker killed"
    POOL = "one process of a worker's pool killed"
    BEAT = "beat killed"
    WEB = "web server killed"
    WEB_PROCESS = "one process of a web server killed"
    BROKER = "Valkey killed"
    HANG = "Valkey stopped and continued"
    FLUSH = "Valkey emptied"
    DATABASE = "PostgreSQL stopped immediately"


# While these last, the broker is away.
OF_THE_BROKER = {Kind.BROKER, Kind.HANG}


@dataclass
class Fault:
    """One accident: after so many deposits were answered, on the first or the second of its kind, for so long.

    `fired_at`, `healed_at`: time.time() when it happened, and when what it ended was started again.
    """

    kind: Kind
    after: int
    target: int
    seconds: float
    fired_at: float | None = None

    def __str__(self) -> str:
        return f"{self.kind} ({self.target + 1}, {self.seconds:.1f} s)"

    @property
    def healed_at(self) -> float | None:
        return None if self.fired_at is None else self.fired_at + self.seconds

    def touches(self, begin: float, end: float) -> bool:
        """Whether it lasted at any moment between these two."""
        return self.fired_at is not None and self.fired_at <= end and begin <= self.fired_at + self.seconds


def plan(seed: int, count: int, deposits: int) -> list[Fault]:
    """The faults of a run, the same for the same seed: every kind in turn, in an order and at moments of chance."""
    dice = Random(f"{seed}:faults")
    kinds: list[Kind] = []
    while len(kinds) < count:
        kinds += dice.sample(list(Kind), len(Kind))
    moments = sorted(dice.randint(1, deposits) for _ in range(count))
    return [
        Fault(kind, after, dice.randrange(2), dice.uniform(*DOWN_SECONDS) if kind is not Kind.FLUSH else 0)
        for kind, after in zip(kinds, moments, strict=False)
    ]


def fire(fault: Fault, machines: Machines) -> None:
    """Let it happen."""
    match fault.kind:
        case Kind.WORKER:
            machines.workers[fault.target].hit(signal.SIGKILL, fault.seconds)
        case Kind.WEB:
            machines.webs[fault.target].hit(signal.SIGKILL, fault.seconds)
        case Kind.BEAT:
            machines.beat.hit(signal.SIGKILL, fault.seconds)
        case Kind.BROKER:
            machines.broker.hit(signal.SIGKILL, fault.seconds)
        case Kind.DATABASE:
            # As `pg_ctl -m immediate`.
            machines.database.hit(signal.SIGQUIT, fault.seconds)
        case Kind.POOL:
            kill_one_process(machines.workers[fault.target].family(), fault.seconds)
        case Kind.WEB_PROCESS:
            kill_one_process(machines.webs[fault.target].family(), fault.seconds)
        case Kind.HANG:
            machines.broker.wait_until_up()
            machines.broker.send(signal.SIGSTOP)
            threading.Timer(fault.seconds, machines.broker.send, [signal.SIGCONT]).start()
        case Kind.FLUSH:
            wait_until(lambda: emptied(machines), "Valkey is emptied")
    # Not before: it may have had to wait for its victim to be back from another one.
    fault.fired_at = time.time()


def emptied(machines: Machines) -> bool:
    """Whether the broker could be emptied; it may be away, or hang."""
    try:
        with machines.client_of_broker() as client:
            return client.flushall()
    except redis.RedisError:
        return False


def kill_one_process(family: list[int], chance: float) -> None:
    """Kill with -9 one of those that the first of a family started, which starts another."""
    _, *children = family
    if children:
        with contextlib.suppress(ProcessLookupError):
            os.kill(children[int(chance * 1000) % len(children)], signal.SIGKILL)
