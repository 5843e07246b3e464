"""Hands over what is transmitted: here, and nowhere else.

    transmitted ── put in line ──▶ in line ── documents, then the manifest ──▶ delivered ── told by webhook ──▶ settled
                                     │  ▲                                        │  ▲
                                     └──┴── later, and later again               └──┴── later, and later again

    in line ── a document is lost ──▶ stopped ── « Abandonner la remise » ──▶ abandoned
       ▲                                 │                                       │
       └──────────────────── « Remettre de nouveau » ────────────────────────────┘

Transmission knows nothing of it: a sweep finds the transmitted deposits that have no row yet, all of them in one
statement. A row is *claimed* before anything is written: under its lock, in a transaction of its own, its next attempt
is moved away by HANDOVER_CLAIM_SECONDS, and again while that goes by. So several workers share the work, no lock is
held while the place takes its time, and what a killed worker left has its turn again. Whoever does it again writes the
same files under the same names (manifest.py), and the manifest last: a deposit is there completely, or has no manifest.

There is no last try, but where a document of the deposit is not there any more, or not as it arrived: no further try
mends that. After HANDOVER_FILE_TRIES it is stopped, until somebody has put the file back, or gives the hand-over up.
What goes wrong with one deposit lets the next have its turn; a place or a receiver that is away ends the round.
"""

import errno
import hashlib
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.conf import settings
from django.core.files.base import ContentFile, File
from django.core.files.storage import storages
from django.db import Error as DatabaseFailure
from django.db import connection, transaction
from django.db.models import DateTimeField, Exists, OuterRef, Value
from django.utils import timezone

from trail.enums import Action
from trail.recording import record

from ..clock import database_now
from ..enums import DepositState
from ..models import Deposit, DepositQuerySet, Document, Handover, HandoverQuerySet, document_storage
from ..storage import StorageAwayError, local_file
from . import manifest, webhook
from .folder import HandoverFolder

logger = logging.getLogger(__name__)

# Longer than any transmission takes to commit: the sweep looks back so far before the last rows that it made.
LOOKED_BACK = timedelta(hours=1)
# In a worker one round at a time: a place that hangs holds one of its threads, and none that transmits.
_round = threading.Lock()

# Of a folder; « … » stands for the error's own words.
REASONS = {
    errno.ENOENT: "Le dossier de remise n’existe pas, ou n’est pas monté (…).",
    errno.ENOSPC: "Le dossier de remise est plein (…).",
    errno.EDQUOT: "Le dossier de remise est plein (…).",
    errno.EROFS: "Le dossier de remise est en lecture seule (…).",
    errno.EACCES: "Le portail n’a pas le droit d’écrire dans le dossier de remise (…).",
    errno.EPERM: "Le portail n’a pas le droit d’écrire dans le dossier de remise (…).",
}
OTHERWISE = "L’espace de remise n’a pas pris le fichier (…)."


class _NotNowError(Exception):
    """Why one deposit's hand-over waits for another try, in French."""


class _FileLostError(_NotNowError):
    """A document is not there, or not as it arrived."""


class _AwayError(_NotNowError):
    """The others would fare no better now."""


class _LostError(Exception):
    """Another worker has the row by now: it was too long without a word, or is to be handed over anew."""


def is_on() -> bool:
    """Whether there is somewhere to hand over to."""
    return settings.HANDOVER_PLACE is not None


def hand_over(*, seconds: float | None = None) -> bool:
    """One round: put in line what is transmitted, deliver what is due, tell of it. Return whether more is due.

    Two thirds of the `seconds` are for delivering, so that telling has its turn whatever waits; without them it goes on
    to the end. Called twice, or by several, it does no harm; a second call in the same process does nothing.
    """
    if not is_on() or not _round.acquire(blocking=False):
        return False
    try:
        enrol()
        began = time.monotonic()
        more = _each(Handover.objects.undelivered(), _deliver, seconds and began + seconds * 2 / 3)
        return _each(Handover.objects.unannounced(), _announce, seconds and began + seconds) or more
    finally:
        _round.release()


