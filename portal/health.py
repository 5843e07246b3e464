"""Is the portal alive, and can it do its work? (INTERFACE, « Addresses »)

Both addresses are public, and say no more than yes, no and how many: no name, no address, no error text.
"""

import logging
from collections.abc import Callable
from datetime import timedelta

import redis
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import Error as DatabaseFailure
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from redis.backoff import NoBackoff
from redis.retry import Retry

from invoices import antivirus
from invoices.models import document_storage
from invoices.transmission import overdue_count

logger = logging.getLogger(__name__)

# A transmission later than this means that neither worker nor sweep is at work.
OVERDUE_AFTER = timedelta(seconds=60)
# To connect, and again to answer: a hung broker holds the answer up for two seconds.
BROKER_TIMEOUT_SECONDS = 1


@login_not_required
@never_cache
@require_safe
def live(request: HttpRequest) -> JsonResponse:  # noqa: ARG001 - a view
    """Answer 200 as long as the web server answers at all; touches nothing."""
    return JsonResponse({"vivant": True})


@login_not_required
@never_cache
@require_safe
def ready(request: HttpRequest) -> JsonResponse:  # noqa: ARG001 - a view
    """Answer 200 when database, broker, storage and antivirus work and no transmission is overdue (RULES.md §6).

    Out: `pret`, `base`, `broker`, `stockage` and `antivirus` as booleans, the last one null where there is none, and
    `transmissions_en_retard` as a number, null when the database cannot tell; 503 when not ready. Without its
    antivirus the portal takes no file, and somebody must know.
    """
    overdue = count_overdue()
    answer = {
        "base": overdue is not None,
        "broker": holds("broker", check_broker),
        "stockage": holds("storage", document_storage().check),
        "antivirus": None if settings.CLAMAV is None else antivirus.ping(),
        "transmissions_en_retard": overdue,
    }
    fit = all(answer[part] is not False for part in ("base", "broker", "stockage", "antivirus")) and overdue == 0
    return JsonResponse({"pret": fit, **answer}, status=200 if fit else 503)


def count_overdue() -> int | None:
    """Count the deposits that should long be transmitted; None when the database does not answer."""
    try:
        return overdue_count(OVERDUE_AFTER)
    except DatabaseFailure as error:
        logger.warning("Not ready, database: %s", error)
        return None


def holds(name: str, check: Callable[[], None]) -> bool:
    """Whether the check passes; why it does not is for the log alone."""
    try:
        check()
    except (redis.RedisError, OSError) as error:
        logger.warning("Not ready, %s: %s", name, error)
        return False
    return True


def check_broker() -> None:
    """Raise RedisError when the broker does not answer in time."""
    with redis.Redis.from_url(
        settings.REDIS_URL,
        socket_connect_timeout=BROKER_TIMEOUT_SECONDS,
        socket_timeout=BROKER_TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 0),
    ) as client:
        client.ping()
