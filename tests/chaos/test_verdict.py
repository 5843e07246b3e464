"""The verdict sees what it is there to see: a run's truth, damaged in one way at a time."""

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import connection
from django.db.models import F
from django.utils import timezone

from invoices import deposits, transmission
from invoices.enums import DepositState
from invoices.models import AssociatedDossier, Deposit, Document, Invoice
from invoices.references import new_reference
from roles.enums import Role, Side
from tests.chaos import verdict
from tests.chaos.client import Record, Sighting, Told
from tests.chaos.orders import Account, make_order
from tests.factories import DocumentFactory, DossierFactory, DraftFactory, person_with

DELAY = timedelta(hours=1)


@pytest.fixture
def records(db) -> list[Record]:
    """Three deposits as clients sent them: two transmitted, one cancelled in time."""
    first = DossierFactory()
    dossiers = [first, *DossierFactory.create_batch(11, training_provider=first.training_provider)]
    person = person_with(Role.SAISIE_PRESTATAIRE, first.training_provider)
    by_number = {dossier.number: dossier for dossier in dossiers}
    account = Account(person.email, first.training_provider.name, tuple(by_number))
    made = []
    for rank in range(3):
        order = make_order(1, rank, account, 0)
        papers = [order.invoice, order.certificate]
        deposit = deposits.submit(
            deposit_id=uuid4(),
            origin=by_number[order.origin],
            side=Side.PRESTATAIRE,
            depositor=person,
            documents=[
                DocumentFactory(type=paper.type, name=paper.name, content=paper.content, uploaded_by=person)
                for paper in papers
            ],
            invoice=deposits.InvoiceFacts(
                order.number, timezone.localdate(), order.amount_ht, order.amount_ttc, order.covers_tuition
            ),
            associated=[by_number[number] for number in order.associated],
            delay=DELAY,
        )
        made.append(Record(order, person.email, [str(deposit.pk)], papers, Told.YES))
    made[2].cancel_told = Told.YES
    assert deposits.cancel(Deposit.objects.get(pk=made[2].depot), person)
    # As if the delay were over: what was submitted moves back in time.
    past = timezone.now() - 2 * DELAY
    Deposit.objects.filter(pk__in=[record.depot for record in made[:2]]).update(
        submitted_at=past, transmit_at=past + DELAY
    )
    assert transmission.transmit_due() == 2
    return made


def broken(records: list[Record]) -> set[str]:
    """The promises that do not hold, of those that are asked of the database and the storage."""
    rows = [
        *verdict.judge_clients(records, 3),
        *verdict.judge_deposits(records, DELAY),
        *verdict.judge_sightings(records),
        *verdict.judge_files(records, settings.DOCUMENT_ROOT),
    ]
    return {row.promise for row in rows if row.broken}


def deposit_of(records: list[Record], rank: int = 0) -> Deposit:
    return Deposit.objects.get(pk=records[rank].depot)


def lose(records: list[Record]) -> None:
    deposit_of(records).documents.all().delete()
    deposit_of(records).delete()


def refuse(records: list[Record]) -> None:
    records[0].told = Told.NO


def leave_waiting(records: list[Record]) -> None:
    Deposit.objects.filter(pk=records[0].depot).update(state=DepositState.PENDING, transmitted_at=None)


def transmit_what_was_cancelled(records: list[Record]) -> None:
    Deposit.objects.filter(pk=records[2].depot).update(
        state=DepositState.TRANSMITTED, transmitted_at=F("transmit_at"), cancelled_at=None, cancelled_by=None
    )


def cancel_what_was_not(records: list[Record]) -> None:
    records[2].cancel_told = Told.NO


def make_another(records: list[Record]) -> None:
    """As if a second start of the same order had been sent too."""
    deposit = deposit_of(records)
    records[0].starts.insert(0, str(uuid4()))
    deposit.pk, deposit.number_key, deposit.reference = records[0].starts[0], "another", new_reference()
    deposit.save(force_insert=True)


def make_one_of_nobody(records: list[Record]) -> None:
    deposit = deposit_of(records)
    deposit.pk, deposit.number_key, deposit.reference = uuid4(), "another", new_reference()
    deposit.save(force_insert=True)


def shorten_the_delay(records: list[Record]) -> None:
    Deposit.objects.filter(pk=records[0].depot).update(transmit_at=F("transmit_at") - timedelta(seconds=1))


def lose_a_link(records: list[Record]) -> None:
    AssociatedDossier.objects.filter(deposit=next(r.depot for r in records[:2] if r.order.associated)).first().delete()


