"""« Transmettre » and « Annuler le dépôt » (RULES.md §5.4, §6, §8)."""

import logging
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, IntegrityError, transaction
from django.db.models import Case, When
from django.utils import timezone

from dossiers.models import Dossier
from outbox.tasks import ring
from roles.enums import Side
from roles.models import Establishment, User
from trail.enums import Action, Result
from trail.recording import Details, event, record, record_all

from . import rules, tasks, transmission
from .clock import database_now
from .enums import DepositState
from .models import AssociatedDossier, Deposit, Document, Invoice
from .proposals.kept import kept_of
from .proposals.values import differing_from_xml
from .receipts import mails

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class InvoiceFacts:
    """What is typed of an invoice; amounts in euros (§5.2)."""

    number: str
    issue_date: date
    amount_ht: Decimal
    amount_ttc: Decimal
    covers_tuition: bool


class NumberTakenError(Exception):
    """The invoice's number is already used in this perimeter, for this side (§5.2)."""


class FileLostError(Exception):
    """A document's file is not in the storage any more; `document` is its row."""

    def __init__(self, document: Document) -> None:
        super().__init__(str(document))
        self.document = document


def holder_of(number: str, side: Side, perimeter: Establishment | int) -> Deposit | None:
    """The deposit that holds an invoice's number in a perimeter, if any; a cancelled one holds nothing (§5.2)."""
    return (
        Deposit.objects.filter(side=side, perimeter=perimeter, number_key=rules.number_key(number))
        .exclude(state=DepositState.CANCELLED)
        .select_related("origin", "invoice")
        .first()
    )


def deposited_before(files: Collection[str], person: User) -> dict[str, Deposit]:
    """Of these files (SHA-256), those in a deposit that the person sees, not cancelled: each with the latest such.

    Nothing is told of other people's deposits (§7). The deposits come with the dossiers that the person sees.
    """
    found = dict(
        Document.objects.deposited_in_sight_of(person)
        .filter(sha256__in=files)
        .order_by("deposit__submitted_at", "deposit")
        .values_list("sha256", "deposit")
    )
    deposits = Deposit.objects.select_related("invoice").with_documents().with_dossiers_seen_by(person)
    rows = deposits.in_bulk(set(found.values())) if found else {}
    return {sha256: rows[pk] for sha256, pk in found.items()}


def submit(
    *,
    deposit_id: UUID,
    origin: Dossier,
    side: Side,
    depositor: User,
    documents: Sequence[Document],
    invoice: InvoiceFacts | None = None,
    associated: Sequence[Dossier] = (),
    delay: timedelta | None = None,
) -> Deposit:
    """Write a deposit, whole or not at all: rows only, the files are in place already.

    The caller has checked the rules as of now and holds the lock of what gives the documents. `deposit_id`
    identifies the start it comes from: the same one cannot be sent twice (IntegrityError). By the database's
    clock the deposit is due after `delay` (default `settings.TRANSMISSION_DELAY`).
    Raises NumberTakenError, or FileLostError; nothing is written then.
    """
    delay = settings.TRANSMISSION_DELAY if delay is None else delay
    action = Action.DEPOSIT if invoice else Action.DEPOSIT_DOCUMENT
    for document in documents:
        if not document.file.storage.exists(str(document.file)):
            _record_refusal(action, deposit_id, side, depositor, "file_lost")
            raise FileLostError(document)
    perimeter = origin.perimeter(side)
    try:
        with transaction.atomic():
            deposit = Deposit.objects.create(
                id=deposit_id,
                origin=origin,
                side=side,
                perimeter=perimeter,
                depositor=depositor,
                covers_tuition=invoice.covers_tuition if invoice else None,
                number_key=rules.number_key(invoice.number) if invoice else None,
                submitted_at=database_now(),
                transmit_at=database_now(delay),
            )
            row = None
            if invoice:
                read = kept_of(document.reading for document in documents)
                row = Invoice.objects.create(
                    deposit=deposit,
                    number=invoice.number,
                    issue_date=invoice.issue_date,
                    amount_ht=invoice.amount_ht,
                    amount_ttc=invoice.amount_ttc,
                    differs_from_xml=bool(differing_from_xml(read, asdict(invoice))),
                )
            AssociatedDossier.objects.bulk_create(
                AssociatedDossier(deposit=deposit, dossier=dossier, position=position)
                for position, dossier in enumerate(associated, start=1)
            )
            _take(documents, deposit)
            mails.write_received(deposit, documents, associated, row, delay)
            about: Details = {"dossier": origin.number, "documents": len(documents), "associated": len(associated)}
            done = event(action, person=depositor, side=side, on=deposit, details=about)
            links = [
                event(Action.ASSOCIATE, person=depositor, side=side, on=dossier, deposit=deposit.pk)
                for dossier in associated
            ]
            record_all([done, *links])
    except IntegrityError:
        if invoice and holder_of(invoice.number, side, perimeter):
            _record_refusal(action, deposit_id, side, depositor, "number_taken")
            raise NumberTakenError from None
        raise
    transaction.on_commit(lambda: _set_alarm(deposit.pk, delay), robust=True)
    return deposit


