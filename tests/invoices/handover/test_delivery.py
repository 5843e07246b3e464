"""Hand-over: nothing lost, nothing twice under another name, whatever becomes of the place (a folder, and a bucket)."""

import errno
import hashlib
import os
import signal
import subprocess
import sys
import threading
from datetime import timedelta
from io import StringIO

import pytest
from django.conf import settings as project
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import F
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from invoices import retention, tasks, transmission
from invoices.enums import DocumentType
from invoices.handover import delivery
from invoices.models import Deposit, Handover
from invoices.storage import bucket as buckets
from tests.bucket import PREFIX, faltering, hung_server, url_of
from tests.factories import DossierFactory, UserFactory, make_deposit
from tests.invoices.handover.conftest import files_in, transmitted, wait
from tests.stack import free_port, own_database, wait_until
from trail.enums import Action
from trail.models import Event

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


def names_of(deposit: Deposit) -> set[str]:
    """Where all of it is to be found."""
    reference = deposit.reference
    return {
        f"{reference}.json",
        *(f"{reference}/{rank:02}-{row.type}.pdf" for rank, row in enumerate(deposit.documents.all(), start=1)),
    }


def row_of(deposit: Deposit) -> Handover:
    return Handover.objects.get(pk=deposit.pk)


# --- What is handed over --------------------------------------------------------------------------------------------


def test_a_transmitted_deposit_is_there_with_its_manifest(place):
    deposit = transmitted(associated=[DossierFactory()], documents=[DocumentType.CERTIFICAT_REALISATION, "RIB"])
    tasks.hand_over()
    files = place.files()
    assert set(files) == names_of(deposit)
    (manifest,) = place.manifests().values()
    for told in manifest["documents"]:
        content = files[told["name"]]
        assert (len(content), hashlib.sha256(content).hexdigest()) == (told["size"], told["sha256"])
    row = row_of(deposit)
    assert (row.attempts, row.next_attempt_at, row.last_error) == (0, None, "")
    assert row.manifest_sha256 == hashlib.sha256(files[f"{deposit.reference}.json"]).hexdigest()
    assert row.delivered_at <= timezone.now()
    (event,) = Event.objects.filter(action=Action.HAND_OVER)
    assert (event.deposit, event.subject_label, event.side) == (deposit.pk, deposit.reference, deposit.side)


def test_documents_of_a_bucket_are_handed_over_too(bucket, folder, settings):
    deposit = transmitted()
    tasks.hand_over()
    assert set(files_in(folder)) == names_of(deposit)
    assert list(settings.INCOMING_ROOT.iterdir()) == []


def test_pending_and_cancelled_deposits_are_not(place):
    waiting = make_deposit(DossierFactory(), UserFactory())
    assert transmission.cancel(make_deposit(DossierFactory(), UserFactory()).pk, UserFactory())
    tasks.hand_over()
    assert (place.files(), Handover.objects.count()) == ({}, 0)
    Deposit.objects.filter(pk=waiting.pk).update(transmit_at=F("submitted_at"))
    transmission.transmit_due()
    tasks.hand_over()
    assert set(place.files()) == names_of(waiting)


def test_once(place):
    transmitted()
    tasks.hand_over()
    before = Handover.objects.values().get()
    wait(HOUR)
    tasks.hand_over()
    assert Handover.objects.values().get() == before
    assert Event.objects.filter(action=Action.HAND_OVER).count() == 1


def test_without_a_place_nothing_is_done(settings):
    assert settings.HANDOVER_PLACE is None
    transmitted()
    tasks.hand_over()
    assert Handover.objects.count() == 0
    with pytest.raises(CommandError, match="HANDOVER_URL"):
        call_command("hand_over")


def test_transmission_knows_nothing_of_it(folder):
    folder.rmdir()
    assert transmitted().transmitted_at
    assert Handover.objects.count() == 0


# --- Put in line ----------------------------------------------------------------------------------------------------


def long_ago(deposit: Deposit, since: timedelta) -> None:
    moved = {field: Now() - since for field in ("submitted_at", "transmit_at", "transmitted_at")}
    Deposit.objects.filter(pk=deposit.pk).update(**moved)


