"""Files as they come: encodings, separators, workbooks, what cells hold, and what is no table."""

import zipfile
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO
from pathlib import Path

import pytest

from dossiers.enums import DossierStatus
from exchange.reading import UnreadableError, reading
from exchange.values import Amount, Choice, Day, Digits, Text, YesOrNo
from tests.exchange.conftest import workbook

TITLES = {"Numéro", "Prénom", "Statut"}
EXPECTED = [(2, ["D-1", "Zoé", "Validé"]), (3, ["D-2", "Noël", "Terminé"])]


def table(tmp_path: Path, content: bytes) -> tuple[list[str], list]:
    path = tmp_path / "file"
    path.write_bytes(content)
    with reading(path, lambda title: title in TITLES) as found:
        return found.titles, list(found.lines)


@pytest.mark.parametrize("separator", [";", ",", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("beginning", ["", "\r\n", "sep={}\r\n"])
def test_csv_as_spreadsheets_write_it(tmp_path, separator, encoding, beginning):
    lines = ["Numéro|Prénom|Statut", "D-1|Zoé|Validé", 'D-2|Noël|"Terminé"', ""]
    text = beginning.format(separator) + "\r\n".join(lines).replace("|", separator)
    titles, found = table(tmp_path, text.encode(encoding))
    assert titles == ["Numéro", "Prénom", "Statut"]
    assert [values for _, values in found] == [values for _, values in EXPECTED]


def test_a_workbook_is_numbered_as_it_is_shown(tmp_path):
    titles, found = table(tmp_path, workbook(["Numéro", "Prénom", "Statut"], *(values for _, values in EXPECTED)))
    assert (titles, found) == (["Numéro", "Prénom", "Statut"], EXPECTED)


def test_a_formula_is_what_was_saved_with_it(tmp_path):
    """openpyxl saves none: the cell is empty, and nothing was computed."""
    _, found = table(tmp_path, workbook(["Numéro", "Statut"], ["D-1", '=HYPERLINK("http://ailleurs.example")']))
    assert found == [(2, ["D-1", None])]


def hollow(**parts: bytes) -> bytes:
    """A workbook in which these parts are others."""
    source, made = zipfile.ZipFile(BytesIO(workbook(["Numéro"], ["D-1"]))), BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in source.namelist():
            archive.writestr(name, parts.get(name.rpartition("/")[2].partition(".")[0], source.read(name)))
    return made.getvalue()


ENTITIES = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">]><worksheet>&b;</worksheet>'
NO_TABLE = {
    "nothing": (b"", "Ce fichier est vide"),
    "blank lines": (b"\r\n;;\r\n", "Ce fichier est vide"),
    "an old workbook": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "C’est un classeur d’un ancien format"),
    "a picture": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(256)), "Ce fichier n’est ni un CSV ni un classeur"),
    "an endless cell": (b'Num\xc3\xa9ro\n"' + b"a" * 200_000, "Ce fichier n’est ni un CSV ni un classeur"),
    "another archive": (hollow(workbook=b"<nothing/>"), "Ce classeur est endommagé"),
    "half a workbook": (workbook(["Numéro"])[:-200], "Ce classeur est endommagé"),
    "entities": (hollow(sheet1=ENTITIES), "Ce classeur est endommagé"),
    "a text of megabytes": (
        hollow(sheet1=b"<worksheet><sheetData>" + b"a" * 3_000_000 + b"</sheetData></worksheet>"),
        "Ce classeur est endommagé",
    ),
    "a sheet that ends early": (hollow(sheet1=b"<worksheet><sheetData><row"), "Ce classeur est endommagé"),
}


@pytest.mark.parametrize(("content", "sentence"), NO_TABLE.values(), ids=NO_TABLE)
def test_what_is_no_table_is_told(tmp_path, content, sentence):
    with pytest.raises(UnreadableError, match=sentence):
        table(tmp_path, content)


def test_a_workbook_that_unpacks_to_too_much(tmp_path, settings):
    settings.IMPORT_UNPACKED_BYTES = 100_000
    bomb = hollow(sheet1=b"<worksheet><sheetData/>" + b"<!-- -->" * 100_000 + b"</worksheet>")
    assert len(bomb) < 20_000
    with pytest.raises(UnreadableError, match="trop grand une fois décompressé"):
        table(tmp_path, bomb)


