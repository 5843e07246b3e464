"""A place where deposits are handed over: a folder, or a bucket."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.storage import storages

from invoices import transmission
from invoices.models import Deposit, Handover
from portal.environment import bucket_of, handover_stores
from tests.bucket import CREDENTIALS, TestBucket
from tests.factories import DossierFactory, make_deposit


class Place:
    """The place as the OPCO's system sees it."""

    def __init__(self, files: Callable[[], dict[str, bytes]]) -> None:
        self.files = files

    def manifests(self) -> dict[str, dict]:
        """What a collector takes: each file at the top that ends in .json."""
        return {
            name: json.loads(content)
            for name, content in self.files().items()
            if "/" not in name and name.endswith(".json")
        }


def files_in(folder: Path) -> dict[str, bytes]:
    """Every file of a folder by its name from there."""
    found = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


@pytest.fixture
def hand_over_to(settings, monkeypatch) -> Callable[[str | Path], None]:
    """Make the settings what HANDOVER_URL would make of them."""

    def to(address: str | Path) -> None:
        place = address if isinstance(address, Path) else bucket_of(address)
        settings.HANDOVER_PLACE = place
        settings.STORAGES = settings.STORAGES | handover_stores(place)
        assert "handover" in storages.backends

    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    return to


@pytest.fixture
def folder(hand_over_to, tmp_path) -> Path:
    """HANDOVER_URL is a folder."""
    made = tmp_path / "remise"
    made.mkdir()
    hand_over_to(made)
    return made


@pytest.fixture
def drop(hand_over_to, s3) -> TestBucket:
    """HANDOVER_URL is a bucket."""
    made = s3.make_bucket()
    hand_over_to(made.url)
    return made


@pytest.fixture(params=["folder", "bucket"])
def place(request) -> Place:
    """The test runs twice."""
    if request.param == "bucket":
        return Place(request.getfixturevalue("drop").files)
    folder = request.getfixturevalue("folder")
    return Place(lambda: files_in(folder))


@pytest.fixture
def webhook(settings):
    """A receiver, and the settings that name it."""
    from tests.webhook import receiver

    with receiver() as server:
        settings.HANDOVER_WEBHOOK_URL = server.url
        settings.HANDOVER_WEBHOOK_SECRET = "a-secret-of-the-tests-long-enough"
        yield server


def transmitted(dossier=None, depositor=None, **facts) -> Deposit:
    """A deposit that has just become « Transmis »."""
    from tests.factories import UserFactory

    deposit = make_deposit(dossier or DossierFactory(), depositor or UserFactory(), delay=timedelta(0), **facts)
    assert transmission.transmit_due(deposit.pk) == 1
    deposit.refresh_from_db()
    return deposit


def wait(duration: timedelta) -> None:
    """Let this much time pass for all that is in line."""
    for row in Handover.objects.exclude(next_attempt_at=None):
        row.next_attempt_at -= duration
        row.save(update_fields=["next_attempt_at"])
