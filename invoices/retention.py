"""The end of a deposit's time: it goes with its invoice, its links and its mails; its documents become loose.

Rows first, in one transaction for each batch, so that a deposit is there whole or not at all. From then on nobody sees
its documents; their files go as those of any loose document do (documents.remove_loose), some hours later, when no
request that was reading them is left. Killed in between, the next purge goes on: a file goes before its row does.
"""

import logging

from django.db import transaction

from .clock import database_now
from .models import Deposit, Document
from .receipts import mails

logger = logging.getLogger(__name__)

BATCH = 100


def forget(*, batch: int = BATCH) -> int:
    """Remove the deposits whose time has ended (DepositQuerySet.expired); return how many.

    Rows that another purge holds are skipped: it is removing them.
    """
    removed = 0
    while True:
        with transaction.atomic():
            expired = list(Deposit.objects.expired().select_for_update(skip_locked=True)[:batch])
            Document.objects.filter(deposit__in=expired).update(deposit=None, position=0, loose_since=database_now())
            mails.forget([deposit.reference for deposit in expired])
            Deposit.objects.filter(pk__in=[deposit.pk for deposit in expired]).delete()
        if expired:
            logger.info("deposits at the end of their time", extra={"deposits": [str(row.pk) for row in expired]})
        removed += len(expired)
        if len(expired) < batch:
            return removed
