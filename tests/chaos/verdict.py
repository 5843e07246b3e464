"""What was promised, held against what is: one row for each promise, with the first that break it.

The truth is the database, the storage and the pages; what was promised stands in the clients' records.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db.models import Count, F, Q

from invoices.enums import DepositState
from invoices.models import Deposit, Document, Draft
from outbox.models import Mail
from tests.chaos.client import Record, Told
from tests.mailserver import MailServer

PICTURES = "apercus"  # settings.STORAGES


@dataclass
class Row:
    """One promise: how many should hold to it, how many do, and those that do not."""

    promise: str
    expected: int
    found: int
    offenders: list[str] = field(default_factory=list)

    @property
    def broken(self) -> bool:
        return self.expected != self.found or bool(self.offenders)


def all_of(promise: str, these: Iterable[Record], holds: Callable[[Record], bool]) -> Row:
    """A promise made to each of these."""
    asked = list(these)
    offenders = [record.order.number for record in asked if not holds(record)]
    return Row(promise, len(asked), len(asked) - len(offenders), offenders)


def none_of(promise: str, offenders: Iterable[object]) -> Row:
    """A promise that something is nowhere."""
    found = [str(offender) for offender in offenders]
    return Row(promise, 0, len(found), found)


def judge_clients(records: list[Record], orders: int) -> list[Row]:
    """Was everyone served?"""
    return [
        Row("orders that were dealt with", orders, len(records)),
        none_of(
            "refused, or given up",
            (f"{record.order.number}: {record.why[:300]}" for record in records if record.told != Told.YES),
        ),
    ]


def judge_deposits(records: list[Record], delay: timedelta) -> list[Row]:
    """Is every accepted deposit there, once, whole, and in the state that its client was told?"""
    found = {
        str(deposit.pk): deposit
        for deposit in Deposit.objects.select_related("origin", "invoice", "depositor").prefetch_related(
            "links__dossier", "documents"
        )
    }
    accepted = [record for record in records if record.told == Told.YES]
    there = [record for record in accepted if record.depot in found]

    def is_in(state: DepositState) -> Callable[[Record], bool]:
        return lambda record: record.depot in found and found[record.depot].state == state

    def told(answer: Told | None) -> list[Record]:
        return [record for record in accepted if record.cancel_told == answer]

    starts = {start: record for record in records for start in record.starts}
    from_one_order = Counter(starts[pk].order.number for pk in found if pk in starts)
    same_number = (
        Deposit.objects.exclude(state=DepositState.CANCELLED)
        .values("side", "perimeter", "number_key")
        .annotate(times=Count("pk"))
        .filter(times__gt=1)
    )
    unheard = told(Told.NOTHING)
    return [
        all_of("accepted, and there", accepted, lambda record: record.depot in found),
        all_of("accepted, not cancelled, and « Transmis »", told(None), is_in(DepositState.TRANSMITTED)),
        all_of("told « Dépôt annulé », and « Annulé »", told(Told.YES), is_in(DepositState.CANCELLED)),
        all_of("told « n’a pas été annulé », and « Transmis »", told(Told.NO), is_in(DepositState.TRANSMITTED)),
        all_of(
            "cancelled as the line broke, and one or the other",
            unheard,
            lambda record: is_in(DepositState.CANCELLED)(record) or is_in(DepositState.TRANSMITTED)(record),
        ),
        none_of("still waiting", (pk for pk, deposit in found.items() if deposit.state == DepositState.PENDING)),
        none_of("cancelled and transmitted", both_states()),
        none_of("that nobody sent", (pk for pk in found if pk not in starts)),
        none_of("several from one order", (number for number, times in from_one_order.items() if times > 1)),
        none_of("same number twice", (f"{row['number_key']} ({row['times']} times)" for row in same_number)),
        none_of("transmitted early", Deposit.objects.filter(transmitted_at__lt=F("transmit_at"))),
        none_of("another delay", Deposit.objects.exclude(transmit_at=F("submitted_at") + delay)),
        all_of("whole: invoice, dossiers, documents", there, lambda record: is_whole(found[record.depot], record)),
    ]


def both_states() -> Iterable[Deposit]:
    """Deposits that were both, or bear a time of the state that they are not in."""
    transmitted, cancelled = Q(transmitted_at__isnull=False), Q(cancelled_at__isnull=False)
    return Deposit.objects.filter(
        transmitted & cancelled
        | (transmitted & ~Q(state=DepositState.TRANSMITTED))
        | (cancelled & ~Q(state=DepositState.CANCELLED))
    )


def is_whole(deposit: Deposit, record: Record) -> bool:
    """Whether a deposit is what its client sent, to the last file, in the order in which it was sent."""
    order = record.order
    if not hasattr(deposit, "invoice"):
        return False
    invoice = deposit.invoice
    return (
        (invoice.number, invoice.amount_ht, invoice.amount_ttc) == (order.number, order.amount_ht, order.amount_ttc)
        and (deposit.origin.number, deposit.depositor.email) == (order.origin, record.email)
        and deposit.covers_tuition == order.covers_tuition
        and [link.dossier.number for link in deposit.links.all()] == list(order.associated)
        and [(document.type, document.name, document.sha256) for document in deposit.documents.all()]
        == [(paper.type, paper.name, paper.sha256) for paper in record.papers]
    )


def judge_sightings(records: list[Record]) -> list[Row]:
    """Did associated dossiers show a deposit before it was transmitted, or not show it after?"""
    times = {
        str(pk): (transmit_at.timestamp(), transmitted_at and transmitted_at.timestamp())
        for pk, transmit_at, transmitted_at in Deposit.objects.values_list("pk", "transmit_at", "transmitted_at")
    }
    early, late = [], []
    for record in records:
        for sighting in record.sightings:
            due, transmitted = times.get(record.depot, (float("inf"), None))
            words = f"{record.order.number} in {sighting.dossier}"
            if sighting.shown and (transmitted is None or sighting.answered_at < due):
                early.append(words)
            if not sighting.shown and transmitted is not None and sighting.asked_at > transmitted:
                late.append(words)
    return [
        none_of("shown in an associated dossier before", early),
        none_of("not shown there after", late),
    ]


def judge_pages(records: list[Record], finds: Callable[[Record, str], bool]) -> Row:
    """Do the pages of associated dossiers say « Transmis »? `finds` asks one."""
    return all_of(
        "« Transmis » on the page of an associated dossier (sample)",
        records,
        lambda record: finds(record, record.order.associated[-1]),
    )


def judge_files(records: list[Record], folder: Path) -> list[Row]:
    """After a purge: is each file as it was sent, and nothing else there?"""
    sent = {paper.sha256 for record in records for paper in record.papers}
    rows = list(Document.objects.all())
    incoming = Path(settings.INCOMING_ROOT)
    files = {path for path in folder.rglob("*") if path.is_file() and incoming not in path.parents}
    named = {folder / row.file.name: row for row in rows}
    # Drawn when somebody looked.
    pictures = {folder / PICTURES / Path(row.file.name).with_suffix(".webp") for row in rows}
    wrong = [
        row.name
        for path, row in named.items()
        if row.sha256 not in sent or (path in files and hash_of(path) != row.sha256)
    ]
    return [
        Row("files with their hash, as sent", len(rows), len(rows) - len(wrong), wrong),
        none_of("rows without a file", (row.name for path, row in named.items() if path not in files)),
        none_of("files without a row", sorted(files - named.keys() - pictures)),
        none_of("documents that belong to nothing", Document.objects.filter(deposit=None)),
        none_of("drafts, starts", Draft.objects.all()),
        none_of("left among the incoming", incoming.glob("*")),
    ]


def hash_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def judge_mails(server: MailServer) -> list[Row]:
    """Was each mail sent, and sent once?"""
    mails, came = Mail.objects, server.came()
    return [
        Row("mails: one at « Transmettre », one at the end", 2 * Deposit.objects.count(), mails.count()),
        Row("mails that reached the mail server", mails.count(), len(came)),
        none_of("mails not sent", unsent_mails()),
        none_of("mails sent twice", (identity for identity, times in came.items() if times > 1)),
    ]


def unsent_mails() -> Iterable[object]:
    """The mails that still wait, or were given up."""
    return Mail.objects.filter(sent_at=None)
