"""Waiting, transmitting, cancelling (RULES.md §6, §7), by the database's clock."""

import re
import threading
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection, connections, transaction
from django.db.models import F
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.html import strip_tags

from dossiers.enums import DossierStatus
from invoices import deposits, tasks, transmission
from invoices.enums import DepositState, DocumentType
from invoices.models import Deposit
from outbox.models import Mail
from roles.enums import Role, Side
from tests.factories import DossierFactory, make_deposit, person_with
from tests.threads import at_once

pytestmark = pytest.mark.django_db

PENDING, TRANSMITTED, CANCELLED = DepositState


@pytest.fixture
def other(dossier):
    """Another dossier of the same provider, of another employer."""
    return DossierFactory(training_provider=dossier.training_provider)


@pytest.fixture
def deposit(dossier, other, provider):
    """Just submitted on `dossier`, with `other` associated."""
    deposit = make_deposit(dossier, provider, Side.PRESTATAIRE, number="F-1", associated=[other])
    deposit.refresh_from_db()
    return deposit


def ago(deposit: Deposit, **duration: float) -> None:
    """Let the deposit have been submitted that much earlier, by the database's clock."""
    shift = timedelta(**duration)
    Deposit.objects.filter(pk=deposit.pk).update(
        submitted_at=F("submitted_at") - shift,
        transmit_at=F("transmit_at") - shift,
        cancelled_at=F("cancelled_at") - shift,
    )


def shown_in(dossier) -> list[Deposit]:
    return [Deposit.objects.get(pk=pk) for pk in Deposit.objects.filed_in(dossier)]


def test_it_is_sent_by_as_many_statements_whatever_is_sent(dossier, provider):
    others = DossierFactory.create_batch(4, training_provider=dossier.training_provider)
    counts = []
    for number, documents, associated in (("F-1", 1, others[:1]), ("F-2", 4, others)):
        with CaptureQueriesContext(connection) as captured:
            make_deposit(
                dossier, provider, number=number, documents=[DocumentType.RIB] * documents, associated=associated
            )
        # The documents had arrived before, each by a statement of its own.
        counts.append(sum('INSERT INTO "invoices_document"' not in query["sql"] for query in captured.captured_queries))
    assert counts[0] == counts[1] < 20
    sent = Deposit.objects.get(number_key="f-2")
    assert [document.position for document in sent.documents.all()] == [0, 1, 2, 3, 4]


def test_the_delay_is_fifteen_minutes_by_the_databases_clock(deposit, settings, time_machine):
    assert timedelta(minutes=15) == settings.TRANSMISSION_DELAY
    assert deposit.transmit_at - deposit.submitted_at == timedelta(minutes=15)


def test_a_web_server_whose_clock_is_wrong_changes_nothing(dossier, provider, time_machine):
    before = timezone.now()
    time_machine.move_to("2030-01-01 12:00 +0000")
    deposit = make_deposit(dossier, provider, Side.PRESTATAIRE)
    assert transmission.transmit_due() == 0
    deposit.refresh_from_db()
    assert abs(deposit.submitted_at - before) < timedelta(minutes=1)


def test_not_before_the_delay_ends(deposit):
    ago(deposit, minutes=14, seconds=50)
    assert transmission.transmit_due() == 0
    assert transmission.transmit_due(deposit.pk) == 0
    assert tasks.transmit(str(deposit.pk)) == 0
    deposit.refresh_from_db()
    assert deposit.state == PENDING


def test_in_the_origin_alone_until_then_and_everywhere_after(deposit, dossier, other):
    assert shown_in(dossier) == [deposit]
    assert shown_in(other) == []
    ago(deposit, minutes=15)
    assert shown_in(other) == []
    assert transmission.transmit_due() == 1
    assert shown_in(dossier) == shown_in(other) == [deposit]
    deposit.refresh_from_db()
    assert deposit.state == TRANSMITTED
    assert deposit.transmitted_at >= deposit.transmit_at


