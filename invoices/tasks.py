"""What the workers run. Tasks take ids and delegate; running one twice does nothing the second time."""

import logging
import math
from datetime import UTC, datetime
from uuid import UUID

from celery import shared_task
from django.conf import settings

from . import documents, transmission
from .handover import delivery

logger = logging.getLogger(__name__)

# The last second for which this process has set an alarm, of its machine's clock.
_alarm_set_for = 0


def set_alarm(deposit_id: UUID, due: datetime) -> None:
    """Have `transmit` run in the second after the one in which a deposit is due.

    Deposits of one process that are due within the same second share an alarm, since it rings for all that is due:
    what a worker holds in memory for its time, some ten kilobytes each, is bounded by the delay and not by how many
    deposits wait. Raises transmit.OperationalError where the broker does not take it; the next deposit then tries anew.
    """
    global _alarm_set_for
    second = math.floor(due.timestamp())
    if second != _alarm_set_for:
        transmit.apply_async((str(deposit_id),), eta=datetime.fromtimestamp(second + 2, UTC))
        _alarm_set_for = second


@shared_task(name="invoices.tasks.transmit")
def transmit(deposit_id: str) -> int:
    """The alarm that a deposit set for the end of its delay: for itself first, then for whatever else is due."""
    return transmission.transmit_due(UUID(deposit_id)) + transmission.transmit_due()


@shared_task(name="invoices.tasks.transmit_due")
def transmit_due() -> int:
    """The sweep, the guarantee behind the triggers: whatever is due and still pending."""
    return transmission.transmit_due()


@shared_task(name="invoices.tasks.tell_untold")
def tell_untold() -> int:
    """Write the mails « Transmis » that could not be written when they should have been."""
    return transmission.tell_untold()


@shared_task(name="invoices.tasks.hand_over")
def hand_over() -> None:
    """A round of hand-overs; where more is due, another one at once."""
    if delivery.hand_over(seconds=settings.HANDOVER_ROUND_SECONDS):
        try:
            hand_over.apply_async(expires=settings.HANDOVER_SWEEP_SECONDS)
        except hand_over.OperationalError as error:
            logger.warning("no worker called to hand over, the sweep will", extra={"reason": type(error).__name__})


@shared_task(name="invoices.tasks.purge_files")
def purge_files() -> int:
    """Remove abandoned drafts and the files that nothing keeps."""
    return documents.purge()