@pytest.mark.parametrize("content", [b"Statut\n" + b"x\n" * 11, workbook(["Statut"], *[["x"]] * 11)])
def test_a_file_of_too_many_lines(tmp_path, settings, content):
    settings.IMPORT_LINES = 10
    with pytest.raises(UnreadableError, match="a plus de 10 lignes"):
        table(tmp_path, content)


def test_a_row_far_below_and_a_cell_far_to_the_right_cost_nothing(tmp_path):
    sheet = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    rows = b'<row r="1"><c r="A1" t="inlineStr"><is><t>Statut</t></is></c></row>'
    rows += b'<row r="1048576"><c r="XFD1048576"/></row>'
    with pytest.raises(UnreadableError, match="lignes"):
        table(tmp_path, hollow(sheet1=sheet + rows + b"</sheetData></worksheet>"))


CELLS = [
    (Text(), "  L’Hôte \u00a0 & fils\x00 ", "L’Hôte & fils"),
    (Text(), "'=SOMME(A1)", "=SOMME(A1)"),
    (Text(), "'s-Hertogenbosch", "'s-Hertogenbosch"),
    (Text(), 2026001, "2026001"),
    (Text(), 12.0, "12"),
    (Digits(9), "732 829 320", "732829320"),
    (Digits(9), 5520176, "005520176"),
    (Digits(14), 73282932000074.0, "73282932000074"),
    (Day(), "31/12/2026", date(2026, 12, 31)),
    (Day(), "1-9-2026", date(2026, 9, 1)),
    (Day(), "2026-12-31", date(2026, 12, 31)),
    (Day(), "2026-12-31T00:00:00", date(2026, 12, 31)),
    (Day(), datetime(2026, 12, 31), date(2026, 12, 31)),  # noqa: DTZ001 - as a workbook has it
    (Day(), 46387, date(2026, 12, 31)),
    (Amount(), "1\u202f234,56 €", Decimal("1234.56")),
    (Amount(), "1234.5", Decimal("1234.50")),
    (Amount(), 4800.1, Decimal("4800.10")),
    (Amount(), 4800, Decimal("4800.00")),
    (YesOrNo(), "Oui", True),
    (YesOrNo(), "NON", False),
    (YesOrNo(), True, True),
    (YesOrNo(), 0, False),
    (Choice(DossierStatus), "a_facturer", "A_FACTURER"),
    (Choice(DossierStatus), "A facturer", "A_FACTURER"),
    (Choice(DossierStatus), "En cours de règlement", "EN_COURS_DE_REGLEMENT"),
]


@pytest.mark.parametrize(("widget", "cell", "meant"), CELLS, ids=lambda value: str(value)[:30])
def test_what_a_cell_means(widget, cell, meant):
    assert widget.clean(cell) == meant


REFUSED = [
    (Text(), "#N/A", "La cellule contient une erreur du tableur"),
    (Text(), "#REF!", "La cellule contient une erreur du tableur"),
    (Digits(14), "7,32829E+13", "Le tableur a abrégé ce numéro"),
    (Day(), "31/02/2026", "n’existe pas"),
    (Day(), "31/12/26", "n’est pas comprise"),
    (Day(), "46387", "n’est pas comprise"),
    (Day(), "demain", "n’est pas comprise"),
    (Amount(), "beaucoup", "n’est pas compris"),
    (Amount(), "1,234", "n’est pas compris"),
    (Amount(), "1" * 60, "n’est pas compris"),
    (YesOrNo(), "peut-être", "n’est ni oui ni non"),
    (Choice(DossierStatus), "En pause", "n’est pas dans la liste"),
]


@pytest.mark.parametrize(("widget", "cell", "sentence"), REFUSED, ids=lambda value: str(value)[:30])
def test_what_a_cell_cannot_mean(widget, cell, sentence):
    with pytest.raises(ValueError, match=sentence):
        widget.clean(cell)
