"""Backup and restore, rehearsed with the very commands of docs/operations.md: dump, wipe, restore, go on.

On PostgreSQL where DATABASE_URL names one, and on the embedded database otherwise.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from django.conf import settings

from tests.mailserver import MailServer, mail_server
from tests.stack import PORTAL_VARIABLES, own_database

MANUAL = settings.BASE_DIR / "docs/operations.md"
SERVER = os.environ.get("DATABASE_URL", "")
ON_POSTGRESQL = SERVER.startswith("postgres")
PROGRAMS = ["rsync", *(["pg_dump", "pg_restore"] if ON_POSTGRESQL else [])]
MISSING = [name for name in PROGRAMS if not shutil.which(name)]

pytestmark = [
    pytest.mark.servers,
    pytest.mark.skipif(bool(MISSING), reason=f"needs {', '.join(MISSING)}"),
]

# What a portal holds at some moment: every state of a deposit, a draft with a file, a file that nothing keeps any more.
MAKE = """
from datetime import timedelta
from django.utils import timezone
from invoices import deposits, transmission
from outbox import sending
from roles.enums import Role
from tests.factories import DocumentFactory, DossierFactory, DraftFactory, make_deposit, person_with
origin = DossierFactory()
other = DossierFactory(training_provider=origin.training_provider)
person = person_with(Role.SAISIE_PRESTATAIRE, origin.training_provider)
make_deposit(origin, person, number="TRANSMITTED", associated=[other], delay=timedelta(milliseconds=1))
assert transmission.transmit_due() == 1
assert deposits.cancel(make_deposit(origin, person, number="CANCELLED"), person)
make_deposit(origin, person, number="NOT-YET", associated=[other])
draft = DraftFactory(owner=person, origin=origin, saved_at=timezone.now())
DocumentFactory(draft=draft, slot="facture", uploaded_by=person)
DocumentFactory(name="abandoned.pdf", uploaded_by=person, loose_since=timezone.now() - timedelta(days=1))
assert sending.send_due() == 5
make_deposit(origin, person, number="DUE-SOON", associated=[other], delay=timedelta(seconds=1))
"""

# What goes on between the database's backup and that of the documents.
MEANWHILE = """
from invoices import documents
from invoices.models import Deposit
from tests.factories import make_deposit
one = Deposit.objects.first()
make_deposit(one.origin, one.depositor, number="LATER")
assert documents.purge() == 1
"""

TELL = """
import json
from invoices.models import Deposit, Document, Draft
from outbox.models import Mail
print(json.dumps({
    "deposits": sorted(Deposit.objects.values_list("invoice__number", "state")),
    "links": Deposit.dossiers.through.objects.count(),
    "drafts": Draft.objects.count(),
    "mails": sorted(Mail.objects.values_list("key", flat=True)),
    "files": {str(d.file): [d.name, d.sha256] for d in Document.objects.all()},
}))
"""

SEND = "from outbox import sending; print(sending.send_due())"
PURGE = "from invoices import documents; print(documents.purge())"


class Portal:
    """A portal of its own, without servers: its database, its folder of documents, the place of its backup."""

    def __init__(self, folder: Path, database: str, mail_port: int) -> None:
        self.documents, self.backup, self.database = folder / "documents", folder / "backup", database
        for place in (self.documents, self.backup, folder / "var"):
            place.mkdir()
        outside = {name: value for name, value in os.environ.items() if name not in PORTAL_VARIABLES}
        self.env = outside | {
            **{"SECRET_KEY": "restore-tests", "VAR_DIR": str(folder / "var"), "DATABASE_URL": database},
            **{"DOCUMENT_STORAGE_URL": str(self.documents), "EMAIL_URL": f"smtp://127.0.0.1:{mail_port}"},
            **{"DOCUMENTS": str(self.documents), "BACKUP": str(self.backup)},
            **{"ADMIN_URL": admin_of(database), "DATABASE_FILE": urlsplit(database).path},
        }

    def type(self, *commands: str) -> str:
        """What an operator types, as the manual has it; AssertionError with what it said when it fails."""
        script = "\n".join(commands).replace(".venv/bin/python", sys.executable)
        done = subprocess.run(
            ["sh", "-eu", "-c", script],
            env=self.env,
            cwd=settings.BASE_DIR,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def python(self, code: str) -> str:
        self.env["CODE"] = code
        return self.type('.venv/bin/python manage.py shell --verbosity 0 --command "$CODE"')

    def tell(self) -> dict[str, Any]:
        return json.loads(self.python(TELL))

    def lose_everything(self) -> None:
        shutil.rmtree(self.documents)
        self.documents.mkdir()
        if ON_POSTGRESQL:
            with psycopg.connect(self.env["ADMIN_URL"], autocommit=True) as admin:
                admin.execute(f"DROP DATABASE {urlsplit(self.database).path[1:]} WITH (FORCE)")
        else:
            for file in Path(self.env["DATABASE_FILE"]).parent.glob("portal.sqlite3*"):
                file.unlink()


def admin_of(database: str) -> str:
    return urlsplit(database)._replace(path="/postgres").geturl()


def manual(title: str) -> list[str]:
    """The commands of the manual's block that begins with this comment."""
    (block,) = re.findall(rf"^```sh\n# {re.escape(title)}\n(.+?)^```$", MANUAL.read_text(), re.M | re.S)
    return block.replace("\\\n", " ").splitlines()


