"""How long the trail is kept, and the one way by which it is shortened.

The database refuses to remove an event (trail/migrations), but for those older than a year, and on PostgreSQL only
in a transaction that says it means to. TRAIL_RETENTION_YEARS, a year at least, is the time that counts.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from .models import Event

BATCH = 5_000


def forget(before: datetime) -> int:
    """Remove the events from before this moment, and none younger than TRAIL_RETENTION_YEARS; return how many.

    By batches, each in a transaction of its own: cut short, it goes on the next time.
    """
    limit = min(before, kept_since())
    forgotten = 0
    while True:
        with transaction.atomic():
            if connection.vendor == "postgresql":
                with connection.cursor() as cursor:
                    cursor.execute("SELECT set_config('trail.forgetting', 'on', true)")
            old = Event.objects.filter(at__lt=limit).order_by("at").values_list("pk", flat=True)[:BATCH]
            removed, _ = Event.objects.filter(pk__in=list(old)).delete()
        forgotten += removed
        if removed < BATCH:
            return forgotten


def kept_since() -> datetime:
    """The moment since which every event is kept, a day or so early rather than late."""
    return timezone.now() - timedelta(days=366 * settings.TRAIL_RETENTION_YEARS)
