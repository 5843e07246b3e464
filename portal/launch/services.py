"""Processes that run side by side: one output, restarts, an end in order. Knows nothing of the portal."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import IO

LEASH = Path(__file__).with_name("leash.py")
NAME_WIDTH = 6
COLOURS = {"portal": 36, "web": 32, "worker": 35, "beat": 34, "valkey": 33}

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 15.0
# Who ran this long was well: its next death is a first one again.
STEADY_SECONDS = 30.0
# Within what Celery needs to hand back its tasks, and gunicorn to answer the requests under way.
STOP_SECONDS = 8.0


class Console:
    """The one output: each line begins with the name of the process that wrote it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._coloured = sys.stdout.isatty() and "NO_COLOR" not in os.environ

    def say(self, name: str, line: str) -> None:
        """Print one line. An output that is gone (a closed terminal, `| head`) is no reason to end."""
        label = f"{name:<{NAME_WIDTH}} |"
        if self._coloured:
            label = f"\033[{COLOURS.get(name, 37)}m{label}\033[0m"
        with self._lock, contextlib.suppress(OSError):
            sys.stdout.write(f"{label} {line}".rstrip() + "\n")
            sys.stdout.flush()

    def relay(self, name: str, stream: IO[bytes]) -> threading.Thread:
        """Print what a process writes, as long as it writes, in a thread."""

        def pump() -> None:
            with stream:
                for line in stream:
                    self.say(name, line.decode(errors="replace").rstrip())

        thread = threading.Thread(target=pump, name=f"output of {name}", daemon=True)
        thread.start()
        return thread


def leashed(command: list[str], orphaned: signal.Signals) -> list[str]:
    """The command, to be started so that it gets this signal when this process ends (on Linux)."""
    return [sys.executable, "-I", "-S", str(LEASH), str(int(orphaned)), str(os.getpid()), *command]


def spawn(command: list[str], orphaned: signal.Signals = signal.SIGTERM) -> subprocess.Popen[bytes]:
    """Start a command on the leash, in a group of its own, so that Ctrl-C reaches the launcher alone."""
    return subprocess.Popen(  # noqa: S603 - the launcher's own commands
        leashed(command, orphaned),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        process_group=0,
    )


def run(console: Console, name: str, *command: str) -> int:
    """Run a command to its end, and return its exit status; interrupted, it ends the command first."""
    process = spawn(list(command))
    assert process.stdout is not None  # noqa: S101 - for the type checker
    output = console.relay(name, process.stdout)
    try:
        status = process.wait()
        output.join()
        return status
    finally:
        kill_group(process)


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """End at once a process and what it left behind (gunicorn's workers outlive a killed master)."""
    # PermissionError: what macOS says of a group of which only a zombie is left.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


class Service:
    """A process that is to run until `stop`: whenever it dies it is started again, after a growing pause.

    `orphaned` is the signal that it gets when the launcher dies.
    """

    def __init__(self, console: Console, name: str, *command: str, orphaned: signal.Signals = signal.SIGTERM) -> None:
        self.name = name
        self._orphaned = orphaned
        self._console = console
        self._command = list(command)
        self._pause = FIRST_PAUSE_SECONDS
        self._start()

    def _start(self) -> None:
        self.process = spawn(self._command, self._orphaned)
        self._started_at = time.monotonic()
        self._restart_at: float | None = None
        self._console.say("portal", f"{self.name} started, process {self.process.pid}")
        assert self.process.stdout is not None  # noqa: S101 - for the type checker
        self.output = self._console.relay(self.name, self.process.stdout)

    def revive(self) -> None:
        """Start it again if it died and its pause is over; to be called every now and then."""
        now = time.monotonic()
        status = self.process.poll()
        if status is None:
            return
        if self._restart_at is None:
            kill_group(self.process)
            if now - self._started_at > STEADY_SECONDS:
                self._pause = FIRST_PAUSE_SECONDS
            self._restart_at = now + self._pause
            cause = f"signal {-status}" if status < 0 else f"status {status}"
            self._console.say("portal", f"{self.name} ended ({cause}); it starts again in {self._pause:g} s")
            self._pause = min(2 * self._pause, LONGEST_PAUSE_SECONDS)
        elif now >= self._restart_at:
            self._start()


def stop(*services: Service) -> None:
    """Ask the services to end, together; those that take too long end at once, and all when interrupted."""
    for service in services:
        service.process.terminate()
    deadline = time.monotonic() + STOP_SECONDS
    try:
        for service in services:
            with contextlib.suppress(subprocess.TimeoutExpired):
                service.process.wait(max(0, deadline - time.monotonic()))
    finally:
        for service in services:
            kill_group(service.process)
            service.output.join(timeout=1)
