"""The caller's side of the box: has one made for each file, and bounds how long it takes and how much it says."""

import json
import os
import selectors
import socket
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

BOX = Path(__file__).with_name("box.py")
READ_BYTES = 64 * 1024
EXIT_CODE_BYTES = 16
# For a maker to end a box that is to end.
END_SECONDS = 5


@dataclass(frozen=True)
class Limits:
    """What a script in the box may take, and how many bytes it may answer."""

    cpu_seconds: int
    wall_seconds: float
    memory_bytes: int
    answer_bytes: int


_makers: dict[Path, "_Maker"] = {}
_making = threading.Lock()


class BoxEnded(Exception):  # noqa: N818 - an outcome, not an error of ours
    """The box came to no end: `exit_code` says what ended it, None that it was `late` or else said too much.

    `answer` is what it had printed by then.
    """

    def __init__(self, exit_code: int | None, answer: bytes, *, late: bool = False) -> None:
        super().__init__("late" if late else f"exit code {exit_code}")
        self.exit_code = exit_code
        self.answer = answer
        self.late = late


def run_boxed(script: Path, *arguments: int, file: FileIO, limits: Limits) -> bytes:
    """Run the `main` of `script` on `file` in the box, and return what it printed.

    The box gets the file, from where it stands, as its standard input, and nothing else: no path, environment
    or other descriptor. Raises BoxEnded when it does not come to its end within the limits, OSError if the box cannot
    be started.
    """
    deadline = time.monotonic() + limits.wall_seconds
    maker = _maker(script)
    answer = bytearray()
    with maker.box([limits.cpu_seconds, limits.memory_bytes, *arguments], file) as box:
        try:
            for chunk in box.chunks(deadline):
                answer += chunk
                if len(answer) > limits.answer_bytes:
                    raise BoxEnded(None, bytes(answer))
            exit_code = box.exit_code(deadline)
        except TimeoutError:
            raise BoxEnded(None, bytes(answer), late=True) from None
    if exit_code != 0:
        _forget(script, maker)
        raise BoxEnded(exit_code, bytes(answer))
    return bytes(answer)


class _Box:
    """A box at work, as seen from here: what it prints, and its line to the maker."""

    def __init__(self, output: int, line: socket.socket) -> None:
        self._output = output
        self._line = line

    def chunks(self, deadline: float) -> Iterator[bytes]:
        """What the box prints, as it does; TimeoutError when it has not closed its output in time."""
        while _is_readable(self._output, deadline):
            chunk = os.read(self._output, READ_BYTES)
            if not chunk:
                return
            yield chunk
        raise TimeoutError

    def exit_code(self, deadline: float) -> int:
        """How it ended; TimeoutError where it does not in time, or the maker is gone and nobody can tell."""
        told = b""
        with suppress(ConnectionError):
            if _is_readable(self._line.fileno(), deadline):
                told = self._line.recv(EXIT_CODE_BYTES)
        if not told:
            raise TimeoutError
        return int(told)

    def end(self) -> None:
        """End it, if it has not; return once it is gone."""
        with suppress(OSError):  # the maker is gone, or takes too long
            self._line.shutdown(socket.SHUT_WR)
            self._line.settimeout(END_SECONDS)
            while self._line.recv(EXIT_CODE_BYTES):
                pass


class _Maker:
    """A process that makes the boxes of one script (box.py); it ends once nobody knows it any more."""

    def __init__(self, script: Path) -> None:
        self._control, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - our own scripts, by their full path, without a shell
                [sys.executable, "-IB", str(BOX), str(script)],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={},
                cwd="/",
            )
        weakref.finalize(self, _close, self._control, self._process)

    @property
    def has_ended(self) -> bool:
        return self._process.poll() is not None

    @contextmanager
    def box(self, order: list[int], file: FileIO) -> Iterator[_Box]:
        """A box at work; whatever happens, it is gone at the end."""
        line, theirs = socket.socketpair()
        output, answer = os.pipe()
        with line, os.fdopen(output, "rb", buffering=0):
            try:
                with theirs:
                    socket.send_fds(line, [json.dumps(order).encode()], [file.fileno(), answer])
                    socket.send_fds(self._control, [b"+"], [theirs.fileno()])
            finally:
                os.close(answer)
            box = _Box(output, line)
            try:
                yield box
            finally:
                box.end()


def _maker(script: Path) -> _Maker:
    """The maker of a script's boxes, one for this process; another one where that has ended."""
    with _making:
        maker = _makers.get(script)
        if maker is None or maker.has_ended:
            maker = _makers[script] = _Maker(script)
        return maker


def _forget(script: Path, maker: _Maker) -> None:
    """Let the next file have another maker, whose memory lies elsewhere.

    A box that failed may have been an attempt on it, from which the next attempt could learn.
    """
    with _making:
        if _makers.get(script) is maker:
            del _makers[script]


def _close(control: socket.socket, process: subprocess.Popen[bytes]) -> None:
    """End a maker that has no box at work."""
    control.close()
    with suppress(subprocess.TimeoutExpired):
        process.wait(END_SECONDS)


def _is_readable(descriptor: int, deadline: float) -> bool:
    """Whether there is something to read, or an end, before the deadline."""
    with selectors.DefaultSelector() as selector:
        selector.register(descriptor, selectors.EVENT_READ)
        return bool(selector.select(max(0, deadline - time.monotonic())))
