"""« Mes dépôts » as a file for a spreadsheet: CSV as French Excel reads it, and XLSX.

Nothing in a cell is ever a formula, whatever was typed: in XLSX text is marked as text; in CSV, which cannot,
what a spreadsheet would take for a formula begins with an apostrophe.
"""

import csv
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO

from django.utils import timezone
from openpyxl import Workbook
from openpyxl.cell import Cell, WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from roles.enums import Side

from ..enums import DepositState
from ..models import Deposit, DepositQuerySet, Invoice

Value = str | int | Decimal | date | datetime | None

READ_AT_ONCE = 500
BYTE_ORDER_MARK = "\ufeff"  # tells Excel that the file is UTF-8
DAY, MOMENT, EUROS = "dd/mm/yyyy", "dd/mm/yyyy hh:mm", '#,##0.00\\ "€"'
FORMULA_BEGINS_WITH = ("=", "+", "-", "@", "＝", "＋", "－", "＠")


@dataclass(frozen=True)
class Column:
    """A column: its title, what it says of a deposit, its width in characters, how a workbook shows its values."""

    title: str
    value: Callable[[Deposit], Value]
    width: int
    number_format: str = "General"


def _of_invoice(value: Callable[[Invoice], Value]) -> Callable[[Deposit], Value]:
    """Nothing, for a deposit without an invoice."""
    return lambda deposit: value(deposit.invoice) if hasattr(deposit, "invoice") else None


def _tuition(deposit: Deposit) -> Value:
    if deposit.covers_tuition is None:
        return None
    return "Oui" if deposit.covers_tuition else "Non"


COLUMNS = (
    Column("Facture", _of_invoice(lambda invoice: invoice.number), 20),
    Column("Date d’émission", _of_invoice(lambda invoice: invoice.issue_date), 16, DAY),
    Column("Montant HT", _of_invoice(lambda invoice: invoice.amount_ht), 14, EUROS),
    Column("Montant TTC", _of_invoice(lambda invoice: invoice.amount_ttc), 14, EUROS),
    Column("Frais pédagogiques", _tuition, 19),
    Column("Documents", lambda deposit: ", ".join(row.get_type_display() for row in deposit.all_documents), 40),
    Column("Dossier", lambda deposit: deposit.dossiers_seen[0].number, 20),
    Column("Bénéficiaire", lambda deposit: deposit.dossiers_seen[0].beneficiary, 26),
    Column("Autres dossiers", lambda deposit: ", ".join(row.number for row in deposit.dossiers_seen[1:]), 30),
    Column("Déposé en tant que", lambda deposit: Side(deposit.side).label, 24),
    Column("Établissement", lambda deposit: deposit.perimeter.name, 26),
    Column("Statut", lambda deposit: DepositState(deposit.state).label, 24),
    Column("Déposé le", lambda deposit: deposit.submitted_at, 18, MOMENT),
    Column("Transmis le", lambda deposit: deposit.transmitted_at, 18, MOMENT),
    Column("Annulé le", lambda deposit: deposit.cancelled_at, 18, MOMENT),
)


def csv_lines(deposits: DepositQuerySet) -> Iterator[str]:
    """The deposits as CSV, line by line: semicolons, decimal commas, French dates, a byte order mark."""
    read = deposits.iterator(chunk_size=READ_AT_ONCE)
    rows = ([column.value(deposit) for column in COLUMNS] for deposit in read)
    return written_as_csv([column.title for column in COLUMNS], rows)


def written_as_csv(titles: list[str], rows: Iterable[Iterable[Value]]) -> Iterator[str]:
    """Any table in the same way, as its rows come."""
    writer = csv.writer(_Passed(), delimiter=";")
    yield BYTE_ORDER_MARK + writer.writerow(titles)
    for row in rows:
        yield writer.writerow([_in_csv(value) for value in row])


def workbook(deposits: DepositQuerySet) -> BytesIO:
    """The deposits as an XLSX workbook, at its beginning: dates are dates, amounts are numbers, the titles stay."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Mes dépôts")
    sheet.freeze_panes = "A2"
    for rank, column in enumerate(COLUMNS, start=1):
        sheet.column_dimensions[get_column_letter(rank)].width = column.width
    titles = [WriteOnlyCell(sheet, column.title) for column in COLUMNS]
    for title in titles:
        title.font = Font(bold=True)
    sheet.append(titles)
    # One cell for each column, filled anew for each row: a row is written as it is appended, and a style costs.
    cells = [WriteOnlyCell(sheet) for _ in COLUMNS]
    for cell, column in zip(cells, COLUMNS, strict=True):
        cell.number_format = column.number_format
    for deposit in deposits.iterator(chunk_size=READ_AT_ONCE):
        for cell, column in zip(cells, COLUMNS, strict=True):
            _fill(cell, column.value(deposit))
        sheet.append(cells)
    file = BytesIO()
    book.save(file)
    file.seek(0)
    return file


class _Passed:
    """A file for csv.writer that hands back what is written to it."""

    def write(self, line: str) -> str:
        return line


def _in_csv(value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return f"{timezone.localtime(value):%d/%m/%Y %H:%M}"
    if isinstance(value, date):
        return f"{value:%d/%m/%Y}"
    if isinstance(value, Decimal):
        return f"{value:.2f}".replace(".", ",")
    if isinstance(value, int):
        return str(value)
    text = one_line(value)
    return f"'{text}" if text.lstrip().startswith(FORMULA_BEGINS_WITH) else text


def _fill(cell: Cell, value: Value) -> None:
    if isinstance(value, datetime):
        value = timezone.localtime(value).replace(tzinfo=None, microsecond=0)
    elif isinstance(value, str):
        value = one_line(value)
    cell.value = value
    if isinstance(value, str):
        cell.data_type = "s"  # openpyxl makes a formula of a text that begins with « = »


def one_line(text: str) -> str:
    """Without what XML refuses, nor anything that would begin another line or cell."""
    return " ".join(ILLEGAL_CHARACTERS_RE.sub("", text).split())
