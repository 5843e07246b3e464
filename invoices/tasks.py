"""What the workers run. Tasks take ids and delegate; running one twice does nothing the second time."""

import logging
from datetime import timedelta
from uuid import UUID

from celery import shared_task
from django.conf import settings

from . import documents, transmission
from .handover import delivery

logger = logging.getLogger(__name__)

# A trigger this late stands behind others, and so does the sweep.
BEHIND = timedelta(seconds=5)


@shared_task(name="invoices.tasks.transmit")
def transmit(deposit_id: str) -> int:
    """The trigger of one deposit, at the end of its delay; and of all whose own triggers are late.

    Of thousands that are due at once the first few transmit the rest, a batch for a write; the others find
    nothing to do.
    """
    own = transmission.transmit_due(UUID(deposit_id))
    return own and own + transmission.transmit_due(since=BEHIND)


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