def test_what_was_transmitted_before_there_was_a_place_stays_unless_it_is_asked_for(folder):
    old, older, new = transmitted(), transmitted(), transmitted()
    long_ago(old, timedelta(days=2))
    long_ago(older, timedelta(days=20))
    tasks.hand_over()
    assert set(files_in(folder)) == names_of(new)
    day = f"{timezone.localdate() - timedelta(days=5)}"
    told = StringIO()
    call_command("hand_over", "--since", day, "--dry-run", stdout=told)
    assert told.getvalue() == "To be put in line: 1.\nWaiting: 0. Failing: 0. To be told of: 0.\n"
    told = StringIO()
    call_command("hand_over", "--since", day, stdout=told)
    assert told.getvalue() == "Put in line: 1.\nWaiting: 0. Failing: 0. To be told of: 0.\n"
    assert set(files_in(folder)) == names_of(new) | names_of(old)
    with pytest.raises(CommandError, match="a day reads"):
        call_command("hand_over", "--since", "hier")


def test_what_was_transmitted_while_no_sweep_ran_is_found(folder):
    """However long that was, and also by who asks for less than that."""
    first = transmitted()
    tasks.hand_over()
    month = timedelta(days=30)
    long_ago(first, month)
    Handover.objects.update(created_at=Now() - month, delivered_at=timezone.now() - month)
    missed, lately = transmitted(), transmitted()
    long_ago(missed, timedelta(days=20))
    assert set(delivery.missing()) == {missed, lately}
    assert delivery.enrol(timezone.now() - HOUR) == 2
    assert delivery.enrol() == 0


def test_thousands_are_put_in_line_by_two_statements(folder):
    for _ in range(3):
        transmitted()
    with CaptureQueriesContext(connection) as captured:
        assert delivery.enrol() == 3
    assert len(captured) == 2


def test_a_delivery_costs_the_same_queries_with_one_associated_dossier_and_with_ten(folder):
    def queries(associated: int) -> int:
        transmitted(associated=DossierFactory.create_batch(associated), documents=["RIB"] * associated)
        delivery.enrol()
        with CaptureQueriesContext(connection) as captured:
            delivery.hand_over()
        assert not Handover.objects.undelivered().exists()
        return len(captured)

    assert queries(1) == queries(10)


# --- A place that is away, full, slow, or fails half-way ------------------------------------------------------------


def test_a_folder_that_is_away_is_never_made_and_waited_for(folder):
    deposits = [transmitted(), transmitted()]
    folder.rmdir()
    tasks.hand_over()
    assert not folder.exists()
    failed, untried = Handover.objects.order_by("-attempts")
    # The other one was not tried: it would have fared no better.
    assert (failed.attempts, untried.attempts) == (1, 0)
    assert failed.last_error.startswith("Le dossier de remise n’existe pas, ou n’est pas monté (FileNotFoundError: ")
    assert str(folder) not in failed.last_error
    folder.mkdir()
    tasks.hand_over()
    assert set(files_in(folder)) == names_of(Deposit.objects.get(pk=untried.pk))
    wait(HOUR)
    tasks.hand_over()
    assert set(files_in(folder)) == set.union(*map(names_of, deposits))
    assert set(Handover.objects.values_list("last_error", flat=True)) == {""}


def test_pauses_grow_up_to_an_hour_and_there_is_no_last_try(folder):
    deposit = transmitted()
    folder.rmdir()
    pauses = []
    for _ in range(10):
        tasks.hand_over()
        row = row_of(deposit)
        pauses.append(round((row.next_attempt_at - timezone.now()).total_seconds() / 60))
        wait(HOUR + timedelta(minutes=1))
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60, 60]
    Handover.objects.update(attempts=10**6)
    folder.mkdir()
    tasks.hand_over()
    assert row_of(deposit).delivered_at


