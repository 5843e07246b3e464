"""What every test has: folders of its own, no network but the loopback, and a person to log in with."""

from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.test import Client

from invoices.models import document_storage
from tests.wizard import Wizard


def pytest_runtest_setup() -> None:
    """Let no test talk to another machine."""
    from pytest_socket import socket_allow_hosts

    socket_allow_hosts(["127.0.0.1", "::1", "localhost"], allow_unix_socket=True)


@pytest.fixture(autouse=True)
def documents_folder(settings, tmp_path: Path) -> Path:
    """A document storage that is empty when the test begins."""
    root = tmp_path / "documents"
    settings.DOCUMENT_ROOT = root
    settings.INCOMING_ROOT = root / "incoming"
    settings.STORAGES = django_settings.STORAGES | {
        "documents": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": root, "base_url": None},
        }
    }
    assert document_storage().location == str(root)
    return root


@pytest.fixture(autouse=True)
def no_broker(settings) -> None:
    """Triggers go nowhere: in these tests the sweep is called by hand, or the real stack is started."""
    settings.CELERY_BROKER_URL = "memory://"


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
