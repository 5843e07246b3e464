"""tools/install.sh: what `make` asks of a machine, and what it says when something is missing."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

TOOLS = ("cmp", "cp", "dirname", "mkdir", "rm", "touch", "uname")


class Machine:
    """A checkout with an empty lock file, on a machine where nothing is but a shell, its tools and `python3`."""

    def __init__(self, folder: Path) -> None:
        self.checkout, self.bin = folder / "checkout", folder / "bin"
        (self.checkout / "tools").mkdir(parents=True)
        self.bin.mkdir()
        shutil.copy(settings.BASE_DIR / "tools/install.sh", self.checkout / "tools")
        self.lock = self.checkout / "requirements.lock"
        self.lock.write_text("# nothing\n")
        self.python = self.checkout / ".venv/bin/python"
        for tool in TOOLS:
            (self.bin / tool).symlink_to(shutil.which(tool))
        self.provide("python3", f'exec {sys.executable} "$@"')

    def provide(self, name: str, script: str) -> None:
        """Put a command of this machine in the place of another."""
        (self.bin / name).unlink(missing_ok=True)
        (self.bin / name).write_text(f"#!/bin/sh\n{script}\n")
        (self.bin / name).chmod(0o755)

    def install(self, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["/bin/sh", "tools/install.sh", self.lock.name],
            cwd=self.checkout,
            env={"PATH": str(self.bin), "HOME": os.environ.get("HOME", "/"), **environment},
            capture_output=True,
            text=True,
            timeout=120,
        )


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def refused(attempt: subprocess.CompletedProcess[str]) -> str:
    """The one sentence of a refusal."""
    assert attempt.returncode == 1
    assert attempt.stdout == ""
    assert attempt.stderr.count("\n") == 1, attempt.stderr
    return attempt.stderr


def test_it_installs_once_and_again_when_the_lock_changed_or_was_interrupted(machine: Machine) -> None:
    first = machine.install()
    assert first.returncode == 0, first.stderr
    assert "requirements.lock" in first.stdout
    assert machine.python.exists()

    assert machine.install().stdout == ""

    machine.lock.write_text("# nothing more\n")
    assert "requirements.lock" in machine.install().stdout
    assert machine.install().stdout == ""

    # Interrupted halfway: the environment is made anew, whatever it holds.
    (machine.checkout / ".venv/unfinished").touch()
    leftover = machine.checkout / ".venv/leftover"
    leftover.touch()
    assert "requirements.lock" in machine.install().stdout
    assert not leftover.exists()
    assert machine.install().stdout == ""


def test_a_python_that_is_too_old(machine: Machine) -> None:
    machine.provide("python3", "exit 1")
    assert "Python 3.11 or newer is needed" in refused(machine.install())


def test_a_newer_python_beside_an_old_one_is_found(machine: Machine) -> None:
    machine.provide("python3", "exit 1")
    machine.provide("python3.12", f'exec {sys.executable} "$@"')
    assert machine.install().returncode == 0


def test_the_python_that_was_chosen_is_too_old(machine: Machine) -> None:
    machine.provide("python3.9", "exit 1")
    assert "PYTHON=python3.9" in refused(machine.install(PYTHON="python3.9"))


def test_no_venv_module(machine: Machine) -> None:
    machine.provide("python3", f'case "$*" in *ensurepip*) exit 1 ;; esac; exec {sys.executable} "$@"')
    assert "apt-get install python3-venv" in refused(machine.install())


def test_a_platform_without_the_embedded_broker(machine: Machine) -> None:
    machine.provide("uname", "echo OpenBSD")
    assert "OpenBSD" in refused(machine.install())


def test_packages_that_cannot_be_installed(machine: Machine) -> None:
    machine.lock.write_text("./absent.whl\n")
    attempt = machine.install()
    assert attempt.returncode == 1
    assert attempt.stderr.endswith("The packages could not be installed: the lines above say why.\n")
