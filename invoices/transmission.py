"""Who writes a deposit's state, and from which state to which: here, and nowhere else (RULES.md §6).

    PENDING ── its delay ended ──▶ TRANSMITTED
       └──── before that, on request ──▶ CANCELLED

Both take the row's lock and ask the database's clock, so they exclude each other, on any number of machines.
Doing either twice does nothing the second time. What the dossiers show is derived from the state
(DepositQuerySet.filed_in): the one write changes the status and every dossier together.
"""

import logging
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F, OuterRef, Subquery, Value
from django.db.models.functions import Coalesce

from outbox.tasks import ring
from roles.models import User
from trail.enums import Action, Result
from trail.models import Event
from trail.recording import record, record_each

from .clock import database_now
from .enums import DepositState
from .models import Deposit, among
from .receipts import mails

logger = logging.getLogger(__name__)

# Deposits transmitted together: of 5,000 that are due, batches of 500 took half as long again.
BATCH = 2_500
# Ids in a line of the log: collectors cut lines of many kilobytes.
LOGGED = 200
# For so long after its transmission a depositor is still told of it, where that could not be written then.
TOLD_LATE = timedelta(days=3)


def transmit_due(deposit_id: UUID | None = None, *, since: timedelta = timedelta(0)) -> int:
    """Transmit the deposits whose delay ended at least `since` ago, or the one named; return how many changed.

    The trigger of a single deposit and the periodic sweep are this same function. Rows that another worker
    holds are skipped: it is changing them. Called early, late, twice or at the same time, it does no harm.
    """
    changed = 0
    while True:
        with transaction.atomic():
            due = Deposit.objects.due(since=since)
            if deposit_id is not None:
                due = due.filter(pk=deposit_id)
            batch = list(
                due.order_by("transmit_at").select_for_update(skip_locked=True).values_list("pk", flat=True)[:BATCH]
            )
            if batch:
                changed += Deposit.objects.filter(pk__in=among(batch), state=DepositState.PENDING).update(
                    state=DepositState.TRANSMITTED, transmitted_at=database_now()
                )
                _record_transmitted(batch)
                _tell_depositors(batch)
        for first in range(0, len(batch), LOGGED):
            logger.info("transmitted", extra={"deposits": [str(pk) for pk in batch[first : first + LOGGED]]})
        if len(batch) < BATCH:
            break
    if changed:
        transaction.on_commit(ring, robust=True)
    return changed


def cancel(deposit_id: UUID, person: User, *, for_opco: bool = False) -> bool:
    """Cancel a deposit whose delay has not ended; return whether this call did. Its number is free again.

    `for_opco`: the person does it in the back office; the depositor is told so.
    """
    with transaction.atomic():
        list(Deposit.objects.filter(pk=deposit_id).select_for_update().values_list("pk"))
        # A new statement after the lock: its clock is read once the row is ours.
        cancelled = bool(
            Deposit.objects.filter(pk=deposit_id, state=DepositState.PENDING, transmit_at__gt=database_now()).update(
                state=DepositState.CANCELLED, cancelled_at=database_now(), cancelled_by=person
            )
        )
        if cancelled:
            deposit = Deposit.objects.get(pk=deposit_id)
            record(Action.CANCEL, person=person, side="" if for_opco else deposit.side, on=deposit)
            mails.write_cancelled(deposit_id, by_opco=for_opco)
            transaction.on_commit(ring, robust=True)
    return cancelled


def _record_transmitted(batch: list[UUID]) -> None:
    """One event a deposit, with the flip or not at all; each bears the id of the request that made the deposit."""
    asked_by = Event.objects.filter(deposit=OuterRef("pk"), action__in=(Action.DEPOSIT, Action.DEPOSIT_DOCUMENT))
    record_each(
        Action.TRANSMIT,
        Deposit.objects.filter(pk__in=among(batch)).annotate(
            subject_label=F("reference"),
            deposit=F("pk"),
            request_id=Coalesce(Subquery(asked_by.filter(result=Result.DONE).values("request_id")[:1]), Value("")),
        ),
    )


def _tell_depositors(batch: list[UUID]) -> None:
    """Write the mails of a batch with it; what goes wrong there undoes them alone, never the transmission."""
    try:
        with transaction.atomic():
            mails.write_transmitted(batch)
    except Exception:
        logger.exception("%d deposits are transmitted without a mail to their depositors", len(batch))


def tell_untold() -> int:
    """Write the mails « Transmis » that could not be written with their batch; return how many.

    Run twice it writes nothing more. It looks back over TOLD_LATE, and never over more than half of what mails are
    kept for: one that was sent and removed since is not written anew.
    """
    since = min(TOLD_LATE, timedelta(days=settings.MAIL_RETENTION_DAYS) / 2)
    told = 0
    while written := sum(mails.write_transmitted(batch) for batch in mails.untold(since=since, at_most=BATCH)):
        told += written
    if told:
        logger.warning("%d mails written that should have been at the transmission of their deposits", told)
        transaction.on_commit(ring, robust=True)
    return told


def overdue_count(older_than: timedelta) -> int:
    """How many deposits are still pending this long after their delay ended: should be none."""
    return Deposit.objects.due(since=older_than).count()