def test_running_it_twice_changes_nothing(deposit):
    ago(deposit, minutes=15)
    assert tasks.transmit(str(deposit.pk)) == 1
    deposit.refresh_from_db()
    first = deposit.transmitted_at
    assert tasks.transmit(str(deposit.pk)) == 0
    assert tasks.transmit_due() == 0
    deposit.refresh_from_db()
    assert deposit.transmitted_at == first


def test_a_trigger_takes_along_all_that_is_due(deposit, dossier, provider):
    late, due, waiting = (make_deposit(dossier, provider, Side.PRESTATAIRE, number=f"L-{n}") for n in range(3))
    ago(deposit, minutes=15, seconds=1)
    ago(late, minutes=15, seconds=6)
    ago(due, minutes=15)
    assert tasks.transmit(str(deposit.pk)) == 3
    states = dict(Deposit.objects.values_list("pk", "state"))
    assert states == {deposit.pk: TRANSMITTED, late.pk: TRANSMITTED, due.pk: TRANSMITTED, waiting.pk: PENDING}


def test_the_trigger_of_one_that_is_cancelled_rings_for_the_others(deposit, dossier, provider):
    cancelled = make_deposit(dossier, provider, Side.PRESTATAIRE, number="C")
    assert transmission.cancel(cancelled.pk, provider)
    ago(deposit, minutes=15)
    assert tasks.transmit(str(cancelled.pk)) == 1
    assert Deposit.objects.get(pk=deposit.pk).state == TRANSMITTED


def test_one_that_is_named_is_transmitted_alone(deposit, dossier, provider):
    late = make_deposit(dossier, provider, Side.PRESTATAIRE, number="F-2")
    for each in (deposit, late):
        ago(each, minutes=20)
    assert transmission.transmit_due(deposit.pk) == 1
    late.refresh_from_db()
    assert late.state == PENDING
    assert transmission.transmit_due() == 1


def test_the_sweep_takes_all_that_is_due_in_batches(dossier, provider, monkeypatch):
    monkeypatch.setattr(transmission, "BATCH", 3)
    for rank in range(7):
        make_deposit(dossier, provider, Side.PRESTATAIRE, number=f"F-{rank}", delay=timedelta(0))
    assert transmission.transmit_due() == 7
    assert not Deposit.objects.filter(state=PENDING).exists()


def test_a_dossier_that_closed_after_the_click_receives_the_documents(deposit, dossier, other):
    for each in (dossier, other):
        each.status = DossierStatus.ANNULE
        each.save(update_fields=["status"])
    ago(deposit, minutes=15)
    transmission.transmit_due()
    assert shown_in(dossier) == shown_in(other) == [deposit]


def test_the_time_left_is_on_the_screen(deposit, dossier, provider, log_in):
    """In words, and in seconds for what keeps it up to date."""

    def shown() -> tuple[str, str]:
        page = log_in(provider).get(f"/dossiers/{dossier.number}/documents/").content.decode()
        return " ".join(strip_tags(page).split()), re.search(r'data-seconds-left="([^"]*)"', page)[1]

    words, seconds = shown()
    assert "En cours de transmission · encore 15 minutes" in words
    assert int(seconds) in (899, 900)
    ago(deposit, minutes=14, seconds=20)
    words, seconds = shown()
    assert f"encore {seconds} secondes" in words
    assert seconds in ("39", "40")
    ago(deposit, minutes=1)
    page, seconds = shown()
    assert "En cours de transmission · dans un instant" in page
    assert seconds == "0"
    assert "Annuler le dépôt" not in page


def test_overdue_deposits_are_counted(deposit):
    ago(deposit, minutes=15, seconds=30)
    assert transmission.overdue_count(timedelta(seconds=60)) == 0
    ago(deposit, seconds=31)
    assert transmission.overdue_count(timedelta(seconds=60)) == 1


# --- « Annuler le dépôt » --------------------------------------------------------------------------------------


def cancel(client, deposit):
    return client.post(f"/depots/{deposit.pk}/annuler/")


