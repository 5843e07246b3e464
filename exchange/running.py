"""The life of an import. The file is checked, which writes nothing; somebody confirms; it is imported.

    CHECKING ──▶ CHECKED ──confirm──▶ IMPORTING ──▶ DONE
        │           └──▶ ABANDONED, EXPIRED
        └──▶ UNREADABLE; FAILED, from either pass, where it breaks off again and again

A pass goes by stretches of lines. Each is one transaction: the rows, what is told of them (ImportPart), and how far
the pass is. So whatever is killed, and whenever, a stretch is done whole or not at all, and the next run goes on after
the last one. Who runs *claims* the import first, and every stretch holds them to the claim: a second worker that took
over an import finds its first one stopped. One import runs at a time; the others wait for their turn.

Of a line that is refused nothing is written; the others are imported all the same.
"""

import logging
from collections.abc import Iterator
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.core.files.base import File
from django.db import DatabaseError, IntegrityError, OperationalError, transaction
from django.db.models import F, Q
from django.utils import timezone
from import_export.results import RowResult
from tablib import Dataset

from invoices.storage import local_file
from roles.models import User
from trail.enums import Action, Result
from trail.recording import record

from .enums import Kind, Outcome, State
from .models import Import, ImportPart, import_storage
from .reading import Line, Table, UnreadableError, in_stretches, reading
from .resources import RESOURCES
from .tables import TableResource

logger = logging.getLogger(__name__)

# So often a stretch is tried where somebody else writes the same rows.
TRIES = 3
OUTCOMES = {
    RowResult.IMPORT_TYPE_NEW: Outcome.CREATED,
    RowResult.IMPORT_TYPE_UPDATE: Outcome.CHANGED,
    RowResult.IMPORT_TYPE_SKIP: Outcome.UNCHANGED,
    RowResult.IMPORT_TYPE_INVALID: Outcome.REFUSED,
}


class NotNowError(Exception):
    """It is not at the step where this can be done; its words say so."""


class TakenOverError(Exception):
    """Another worker runs this import."""


# --- What people ask for ------------------------------------------------------------------------------------------


def begin(kind: Kind, content: File, *, name: str, sha256: str, by: User | None, invites: bool = False) -> Import:
    """Keep a file that has arrived, to be checked. Raises OSError where it cannot be kept.

    The file is there before its row: one that a crash leaves without is purged (exchange/retention.py).
    """
    size = content.size or 0
    suffix = Path(name).suffix[:10] if Path(name).suffix[1:].isalnum() else ""
    stored = import_storage().save(f"{uuid4()}{suffix}", content)
    asked = Import(kind=kind, by=by, name=name[-255:], size=size, sha256=sha256, invites=invites, file=stored)
    asked.save(force_insert=True)
    _record(asked, "check", {"kind": kind.value, "sha256": sha256})
    return asked


def confirm(asked: Import) -> None:
    """« Importer »: what was checked is to be written. Raises NotNowError."""
    now = timezone.now()
    # From here on it is of whoever confirms.
    fresh = {"by": asked.by, "line": 0, "attempts": 0, "runner": None, "progressed_at": now, "confirmed_at": now}
    _move(asked, State.CHECKED, State.IMPORTING, **fresh, **{outcome.value: 0 for outcome in Outcome})
    asked.parts.all().delete()
    _record(asked, "confirm", {})


def abandon(asked: Import) -> None:
    """« Abandonner »: nothing is written, and the file goes. Raises NotNowError."""
    _move(asked, State.CHECKED, State.ABANDONED, file="", ended_at=timezone.now())
    _forget_file(asked)
    _record(asked, "abandon", {})


def expire() -> int:
    """Let go of the files that nobody confirmed in time; return how many."""
    count = 0
    for asked in Import.objects.unconfirmed():
        with transaction.atomic():
            try:
                _move(asked, State.CHECKED, State.EXPIRED, file="", ended_at=timezone.now())
            except NotNowError:
                continue
            _forget_file(asked)
            count += 1
    return count


# --- What workers do ----------------------------------------------------------------------------------------------