def missing(since: datetime | None = None) -> DepositQuerySet:
    """The transmitted deposits that are not in line yet, of those that are to be handed over.

    These are the ones transmitted after the last row was made, or shortly before; where there is no row, within the
    last hour: what was transmitted before HANDOVER_URL was set stays where it is, unless `since` asks for it.
    """
    last = Handover.objects.order_by("-created_at").values_list("created_at", flat=True).first()
    begin = last - LOOKED_BACK if last else database_now(-LOOKED_BACK)
    if since is not None:
        begin = min(since, last - LOOKED_BACK) if last else since
    rows = Deposit.objects.filter(state=DepositState.TRANSMITTED, transmitted_at__gte=begin)
    return rows.filter(~Exists(Handover.objects.filter(deposit=OuterRef("pk"))))


def enrol(since: datetime | None = None) -> int:
    """Put in line what is `missing`, in one statement; return how many. Of a row that is there nothing changes."""
    columns = {
        "next_attempt_at": Value(timezone.now(), DateTimeField()),
        "attempts": Value(0),
        "manifest_sha256": Value(""),
        "last_error": Value(""),
    }
    select = missing(since).order_by().annotate(**{f"new_{name}": value for name, value in columns.items()})
    sql, parameters = select.values_list("pk", *(f"new_{name}" for name in columns)).query.sql_with_params()
    with connection.cursor() as cursor:
        # Names of columns are ours, and what the rows hold goes as parameters.
        names = ", ".join(map(connection.ops.quote_name, ("deposit_id", *columns)))
        table = connection.ops.quote_name(Handover._meta.db_table)
        cursor.execute(f"INSERT INTO {table} ({names}) {sql} ON CONFLICT DO NOTHING", parameters)
        return max(cursor.rowcount, 0)


def repeat(handovers: HandoverQuerySet) -> int:
    """Put these in line at once, as if nothing had been handed over of them; return how many."""
    return handovers.update(
        next_attempt_at=timezone.now(),
        attempts=0,
        delivered_at=None,
        manifest_sha256="",
        announced_at=None,
        last_error="",
        stopped_at=None,
        abandoned_at=None,
    )


def abandon(handovers: HandoverQuerySet) -> int:
    """Try these no more, of those that are not delivered; return how many."""
    return handovers.undelivered().update(next_attempt_at=None, stopped_at=None, abandoned_at=timezone.now())


def _each(rows: HandoverQuerySet, act: Callable[[Handover], None], until: float | None) -> bool:
    """Do this to each that is due, one after the other; return whether time ran out."""
    while until is None or time.monotonic() < until:
        row = _claim(rows)
        if row is None:
            return False
        try:
            act(row)
        except _AwayError as error:
            _postpone(row, str(error))
            return False
        except _FileLostError as error:
            if row.attempts < settings.HANDOVER_FILE_TRIES:
                _postpone(row, str(error))
            else:
                _stop(row, str(error))
        except _NotNowError as error:
            _postpone(row, str(error))
        except (_LostError, Deposit.DoesNotExist):
            continue
        except DatabaseFailure:
            raise
        except Exception as error:
            logger.exception("a hand-over failed for no reason that is known", extra={"deposit": str(row.pk)})
            _postpone(row, f"Erreur inattendue du portail ({type(error).__name__}) : prévenez ses développeurs.")
    return True


def _deliver(row: Handover) -> None:
    """Write every document, then the manifest, then that it is done."""
    deposit = Deposit.objects.select_related(
        "invoice", "perimeter", "origin__employer", "origin__training_provider"
    ).get(pk=row.pk)
    documents = list(deposit.documents.all())
    place = storages["handover"]
    if isinstance(place, HandoverFolder):
        with _to_the_place():
            place.tidy()
    for name, document in manifest.named(deposit, documents):
        with _as_it_arrived(document) as file, _to_the_place():
            place.save(name, file)
        _hold(row)
    content = manifest.written(deposit, documents)
    with _to_the_place():
        if isinstance(place, HandoverFolder):
            place.settle(deposit.reference)
        place.save(manifest.name_of(deposit), ContentFile(content))
    now = timezone.now()
    with transaction.atomic():
        done = _held(row).update(
            delivered_at=now,
            manifest_sha256=hashlib.sha256(content).hexdigest(),
            next_attempt_at=now if settings.HANDOVER_WEBHOOK_URL else None,
            attempts=0,
            last_error="",
        )
        if done:
            record(Action.HAND_OVER, side=deposit.side, on=deposit)
    logger.info("handed over", extra={"deposit": str(deposit.pk)})


