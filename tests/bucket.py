"""Buckets for tests: moto's server as a process on the loopback, and a bucket that hangs."""

import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from signal import SIGKILL
from typing import Any, Self
from urllib.error import URLError
from urllib.parse import urlencode, urlsplit
from urllib.request import urlopen

import boto3
import pytest

from portal.environment import bucket_of, document_stores
from portal.launch.services import leashed
from tests.stack import free_port, wait_until

CREDENTIALS = {"AWS_ACCESS_KEY_ID": "tests", "AWS_SECRET_ACCESS_KEY": "tests-only"}
REGION = "eu-west-3"
PREFIX = "portail/documents"


class TestBucket:
    """A bucket, seen from outside the portal: what lies in it below the documents' prefix."""

    __test__ = False

    def __init__(self, client: Any, name: str, endpoint: str) -> None:
        self.client, self.name = client, name
        self.url = url_of(name, endpoint)

    def files(self) -> dict[str, bytes]:
        """Every file by its name in the storage."""
        return {name: self.client.get_object(Bucket=self.name, Key=f"{PREFIX}/{name}")["Body"].read() for name in self}

    def __iter__(self) -> Iterator[str]:
        for page in self.client.get_paginator("list_objects_v2").paginate(Bucket=self.name):
            for entry in page.get("Contents", ()):
                assert entry["Key"].startswith(f"{PREFIX}/"), entry["Key"]
                yield entry["Key"].removeprefix(f"{PREFIX}/")

    def facts(self, name: str) -> dict[str, Any]:
        """What the server tells of a file."""
        return self.client.head_object(Bucket=self.name, Key=f"{PREFIX}/{name}", ChecksumMode="ENABLED")

    def put(self, name: str, content: bytes) -> None:
        """Put a file there behind the portal's back."""
        self.client.put_object(Bucket=self.name, Key=f"{PREFIX}/{name}", Body=content)

    def remove(self) -> None:
        """Take the whole bucket away."""
        for name in list(self):
            self.client.delete_object(Bucket=self.name, Key=f"{PREFIX}/{name}")
        self.client.delete_bucket(Bucket=self.name)


class S3Server:
    """moto's server of buckets, as long as the context lasts; `endpoint` is its address."""

    def __enter__(self) -> Self:
        port = free_port()
        self.endpoint = f"http://127.0.0.1:{port}"
        self.process = subprocess.Popen(
            leashed([str(Path(sys.executable).with_name("moto_server")), "-H", "127.0.0.1", "-p", str(port)], SIGKILL),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_until(self._answers, "the server of buckets")
        session = boto3.Session(*CREDENTIALS.values(), region_name=REGION)
        self.client = session.client("s3", endpoint_url=self.endpoint)
        return self

    def __exit__(self, *exception: object) -> None:
        self.client.close()
        self.process.kill()
        self.process.wait()

    def make_bucket(self) -> TestBucket:
        """A new bucket, empty."""
        name = f"tests-{uuid.uuid4()}"
        self.client.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
        return TestBucket(self.client, name, self.endpoint)

    def _answers(self) -> bool:
        try:
            with urlopen(f"{self.endpoint}/moto-api/", timeout=5):
                return True
        except URLError:
            return False


def url_of(name: str, endpoint: str) -> str:
    """DOCUMENT_STORAGE_URL of a bucket."""
    return f"s3://{name}/{PREFIX}?{urlencode({'endpoint': endpoint, 'region': REGION})}"


def keep_documents_in(url: str, settings, monkeypatch: pytest.MonkeyPatch, incoming: Path) -> None:
    """Make the settings what DOCUMENT_STORAGE_URL would make of them, in a process that has begun with others."""
    from invoices.models import Document, document_storage

    stores = document_stores(bucket_of(url), settings.PICTURES_FOLDER, settings.IMPORTS_FOLDER)
    settings.STORAGES = settings.STORAGES | stores
    settings.DOCUMENT_ROOT, settings.INCOMING_ROOT = None, incoming
    monkeypatch.setattr(Document._meta.get_field("file"), "storage", document_storage())


@contextmanager
def hung_server() -> Iterator[str]:
    """The address of a server that takes what it is sent, and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as hung:
        yield f"http://127.0.0.1:{hung.getsockname()[1]}"


class Faltering(ThreadingHTTPServer):
    """Stands before a server of buckets: takes `puts` files and then no more, or does not answer while `hangs`."""

    daemon_threads = True

    def __init__(self, endpoint: str) -> None:
        super().__init__(("127.0.0.1", 0), _Relay)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.behind = urlsplit(endpoint).netloc
        self.puts: int | None = None
        self.hangs = False


class _Relay(BaseHTTPRequestHandler):
    """One connection; what it is sent goes on as it is."""

    server: Faltering
    protocol_version = "HTTP/1.1"

    def relay(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        while self.server.hangs:
            time.sleep(0.05)
        if self.command == "PUT" and self.server.puts is not None:
            if not self.server.puts:
                self.close_connection = True
                return
            self.server.puts -= 1
        behind = HTTPConnection(self.server.behind, timeout=10)
        try:
            behind.request(self.command, self.path, body, dict(self.headers))
            answer = behind.getresponse()
            content = answer.read()
        finally:
            behind.close()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("connection", "transfer-encoding", "content-length"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_PUT = do_GET = do_HEAD = relay  # noqa: N815 - as the server calls them

    def log_message(self, format: str, *args: object) -> None:
        """Nothing on the output of the tests."""


@contextmanager
def faltering(endpoint: str) -> Iterator[Faltering]:
    """A server before the one of this address, as long as the context lasts."""
    server = Faltering(endpoint)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.hangs = False
        server.shutdown()
        thread.join()
        server.server_close()
