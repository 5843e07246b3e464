"""How long each kind of data is kept, and what is removed once that is over: `manage.py purge`, and each night.

Each app removes what is its own; here they stand in one table, in the order in which they must go: an account goes
after the deposits that hold it. Each removes by batches, in transactions of their own: killed anywhere, run twice or by
several at once, it removes what is over once, and the next run goes on.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Min, QuerySet, Sum
from django.utils import timezone

from exchange import retention as imports
from exchange.models import Import
from invoices import documents, uploads
from invoices import retention as deposits
from invoices.models import Deposit, Document, Draft
from outbox import sending
from outbox.models import Mail
from roles import retention as accounts
from roles.models import User
from roles.view_as import viewing
from trail import retention as trail
from trail.enums import Action
from trail.models import Event
from trail.recording import record


class Count(NamedTuple):
    """How many, and what their files take."""

    number: int
    bytes: int = 0


@dataclass(frozen=True)
class Kind:
    """One kind of data: what is over of it, how that goes, and since when the oldest that stays is there."""

    name: str
    limit: str
    over: Callable[[], Count]
    remove: Callable[[], Count]
    oldest: Callable[[], datetime | None]


@dataclass(frozen=True)
class Line:
    """What a run says of one kind."""

    kind: Kind
    removed: Count
    oldest_kept: datetime | None


def kinds() -> list[Kind]:
    """Every kind that has a limit, by the settings of now."""
    return [
        Kind(
            "drafts",
            f"{settings.DRAFT_RETENTION_DAYS} days untouched",
            lambda: Count(Draft.objects.abandoned().count()),
            lambda: Count(documents.empty_abandoned_drafts()),
            lambda: earliest(Draft.objects.filter(deleted_at=None), "saved_at", but=Draft.objects.abandoned()),
        ),
        Kind(
            "deposits",
            f"{settings.DEPOSIT_RETENTION_YEARS} years after transmission, "
            f"{settings.CANCELLED_RETENTION_DAYS} days after cancellation",
            lambda: Count(Deposit.objects.expired().count()),
            lambda: Count(deposits.forget()),
            lambda: earliest(Deposit.objects.all(), "submitted_at", but=Deposit.objects.expired()),
        ),
        Kind(
            "files that nothing keeps",
            f"{settings.LOOSE_FILE_HOURS} hours",
            lambda: in_all(Document.objects.purgeable()),
            lambda: Count(*documents.remove_loose()),
            lambda: None,
        ),
        Kind(
            "interrupted uploads",
            f"{settings.LOOSE_FILE_HOURS} hours",
            lambda: Count(len(cut := uploads.interrupted()), sum(path.stat().st_size for path in cut)),
            lambda: Count(*uploads.remove_interrupted()),
            lambda: None,
        ),
        Kind(
            "imports",
            f"{settings.IMPORT_RETENTION_DAYS} days",
            lambda: Count(Import.objects.expired().count()),
            lambda: Count(imports.forget()),
            lambda: earliest(Import.objects.all(), "created_at", but=Import.objects.expired()),
        ),
        Kind(
            "files of no import",
            f"{settings.LOOSE_FILE_HOURS} hours",
            lambda: Count(len(imports.lost())),
            lambda: Count(imports.remove_lost()),
            lambda: None,
        ),
        Kind(
            "mails",
            f"{settings.MAIL_RETENTION_DAYS} days",
            lambda: Count(sending.purgeable().count()),
            lambda: Count(sending.purge()),
            lambda: earliest(Mail.objects.all(), "queued_at", but=sending.purgeable()),
        ),
        Kind(
            "sessions",
            "until they end",
            lambda: Count(ended_sessions().count()),
            end_sessions,
            lambda: None,
        ),
        Kind(
            "failed log-ins",
            f"{accounts.ATTEMPTS_HOURS} hours",
            lambda: Count(accounts.failed_log_ins().count()),
            lambda: Count(accounts.failed_log_ins().delete()[0]),
            lambda: None,
        ),
        Kind(
            "demands of a password",
            f"{accounts.ATTEMPTS_HOURS} hours",
            lambda: Count(accounts.link_requests().count()),
            lambda: Count(accounts.link_requests().delete()[0]),
            lambda: None,
        ),
        Kind(
            "trail",
            f"{settings.TRAIL_RETENTION_YEARS} years",
            lambda: Count(Event.objects.filter(at__lt=trail.kept_since()).count()),
            lambda: Count(trail.forget(trail.kept_since())),
            lambda: earliest(Event.objects.all(), "at", but=Event.objects.filter(at__lt=trail.kept_since())),
        ),
        Kind(
            "the back office's own history",
            f"{settings.TRAIL_RETENTION_YEARS} years",
            lambda: Count(old_history().count()),
            forget_history,
            lambda: earliest(LogEntry.objects.all(), "action_time", but=old_history()),
        ),
        Kind(
            "unused accounts",
            f"{settings.UNUSED_ACCOUNT_DAYS} days",
            lambda: Count(accounts.to_remove().count()),
            lambda: Count(accounts.remove()),
            lambda: earliest(User.objects.all(), "active_since", but=accounts.to_remove()),
        ),
        Kind(
            "unused accounts closed, since deposits hold them",
            f"{settings.UNUSED_ACCOUNT_DAYS} days",
            lambda: Count(accounts.to_close().count()),
            lambda: Count(accounts.close()),
            lambda: None,
        ),
    ]


def purge(*, dry_run: bool = False) -> list[Line]:
    """Remove what is over, and say of each kind what went; with `dry_run`, what would, and change nothing."""
    lines = []
    for kind in kinds():
        removed = kind.over() if dry_run else kind.remove()
        lines.append(Line(kind, removed, kind.oldest()))
    gone = {line.kind.name: line.removed.number for line in lines if line.removed.number}
    if gone and not dry_run:
        record(Action.PURGE, details=gone)
    return lines


def earliest(rows: QuerySet, field: str, *, but: QuerySet) -> datetime | None:
    """The earliest of these times, of all rows but some; None where there is none."""
    return rows.exclude(pk__in=but.values("pk")).aggregate(earliest=Min(field))["earliest"]


def in_all(rows: QuerySet[Document]) -> Count:
    """How many documents, and the bytes of all."""
    return Count(rows.count(), rows.aggregate(total=Sum("size"))["total"] or 0)


def ended_sessions() -> QuerySet[Session]:
    """The sessions whose time has ended, whether or not their person logged out."""
    return Session.objects.filter(expire_date__lt=timezone.now())


def end_sessions() -> Count:
    """Remove them, with what ends in them."""
    with transaction.atomic():
        ended = list(ended_sessions().select_for_update(skip_locked=True))
        for session in ended:
            viewing.end_with(session.get_decoded())
        removed, _ = Session.objects.filter(pk__in=[session.pk for session in ended]).delete()
    return Count(removed)


def old_history() -> QuerySet[LogEntry]:
    """What the admin says of itself, from before the oldest event of the trail that is kept."""
    return LogEntry.objects.filter(action_time__lt=trail.kept_since())


def forget_history() -> Count:
    """Remove it."""
    removed, _ = old_history().delete()
    return Count(removed)
