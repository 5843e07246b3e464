"""The end of an import's time: what nobody confirmed is let go; a report holds names, and goes with its row.

A row goes before its file; a file without a row, as a crash may leave one, goes too.
"""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from invoices.storage import Stored

from . import running
from .models import Import, import_storage

BATCH = 100


def forget() -> int:
    """Let go of what nobody confirmed, and remove the imports whose time has ended; return how many those were."""
    running.expire()
    removed = 0
    while True:
        with transaction.atomic():
            expired = list(Import.objects.expired().order_by("pk").select_for_update(skip_locked=True)[:BATCH])
            names = [str(asked.file) for asked in expired if asked.file]
            Import.objects.filter(pk__in=[asked.pk for asked in expired]).delete()
        for name in names:
            import_storage().delete(name)
        removed += len(expired)
        if len(expired) < BATCH:
            return removed


def lost() -> list[Stored]:
    """The files without a row, but for those that may be on their way."""
    limit = timezone.now() - timedelta(hours=settings.LOOSE_FILE_HOURS)
    try:
        there = [stored for stored in import_storage().walk() if stored.modified < limit]
    except FileNotFoundError:  # nothing was ever imported
        return []
    known = set(Import.objects.exclude(file="").values_list("file", flat=True))
    return [stored for stored in there if stored.name not in known]


def remove_lost() -> int:
    """Remove them; return how many."""
    found = lost()
    for stored in found:
        import_storage().delete(stored.name)
    return len(found)