def test_a_folder_that_fails_half_way_has_no_manifest_until_all_is_there(folder):
    deposit = transmitted()
    invoice, certificate, manifest = sorted(names_of(deposit), key=lambda name: (name.endswith(".json"), name))
    (folder / certificate).mkdir(parents=True)  # where the second file is to be
    tasks.hand_over()
    assert set(files_in(folder)) == {invoice}
    assert row_of(deposit).last_error.startswith("L’espace de remise n’a pas pris le fichier (IsADirectoryError: ")
    (folder / certificate).rmdir()
    wait(HOUR)
    tasks.hand_over()
    assert set(files_in(folder)) == {invoice, certificate, manifest}
    assert list((folder / ".part").iterdir()) == []


def test_a_bucket_that_fails_half_way_has_no_manifest_until_all_is_there(s3, drop, hand_over_to):
    deposit = transmitted()
    with faltering(s3.endpoint) as between:
        hand_over_to(url_of(drop.name, between.url))
        between.puts = 1
        tasks.hand_over()
        assert set(drop) == {sorted(names_of(deposit))[1 if sorted(names_of(deposit))[0].endswith(".json") else 0]}
        assert row_of(deposit).last_error.startswith("L’espace de remise ne répond pas, ou refuse (StorageAwayError: ")
        between.puts = None
        wait(HOUR)
        tasks.hand_over()
    assert set(drop) == names_of(deposit)


@pytest.mark.parametrize("how", ["refuses connections", "hangs", "is not there"])
def test_a_bucket_that_is_away_is_waited_for(how, s3, drop, hand_over_to, monkeypatch):
    monkeypatch.setitem(buckets.PATIENT, "read_timeout", 0.3)
    deposit = transmitted()
    with hung_server() as hung:
        address = {
            "refuses connections": url_of(drop.name, f"http://127.0.0.1:{free_port()}"),
            "hangs": url_of(drop.name, hung),
            "is not there": url_of("tests-nowhere", s3.endpoint),
        }[how]
        hand_over_to(address)
        tasks.hand_over()
    assert row_of(deposit).last_error.startswith("L’espace de remise ne répond pas, ou refuse (")
    hand_over_to(url_of(drop.name, s3.endpoint))
    wait(HOUR)
    tasks.hand_over()
    assert set(drop) == names_of(deposit)


def test_a_folder_that_may_not_be_written_to_is_told_of_in_french():
    """As root, of the tests in containers, everything may be written to: by the errors' numbers."""
    assert {errno.ENOSPC, errno.EACCES, errno.EROFS} <= set(delivery.REASONS)


def test_while_a_place_takes_its_time_no_other_round_begins_in_the_worker(s3, drop, hand_over_to):
    """So it holds one thread, and the other threads transmit."""
    transmitted()
    with faltering(s3.endpoint) as between:
        hand_over_to(url_of(drop.name, between.url))
        assert delivery._round.acquire(blocking=False)
        try:
            tasks.hand_over()
        finally:
            delivery._round.release()
        assert Handover.objects.count() == 0
    hand_over_to(url_of(drop.name, s3.endpoint))
    tasks.hand_over()
    assert Handover.objects.get().delivered_at


def test_a_round_that_ends_in_the_middle_says_so(folder):
    deposits = [transmitted() for _ in range(3)]
    assert delivery.hand_over(seconds=1e-9)
    assert not delivery.hand_over(seconds=60)
    assert set(files_in(folder)) == set.union(*map(names_of, deposits))


# --- A deposit that cannot be handed over does not stop the others --------------------------------------------------


@pytest.mark.parametrize("harm", ["lost", "changed"])
def test_a_document_that_is_not_as_it_arrived_is_not_handed_over(harm, place):
    harmed, fine = transmitted(), transmitted()
    document = harmed.documents.last()
    with document.file.open() as file:
        before = file.read()
    document.file.storage.delete(document.file.name)
    if harm == "changed":
        document.file.storage.save(document.file.name, ContentFile(b"%PDF-1.4 other"))
    tasks.hand_over()
    assert names_of(fine) <= set(place.files())
    assert set(place.manifests()) == {f"{fine.reference}.json"}
    assert "verify_documents" in row_of(harmed).last_error
    document.file.storage.delete(document.file.name)
    document.file.storage.save(document.file.name, ContentFile(before))
    wait(HOUR)
    tasks.hand_over()
    assert set(place.files()) == names_of(fine) | names_of(harmed)


