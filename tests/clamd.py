"""ClamAV's real daemon for tests, with one signature of the tests' own.

    with Clamd(folder) as clamd:
        settings.CLAMAV = str(clamd.socket)

CLAMD=… chooses the clamd; otherwise the system's, then the one that `python -m tests.clamd` unpacks from Debian's
packages into the virtual environment, where it starts nothing and disturbs nobody.
"""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Self

import pytest

from portal.launch.services import leashed
from tests.stack import wait_until

UNPACKED = Path(sys.prefix) / "clamav"
# The daemon, and of its libraries those that a machine without it does not have.
PACKAGES = ("clamav-daemon", "libclamav11|libclamav12", "libmspack0")
MISSING = "needs ClamAV's clamd: install it, or name it with CLAMD=…"
# What the signature finds: nothing that anybody else would.
SIGNATURE = "Portail.Essai"
MARK = b"ce document porte la marque des essais"
START_SECONDS = 60


def find() -> Path | None:
    """The clamd to use, None where there is none that starts."""
    system = shutil.which("clamd", path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"]))
    candidates = [os.environ.get("CLAMD"), system, str(UNPACKED / "usr/sbin/clamd")]
    return next((Path(candidate) for candidate in candidates if candidate and _starts(candidate)), None)


def _environment() -> dict[str, str]:
    libraries = [str(folder) for folder in (UNPACKED / "usr/lib").glob("*-linux-gnu")]
    return os.environ | {"LD_LIBRARY_PATH": os.pathsep.join(libraries)}


def _starts(candidate: str) -> bool:
    # Without a configuration it says its help; without a library nothing starts.
    try:
        return (
            subprocess.run([candidate, "--help"], env=_environment(), capture_output=True, timeout=30).returncode == 0
        )
    except OSError:
        return False


def main() -> None:
    """Unpack Debian's clamd unless there is one. Without apt none is had, and the tests that need it are skipped."""
    if find() or not shutil.which("apt-get"):
        return
    print("No clamd found: unpacking Debian's", flush=True)  # noqa: T201 - a command's output
    with tempfile.TemporaryDirectory() as folder:
        if os.geteuid() == 0:
            subprocess.run(["apt-get", "--quiet", "update"], stdout=subprocess.DEVNULL)
        for names in PACKAGES:
            # The library's name bears its version.
            any(
                subprocess.run(["apt-get", "--quiet", "download", name], cwd=folder).returncode == 0
                for name in names.split("|")
            )
        for package in Path(folder).glob("*.deb"):
            subprocess.run(["dpkg-deb", "--extract", str(package), str(UNPACKED)], check=True)


class Clamd:
    """The daemon, on a socket in a folder of its own. Out: `socket`, its path."""

    def __init__(self, folder: Path, **options: str) -> None:
        self.folder = folder
        # Paths of sockets are short; a test's folder may not be.
        self._short = Path(tempfile.mkdtemp(prefix="clamd-"))
        self.socket = self._short / "clamd.sock"
        (folder / "signatures").mkdir(parents=True)
        # Name, any kind of file, anywhere in it, these bytes.
        (folder / "signatures/portail.ndb").write_text(f"{SIGNATURE}:0:*:{MARK.hex()}\n")
        given = {
            "DatabaseDirectory": str(folder / "signatures"),
            "LocalSocket": str(self.socket),
            "TemporaryDirectory": str(self._short),
            "Foreground": "yes",
            "User": "root" if os.geteuid() == 0 else "",
            # The signatures that this file would otherwise have to be checked against are ClamAV's.
            "ConcurrentDatabaseReload": "no",
            **options,
        }
        lines = [f"{name} {value}\n" for name, value in given.items() if value]
        (folder / "clamd.conf").write_text("".join(lines))
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        binary = find() or pytest.skip(MISSING)
        with (self.folder / "clamd.log").open("wb") as log:
            self.process = process = subprocess.Popen(
                leashed([str(binary), "--config-file", str(self.folder / "clamd.conf")], signal.SIGTERM),
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                process_group=0,
            )

        def listening() -> bool:
            assert process.poll() is None, (self.folder / "clamd.log").read_text()
            with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as line:
                line.connect(str(self.socket))
                return True
            return False

        wait_until(listening, "clamd listens", START_SECONDS)
        return self

    def __exit__(self, *exception: object) -> None:
        assert self.process is not None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        shutil.rmtree(self._short)


if __name__ == "__main__":
    main()
