"""What every test has: folders of its own, no network but the loopback, and a person to log in with."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import Client

from tests.append_only import let_tests_empty_tables
from tests.bucket import CREDENTIALS, S3Server, TestBucket, keep_documents_in
from tests.catalogue import as_the_guide_says, fill_again_when_emptied
from tests.wizard import Wizard

let_tests_empty_tables()
fill_again_when_emptied()


def pytest_addoption(parser: pytest.Parser) -> None:
    """What tests/browser/ asks; here, where pytest looks for it before it knows which tests are to run."""
    parser.addoption("--pictures", action="store_true", help="keep pictures of the pages under var/screenshots/")


def pytest_configure() -> None:
    """Once the apps are there."""
    from tests.groups import keep_groups

    keep_groups()


def pytest_runtest_setup() -> None:
    """Let no test talk to another machine."""
    from pytest_socket import socket_allow_hosts

    socket_allow_hosts(["127.0.0.1", "::1", "localhost"], allow_unix_socket=True)


@pytest.fixture(autouse=True)
def documents_folder(settings) -> Path:
    """The document storage, empty when the test begins."""
    shutil.rmtree(settings.DOCUMENT_ROOT, ignore_errors=True)
    settings.DOCUMENT_ROOT.mkdir()
    return settings.DOCUMENT_ROOT


@pytest.fixture(autouse=True)
def guide(monkeypatch) -> None:
    """The types of documents and the limits are the guide's when the test begins."""
    as_the_guide_says(monkeypatch)


@pytest.fixture(scope="session")
def s3() -> Iterator[S3Server]:
    """A server of buckets on the loopback."""
    with S3Server() as server:
        yield server


@pytest.fixture
def bucket(s3, settings, monkeypatch, tmp_path) -> TestBucket:
    """The document storage is a bucket, empty when the test begins."""
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    made = s3.make_bucket()
    keep_documents_in(made.url, settings, monkeypatch, tmp_path / "incoming")
    return made


@pytest.fixture(params=["folder", "bucket"])
def either_storage(request) -> None:
    """The test runs twice: with the documents in a folder, and in a bucket."""
    if request.param == "bucket":
        request.getfixturevalue("bucket")


@pytest.fixture
def log_in():
    """A browser in which the person is logged in; on-commit callbacks run as they do in production."""

    def logged_in(person) -> Client:
        client = Client()
        client.force_login(person)
        return client

    return logged_in


@pytest.fixture
def wizard(log_in):
    """« Ajouter une facture » on a dossier by a person: the wizard as their browser has it."""

    def start(person, dossier, *, side: str | None = None, client: Client | None = None) -> Wizard:
        return Wizard.start(client or log_in(person), dossier, side=side)

    return start


def pytest_xdist_auto_num_workers() -> int:
    """One process more than the machine has processors: each waits half of its time, for browsers and for clocks."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip by name what needs PostgreSQL and Redis where the variables do not name them; begin with what takes long.

    What asks the database in the test's own process bears the mark that says so, whether by mark or by fixture.
    """
    items.sort(key=lambda item: not any(map(item.get_closest_marker, ("browser", "servers", "embedded", "services"))))
    for item in items:
        if "db" in item.fixturenames:
            item.add_marker(pytest.mark.django_db)
    missing = [name for name in ("DATABASE_URL", "REDIS_URL") if not os.environ.get(name)]
    if missing:
        for item in items:
            if item.get_closest_marker("services"):
                item.add_marker(pytest.mark.skip(reason=f"needs {' and '.join(missing)}"))
