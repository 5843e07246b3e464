"""What the workers run. Tasks take ids and delegate; running one twice does nothing the second time."""

from uuid import UUID

from celery import shared_task

from . import documents, transmission


@shared_task(name="invoices.tasks.transmit")
def transmit(deposit_id: str) -> int:
    """The trigger of one deposit, at the end of its delay."""
    return transmission.transmit_due(UUID(deposit_id))


@shared_task(name="invoices.tasks.transmit_due")
def transmit_due() -> int:
    """The sweep, the guarantee behind the triggers: whatever is due and still pending."""
    return transmission.transmit_due()


@shared_task(name="invoices.tasks.purge_files")
def purge_files() -> int:
    """Remove abandoned drafts and the files that nothing keeps."""
    return documents.purge()