def run_waiting() -> int:
    """Run the imports that wait, one after the other, unless one is being run; return how many passes ended."""
    ended = 0
    while True:
        if Import.objects.held().exists():
            return ended
        waiting = Import.objects.under_way().first()
        if waiting is None or not run(waiting.pk):
            return ended
        ended += 1


def run(pk: int) -> bool:
    """Run the pass that an import is at, from where it was left; whether it came to its end.

    False where there is nothing to do, or somebody else does it.
    """
    asked = _claim(pk)
    if asked is None:
        return False
    if asked.attempts > settings.IMPORT_ATTEMPTS:
        _fail(asked)
        return False
    try:
        with local_file(import_storage(), str(asked.file)) as path:
            _pass_over(asked, path)
    except UnreadableError as error:
        _end(asked, State.UNREADABLE, reason=str(error))
    except TakenOverError:
        logger.info("import %d is run by another worker", asked.pk)
        return False
    except (OSError, DatabaseError) as error:
        # What was done stays done; the sweep goes on with the rest.
        logger.warning("import %d broke off, and is begun again", asked.pk, extra={"reason": type(error).__name__})
        return False
    return True


def _claim(pk: int) -> Import | None:
    """Take an import that waits, or whose worker has told nothing for IMPORT_CLAIM_SECONDS."""
    now = timezone.now()
    silent = now - timedelta(seconds=settings.IMPORT_CLAIM_SECONDS)
    free = Import.objects.under_way().filter(Q(runner=None) | Q(progressed_at__lte=silent), pk=pk)
    # One UPDATE decides: of two workers one changes the row.
    if not free.order_by().update(runner=uuid4(), progressed_at=now, attempts=F("attempts") + 1):
        return None
    return Import.objects.select_related("by").get(pk=pk)


def _pass_over(asked: Import, path: Path) -> None:
    """Check all the lines that are left, or import them, and end the pass. Raises UnreadableError, TakenOverError."""
    checking = asked.state == State.CHECKING
    resource = RESOURCES[Kind(asked.kind)](asked, checking=checking)
    if checking and asked.line and asked.kind == Kind.ACCOUNTS:
        _begin_again(asked)
    with reading(path, lambda title: resource.title_of(title) is not None) as table:
        titles, ignored = match(table, resource)
        if checking:
            _held(asked).update(lines=table.guess, ignored=ignored)
        for stretch in in_stretches(_still_to_do(asked, table, titles, resource), settings.IMPORT_STRETCH):
            _do(asked, resource, titles, stretch)
    if checking:
        told = Import.objects.get(pk=asked.pk)
        _move_held(asked, state=State.CHECKED, lines=told.done, runner=None, progressed_at=timezone.now())
    else:
        _end(asked, State.DONE)


def match(table: Table, resource: TableResource) -> tuple[list[str], list[str]]:
    """For each column of the file its title as ours, empty where it is not ours; and the titles that are not.

    Raises UnreadableError where the file cannot be meant.
    """
    titles = [resource.title_of(typed) or "" for typed in table.titles]
    known = [title for title in titles if title]
    if resource.key_column.column_name not in known:
        wanted = ", ".join(f"« {column.column_name} »" for column in resource.columns)
        raise UnreadableError(
            f"La colonne « {resource.key_column.column_name} » manque. La première ligne porte les titres : {wanted}."
        )
    for title in known:
        if known.count(title) > 1:
            raise UnreadableError(f"La colonne « {title} » est là deux fois : retirez-en une.")
    return titles, [typed for typed, title in zip(table.titles, titles, strict=True) if typed and not title]


def _still_to_do(asked: Import, table: Table, titles: list[str], resource: TableResource) -> Iterator[Line]:
    """The lines after the last one that is done; of the others it is noticed what they are of."""
    for number, values in table.lines:
        if number > asked.line:
            yield number, values
        else:
            resource.notice(_row(titles, values), number)


def _row(titles: list[str], values: list[Any]) -> dict[str, Any]:
    """The cells of a line by title; a short line has empty cells at its end."""
    filled = [*values, *[None] * (len(titles) - len(values))]
    return {title: value for title, value in zip(titles, filled, strict=False) if title}