def _announce(row: Handover) -> None:
    """Tell of it by the webhook, if there still is one, then write that it was told."""
    if not settings.HANDOVER_WEBHOOK_URL:
        _held(row).update(next_attempt_at=None, attempts=0, last_error="")
        return
    try:
        webhook.post(row)
    except webhook.WebhookError as error:
        raise _AwayError(f"Le webhook n’a pas accepté l’annonce ({error}).") from error
    except OSError as error:
        raise _AwayError(f"Le webhook ne répond pas ({_told(error)}).") from error
    _held(row).update(announced_at=timezone.now(), next_attempt_at=None, last_error="")


def _claim(rows: HandoverQuerySet) -> Handover | None:
    """Take the next that is due, for HANDOVER_CLAIM_SECONDS; None when there is none that nobody else holds."""
    with transaction.atomic():
        row = rows.due().select_for_update(skip_locked=True).first()
        if row:
            row.attempts += 1
            row.next_attempt_at = _claimed_until()
            row.save(update_fields=["attempts", "next_attempt_at"])
    return row


def _hold(row: Handover) -> None:
    """Make the claim anew, once a third of its time has gone; raise _LostError where it is another's by now."""
    until = _claimed_until()
    if row.next_attempt_at and until - row.next_attempt_at < timedelta(seconds=settings.HANDOVER_CLAIM_SECONDS) / 3:
        return
    if not _held(row).update(next_attempt_at=until):
        raise _LostError
    row.next_attempt_at = until


def _held(row: Handover) -> HandoverQuerySet:
    """The claimed row, as long as the claim is this one."""
    return Handover.objects.filter(pk=row.pk, next_attempt_at=row.next_attempt_at)


def _claimed_until() -> datetime:
    return timezone.now() + timedelta(seconds=settings.HANDOVER_CLAIM_SECONDS)


def _postpone(row: Handover, why: str) -> None:
    """Set the next attempt, twice as far away as the last one, up to HANDOVER_LONGEST_PAUSE."""
    doubled = settings.HANDOVER_FIRST_PAUSE * 2 ** min(row.attempts - 1, 20)
    again = timezone.now() + min(doubled, settings.HANDOVER_LONGEST_PAUSE)
    _held(row).update(next_attempt_at=again, last_error=why[:500])
    logger.warning("a hand-over waits", extra={"deposit": str(row.pk), "reason": why})


def _stop(row: Handover, why: str) -> None:
    """Take it out of the line: somebody has to do something about it first."""
    _held(row).update(next_attempt_at=None, stopped_at=timezone.now(), last_error=why[:500])
    logger.error("a hand-over is stopped", extra={"deposit": str(row.pk), "reason": why})


@contextmanager
def _as_it_arrived(document: Document) -> Iterator[File]:
    """The document's file, read once to see that it is what was deposited."""
    try:
        with local_file(document_storage(), str(document.file)) as path, path.open("rb") as opened:
            if hashlib.file_digest(opened, "sha256").hexdigest() != document.sha256:
                raise _FileLostError("Un document n’est plus celui qui a été déposé : voyez verify_documents.")
            opened.seek(0)
            file = File(opened, name=document.name)
            file.sha256 = document.sha256  # type: ignore[attr-defined] # so that a bucket need not read it again
            yield file
    except FileNotFoundError as error:
        raise _FileLostError("Un document n’est plus dans le stockage du portail : voyez verify_documents.") from error
    except OSError as error:
        raise _AwayError(f"Le stockage des documents du portail ne répond pas ({_told(error)}).") from error


@contextmanager
def _to_the_place() -> Iterator[None]:
    """Say in French why the place did not take a file."""
    try:
        yield
    except StorageAwayError as error:
        raise _AwayError(f"L’espace de remise ne répond pas, ou refuse ({_told(error)}).") from error
    except OSError as error:
        raise _AwayError(REASONS.get(error.errno or 0, OTHERWISE).replace("…", _told(error))) from error


def _told(error: Exception) -> str:
    """The error's own words, on one line, without the place's paths."""
    words = getattr(error, "strerror", None) or str(getattr(error, "reason", "")) or str(error)
    return " ".join(f"{type(error).__name__}: {words}".replace("\x00", "").split())[:300]
