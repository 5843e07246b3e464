"""What is over goes, each kind at its limit; what lives stays; cut short anywhere, the next run goes on."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import NamedTuple

import pytest
from django.apps import apps
from django.conf import settings as project
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.db.models import Model
from django.db.models.functions import Now
from django.utils import timezone

from exchange.models import Import, import_storage
from invoices import deposits, transmission
from invoices.models import AssociatedDossier, Deposit, Document, Draft, Invoice
from outbox.models import Mail
from portal import retention, tasks
from roles.enums import Role
from roles.models import FailedLogIn, LinkRequest, RoleAssignment, User
from tests.factories import (
    DocumentFactory,
    DossierFactory,
    DraftFactory,
    ImportFactory,
    RoleAssignmentFactory,
    UserFactory,
    make_deposit,
    person_with,
)
from tests.stack import own_database
from tests.threads import at_once
from trail.enums import Action
from trail.models import Event

pytestmark = pytest.mark.django_db

YEARS = timedelta(days=366 * 10)
MINUTE = timedelta(minutes=1)


def age(row: Model, since: timedelta, *fields: str) -> None:
    """Make it as if these had happened so long ago, by the database's clock."""
    changed = {field: Now() - since for field in fields}
    assert type(row)._base_manager.filter(pk=row.pk).update(**changed) == 1


def transmitted(since: timedelta = timedelta(0)) -> Deposit:
    """A deposit with two documents and an associated dossier, transmitted so long ago."""
    dossier = DossierFactory()
    person = person_with(Role.SAISIE_PRESTATAIRE, dossier.training_provider)
    other = DossierFactory(training_provider=dossier.training_provider)
    deposit = make_deposit(dossier, person, associated=[other], delay=timedelta(0))
    assert transmission.transmit_due(deposit.pk) == 1
    age(deposit, since, "submitted_at", "transmit_at", "transmitted_at")
    return deposit


def pending(since: timedelta = timedelta(0)) -> Deposit:
    """A deposit that waits for its transmission; long overdue where `since` says so."""
    dossier = DossierFactory()
    deposit = make_deposit(dossier, person_with(Role.SAISIE_PRESTATAIRE, dossier.training_provider))
    if since:
        age(deposit, since, "submitted_at", "transmit_at")
    return deposit


def cancelled(since: timedelta = timedelta(0)) -> Deposit:
    deposit = pending()
    assert deposits.cancel(deposit, deposit.depositor)
    Deposit.objects.filter(pk=deposit.pk).update(
        submitted_at=Now() - since, cancelled_at=Now() - since, transmit_at=Now() - since + MINUTE
    )
    return deposit


def draft(since: timedelta) -> Draft:
    draft = DraftFactory()
    age(draft, since, "saved_at")
    return draft


def loose(since: timedelta) -> Document:
    document = DocumentFactory(uploaded_by=person_who_stays())
    age(document, since, "loose_since")
    return document


def person_who_stays() -> User:
    return UserFactory(last_login=timezone.now())


def mail(since: timedelta) -> Mail:
    return Mail.objects.create(
        key=f"test:{since}", recipient="a@b.example", queued_at=timezone.now() - since, next_attempt_at=None
    )


def imported(since: timedelta) -> Import:
    return ImportFactory(created_at=timezone.now() - since)


def account(since: timedelta) -> User:
    """An account that somebody logged in to for the last time so long ago."""
    when = timezone.now() - since
    return RoleAssignmentFactory(user=UserFactory(active_since=when, last_login=when)).user


def session(since: timedelta) -> Session:
    return Session.objects.create(session_key=f"{since}", expire_date=timezone.now() - since)


def failed_log_in(since: timedelta) -> FailedLogIn:
    row = FailedLogIn.objects.create(username=f"{since}@essai.example", failures_since_start=1)
    FailedLogIn.objects.filter(pk=row.pk).update(attempt_time=timezone.now() - since)
    return row


def link_request(since: timedelta) -> LinkRequest:
    return LinkRequest.objects.create(at=timezone.now() - since, email_hash="0" * 64)


def event(since: timedelta) -> Event:
    return Event.objects.create(action=Action.LOG_OUT, at=timezone.now() - since)


def history(since: timedelta) -> LogEntry:
    of_models = ContentType.objects.get_for_model(User)
    return LogEntry.objects.create(
        user=person_who_stays(), content_type=of_models, action_flag=CHANGE, action_time=timezone.now() - since
    )


