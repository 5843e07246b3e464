"""The statuses of dossiers that the OPCO's own system sends back (docs/handover/, `manage.py apply_statuses`).

Lines are applied one by one, in transactions of some hundred: a line that is wrong is told, and stops no other. What a
dossier has already is left alone, so the same file a second time changes nothing; of two lines that give one dossier
different statuses the first holds, the second time too. Each change is an event of the trail.
"""

import csv
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from django.db import transaction

from roles.search import normalise
from trail.enums import Action
from trail.recording import event, record_all

from .enums import DossierStatus
from .models import Dossier

BATCH = 500
VERSION = 1
SHOWN_LENGTH = 60  # characters of what a file says, in a sentence
# As headers may read, accents and case aside.
NUMBER = ("numero", "numero de dossier", "dossier", "number")
STATUS = ("statut", "status")
BY_NAME = {normalise(name): status for status in DossierStatus for name in (status.value, status.label)}


class UnreadableError(ValueError):
    """The file as a whole cannot be understood; says why, in French. Nothing was changed."""


@dataclass(frozen=True)
class Line:
    """What a line of the file says, or in JSON an entry; `number` counts them as a person would."""

    at: int
    number: str
    status: str


@dataclass(frozen=True)
class Change:
    """A dossier's status, before and after."""

    at: int
    number: str
    before: DossierStatus
    after: DossierStatus


@dataclass(frozen=True)
class Refusal:
    """A line that was not applied, and what to do, in French."""

    at: int
    sentence: str


@dataclass
class Outcome:
    """What came of some lines."""

    changes: list[Change] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    unchanged: int = 0


def read(path: Path) -> Iterator[Line]:
    """The lines of a CSV file, or the entries of a JSON file (`.json`). Raises UnreadableError, and OSError."""
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", errors="replace")
    return _of_json(text) if path.suffix.lower() == ".json" else _of_csv(text)


def apply(lines: Iterable[Line], *, dry_run: bool = False) -> Iterator[Outcome]:
    """Apply them, and tell what came of each batch as it is done; with `dry_run`, what would, and change nothing."""
    given: dict[str, tuple[int, DossierStatus]] = {}
    iterator = iter(lines)
    while batch := list(islice(iterator, BATCH)):
        outcome = Outcome()
        wanted = dict(_understood(batch, given, outcome))
        with transaction.atomic():
            _write(wanted, outcome, dry_run=dry_run)
        outcome.refusals.sort(key=lambda refusal: refusal.at)
        yield outcome


def _understood(
    batch: list[Line], given: dict[str, tuple[int, DossierStatus]], outcome: Outcome
) -> Iterator[tuple[str, tuple[int, DossierStatus]]]:
    """The dossiers' numbers with the line that names each and the status that it gives; the rest is refused."""
    for line in batch:
        status = BY_NAME.get(normalise(line.status))
        if not line.number:
            outcome.refusals.append(Refusal(line.at, "Le numéro de dossier manque : indiquez-le."))
        elif status is None:
            known = ", ".join(f"« {known.label} »" for known in DossierStatus)
            sentence = f"Le statut « {_shown(line.status)} » n’est pas connu : écrivez un code, ou {known}."
            outcome.refusals.append(Refusal(line.at, sentence))
        elif line.number in given:
            at, before = given[line.number]
            if before == status:
                outcome.unchanged += 1
            else:
                sentence = (
                    f"Le dossier {_shown(line.number)} a le statut « {before.label} » à la ligne {at} : "
                    "gardez une seule des deux lignes."
                )
                outcome.refusals.append(Refusal(line.at, sentence))
        else:
            given[line.number] = (line.at, status)
            yield line.number, given[line.number]


def _write(wanted: dict[str, tuple[int, DossierStatus]], outcome: Outcome, *, dry_run: bool) -> None:
    """Change what differs, one statement for each status, with an event for each dossier."""
    # By number: whoever applies another file at the same time waits rather than both for each other.
    # What cannot be printed is no number, and not every database takes it.
    numbers = [number for number in wanted if number.isprintable()]
    found = Dossier.objects.filter(number__in=numbers).order_by("number").select_for_update().only("number", "status")
    there = {dossier.number: dossier for dossier in found}
    changed: dict[DossierStatus, list[Dossier]] = {}
    for number, (at, status) in wanted.items():
        dossier = there.get(number)
        if dossier is None:
            sentence = f"Le dossier {_shown(number)} n’existe pas dans le portail : vérifiez le numéro, ou créez-le."
            outcome.refusals.append(Refusal(at, sentence))
        elif dossier.status == status:
            outcome.unchanged += 1
        else:
            outcome.changes.append(Change(at, number, dossier.as_status, status))
            changed.setdefault(status, []).append(dossier)
    if dry_run:
        return
    for status, dossiers in changed.items():
        Dossier.objects.filter(pk__in=[dossier.pk for dossier in dossiers]).update(status=status)
    record_all(
        event(Action.APPLY_STATUS, on=dossier, details={"before": dossier.status, "after": status.value})
        for status, dossiers in changed.items()
        for dossier in dossiers
    )


def _of_csv(text: str) -> Iterator[Line]:
    first = text.partition("\n")[0]
    delimiter = max(";,\t", key=first.count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        header = [normalise(name) for name in next(rows, [])]
        number, status = _column(header, NUMBER, "numéro"), _column(header, STATUS, "statut")
        for row in rows:
            if any(cell.strip() for cell in row):
                cells = [*row, *[""] * len(header)]
                yield Line(rows.line_num, cells[number].strip(), cells[status].strip())
    except csv.Error as error:
        raise UnreadableError(f"Ligne {rows.line_num} : ce fichier CSV est mal formé ({error}).") from error


def _column(header: list[str], names: tuple[str, ...], label: str) -> int:
    found = [place for place, name in enumerate(header) if name in names]
    if len(found) != 1:
        raise UnreadableError(
            "La première ligne nomme les colonnes, séparées par un point-virgule : il faut une colonne « numéro » "
            f"et une colonne « statut », chacune une seule fois. « {label} » : {len(found)}."
        )
    return found[0]


def _of_json(text: str) -> Iterator[Line]:
    try:
        told: Any = json.loads(text)
    except ValueError as error:
        raise UnreadableError(f"Ce fichier JSON est mal formé ({error}).") from error
    except RecursionError:
        raise UnreadableError("Ce fichier JSON est mal formé (trop d’imbrications).") from None
    if not isinstance(told, dict) or told.get("version") != VERSION or not isinstance(told.get("statuses"), list):
        raise UnreadableError(
            "Ce fichier JSON n’a pas la forme attendue : un objet avec « version », 1, et « statuses », une liste "
            "d’objets avec « number » et « status »."
        )
    for at, entry in enumerate(told["statuses"], start=1):
        values = entry if isinstance(entry, dict) else {}
        number, status = values.get("number"), values.get("status")
        yield Line(
            at,
            number.strip() if isinstance(number, str) else "",
            status.strip() if isinstance(status, str) else "",
        )


def _shown(text: str) -> str:
    """What a file says, on one line of a terminal and no longer than it needs be."""
    plain = "".join(character if character.isprintable() else " " for character in text)
    return plain if len(plain) <= SHOWN_LENGTH else f"{plain[:SHOWN_LENGTH]}…"
