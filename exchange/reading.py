"""Reads a file of lines as it comes, CSV or XLSX, in bounded memory; formulas are never evaluated.

CSV is UTF-8 (with a byte order mark or without), UTF-16 with one, or Windows-1252, its columns apart by semicolons,
commas or tabs. Of a workbook the first sheet is read, and of a formula the value that was saved with it.
"""

import codecs
import csv
import re
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import chain, islice
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from openpyxl import load_workbook

Value = str | int | float | Decimal | date | datetime | bool | None
Line = tuple[int, list[Value]]

ZIP, OLD_EXCEL = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
MEGABYTE = 1024 * 1024
SEPARATORS = (";", ",", "\t")
# Excel's own first line, which names the separator.
SEPARATOR_LINE = re.compile(r"sep=.?", re.IGNORECASE)
# No table of ours has half as many columns.
COLUMNS = 64
SHARED_STRINGS = "xl/sharedstrings.xml"
# What openpyxl keeps of a workbook's texts: each once, for as long as the workbook is read.
SHARED_STRINGS_BYTES = 64 * MEGABYTE


class UnreadableError(Exception):
    """The file cannot be read as a table; its words say why, and what to do."""


@dataclass(frozen=True)
class Table:
    """The titles of a file's columns, its other lines by their number in the file, and how many they may be."""

    titles: list[str]
    lines: Iterator[Line]
    guess: int


@contextmanager
def reading(path: Path, knows: Callable[[str], bool]) -> Iterator[Table]:
    """The table in a file, read as its lines are asked for.

    `knows` says whether a title is one of a column: by it the separator is found. Raises UnreadableError, at once or
    while lines are read.
    """
    with path.open("rb") as file:
        beginning = file.read(4)
        file.seek(0)
        if beginning == OLD_EXCEL:
            raise UnreadableError(
                "C’est un classeur d’un ancien format (.xls) ou protégé par un mot de passe : enregistrez-le en .xlsx, "
                "sans mot de passe, ou en CSV."
            )
        lines, guess = _workbook(file) if beginning == ZIP else _csv(path, knows)
        # Blank lines before the titles.
        filled = ((number, values) for number, values in lines if any(_is_filled(value) for value in values))
        first = next(filled, None)
        if first is None:
            raise UnreadableError(
                "Ce fichier est vide : il faut une ligne de titres, puis une ligne pour chaque objet."
            )
        titles = [_title(value) for value in first[1]]
        width = max(rank for rank, title in enumerate(titles, start=1) if title)
        yield Table(titles[:width], ((number, values[:width]) for number, values in filled), guess)


def _is_filled(value: Value) -> bool:
    return value is not None and (not isinstance(value, str) or bool(value.strip()))


def _title(value: Value) -> str:
    # The page names those that are not ours, and not every database takes every character.
    return " ".join("".join(one if one.isprintable() else " " for one in str(value or "")).split())


def _bounded(lines: Iterator[list[Value]]) -> Iterator[Line]:
    """With their numbers, from 1; UnreadableError beyond the limit, blank lines counted."""
    for number, values in enumerate(lines, start=1):
        if number > settings.IMPORT_LINES + 1:
            raise UnreadableError(
                f"Ce fichier a plus de {settings.IMPORT_LINES} lignes : coupez-le en plusieurs, chacun avec les titres."
            )
        yield number, values


# --- CSV ----------------------------------------------------------------------------------------------------------


def _csv(path: Path, knows: Callable[[str], bool]) -> tuple[Iterator[Line], int]:
    encoding = _encoding(path)
    separator = _separator(path, encoding, knows)
    with path.open("rb") as file:
        guess = sum(chunk.count(b"\n") for chunk in _chunks(file))
    return _bounded(_csv_lines(path, encoding, separator)), guess


