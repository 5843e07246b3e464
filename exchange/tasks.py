"""What the workers run, and the bell that calls them."""

import logging

from celery import shared_task
from django.conf import settings

from . import running

logger = logging.getLogger(__name__)


@shared_task(name="exchange.tasks.run_waiting")
def run_waiting() -> int:
    """Run the imports that wait: when the bell rings, and periodically, which goes on with what was killed."""
    return running.run_waiting()


def ring() -> None:
    """Call a worker now; to be called on commit. The broker may be away: the sweep does without it."""
    try:
        run_waiting.apply_async(expires=settings.IMPORT_SWEEP_SECONDS)
    except run_waiting.OperationalError as error:
        logger.warning("no worker called to import, the sweep will", extra={"reason": type(error).__name__})