def is_open(row: Draft) -> bool:
    return Draft.objects.filter(pk=row.pk, deleted_at=None).exists()


def is_there(row: Model) -> bool:
    return type(row)._base_manager.filter(pk=row.pk).exists()


class Case(NamedTuple):
    """One kind of data and its limit."""

    kind: str
    limit: timedelta
    make: Callable[[timedelta], Model]
    stays: Callable[..., bool] = is_there


CASES = [
    Case("drafts", timedelta(days=30), draft, is_open),
    Case("deposits", YEARS, transmitted),
    Case("deposits", timedelta(days=365), cancelled),
    Case("files that nothing keeps", timedelta(hours=6), loose),
    Case("mails", timedelta(days=30), mail),
    Case("imports", timedelta(days=30), imported),
    Case("sessions", timedelta(0), session),
    Case("failed log-ins", timedelta(hours=24), failed_log_in),
    Case("demands of a password", timedelta(hours=24), link_request),
    Case("trail", timedelta(days=366 * 5), event),
    Case("the back office's own history", timedelta(days=366 * 5), history),
    Case("unused accounts", timedelta(days=730), account),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.kind}, {case.make.__name__}")
def test_each_kind_goes_at_its_limit_and_not_before(case: Case):
    under, at, over = (case.make(case.limit + more) for more in (-MINUTE, timedelta(0), MINUTE))
    told = {line.kind.name: line for line in retention.purge()}
    assert (case.stays(under), case.stays(at), case.stays(over)) == (True, False, False)
    assert told[case.kind].removed.number == 2
    assert sum(line.removed.number for line in told.values()) == 2


def test_every_kind_has_a_case():
    of_their_own = {"interrupted uploads", "files of no import", "unused accounts closed, since deposits hold them"}
    assert {kind.name for kind in retention.kinds()} == {case.kind for case in CASES} | of_their_own


def test_the_settings_are_the_limits(settings):
    settings.DEPOSIT_RETENTION_YEARS, settings.CANCELLED_RETENTION_DAYS = 11, 10
    old, gone = transmitted(YEARS + MINUTE), cancelled(timedelta(days=10))
    retention.purge()
    assert (is_there(old), is_there(gone)) == (True, False)


def test_a_deposit_goes_whole_and_its_files_when_nobody_can_be_reading_them(documents_folder):
    deposit = transmitted(YEARS)
    files = [documents_folder / row.file.name for row in deposit.documents.all()]
    kept = {model: set(model.objects.values_list("pk", flat=True)) for model in (RoleAssignment, User)}
    retention.purge()
    assert [model.objects.count() for model in (Deposit, Invoice, AssociatedDossier)] == [0, 0, 0]
    assert not Mail.objects.filter(key__contains=deposit.reference).exists()
    assert Document.objects.filter(loose_since=None).count() == 0
    assert [path.exists() for path in files] == [True, True]
    for row in Document.objects.all():
        age(row, timedelta(hours=6), "loose_since")
    line = next(line for line in retention.purge() if line.kind.name == "files that nothing keeps")
    assert line.removed.number == len(files) == 2
    assert line.removed.bytes > 1000
    assert [path.exists() for path in files] == [False, False]
    assert not Document.objects.exists()
    for model, rows in kept.items():
        assert set(model.objects.values_list("pk", flat=True)) == rows


def test_nobody_reads_a_document_of_a_deposit_that_is_gone(log_in):
    deposit = transmitted(YEARS)
    addresses = [row.get_absolute_url() for row in deposit.documents.all()]
    client = log_in(deposit.depositor)
    for address in addresses:
        response = client.get(address)
        assert (response.status_code, response.getvalue()[:5]) == (200, b"%PDF-")
    retention.purge()
    assert [client.get(address).status_code for address in addresses] == [404, 404]
    assert client.get(f"/verifier/?reference={deposit.reference}").status_code == 200