def change_an_amount(records: list[Record]) -> None:
    Invoice.objects.filter(deposit=records[0].depot).update(amount_ttc=F("amount_ttc") + 1)


def swap_the_files_of_two(records: list[Record]) -> None:
    one, other = (deposit_of(records, rank).documents.get(type="FACTURE") for rank in (0, 1))
    Document.objects.filter(pk=one.pk).update(sha256=other.sha256)


def damage_a_file(records: list[Record]) -> None:
    with (settings.DOCUMENT_ROOT / deposit_of(records).documents.first().file.name).open("ab") as file:
        file.write(b"x")


def lose_a_file(records: list[Record]) -> None:
    deposit_of(records).documents.first().file.storage.delete(deposit_of(records).documents.first().file.name)


def leave_a_file(records: list[Record]) -> None:
    (settings.DOCUMENT_ROOT / "2026").mkdir(exist_ok=True)
    (settings.DOCUMENT_ROOT / "2026" / "nobody.pdf").write_bytes(b"%PDF-")


def leave_an_upload(records: list[Record]) -> None:
    settings.INCOMING_ROOT.mkdir(exist_ok=True)
    (settings.INCOMING_ROOT / "cut.pdf").write_bytes(b"%PDF-")


def leave_a_start(records: list[Record]) -> None:
    DraftFactory()


def leave_a_loose_document(records: list[Record]) -> None:
    DocumentFactory(content=records[0].papers[0].content)


def see_too_early(records: list[Record]) -> None:
    due = deposit_of(records).transmit_at.timestamp()
    records[0].sightings.append(Sighting("CPRO-1", due - 2, due - 1, shown=True))


def see_nothing_later(records: list[Record]) -> None:
    done = deposit_of(records).transmitted_at.timestamp()
    records[0].sightings.append(Sighting("CPRO-1", done + 1, done + 2, shown=False))


TRANSMITTED = "accepted, not cancelled, and « Transmis »"
WHOLE = "whole: invoice, dossiers, documents"


@pytest.mark.parametrize(
    ("damage", "promises"),
    [
        (lose, {"accepted, and there", TRANSMITTED, "files without a row"}),
        (refuse, {"refused, or given up"}),
        (leave_waiting, {TRANSMITTED, "still waiting"}),
        (transmit_what_was_cancelled, {"told « Dépôt annulé », and « Annulé »"}),
        (cancel_what_was_not, {"told « n’a pas été annulé », and « Transmis »"}),
        (make_another, {"several from one order"}),
        (make_one_of_nobody, {"that nobody sent"}),
        (shorten_the_delay, {"another delay"}),
        (lose_a_link, {WHOLE}),
        (change_an_amount, {WHOLE}),
        (swap_the_files_of_two, {WHOLE, "files with their hash, as sent"}),
        (damage_a_file, {"files with their hash, as sent"}),
        (lose_a_file, {"rows without a file"}),
        (leave_a_file, {"files without a row"}),
        (leave_an_upload, {"left among the incoming"}),
        (leave_a_start, {"drafts, starts"}),
        (leave_a_loose_document, {"documents that belong to nothing"}),
        (see_too_early, {"shown in an associated dossier before"}),
        (see_nothing_later, {"not shown there after"}),
    ],
)
def test_what_is_damaged_is_seen(records: list[Record], damage: Callable[[list[Record]], None], promises) -> None:
    assert broken(records) == set()
    damage(records)
    assert broken(records) == promises


# What the database itself refuses is damaged with its constraint taken away, which PostgreSQL can undo.
@pytest.mark.services
@pytest.mark.parametrize(
    ("constraint", "damage", "promises"),
    [
        (
            "deposit_never_transmitted_early",
            {"transmitted_at": F("transmit_at") - timedelta(seconds=1)},
            {"transmitted early"},
        ),
        (
            "deposit_state_and_times_agree",
            {"cancelled_at": F("submitted_at")},
            {"cancelled and transmitted"},
        ),
        ("deposit_number_once_a_perimeter", {"number_key": "one"}, {"same number twice"}),
    ],
)
def test_what_the_database_refuses_is_seen_too(records: list[Record], constraint: str, damage, promises) -> None:
    [refusing] = [found for found in Deposit._meta.constraints if found.name == constraint]
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    with connection.schema_editor() as editor:
        editor.remove_constraint(Deposit, refusing)
    Deposit.objects.filter(state=DepositState.TRANSMITTED).update(**damage)
    assert broken(records) == promises
