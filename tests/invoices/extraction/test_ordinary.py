"""Ordinary invoices with text: many layouts by several programs; better nothing than wrong."""

from datetime import date

import pytest

from invoices.extraction import read
from invoices.extraction.labels import Label, label_of
from invoices.extraction.plain import amount, day, number
from tests import pdfs
from tests.invoices.extraction.layouts import LAYOUTS
from tests.invoices.extraction.producers import ReportLabPaper
from tests.invoices.extraction.table import FIELDS, counted, printed, table, without_browser

# Of 56 invoices, on which layouts something is left to the person.
LEFT_TO_THE_PERSON = {
    ("discount", "amount_ht"),  # there are two: before the discount, and after
    ("per_line_taxes", "amount_ht"),  # the sums have no labels of their own
    ("per_line_taxes", "amount_ttc"),
}


def held(counts) -> None:
    """Nothing is wrong, and nothing is missing but what is known to be."""
    assert not [key for key, count in counts.items() if count["wrong"]], table(counts)
    missing = {(layout, field) for (_, layout, field), count in counts.items() if count["nothing"]}
    assert missing == LEFT_TO_THE_PERSON, table(counts)


def test_nothing_is_wrong_in_any_layout():
    counts = counted(without_browser())
    assert len({layout for _, layout, _ in counts}) >= 8
    assert sum(sum(count.values()) for count in counts.values()) >= 40 * len(FIELDS)
    held(counts)


@pytest.mark.browser
def test_nothing_is_wrong_in_what_a_browser_prints():
    held(counted(printed(range(4, 5))))


def said(*texts: tuple[float, float, str]) -> dict[str, object]:
    """What is read in a page of these texts: millimetres from the left, from the top."""
    paper = ReportLabPaper()
    for x, y, text in texts:
        paper.text(x, y, text)
    reading = read(paper.pdf(), [], is_invoice=True) or {}
    return {name: value for name, value in reading.items() if name not in ("source", "mentions")}