def test_a_mistake_of_the_portal_with_one_deposit_does_not_stop_the_others(folder):
    odd, fine = transmitted(), transmitted()
    Deposit.objects.filter(pk=odd.pk).update(reference="../DEP-0000")
    tasks.hand_over()
    assert row_of(odd).last_error.startswith("Erreur inattendue du portail (")
    assert names_of(fine) <= set(files_in(folder))


# --- Killed, several at once, asked for anew ------------------------------------------------------------------------


def test_a_claim_that_is_another_s_by_now_is_left_alone(folder, settings):
    deposit = transmitted()
    delivery.enrol()
    row = delivery._claim(Handover.objects.all())
    assert delivery._claim(Handover.objects.all()) is None
    delivery.repeat(Handover.objects.filter(pk=deposit.pk))
    settings.HANDOVER_CLAIM_SECONDS *= 4  # so that most of the claim seems to have gone by
    with pytest.raises(delivery._LostError):
        delivery._deliver(row)
    assert row_of(deposit).delivered_at is None
    assert not (folder / f"{deposit.reference}.json").exists()
    tasks.hand_over()
    assert set(files_in(folder)) == names_of(deposit)


def test_handed_over_anew_it_has_the_same_names_and_the_same_bytes(place):
    deposit = transmitted()
    tasks.hand_over()
    before = place.files()
    assert delivery.repeat(Handover.objects.all()) == 1
    tasks.hand_over()
    assert place.files() == before
    assert row_of(deposit).delivered_at


PREPARE = """
import django
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from tests.invoices.handover.conftest import transmitted
for _ in range({deposits}):
    transmitted()
"""
# Killed as it writes the so-manieth file.
KILLED = """
import os, signal, sys
import django
django.setup()
from invoices.handover import folder
left, save = [int(sys.argv[1])], folder.HandoverFolder._save
def killing(self, name, content):
    left[0] -= 1
    if not left[0]:
        os.kill(os.getpid(), signal.SIGKILL)
    return save(self, name, content)
folder.HandoverFolder._save = killing
from invoices import tasks
tasks.hand_over()
from invoices.models import Handover
from trail.models import Event
told = Event.objects.filter(action="HAND_OVER")
print(Handover.objects.count(), Handover.objects.undelivered().count(), told.count())
"""


@pytest.fixture
def elsewhere(tmp_path):
    """Run code on a database, documents and a place of its own, with a claim that ends after a second."""
    place, server = tmp_path / "remise", os.environ.get("DATABASE_URL", "")
    place.mkdir()
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "tests.invoices.handover.short_claim",
        "SECRET_KEY": "handover-tests",
        "VAR_DIR": str(tmp_path),
        "DOCUMENT_STORAGE_URL": str(tmp_path / "documents"),
        "HANDOVER_URL": str(place),
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

    if server.startswith("postgres"):
        with own_database(server) as environment["DATABASE_URL"]:
            yield python, place
    else:
        environment["DATABASE_URL"] = f"sqlite:///{tmp_path / 'portal.sqlite3'}"
        yield python, place