def test_cancelled_shows_in_the_origin_only_and_frees_the_number(deposit, dossier, other, provider, log_in):
    client = log_in(provider)
    assert "Annuler le dépôt" in client.get(f"/dossiers/{dossier.number}/documents/").content.decode()
    cancel(client, deposit)
    deposit.refresh_from_db()
    assert (deposit.state, deposit.cancelled_by) == (CANCELLED, provider)
    ago(deposit, minutes=20)
    assert transmission.transmit_due() == 0
    assert shown_in(dossier) == [deposit]
    assert shown_in(other) == []
    page = client.get(f"/dossiers/{dossier.number}/documents/").content.decode()
    assert "Annulé" in page
    assert "Annuler le dépôt" not in page
    make_deposit(dossier, provider, Side.PRESTATAIRE, number="F-1")


def test_not_once_the_delay_has_ended(deposit, provider, log_in, dossier):
    ago(deposit, minutes=15)
    client = log_in(provider)
    page = client.get(cancel(client, deposit).url).content.decode()
    assert "n’a pas été annulé" in page
    deposit.refresh_from_db()
    assert deposit.state == PENDING


def test_cancelling_twice_says_so(deposit, provider, log_in):
    client = log_in(provider)
    cancel(client, deposit)
    page = client.get(cancel(client, deposit).url).content.decode()
    assert "est déjà annulé, ou son délai" in page


@pytest.mark.parametrize(
    ("role", "side", "answer"),
    [
        (Role.SAISIE_PRESTATAIRE, Side.PRESTATAIRE, 302),
        (Role.ADMIN_SOCIETE_PRESTATAIRE, Side.PRESTATAIRE, 302),
        (Role.SAISIE_ALTERNANCE_PRESTATAIRE, Side.PRESTATAIRE, 302),
        (Role.SAISIE_PDC_PRESTATAIRE, Side.PRESTATAIRE, 404),
        (Role.CONSULTATION_PRESTATAIRE, Side.PRESTATAIRE, 403),
        (Role.ADMIN_ETABLISSEMENT, Side.ENTREPRISE, 403),
    ],
)
def test_who_may_cancel(deposit, dossier, log_in, role, side, answer):
    """Anyone who may deposit on the origin for the same side."""
    colleague = person_with(role, dossier.perimeter(side))
    assert cancel(log_in(colleague), deposit).status_code == answer
    deposit.refresh_from_db()
    assert (deposit.state == CANCELLED) == (answer == 302)


def test_the_depositor_may_cancel_with_a_role_that_only_looks_now(deposit, provider, log_in):
    provider.role_assignments.update(role=Role.CONSULTATION_PRESTATAIRE)
    assert cancel(log_in(provider), deposit).status_code == 302
    deposit.refresh_from_db()
    assert deposit.state == CANCELLED


def test_not_from_an_associated_dossier_nor_by_a_get(deposit, other, provider, log_in):
    stranger = person_with(Role.ADMIN_ETABLISSEMENT, other.employer)
    assert cancel(log_in(stranger), deposit).status_code == 404
    assert log_in(provider).get(f"/depots/{deposit.pk}/annuler/").url == f"/dossiers/{deposit.origin.number}/documents/"
    deposit.refresh_from_db()
    assert deposit.state == PENDING


# --- At the same time ------------------------------------------------------------------------------------------


@pytest.mark.services
@pytest.mark.django_db(transaction=True)
def test_two_sweeps_share_the_work_and_transmit_each_deposit_once(dossier, provider):
    for rank in range(40):
        make_deposit(dossier, provider, Side.PRESTATAIRE, number=f"F-{rank}", delay=timedelta(0))
    results = at_once(*[transmission.transmit_due] * 4)
    assert sum(results) == 40


@pytest.mark.services
@pytest.mark.django_db(transaction=True)
def test_cancelling_and_transmitting_exclude_each_other(dossier, provider):
    """Cancels and sweeps around the very end of the delay: one of them wins, never both, never neither."""
    for rank in range(30):
        deposit = make_deposit(dossier, provider, Side.PRESTATAIRE, number=f"F-{rank}", delay=timedelta(milliseconds=8))

        def sweep_until_settled(deposit=deposit):
            for _ in range(200):
                if transmission.transmit_due(deposit.pk):
                    return True
                if not Deposit.objects.filter(pk=deposit.pk, state=PENDING).exists():
                    return False
            return False

        transmitted, cancelled = at_once(
            sweep_until_settled, lambda deposit=deposit: deposits.cancel(deposit, provider)
        )
        deposit.refresh_from_db()
        assert transmitted != cancelled
        assert deposit.state == (TRANSMITTED if transmitted else CANCELLED)


