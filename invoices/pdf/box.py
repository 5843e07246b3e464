"""The box maker: has a script ready, and makes a box for each file: a process with limits that runs the script on it.

Run by boxed.py in a process of its own, and never imported by the portal:

    python -IB box.py SCRIPT < control socket

A box is a fork of its maker, and so has Python and the script's modules at once; starting them anew for each file took
ten times as long as all the rest of a check (docs/scale.md). It is no less tight: each file has a box of its own,
which gets its limits before it sees a byte of the file, and can write no file and start no process. The maker reads
no file, so nothing of one can reach the next.

On the control socket each byte asks for a box, and brings the descriptor of the box's line. There the order waits:
[CPU_SECONDS, MEMORY_BYTES, ARGUMENT…] as JSON, with two descriptors, the file and where the answer goes. The box lives
until it ends, or the other end of its line does; then the maker writes its exit code there, as subprocess tells it.
With the control socket at its end no more boxes are made, and the maker ends with the last one.
"""

import gc
import json
import os
import resource
import runpy
import selectors
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

ORDER_BYTES = 4096
# Where a box has its file, its answer, and what it holds for its life; 2 leads nowhere.
PLACES = (0, 1, 3)
OPEN_FILES = 16


@dataclass(frozen=True)
class Box:
    """A box at work: its process, its line, and a pipe that ends when it does."""

    pid: int
    line: socket.socket
    life: int

    def end(self) -> None:
        """Tell of its end, at once: one that ended by itself keeps its exit code."""
        os.kill(self.pid, signal.SIGKILL)
        _, status = os.waitpid(self.pid, 0)
        with self.line, suppress(OSError):  # nobody may be there to hear it
            self.line.sendall(b"%d" % os.waitstatus_to_exitcode(status))
        os.close(self.life)


def serve(control: socket.socket, main: Callable[[], None]) -> None:
    """Make boxes that run `main`, until the control socket and every box have ended."""
    with selectors.DefaultSelector() as selector:
        selector.register(control, selectors.EVENT_READ)
        while selector.get_map():
            key, _ = selector.select()[0]
            if isinstance(key.data, Box):
                selector.unregister(key.data.line)
                selector.unregister(key.data.life)
                key.data.end()
                continue
            _, lines, _, _ = socket.recv_fds(control, 1, 1)
            if not lines:
                selector.unregister(control)
                continue
            box = make(socket.socket(fileno=lines[0]), main)
            selector.register(box.line, selectors.EVENT_READ, box)
            selector.register(box.life, selectors.EVENT_READ, box)


def make(line: socket.socket, main: Callable[[], None]) -> Box:
    """Start the box that is ordered on this line."""
    order, (file, answer), _, _ = socket.recv_fds(line, ORDER_BYTES, 2)
    life, held = os.pipe()
    pid = os.fork()
    if pid == 0:
        exit_code = 1
        try:
            work(order, (file, answer, held), main)
            exit_code = 0
        finally:
            os._exit(exit_code)
    for descriptor in (file, answer, held):
        os.close(descriptor)
    return Box(pid, line, life)


def work(order: bytes, descriptors: tuple[int, int, int], main: Callable[[], None]) -> None:
    """Make this process a box, and let it do what it is for."""
    shut_in(*json.loads(order), descriptors=descriptors)
    main()
    sys.stdout.flush()


def shut_in(cpu_seconds: int, memory_bytes: int, *arguments: int, descriptors: tuple[int, int, int]) -> None:
    """Make this process a box: with its own input, output, hold on life, arguments and limits, and nothing else."""
    for descriptor, place in zip(descriptors, PLACES, strict=True):
        os.dup2(descriptor, place)
    os.closerange(max(PLACES) + 1, os.sysconf("SC_OPEN_MAX"))
    for limit, value in (
        (resource.RLIMIT_CPU, cpu_seconds),
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
    ):
        resource.setrlimit(limit, (value, value))
    sys.argv[1:] = map(str, arguments)


if __name__ == "__main__":
    # A short process whose memory is bounded needs no garbage collector, which would take a fifth of its time.
    gc.disable()
    serve(socket.socket(fileno=os.dup(0)), runpy.run_path(sys.argv[1])["main"])