def ran(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_worker_killed_between_the_documents_and_the_manifest(elsewhere):
    python, place = elsewhere
    ran(python(PREPARE.format(deposits=1)))
    assert python(KILLED, "3").returncode == -signal.SIGKILL
    there = files_in(place)
    assert sorted(name.rpartition("/")[2] for name in there) == ["01-FACTURE.pdf", "02-CERTIFICAT_REALISATION.pdf"]
    # The claim ends while the next process starts, or a little later.
    wait_until(lambda: ran(python(KILLED, "0")) == "1 0 1\n", "what was left is handed over", 60)
    after = files_in(place)
    assert there.items() <= after.items()
    assert [name for name in after if name not in there] == [f"{next(iter(there))[:23]}.json"]


@pytest.mark.services
def test_several_workers_share_the_work(elsewhere):
    python, place = elsewhere
    ran(python(PREPARE.format(deposits=12)))
    done: list[subprocess.CompletedProcess[str]] = []
    workers = [threading.Thread(target=lambda: done.append(python(KILLED, "0"))) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    # Who ends last finds all of it done, and each told of once.
    assert "12 0 12\n" in [ran(one) for one in done]
    files = files_in(place)
    assert (len(files), sum(name.endswith(".json") for name in files)) == (36, 12)


def test_what_a_killed_worker_left_unfinished_goes(folder):
    (folder / ".part").mkdir()
    old, young = folder / ".part/old", folder / ".part/young"
    for path in (old, young):
        path.write_bytes(b"%PDF")
    os.utime(old, (timezone.now().timestamp() - 7 * 3_600,) * 2)
    deposit = transmitted()
    tasks.hand_over()
    assert set(files_in(folder)) == {".part/young", *names_of(deposit)}


def test_a_file_in_the_folder_is_for_the_portal_s_group(folder):
    deposit = transmitted()
    tasks.hand_over()
    assert {(folder / name).stat().st_mode & 0o777 for name in names_of(deposit)} == {0o640}


# --- Retention, verification ----------------------------------------------------------------------------------------


def test_a_deposit_s_time_does_not_end_before_it_is_handed_over(folder, settings):
    deposit = transmitted()
    delivery.enrol()
    long_ago(deposit, timedelta(days=366 * settings.DEPOSIT_RETENTION_YEARS + 1))
    assert retention.forget() == 0
    tasks.hand_over()
    assert retention.forget() == 1
    assert (Deposit.objects.count(), Handover.objects.count()) == (0, 0)
    # What was handed over is the collector's.
    assert f"{deposit.reference}.json" in files_in(folder)
    tasks.hand_over()
    assert Handover.objects.count() == 0


def test_a_lost_document_stops_it_after_some_tries(folder, settings, caplog):
    deposit = transmitted()
    document = deposit.documents.first()
    document.file.storage.delete(document.file.name)
    for attempt in range(1, settings.HANDOVER_FILE_TRIES + 1):
        tasks.hand_over()
        row = Handover.objects.get()
        assert (row.attempts, row.stopped_at is not None) == (attempt, attempt == settings.HANDOVER_FILE_TRIES)
        wait(timedelta(hours=1))
    assert row.next_attempt_at is None
    assert "n’est plus dans le stockage" in row.last_error
    assert any(record.levelname == "ERROR" and record.msg == "a hand-over is stopped" for record in caplog.records)
    tasks.hand_over()
    assert Handover.objects.get().attempts == settings.HANDOVER_FILE_TRIES


def test_stopped_a_deposit_is_kept_beyond_its_time_and_given_up_it_is_not(folder, settings):
    deposit = transmitted()
    delivery.enrol()
    Handover.objects.update(next_attempt_at=None, stopped_at=timezone.now())
    long_ago(deposit, timedelta(days=366 * settings.DEPOSIT_RETENTION_YEARS + 1))
    assert retention.forget() == 0
    assert delivery.abandon(Handover.objects.all()) == 1
    assert retention.forget() == 1


def test_without_a_place_a_row_that_waits_keeps_nothing(folder, settings):
    deposit = transmitted()
    delivery.enrol()
    settings.HANDOVER_PLACE = None
    long_ago(deposit, timedelta(days=366 * settings.DEPOSIT_RETENTION_YEARS + 1))
    assert retention.forget() == 1


def test_a_deposit_that_goes_meanwhile_is_no_mistake(folder):
    deposit = transmitted()
    delivery.enrol()
    row = delivery._claim(Handover.objects.all())
    deposit.documents.update(deposit=None, loose_since=timezone.now())
    deposit.delete()
    with pytest.raises(Deposit.DoesNotExist):
        delivery._deliver(row)
    tasks.hand_over()
    assert files_in(folder) == {}


def test_what_is_handed_over_is_no_orphan_among_the_documents(place, capsys):
    transmitted()
    tasks.hand_over()
    call_command("verify_documents", "--strict")
    assert capsys.readouterr().out.startswith("2 intact, 0 lost, 0 changed, 0 unreadable, 0 orphaned")


def test_the_prefix_of_a_bucket_is_kept(drop):
    deposit = transmitted()
    tasks.hand_over()
    keys = {entry["Key"] for entry in drop.client.list_objects_v2(Bucket=drop.name)["Contents"]}
    assert keys == {f"{PREFIX}/{name}" for name in names_of(deposit)}
