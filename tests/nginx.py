"""The real nginx for tests, with the configuration that the proxy's image makes of its template.

    with Proxy(folder, upstream="127.0.0.1:8000") as proxy:
        HttpClient(proxy.url).get("/")

NGINX=… chooses the nginx; otherwise the system's, then the one that `python -m tests.nginx` unpacks from Debian's
package into the virtual environment, where it starts nothing and disturbs nobody.
"""

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Self

import pytest
from django.conf import settings

from portal.launch.services import leashed
from tests.containers import command_of, environment_of
from tests.stack import free_port, wait_until

TEMPLATE = settings.BASE_DIR / "deploy/nginx/nginx.conf.template"
UNPACKED = Path(sys.prefix) / "nginx"
MISSING = "needs nginx: install it, or name it with NGINX=…"


def find() -> Path | None:
    """The nginx to use, None where there is none that starts."""
    system = shutil.which("nginx", path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"]))
    candidates = [os.environ.get("NGINX"), system, str(UNPACKED / "usr/sbin/nginx")]
    return next((Path(candidate) for candidate in candidates if candidate and _starts(candidate)), None)


def _starts(candidate: str) -> bool:
    try:
        return subprocess.run([candidate, "-v"], capture_output=True, timeout=30).returncode == 0
    except OSError:
        return False


def main() -> None:
    """Unpack Debian's nginx unless there is one. Without apt none is had, and the tests that need it are skipped."""
    if find() or not shutil.which("apt-get"):
        return
    with tempfile.TemporaryDirectory() as folder:
        ways = [["apt-get", "--quiet", "download", "nginx"]]
        if os.geteuid() == 0:
            ways.append(["sh", "-c", "apt-get --quiet update && apt-get --quiet download nginx"])
        for way in ways:
            print(f"No nginx found: {' '.join(way)}", flush=True)  # noqa: T201 - a command's output
            if subprocess.run(way, cwd=folder).returncode == 0:
                package = next(Path(folder).glob("nginx_*.deb"))
                subprocess.run(["dpkg-deb", "--extract", str(package), str(UNPACKED)], check=True)
                return


def version(binary: Path) -> tuple[int, ...]:
    told = subprocess.run([binary, "-v"], capture_output=True, text=True).stderr
    return tuple(int(part) for part in re.findall(r"\d+", told)[:3])


def render(values: dict[str, str]) -> str:
    """Do what the image's entrypoint does with the template: envsubst, for the names that its filter lets through."""
    known = {name: value for name, value in values.items() if re.search(values["NGINX_ENVSUBST_FILTER"], name)}
    return re.sub(r"\$\{(\w+)\}", lambda match: known.get(match[1], match[0]), TEMPLATE.read_text())


class Proxy:
    """nginx before an upstream, with a folder of its own.

    In: the folder, the upstream's address, further values of the template by name. Out: `url`, `port`, `documents`
    (the folder that its internal location serves), `tls` (where further listeners may be configured before the start).
    """

    def __init__(self, folder: Path, *, upstream: str, **values: str) -> None:
        self.folder = folder
        self.port, self.health_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        places = ("documents", "pages", "buffers", "run", "tls")
        self.documents, self.pages, self.buffers, self.run, self.tls = (folder / place for place in places)
        for place in places:
            (folder / place).mkdir(parents=True, exist_ok=True)
        self.values = environment_of("proxy") | {
            "NGINX_LOCAL_RESOLVERS": "127.0.0.1",
            "PORTAL_LISTEN": f"127.0.0.1:{self.port}",
            "PORTAL_HEALTH_LISTEN": f"127.0.0.1:{self.health_port}",
            "PORTAL_UPSTREAM": upstream,
            "PORTAL_DOCUMENTS": str(self.documents),
            "PORTAL_PAGES": str(self.pages),
            "PORTAL_BUFFERS": str(self.buffers),
            "PORTAL_RUN": str(self.run),
            "PORTAL_TLS": str(self.tls),
            **values,
        }
        self._process: subprocess.Popen[bytes] | None = None

    def command(self, *options: str) -> list[str]:
        """The command of nginx on the configuration, which it writes; skips the test where there is no nginx."""
        binary = find() or pytest.skip(MISSING)
        configuration = self.run / "nginx.conf"
        configuration.write_text(render(self.values))
        # In the image nobody is root, and nginx stays who it is; here root's files are to be read.
        user = ["-g", "user root;"] if os.geteuid() == 0 else []
        image = [word.replace("/tmp/nginx.conf", str(configuration)) for word in command_of("proxy")[1:]]
        return [str(binary), "-e", "stderr", *image, *user, *options]

    def __enter__(self) -> Self:
        command = self.command()
        with (self.folder / "access.log").open("wb") as output, (self.folder / "error.log").open("wb") as errors:
            self._process = process = subprocess.Popen(
                leashed(command, signal.SIGTERM),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=errors,
                process_group=0,
            )

        def listening() -> bool:
            assert process.poll() is None, self.errors()
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return True
            return False

        wait_until(listening, "nginx listens")
        return self

    def __exit__(self, *exception: object) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGQUIT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(10)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def log(self) -> str:
        """The access log so far."""
        return (self.folder / "access.log").read_text()

    def errors(self) -> str:
        """What nginx complained of so far."""
        return (self.folder / "error.log").read_text()


if __name__ == "__main__":
    main()