def _do(asked: Import, resource: TableResource, titles: list[str], stretch: list[Line]) -> None:
    """One stretch, again where somebody else wrote the same rows meanwhile. Raises TakenOverError."""
    for left in reversed(range(TRIES)):
        try:
            with transaction.atomic():
                _do_once(asked, resource, titles, stretch)
        except (IntegrityError, OperationalError):
            if not left:
                raise
        else:
            return


def _do_once(asked: Import, resource: TableResource, titles: list[str], stretch: list[Line]) -> None:
    rows = [_row(titles, values) for _, values in stretch]
    lines = [number for number, _ in stretch]
    headers = [title for title in titles if title]
    dataset = Dataset(*(tuple(row.values()) for row in rows), headers=headers)
    result = resource.import_data(dataset, dry_run=resource.checking, lines=lines)
    for failed in [*result.base_errors, *(error for row in result.rows for error in row.errors)]:
        raise failed.error
    counts = dict.fromkeys(Outcome, 0)
    told = []
    for line, row, row_result in zip(lines, rows, result.rows, strict=True):
        outcome = OUTCOMES[row_result.import_type]
        counts[outcome] += 1
        if outcome != Outcome.UNCHANGED:
            told.append({"line": line, "outcome": outcome.value, **asdict(resource.told(row, row_result))})
    ImportPart.objects.create(
        of=asked,
        first_line=lines[0],
        changed=counts[Outcome.CHANGED],
        refused=counts[Outcome.REFUSED],
        told=told,
    )
    added = {outcome.value: F(outcome.value) + count for outcome, count in counts.items()}
    _move_held(asked, line=lines[-1], progressed_at=timezone.now(), attempts=0, **added)


# --- Within -------------------------------------------------------------------------------------------------------


def _held(asked: Import) -> Any:
    """The row, as long as it is at this pass and ours."""
    return Import.objects.filter(pk=asked.pk, state=asked.state, runner=asked.runner)


def _move_held(asked: Import, **values: Any) -> None:
    """Write on the row that is ours. Raises TakenOverError, which takes back what was written with it."""
    if not _held(asked).update(**values):
        raise TakenOverError


def _move(asked: Import, before: State, after: State, **values: Any) -> None:
    """From one state to another, once. Raises NotNowError."""
    if not Import.objects.filter(pk=asked.pk, state=before).update(state=after, **values):
        raise NotNowError("Cet import n’attend plus de confirmation : sa page dit où il en est.")


@transaction.atomic
def _begin_again(asked: Import) -> None:
    """A check of accounts remembers which are to be created; cut short, it starts over. It has written nothing."""
    _move_held(asked, line=0, **{outcome.value: 0 for outcome in Outcome})
    asked.parts.all().delete()
    asked.line = 0


@transaction.atomic
def _end(asked: Import, state: State, reason: str = "") -> None:
    """Over: the file goes, and the trail tells what came of it. Raises TakenOverError."""
    _move_held(asked, state=state, reason=reason[:500], file="", runner=None, ended_at=timezone.now())
    _forget_file(asked)
    told = Import.objects.get(pk=asked.pk)
    counts = {outcome.value: getattr(told, outcome.value) for outcome in Outcome}
    _record(asked, "end", counts, result=Result.DONE if state == State.DONE else Result.FAILED)
    logger.info(
        "import %d ended", asked.pk, extra={"state": state.value, **{f"lines_{k}": v for k, v in counts.items()}}
    )


def _fail(asked: Import) -> None:
    logger.error("import %d broke off %d times at the same line, and is given up", asked.pk, settings.IMPORT_ATTEMPTS)
    _end(
        asked,
        State.FAILED,
        reason="L’import s’est interrompu plusieurs fois au même endroit. Ce qui précède est fait ; prévenez la "
        "personne qui exploite le portail, puis importez le fichier de nouveau : ce qui est déjà fait sera inchangé.",
    )


def _forget_file(asked: Import) -> None:
    """Once it is sure that the row keeps it no more."""
    name = str(asked.file)
    transaction.on_commit(lambda: import_storage().delete(name), robust=True)


def _record(asked: Import, step: str, details: dict[str, str | int], result: Result = Result.DONE) -> None:
    record(Action.IMPORT, person=asked.by, on=asked, result=result, details={"step": step, **details})
