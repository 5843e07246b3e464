"""What the machines use while something is measured: processors, memory."""

import os
import time
from collections.abc import Callable, Iterable

from tests.chaos.machines import Machines

POLL_SECONDS = 0.2
CLIENTS = "clients and mail server (this process)"


class Usage:
    """From its making to `told`; only Linux tells of other processes."""

    def __init__(self, machines: Machines) -> None:
        self._machines = machines
        self._begun = time.monotonic()
        self._at_first = self._processors()
        self._resident = self._memory()
        self._loads = [os.getloadavg()[0]]

    @property
    def seconds(self) -> float:
        """For how long it has lasted."""
        return time.monotonic() - self._begun

    def _processors(self) -> dict[str, float]:
        return {machine.name: machine.cpu_seconds() for machine in self._machines} | {CLIENTS: time.process_time()}

    def _memory(self) -> dict[str, int]:
        return {machine.name: machine.resident() for machine in self._machines}

    def processor_seconds(self, name: str) -> float:
        """What a machine, or CLIENTS, has used of the processors since the beginning."""
        return self._processors()[name] - self._at_first[name]

    def watch(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Supervise the machines until the condition holds; whether it did in time."""
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                return False
            self._machines.supervise()
            self._loads.append(os.getloadavg()[0])
            time.sleep(POLL_SECONDS)
        self._machines.supervise()
        return True

    def told(self) -> Iterable[tuple[str, str]]:
        """What was used, as a label and words each."""
        processors = os.cpu_count() or 1
        now, resident, seconds = self._processors(), self._memory(), self.seconds
        mean = sum(self._loads) / len(self._loads)
        yield "load of the machine", f"at first {self._loads[0]:.1f}, mean {mean:.1f}, most {max(self._loads):.1f}"
        for name, before in self._at_first.items():
            used = now[name] - before
            yield (
                f"processors, {name}",
                f"{used:.1f} s in {seconds:.0f} s: {used / seconds / processors:.0%} of {processors} processors",
            )
        for name, before in self._resident.items():
            yield f"memory, {name}", f"{before / 2**20:.0f} MiB before, {resident[name] / 2**20:.0f} MiB after"
        for kind, most in sorted(self._machines.memory.items()):
            yield f"memory, largest process of {kind}", f"{most / 2**20:.0f} MiB at most"