@pytest.fixture
def server() -> Iterator[MailServer]:
    with mail_server() as server:
        yield server


@pytest.fixture
def portal(tmp_path: Path, server: MailServer) -> Iterator[Portal]:
    if not ON_POSTGRESQL:
        yield Portal(tmp_path, f"sqlite:///{tmp_path}/var/portal.sqlite3", server.port)
        return
    with own_database(SERVER) as database:
        yield Portal(tmp_path, database, server.port)


def test_what_is_backed_up_is_restored_and_goes_on(portal: Portal, server: MailServer) -> None:
    kind = "PostgreSQL" if ON_POSTGRESQL else "the embedded database"
    portal.type(".venv/bin/python manage.py migrate --verbosity 0")
    portal.python(MAKE)
    before = portal.tell()

    database_first, *then_documents = manual(f"backup: {kind}")
    portal.type(database_first)
    portal.python(MEANWHILE)
    portal.type(*then_documents)
    portal.lose_everything()
    said = portal.type(*manual(f"restore: {kind}"))

    assert portal.tell() == before
    assert "Overdue deposits: 1," in said
    assert "Nothing was changed" in said
    lost = {name for name, (_, sha256) in before["files"].items() if hash_of(portal.documents / name) != sha256}
    # What was abandoned, and purged between the two backups, alone.
    assert [before["files"][name][0] for name in lost] == ["abandoned.pdf"]
    kept = {str(path.relative_to(portal.documents)) for path in portal.documents.rglob("*.pdf")}
    # A deposit of between the two backups has left its files, which belong to nothing.
    assert len(kept - set(before["files"])) == 2

    assert "Transmitted: 1." in portal.type(*manual("restore: go on"))
    assert "Transmitted: 0." in portal.type(*manual("restore: go on"))
    states = dict(portal.tell()["deposits"])
    assert states == {
        **{"TRANSMITTED": "TRANSMITTED", "CANCELLED": "CANCELLED"},
        **{"NOT-YET": "PENDING", "DUE-SOON": "TRANSMITTED"},
    }
    assert portal.python(SEND).strip() == "2"
    assert set(server.came().values()) == {1}
    assert len(server.came()) == 7
    assert portal.python(PURGE).strip() == "1"


def hash_of(file: Path) -> str | None:
    return hashlib.sha256(file.read_bytes()).hexdigest() if file.exists() else None