def _take(documents: Sequence[Document], deposit: Deposit) -> None:
    """Give the documents to the deposit, in this order, by one statement however many they are."""
    for position, document in enumerate(documents):
        document.draft, document.slot, document.loose_since = None, "", None
        document.deposit, document.position = deposit, position
    order = Case(*(When(pk=document.pk, then=document.position) for document in documents))
    taken = Document.objects.filter(pk__in=[document.pk for document in documents]).update(
        draft=None, slot="", loose_since=None, deposit=deposit, position=order
    )
    if taken != len(documents):
        raise DatabaseError("A document is gone that its draft held.")


def cancel(deposit: Deposit, person: User, *, for_opco: bool = False) -> bool:
    """Cancel a deposit whose delay has not ended; return whether this call did (§6).

    `for_opco`: somebody of the back office does, on behalf of neither side.
    """
    cancelled = transmission.cancel(deposit.pk, person, for_opco=for_opco)
    if cancelled:
        logger.info("deposit cancelled", extra={"deposit": str(deposit.pk)})
    else:
        side = "" if for_opco else deposit.side
        record(Action.CANCEL, person=person, side=side, on=deposit, result=Result.REFUSED, reason="too_late")
    return cancelled


def relaunch(deposit: Deposit, person: User) -> bool:
    """Transmit a deposit whose delay has ended, as the sweep would; return whether this call did (§6).

    Somebody of the back office asks for it, and the trail tells who, whatever comes of it.
    """
    with transaction.atomic():
        if transmission.transmit_due(deposit.pk):
            record(Action.RELAUNCH, person=person, on=deposit)
            return True
        due = Deposit.objects.filter(pk=deposit.pk).due().exists()
        pending = Deposit.objects.filter(pk=deposit.pk, state=DepositState.PENDING).exists()
        # Due and not transmitted by this call: another one is at it just now.
        reason = "under_way" if due else "not_due" if pending else "not_pending"
        record(Action.RELAUNCH, person=person, on=deposit, result=Result.REFUSED, reason=reason)
        return False


def may_cancel(deposit: Deposit, person: User) -> bool:
    """Whether the person may cancel it while it waits: its depositor, or who may deposit on its origin (§6).

    Asked of a deposit that the person sees, whose origin they see.
    """
    return deposit.depositor_id == person.pk or deposit.origin.reached_by(
        person.scope, deposit.as_side, to_deposit=True
    )


def _record_refusal(action: Action, deposit_id: UUID, side: Side, depositor: User, reason: str) -> None:
    record(action, person=depositor, side=side, deposit=deposit_id, result=Result.REFUSED, reason=reason)


def _set_alarm(deposit_id: UUID, delay: timedelta) -> None:
    """Ask the broker to ring at the end of the delay, and for the receipt's mail now.

    It may be away: the sweeps do without it. Where it hangs, « Transmettre » waits for it once and not twice.
    """
    logger.info("deposit accepted", extra={"deposit": str(deposit_id)})
    try:
        tasks.set_alarm(deposit_id, timezone.now() + delay)
    except tasks.transmit.OperationalError as error:
        reason = {"deposit": str(deposit_id), "reason": type(error).__name__}
        logger.warning("no alarm set, the sweep will transmit it", extra=reason)
        return
    ring()