TOTAL = (120, 100, "Total TTC"), (160, 100, "1 200,00 €")


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        pytest.param([(15, 20, "Facture n° 12"), (15, 30, "Facture n° 13")], {}, id="two numbers"),
        pytest.param([(15, 20, "Facture n° 12"), (15, 30, "Facture n° 12")], {"number": "12"}, id="one number twice"),
        pytest.param([(15, 20, "Facture n°"), (70, 20, "CS 40012")], {}, id="a number too far away"),
        pytest.param([(15, 20, "Facture n°"), (35, 20, "A1"), (15, 25, "B2")], {}, id="beside and below differ"),
        pytest.param([(15, 20, "Facture 1/2")], {}, id="a page"),
        pytest.param([(15, 20, "FACTURE NOVEMBRE 2026")], {}, id="a month"),
        pytest.param([(15, 20, "Facture proforma n° P-2026-1")], {}, id="no invoice"),
        pytest.param([(15, 20, "Devis n° D-2026-1 du 12/10/2026")], {}, id="a quotation"),
        pytest.param([(15, 20, "Date : 12/10/2026")], {}, id="a date of anything"),
        pytest.param([(15, 20, "Date d’échéance : 12/10/2026")], {}, id="a due date"),
        pytest.param([(15, 20, "Facture du 01/10/2026 au 31/10/2026")], {}, id="a period"),
        pytest.param([(15, 20, "Date de facture : 31/02/2026")], {}, id="no such day"),
        pytest.param([*TOTAL], {"amount_ttc": "1200.00"}, id="a TTC alone"),
        pytest.param([*TOTAL, (120, 110, "Total TTC : 1 300,00 €")], {}, id="two TTC"),
        pytest.param([*TOTAL, (120, 110, "Net à payer : 1 000,00 €")], {}, id="something else to pay"),
        pytest.param(
            [*TOTAL, (120, 105, "Acompte"), (160, 105, "200,00 €"), (120, 110, "Net à payer : 1 000,00 €")],
            {"amount_ttc": "1200.00"},
            id="an instalment",
        ),
        pytest.param(
            [(15, 20, "Acompte : 200,00 €"), (15, 30, "Net à payer : 1 000,00 €")], {}, id="what is left to pay"
        ),
        pytest.param([*TOTAL, (120, 90, "Total HT : 1 000,00 €")], {}, id="HT and TTC without the VAT"),
        pytest.param(
            [*TOTAL, (120, 90, "Total HT : 1 000,00 €"), (120, 95, "TVA 20 % : 190,00 €")], {}, id="not adding up"
        ),
        pytest.param(
            [*TOTAL, (120, 90, "Total HT : 1 000,00 €"), (120, 95, "Dont TVA 20 % : 200,00 €")],
            {"amount_ht": "1000.00", "amount_ttc": "1200.00"},
            id="adding up",
        ),
        pytest.param(
            [(15, 20, "Total HT"), (60, 20, "500,00"), (90, 20, "700,00")], {}, id="two amounts behind a label"
        ),
        pytest.param([(15, 20, "Total HT"), (15, 25, "500,00"), (15, 30, "700,00")], {}, id="a column of amounts"),
        pytest.param(
            [(15, 20, "Total HT après remise"), (70, 20, "500,00"), (15, 30, "Total HT : 700,00")], {}, id="two HT"
        ),
        pytest.param([(15, 20, "Total TTC : 1 200,00 $")], {}, id="another currency"),
        pytest.param([(15, 20, "Total TTC : 1200")], {}, id="without cents or currency"),
        pytest.param([(15, 20, "Total TTC : 1200 euros")], {"amount_ttc": "1200.00"}, id="whole euros"),
        pytest.param([(15, 20, "SAS au capital de 10 000,00 €")], {}, id="a capital"),
        pytest.param(
            [(15, 20, "AVOIR"), (15, 30, "N° d’avoir : A-7")], {"number": "A-7", "type_code": "381"}, id="credit"
        ),
        pytest.param([(15, 20, "AVOIR"), (15, 30, "Facture n° : F-7")], {}, id="a credit note or an invoice"),
    ],
)
def test_only_what_is_plain_is_said(texts, expected):
    assert said(*texts) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 234,56 €", "1234.56"),
        ("1\u202f234,56\u00a0€".replace("\u202f", " ").replace("\u00a0", " "), "1234.56"),
        ("1.234.567,89", "1234567.89"),
        ("€ 1,234.56", "1234.56"),
        ("1'234.56 EUR", "1234.56"),
        ("-12,00 €", "-12.00"),
        ("− 12,00 €", "-12.00"),
        ("1 200 €", "1200.00"),
        ("1.200", ""),
        ("1 2345,00", ""),
        ("12 34,56", ""),
        ("1,234,56", ""),
        ("1 200,5 €", ""),
        ("20,00 %", ""),
        ("1234567890123,00", ""),
        ("NaN", ""),
        ("1e4,00", ""),
        ("²²²,00", ""),
    ],
)
def test_amounts(text, expected):
    assert amount(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("12/10/2026", "2026-10-12"),
        ("1er octobre 2026", "2026-10-01"),
        ("lundi 12 Octobre 2026", "2026-10-12"),
        ("12.10.2026", "2026-10-12"),
        ("2026-10-12", "2026-10-12"),
        ("12/10/26", ""),
        ("12-10/2026", ""),
        ("12 et 13 octobre 2026", ""),
        ("99/99/9999", ""),
        ("0000-00-00", ""),
    ],
)
def test_dates(text, expected):
    assert day(text) == expected
    assert not expected or date.fromisoformat(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FA-2026-001", "FA-2026-001"),
        ("FA 2026 0012", "FA 2026 0012"),
        ("F2026/12 du 12/10/2026", "F2026/12"),
        ("12", "12"),
        ("12/10/2026", ""),
        ("1/2", ""),
        ("2026-015 PAGE 1", ""),
        ("Formation Excel 2026", ""),
        ("sans", ""),
        ("1" * 36, ""),
    ],
)
def test_numbers(text, expected):
    assert number(text) == expected


@pytest.mark.parametrize(
    ("text", "label", "rest"),
    [
        ("Facture n°FA-1", Label.NUMBER, "FA-1"),
        ("FACTURE Nº : 12", Label.NUMBER, "12"),
        ("Réf. de la facture :", Label.NUMBER, ""),
        ("Date d’émission de la facture", Label.ISSUE_DATE, ""),
        ("TOTAL H.T. (€) : 12,00", Label.HT, "12,00"),
        ("Montant total de la facture TTC", Label.TTC, ""),
        ("Net à payer TTC", Label.TO_PAY, ""),
        ("dont TVA (20,00 %)", Label.VAT_AT_A_RATE, ""),
        ("TVA à 5,5 % : 3,00", Label.VAT_AT_A_RATE, "3,00"),
        ("TVA intracommunautaire : FR44732829320", Label.VAT, "intracommunautaire : FR44732829320"),
        ("Sous-total HT", None, "Sous-total HT"),
        ("Base HT", None, "Base HT"),
        ("N° de commande", None, "commande"),
        ("Total", None, ""),
    ],
)
def test_labels(text, label, rest):
    assert label_of(text) == (label, rest)


def test_a_scan_says_nothing_and_what_pdfium_does_not_open_neither():
    assert read(pdfs.scanned_pdf(100_000), [], is_invoice=True) is None
    assert read(b"%PDF-1.7 nothing of it", [], is_invoice=True) is None


def test_every_layout_is_another():
    assert len(LAYOUTS) >= 8
