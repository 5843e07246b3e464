"""gunicorn as portal.gunicorn sets it up: asked to end, it first answers what has begun."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest
from django.conf import settings

from tests.stack import free_port, wait_until


def answers(port: int) -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{port}/sante/", timeout=10) as response:
            return response.status == 200
    except OSError:
        return False


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[int, subprocess.Popen[str]]]:
    """A port and who serves it."""
    port = free_port()
    environment = {"PATH": os.environ["PATH"], "SECRET_KEY": "x", "VAR_DIR": str(tmp_path), "DEBUG": "1"}
    environment |= {"WEB_CONCURRENCY": "1", "LOG_FORMAT": "json"}
    command = [sys.executable, "-m", "gunicorn", "--config", "python:portal.gunicorn", "portal.wsgi"]
    with subprocess.Popen(
        [*command, "--bind", f"127.0.0.1:{port}"],
        cwd=settings.BASE_DIR,
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            wait_until(lambda: answers(port), "gunicorn answers")
            yield port, process
        finally:
            process.kill()


def test_a_request_under_way_is_answered_before_the_end(server: tuple[int, subprocess.Popen[str]]) -> None:
    port, process = server
    with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
        # A check of the form's token reads the body to its end.
        head = f"POST /connexion/ HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nCookie: csrftoken={'a' * 32}\r\n"
        head += "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 10\r\n\r\nhalf="
        client.sendall(head.encode())
        client.settimeout(1.5)
        with pytest.raises(TimeoutError):  # it has begun, and waits for the rest
            client.recv(1)
        client.settimeout(20)
        process.send_signal(signal.SIGTERM)
        wait_until(lambda: "Handling signal: term" in process.stderr.readline(), "it is to end")
        time.sleep(1)
        assert process.poll() is None
        client.sendall(b"other")
        assert client.recv(100).startswith(b"HTTP/1.1 403")
    assert process.wait(20) == 0


def test_the_command_line_goes_before(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "gunicorn", "--config", "python:portal.gunicorn", "--print-config", "--threads=3"]
    printed = subprocess.run(
        [*command, "portal.wsgi"],
        cwd=settings.BASE_DIR,
        env={"PATH": os.environ["PATH"], "SECRET_KEY": "x", "VAR_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=30,
    ).stdout
    shown = dict(line.split(" = ", 1) for line in printed.splitlines() if " = " in line)
    shown = {name.strip(): value for name, value in shown.items()}
    assert shown["threads"] == "3"
    assert shown["workers"] == "2"
    assert "gthread" in shown["worker_class"]