def test_what_lives_stays_however_old():
    """A deposit that waits is never over, however long its worker was away; nor what is in use."""
    ages = timedelta(days=40_000)
    waits, sent, called_off = pending(ages), transmitted(), cancelled()
    used = draft(timedelta(days=29))
    in_draft = DocumentFactory(draft=used, slot="facture")
    for row in (in_draft, *Document.objects.filter(deposit__isnull=False)):
        age(row, ages, "uploaded_at")
    age(used, ages, "created_at")
    in_line = Mail.objects.create(key="k", recipient="a@b.example", queued_at=timezone.now() - ages)
    logged_in = UserFactory(active_since=timezone.now() - ages, last_login=timezone.now())
    new = UserFactory(last_login=None)
    before = everything()
    assert [line.removed.number for line in retention.purge()] == [0] * len(retention.kinds())
    assert everything() == before
    assert all(map(is_there, (waits, sent, called_off, used, in_draft, in_line, logged_in, new)))


# --- Accounts ------------------------------------------------------------------------------------------------------

UNUSED = timedelta(days=730)


def unused(person: User) -> User:
    age(person, UNUSED, "active_since")
    User.objects.filter(pk=person.pk).update(last_login=None)
    return person


def test_an_unused_account_that_deposits_hold_is_closed_and_goes_with_the_last_of_them():
    deposit = transmitted()
    person = unused(deposit.depositor)
    told = {line.kind.name: line.removed.number for line in retention.purge()}
    assert told["unused accounts closed, since deposits hold them"] == 1
    person.refresh_from_db()
    assert not person.is_active
    assert {line.removed.number for line in retention.purge()} == {0}
    age(deposit, YEARS, "submitted_at", "transmit_at", "transmitted_at")
    retention.purge()
    for row in Document.objects.all():
        age(row, timedelta(hours=6), "loose_since")
    retention.purge()
    assert not is_there(person)


def test_who_cancelled_a_deposit_stays_with_it():
    deposit = pending()
    colleague = person_with(Role.SAISIE_PRESTATAIRE, deposit.origin.training_provider)
    assert deposits.cancel(deposit, colleague)
    retention.purge()
    unused(colleague)
    retention.purge()
    assert is_there(colleague)


def test_who_changed_something_in_the_back_office_stays_with_its_history():
    person = unused(UserFactory(is_staff=True))
    LogEntry.objects.create(
        user=person, content_type=ContentType.objects.get_for_model(User), object_id="1", action_flag=CHANGE
    )
    retention.purge()
    assert is_there(person)
    assert LogEntry.objects.count() == 1


def test_an_account_that_is_opened_again_is_not_closed_in_the_next_night(log_in):
    person = unused(transmitted().depositor)
    retention.purge()
    client = log_in(UserFactory(is_staff=True, is_superuser=True))
    chosen = {"action": "reopen", "_selected_action": [person.pk]}
    assert client.post("/admin/roles/user/", chosen).status_code == 302
    retention.purge()
    person.refresh_from_db()
    assert person.is_active


# --- The command ---------------------------------------------------------------------------------------------------


def everything() -> dict[str, list[dict]]:
    """All rows of all models, and the files."""
    rows = {
        model._meta.label: list(model._base_manager.order_by("pk").values())
        for model in apps.get_models()
        if not model._meta.proxy
    }
    folder = Path(project.DOCUMENT_ROOT)
    return rows | {"files": [{"path": str(path)} for path in sorted(folder.rglob("*"))]}


def run(*arguments: str) -> str:
    output = StringIO()
    call_command("purge", *arguments, stdout=output)
    return output.getvalue()


def one_of_each(settings) -> None:
    for case in CASES:
        case.make(case.limit + MINUTE)
    unused(transmitted().depositor)
    settings.INCOMING_ROOT.mkdir(parents=True, exist_ok=True)
    cut = settings.INCOMING_ROOT / "cut.pdf"
    cut.write_bytes(b"%PDF")
    of_no_import = Path(import_storage().path(import_storage().save("of-no-import.csv", ContentFile(b"SIREN"))))
    for left in (cut, of_no_import):
        os.utime(left, (timezone.now().timestamp() - 7 * 3600,) * 2)


def test_a_dry_run_tells_what_a_run_removes_and_changes_nothing(settings):
    one_of_each(settings)
    before = everything()
    told = run("--dry-run")
    assert everything() == before
    *lines, nothing_changed = told.splitlines()
    assert nothing_changed.startswith("Nothing was changed")
    counted = [line.removed for line in retention.purge(dry_run=True)]
    assert all(count.number for count in counted)
    done = run().splitlines()
    assert done == lines
    assert all(count.number == 0 for count in (line.removed for line in retention.purge(dry_run=True)))


