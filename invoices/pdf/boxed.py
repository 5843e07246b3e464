"""The caller's side of the box: starts it on one file, and bounds how long it takes and how much it says."""

import os
import selectors
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

BOX = Path(__file__).with_name("box.py")
READ_BYTES = 64 * 1024


@dataclass(frozen=True)
class Limits:
    """What a script in the box may take, and how many bytes it may answer."""

    cpu_seconds: int
    wall_seconds: float
    memory_bytes: int
    answer_bytes: int


class BoxEnded(Exception):  # noqa: N818 - an outcome, not an error of ours
    """The box came to no answer: `exit_code` says what ended it, None that it was `late` or else said too much."""

    def __init__(self, exit_code: int | None, *, late: bool = False) -> None:
        super().__init__("late" if late else f"exit code {exit_code}")
        self.exit_code = exit_code
        self.late = late


def run_boxed(script: Path, *arguments: int, file: FileIO, limits: Limits) -> bytes:
    """Run `script` on `file` in the box, and return what it printed.

    The box gets the file, from where it stands, as its standard input, and nothing else: no path, environment
    or other descriptor. Raises BoxEnded when there is no answer within the limits, OSError if the box cannot be
    started.
    """
    command = [sys.executable, "-IB", BOX, limits.cpu_seconds, limits.memory_bytes, script, *arguments]
    deadline = time.monotonic() + limits.wall_seconds
    answer = bytearray()
    with _started([str(word) for word in command], file) as box:
        for chunk in _chunks(box, deadline):
            answer += chunk
            if len(answer) > limits.answer_bytes:
                raise BoxEnded(None)
        try:
            exit_code = box.wait(max(0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            raise BoxEnded(None, late=True) from None
    if exit_code != 0:
        raise BoxEnded(exit_code)
    return bytes(answer)


@contextmanager
def _started(command: list[str], file: FileIO) -> Iterator[subprocess.Popen[bytes]]:
    """The box at work; whatever happens, it is gone at the end."""
    with subprocess.Popen(  # noqa: S603 - our own script, by its full path, without a shell
        command, stdin=file, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={}, cwd="/", bufsize=0
    ) as box:
        try:
            yield box
        finally:
            box.kill()  # does nothing to a box that has ended


def _chunks(box: subprocess.Popen[bytes], deadline: float) -> Iterator[bytes]:
    """What the box prints, as it does; BoxEnded, late, when it has not closed its output in time."""
    assert box.stdout is not None  # noqa: S101 - it is a pipe
    output = box.stdout.fileno()
    with selectors.DefaultSelector() as selector:
        selector.register(output, selectors.EVENT_READ)
        while selector.select(max(0, deadline - time.monotonic())):
            chunk = os.read(output, READ_BYTES)
            if not chunk:
                return
            yield chunk
    raise BoxEnded(None, late=True)
