"""What failed log-ins leave goes after a day; accounts that nobody uses go when nothing holds them, closed until then.

An account is unused from its last log-in, its making or its being opened again, whichever came last. What holds it
are the rows that must go on telling who did something: those whose reference to it is protected (deposits and
their documents), and the back office's own history of changes.
"""

import logging
from datetime import timedelta

from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.db import transaction
from django.db.models import PROTECT, RESTRICT, Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from .models import FailedLogIn, LinkRequest, User

logger = logging.getLogger(__name__)

BATCH = 100
# They count for minutes (settings.LOGIN_PAUSE, accounts.links.COUNTED_FOR); the back office may look at them for a day.
ATTEMPTS_HOURS = 24


def failed_log_ins() -> QuerySet[FailedLogIn]:
    """Wrong passwords that count for nothing any more; what was typed with them may be anything."""
    return FailedLogIn.objects.filter(attempt_time__lte=timezone.now() - timedelta(hours=ATTEMPTS_HOURS))


def link_requests() -> QuerySet[LinkRequest]:
    """Demands of a link to choose a password that count for nothing any more."""
    return LinkRequest.objects.filter(at__lte=timezone.now() - timedelta(hours=ATTEMPTS_HOURS))


def unused() -> QuerySet[User]:
    """The accounts that nobody has used for UNUSED_ACCOUNT_DAYS, closed ones too."""
    limit = timezone.now() - timedelta(days=settings.UNUSED_ACCOUNT_DAYS)
    return User.objects.filter(Q(last_login=None) | Q(last_login__lte=limit), active_since__lte=limit)


def to_remove() -> QuerySet[User]:
    """Those of them that nothing holds."""
    return unused().exclude(held())


def to_close() -> QuerySet[User]:
    """Those of them that something holds, and that are still open."""
    return unused().filter(held(), is_active=True)


def held() -> Q:
    """Whether a row keeps an account from being removed, whichever app it belongs to."""
    found = Q(Exists(LogEntry.objects.filter(user=OuterRef("pk"))))
    for relation in User._meta.related_objects:
        if relation.on_delete in (PROTECT, RESTRICT):
            rows = relation.related_model._base_manager.filter(**{relation.field.name: OuterRef("pk")})
            found |= Q(Exists(rows))
    return found


def remove(*, batch: int = BATCH) -> int:
    """Remove the unused accounts that nothing holds, with their roles; return how many."""
    removed = 0
    while True:
        with transaction.atomic():
            accounts = list(to_remove().select_for_update(skip_locked=True)[:batch])
            User.objects.filter(pk__in=[account.pk for account in accounts]).delete()
        removed += len(accounts)
        if len(accounts) < batch:
            break
    if removed:
        logger.info("%d unused accounts were removed", removed)
    return removed


def close() -> int:
    """Close the unused accounts that something holds; return how many."""
    closed = to_close().update(is_active=False)
    if closed:
        logger.info("%d unused accounts were closed", closed)
    return closed