@pytest.mark.services
@pytest.mark.django_db(transaction=True)
def test_a_cancel_that_waited_for_the_row_does_not_use_an_old_clock(dossier, provider):
    """The row is held until after the delay's end: the cancel that waited for it comes too late."""
    deposit = make_deposit(dossier, provider, Side.PRESTATAIRE, delay=timedelta(milliseconds=300))
    holding, results = threading.Event(), []

    def late_cancel():
        try:
            holding.wait(10)
            results.append(deposits.cancel(deposit, provider))
        finally:
            connections.close_all()

    thread = threading.Thread(target=late_cancel)
    thread.start()
    with transaction.atomic():
        Deposit.objects.select_for_update().get(pk=deposit.pk)
        holding.set()
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(0.6)")
    thread.join(10)
    assert results == [False]
    assert transmission.transmit_due(deposit.pk) == 1


@pytest.mark.services
@pytest.mark.django_db(transaction=True)
def test_the_command_run_twice_at_once_beside_the_sweep_transmits_each_deposit_once(dossier, provider):
    for rank in range(40):
        make_deposit(dossier, provider, Side.PRESTATAIRE, number=f"F-{rank}", delay=timedelta(0))
    *said, swept = at_once(transmit_overdue, transmit_overdue, transmission.transmit_due)
    assert sum(int(re.search(r"Transmitted: (\d+)\.", text)[1]) for text in said) + swept == 40
    assert Mail.objects.filter(key__endswith=":transmitted").count() == 40


# --- By hand: `manage.py transmit_overdue` -----------------------------------------------------------------------


def transmit_overdue(*options: str) -> str:
    """What the command prints."""
    output = StringIO()
    call_command("transmit_overdue", *options, stdout=output)
    return output.getvalue()


def test_the_command_transmits_what_is_due_and_says_so(deposit, dossier, other, provider):
    early = make_deposit(dossier, provider, Side.PRESTATAIRE, number="F-2")
    cancelled = make_deposit(dossier, provider, Side.PRESTATAIRE, number="F-3")
    deposits.cancel(cancelled, provider)
    ago(deposit, hours=2, minutes=15)
    ago(early, minutes=14, seconds=30)
    ago(cancelled, hours=2)
    before = "Overdue deposits: 1, the oldest by 2:00:0"
    dry = transmit_overdue("--dry-run")
    assert dry.startswith(before)
    assert dry.endswith("Nothing was changed (--dry-run).\n")
    assert Deposit.objects.get(pk=deposit.pk).state == PENDING
    done = transmit_overdue()
    assert done.startswith(before)
    assert done.endswith("Transmitted: 1.\n")
    states = dict(Deposit.objects.values_list("pk", "state"))
    assert states == {deposit.pk: TRANSMITTED, early.pk: PENDING, cancelled.pk: CANCELLED}
    assert shown_in(other) == [deposit]
    assert transmit_overdue() == "No deposit is overdue.\nTransmitted: 0.\n"


@pytest.mark.services
@pytest.mark.django_db(transaction=True)
def test_the_command_tells_what_another_holds(dossier, provider):
    held, free = (
        make_deposit(dossier, provider, Side.PRESTATAIRE, number=f"F-{n}", delay=timedelta(0)) for n in range(2)
    )
    with transaction.atomic():
        Deposit.objects.select_for_update().get(pk=held.pk)
        (said,) = at_once(transmit_overdue)
    assert "Transmitted: 1.\nStill overdue: 1, which a worker holds" in said
    assert Deposit.objects.get(pk=free.pk).state == TRANSMITTED
    assert "Transmitted: 1.\n" in transmit_overdue()


# --- The clock -------------------------------------------------------------------------------------------------


def test_due_is_asked_of_the_database(deposit):
    ago(deposit, minutes=15)
    assert Deposit.objects.due().get() == deposit
    assert Deposit.objects.filter(transmit_at__lte=Now()).exists()