def test_the_worker_does_the_same_each_night(settings):
    one_of_each(settings)
    expected = sum(line.removed.number for line in retention.purge(dry_run=True))
    assert tasks.purge() == expected > 8
    (told,) = Event.objects.filter(action=Action.PURGE)
    assert sum(told.details.values()) == expected
    assert told.details["deposits"] == 2
    assert tasks.purge() == 0
    assert Event.objects.filter(action=Action.PURGE).count() == 1


@pytest.mark.services
@pytest.mark.django_db(transaction=True)
def test_several_at_once_remove_each_thing_once(settings):
    for _ in range(4):
        one_of_each_but_keys(settings)
    deposits_before = Deposit.objects.count()
    counted = {line.kind.name: line.removed.number for line in retention.purge(dry_run=True)}
    told = at_once(*[retention.purge] * 4)
    assert None not in told
    names = ("deposits", "files that nothing keeps", "unused accounts")
    for name in names:
        assert sum(line.removed.number for lines in told for line in lines if line.kind.name == name) == counted[name]
    assert Deposit.objects.count() == deposits_before - counted["deposits"]


def one_of_each_but_keys(settings) -> None:
    transmitted(YEARS)
    cancelled(timedelta(days=366))
    loose(timedelta(hours=7))
    account(UNUSED)


# A purge that is killed where it is told to be. LOOSE_FILE_HOURS is 0, so files go in the same run.
KILLED = """
import os, signal, sys
import django
django.setup()
from django.core.files.storage import FileSystemStorage
from invoices import documents, retention as deposits
from portal import retention
where, after = sys.argv[1], int(sys.argv[2])
def killing(act):
    left = [after]
    def killed(*arguments, **named):
        done = act(*arguments, **named)
        left[0] -= 1
        if not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)
        return done
    return killed
if where == "file":
    FileSystemStorage.delete = killing(FileSystemStorage.delete)
elif where == "deposits":
    deposits.mails.forget = killing(deposits.mails.forget)
elif where == "between":
    deposits.forget = killing(deposits.forget)
retention.purge()
"""
MAKE = """
import django
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from datetime import timedelta
from tests.portal.test_retention import YEARS, transmitted
for _ in range(3):
    transmitted(YEARS)
transmitted()
"""
COUNT = """
import django
django.setup()
from pathlib import Path
from django.conf import settings
from invoices.models import Deposit, Document, Invoice
files = {str(path.relative_to(settings.DOCUMENT_ROOT)) for path in Path(settings.DOCUMENT_ROOT).rglob("*.pdf")}
rows = set(Document.objects.values_list("file", flat=True))
print(Deposit.objects.count(), Invoice.objects.count(), len(rows), len(files), len(files - rows))
"""


def test_killed_anywhere_it_leaves_no_orphan_and_the_next_run_ends_it(tmp_path):
    server = os.environ.get("DATABASE_URL", "")
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "tests.chaos.no_retention",
        "SECRET_KEY": "retention-tests",
        "VAR_DIR": str(tmp_path),
        "DOCUMENT_STORAGE_URL": str(tmp_path / "documents"),
        "LOG_LEVEL": "ERROR",
    }

    def python(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", code, *arguments],
            cwd=project.BASE_DIR,
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
        )

    def counted() -> list[int]:
        answer = python(COUNT)
        assert answer.returncode == 0, answer.stderr
        return [int(number) for number in answer.stdout.split()]

    def steps() -> None:
        made = python(MAKE)
        assert made.returncode == 0, made.stderr
        assert counted() == [4, 4, 8, 8, 0]
        for where, after, left in [
            ("deposits", 1, [4, 4, 8, 8, 0]),  # within the transaction: nothing has gone
            ("between", 1, [1, 1, 8, 8, 0]),  # the deposits have, their files have not
            ("file", 4, [1, 1, 8, 6, 0]),  # pictures are asked for too: two files have gone, and every row is there
        ]:
            assert python(KILLED, where, str(after)).returncode == -signal.SIGKILL
            assert counted() == left, where
        assert python(KILLED, "nowhere", "0").returncode == 0
        assert counted() == [1, 1, 2, 2, 0]

    if server.startswith("postgres"):
        with own_database(server) as environment["DATABASE_URL"]:
            steps()
    else:
        environment["DATABASE_URL"] = f"sqlite:///{tmp_path / 'portal.sqlite3'}"
        steps()