def _encoding(path: Path) -> str:
    """What the file is written in: what its first bytes say, else UTF-8 if it can be, else Windows-1252."""
    with path.open("rb") as file:
        beginning = file.read(3)
        if beginning[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
            return "utf-16"
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            decoder.decode(beginning)
            for chunk in _chunks(file):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "cp1252"
    return "utf-8-sig"


def _separator(path: Path, encoding: str, knows: Callable[[str], bool]) -> str:
    """The one with which the first line that is filled has most titles that are known."""
    with _opened(path, encoding) as file, _told_as_unreadable():
        first = next((line for line in file if line.strip() and not SEPARATOR_LINE.fullmatch(line.strip())), "")

        def known(separator: str) -> int:
            return sum(knows(_title(title)) for title in next(csv.reader([first], delimiter=separator), []))

        return max(SEPARATORS, key=known)


def _csv_lines(path: Path, encoding: str, separator: str) -> Iterator[list[Value]]:
    with _opened(path, encoding) as file, _told_as_unreadable():
        lines: Iterator[list[str]] = csv.reader(file, delimiter=separator)
        first = next(lines, None)
        if first is None:
            return
        # « sep=; » may be cut by its own separator.
        named = SEPARATOR_LINE.fullmatch(separator.join(first).strip())
        for line in lines if named else chain([first], lines):
            yield list(line[:COLUMNS])


def _opened(path: Path, encoding: str) -> IO[str]:
    return path.open(encoding=encoding, newline="")


@contextmanager
def _told_as_unreadable() -> Iterator[None]:
    """What reading a CSV raises, as a sentence. What is done with its lines happens elsewhere."""
    try:
        yield
    except (UnicodeError, csv.Error):
        raise UnreadableError(
            "Ce fichier n’est ni un CSV ni un classeur Excel : dans le tableur, enregistrez-le en « CSV UTF-8 » ou "
            "en .xlsx."
        ) from None


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    while chunk := file.read(MEGABYTE):
        yield chunk


# --- XLSX ---------------------------------------------------------------------------------------------------------


def _workbook(file: IO[bytes]) -> tuple[Iterator[Line], int]:
    try:
        _check_parts(file)
        book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
        sheet: Any = book.worksheets[0]
        guess = sheet.max_row or 0
        # What a workbook says of its own size is not believed.
        sheet.reset_dimensions()
    except UnreadableError:
        raise
    except Exception:  # noqa: BLE001 - whatever openpyxl makes of what is no workbook
        raise _no_workbook() from None
    return _bounded(_sheet_lines(sheet)), min(guess, settings.IMPORT_LINES)


def _sheet_lines(sheet: Any) -> Iterator[list[Value]]:
    rows = sheet.iter_rows(max_col=COLUMNS, values_only=True)
    while True:
        try:
            row = next(rows, None)
        except Exception:  # noqa: BLE001 - whatever openpyxl makes of what is no sheet
            raise _no_workbook() from None
        if row is None:
            return
        yield list(row)


def _check_parts(file: IO[bytes]) -> None:
    """Raise UnreadableError for a workbook that would take much more room than a table does.

    Sizes are those that the archive declares; zipfile gives no byte beyond. A part that declares entities, or has
    a text of a megabyte, is refused before a parser sees it.
    """
    with zipfile.ZipFile(file) as archive:
        parts = archive.infolist()
        strings = sum(part.file_size for part in parts if part.filename.lower() == SHARED_STRINGS)
        if sum(part.file_size for part in parts) > settings.IMPORT_UNPACKED_BYTES or strings > SHARED_STRINGS_BYTES:
            raise UnreadableError("Ce classeur est trop grand une fois décompressé : enregistrez la feuille en CSV.")
        for part in parts:
            if part.filename.lower().endswith((".xml", ".rels")):
                with archive.open(part) as content:
                    for chunk in _chunks(content):
                        if b"<!DOCTYPE" in chunk or (len(chunk) == MEGABYTE and b"<" not in chunk):
                            raise _no_workbook()
    file.seek(0)


def _no_workbook() -> UnreadableError:
    return UnreadableError(
        "Ce classeur est endommagé ou n’en est pas un : ouvrez-le dans le tableur et enregistrez-le de nouveau, en "
        ".xlsx ou en CSV."
    )


def in_stretches(lines: Iterator[Line], length: int) -> Iterator[list[Line]]:
    """So many lines at a time."""
    while stretch := list(islice(lines, length)):
        yield stretch
