"""What the workers run, and the bell that calls them."""

import logging

from celery import shared_task
from django.conf import settings

from . import sending

logger = logging.getLogger(__name__)


@shared_task(name="outbox.tasks.send_due")
def send_due() -> int:
    """Send what is due: when the bell rings, and periodically, which is the guarantee behind it."""
    return sending.send_due()


@shared_task(name="outbox.tasks.purge")
def purge() -> int:
    """Remove the mails that are long settled."""
    return sending.purge()


def ring() -> None:
    """Call a worker to send now; to be called on commit. The broker may be away: the sweep does without it."""
    try:
        send_due.apply_async(expires=settings.MAIL_SWEEP_SECONDS)
    except send_due.OperationalError as error:
        logger.warning("no worker called to send mails, the sweep will", extra={"reason": type(error).__name__})
