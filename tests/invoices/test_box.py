"""The box and its maker: each file has a process of its own, with limits; whatever ends one, the next file is read."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from invoices.pdf.boxed import BoxEnded, Limits, run_boxed
from tests.chaos.machines import children
from tests.stack import wait_until

LIMITS = Limits(cpu_seconds=1, wall_seconds=60, memory_bytes=256 * 2**20, answer_bytes=10_000)
# What a file may make a script do. It also keeps what it has read, as a script of ours must not.
SCRIPT = """
import os, resource, signal, sys

seen = []

def main():
    content = sys.stdin.buffer.read().decode()
    seen.append(content)
    match content:
        case "write":
            with open("/tmp/box-wrote", "wb", buffering=0) as file:
                file.write(b"x")
        case "allocate":
            bytearray(300 * 2**20)
        case "compute":
            while True:
                pass
        case "wait":
            signal.pause()
        case "die":
            os.kill(os.getpid(), signal.SIGSEGV)
        case "let go":
            os.close(3)
            signal.pause()
    limits = {name: resource.getrlimit(getattr(resource, name)) for name in dir(resource) if name.startswith("RLIMIT_")}
    open_ones = [int(name) for name in os.listdir("/proc/self/fd")]
    print(__import__("json").dumps({
        "seen": seen, "pid": os.getpid(), "maker": os.getppid(), "arguments": sys.argv[1:], "limits": limits,
        "open": sorted(open_ones)[:-1], "environment": dict(os.environ), "folder": os.getcwd(),
    }))
"""


class Reader:
    """Runs the script above on files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._script = folder / "script.py"
        self._script.write_text(SCRIPT)

    def read(self, content: str, *arguments: int, limits: Limits = LIMITS) -> dict[str, Any]:
        path = self._folder / "file"
        path.write_text(content)
        with path.open("rb", buffering=0) as file:
            told: dict[str, Any] = json.loads(run_boxed(self._script, *arguments, file=file, limits=limits))
        return told


@pytest.fixture
def reader(tmp_path: Path) -> Reader:
    return Reader(tmp_path)


def test_each_file_has_a_box_of_its_own_that_knows_of_no_other(reader: Reader) -> None:
    first, second = reader.read("one", 1), reader.read("two", 2, 3)
    assert first["maker"] == second["maker"]
    assert first["pid"] != second["pid"]
    assert (first["seen"], second["seen"]) == (["one"], ["two"])
    assert (first["arguments"], second["arguments"]) == (["1"], ["2", "3"])


def test_a_box_has_its_limits_its_file_its_answer_and_nothing_else(reader: Reader) -> None:
    told = reader.read("one")
    expected = {
        "RLIMIT_CPU": LIMITS.cpu_seconds,
        "RLIMIT_AS": LIMITS.memory_bytes,
        "RLIMIT_FSIZE": 0,
        "RLIMIT_CORE": 0,
        "RLIMIT_NPROC": 0,
        "RLIMIT_NOFILE": 16,
    }
    assert {name: told["limits"][name] for name in expected} == {name: [value] * 2 for name, value in expected.items()}
    assert told["open"] == [0, 1, 2, 3]
    assert told["environment"].keys() <= {"LC_CTYPE"}  # which Python sets for itself
    assert told["folder"] == "/"


@pytest.mark.parametrize(
    ("content", "exit_code"),
    [
        ("write", 1),
        ("allocate", 1),
        ("compute", -signal.SIGKILL),
        ("die", -signal.SIGSEGV),
        # It cannot hide from its maker that it goes on: it ends.
        ("let go", -signal.SIGKILL),
    ],
)
def test_what_a_file_may_not_ends_its_box_and_the_next_has_another_maker(
    reader: Reader, content: str, exit_code: int
) -> None:
    before = reader.read("one")["maker"]
    with pytest.raises(BoxEnded) as ended:
        reader.read(content)
    assert (ended.value.exit_code, ended.value.late) == (exit_code, False)
    # The next attempt learns nothing from it: neither where memory lies, nor how strings are hashed.
    assert reader.read("two")["maker"] != before


def test_a_box_that_is_late_is_gone_and_its_maker_goes_on(reader: Reader) -> None:
    maker = reader.read("one")["maker"]
    late = Limits(cpu_seconds=1, wall_seconds=0.1, memory_bytes=LIMITS.memory_bytes, answer_bytes=1)
    with pytest.raises(BoxEnded) as ended:
        reader.read("wait", limits=late)
    assert ended.value.late
    assert children(maker) == []
    assert reader.read("two")["maker"] == maker


def test_a_maker_that_was_killed_is_replaced(reader: Reader) -> None:
    maker = reader.read("one")["maker"]
    os.kill(maker, signal.SIGKILL)
    wait_until(lambda: maker not in running(), "its end")
    assert reader.read("two")["seen"] == ["two"]


def running() -> set[int]:
    """This process's children that have not ended."""
    return {pid for pid in children(os.getpid()) if " Z " not in Path(f"/proc/{pid}/stat").read_text()}


def test_makers_end_with_the_process_that_asked_for_them_however_it_ends(tmp_path: Path) -> None:
    for how in ("sys.exit()", "os.kill(os.getpid(), 9)"):
        code = f"""
import os, sys
from pathlib import Path
from tests.invoices.test_box import Reader
print(Reader(Path({str(tmp_path)!r})).read("one")["maker"], flush=True)
{how}
"""
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=settings.BASE_DIR,
            env=os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings"},
            capture_output=True,
            text=True,
        )
        maker = Path(f"/proc/{int(done.stdout)}")
        wait_until(lambda maker=maker: not maker.exists(), f"the maker's end after {how}\n{done.stderr}")
