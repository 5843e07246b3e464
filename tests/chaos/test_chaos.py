"""`make chaos`, short: every promise holds while everything is killed, and an interruption leaves nothing behind."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from tests.chaos import postgres
from tests.chaos.faults import Kind, plan
from tests.chaos.machines import START_SECONDS, processes_of
from tests.stack import wait_until

pytestmark = [
    pytest.mark.services,
    pytest.mark.skipif(postgres.programs() is None, reason="needs PostgreSQL's programs on this machine"),
]

SHORT = ["--clients", "4", "--delay", "3", "--cancels", "40", "--settings", "tests.chaos.hurried"]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A temporary folder that other users reach too: root's PostgreSQL runs as one."""
    folder = Path(tempfile.mkdtemp(prefix="portal-chaos-test-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def begun(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A run in the folder, where its words are `output`; its first processes are there."""
    output = folder / "output"
    with output.open("wb") as file:
        run = subprocess.Popen(
            [sys.executable, "-m", "tests.chaos", "--deposits", "2000", "--faults", "0", *SHORT],
            cwd=settings.BASE_DIR,
            env=os.environ | {"TMPDIR": str(folder)},
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_until(lambda: len(processes_of(folder)) > 3 or run.poll() is not None, "it has begun", START_SECONDS)
        assert run.poll() is None, output.read_text()
        yield run
    finally:
        run.kill()
        run.wait()


def test_nothing_is_lost_while_everything_is_killed() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.chaos", "--deposits", "16", "--faults", str(len(Kind)), *SHORT],
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "every promise holds" in done.stdout
    assert re.search(r"^accepted, and there +16 +16$", done.stdout, re.M), done.stdout


def test_an_interruption_leaves_neither_process_nor_folder(begun: subprocess.Popen[bytes], folder: Path) -> None:
    begun.send_signal(signal.SIGINT)
    assert begun.wait(60) == 130, (folder / "output").read_text()
    wait_until(lambda: not processes_of(folder), "the end of every process")
    assert [path.name for path in folder.iterdir()] == ["output"]


def test_a_kill_leaves_no_process(begun: subprocess.Popen[bytes], folder: Path) -> None:
    # All of them: what web servers and workers have started has a process of another group for its parent.
    wait_until(lambda: "All runs in" in (folder / "output").read_text(), "all run", START_SECONDS)
    begun.kill()
    wait_until(lambda: not processes_of(folder), "the end of every process")


def test_the_seed_decides_every_fault() -> None:
    assert plan(3, 40, 500) == plan(3, 40, 500) != plan(4, 40, 500)
    assert {fault.kind for fault in plan(3, len(Kind), 500)} == set(Kind)
    assert all(1 <= fault.after <= 500 for fault in plan(3, 40, 500))
