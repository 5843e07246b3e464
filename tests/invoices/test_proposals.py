"""What follows from a reading: what is proposed, what differs, what is refused, what is kept (RULES.md §5.1, §5.2)."""

from datetime import date
from decimal import Decimal

import pytest

from invoices.pdf import PdfProblem
from invoices.pdf.reading import Reading, Source, XmlProblem
from invoices.proposals.kept import kept, to_keep
from invoices.proposals.refusals import refusal
from invoices.proposals.values import differing, differing_from_xml, filled_in, proposed, standing

INVOICE = Reading(
    source=Source.XML,
    profile="EN 16931",
    number="F2026-118",
    issue_date=date(2026, 11, 2),
    type_code="380",
    currency="EUR",
    amount_ht=Decimal("1234.5"),
    amount_vat=Decimal("246.9"),
    amount_ttc=Decimal("1481.4"),
    seller_name="Jeanne Quévreux",
    seller_siren="900000017",
    mentions=("Zoé Lefèvre", "CPRO-2026-004217"),
)
PROPOSED = {
    "number": "F2026-118",
    "issue_date": "02/11/2026",
    "amount_ht": "1 234,50",
    "amount_ttc": "1 481,40",
}
EMPTY = dict.fromkeys(PROPOSED, "")


def read(**values: object) -> Reading:
    return Reading(**{"source": Source.XML} | values)


def test_what_is_read_is_proposed_as_a_person_would_type_it():
    assert proposed(INVOICE) == PROPOSED


@pytest.mark.parametrize(
    "reading",
    [
        None,
        read(),
        read(problem=XmlProblem.SEVERAL, number="F1"),
        read(number="F" * 36),
        read(number="F\u00ad1"),
        read(amount_ht=Decimal("0"), amount_ttc=Decimal("-12")),
        read(amount_ht=Decimal("0.005"), amount_ttc=Decimal("99999999999")),
        read(currency="USD", amount_ht=Decimal("12"), amount_ttc=Decimal("12")),
    ],
)
def test_what_no_invoice_of_the_portal_can_have_is_not_proposed(reading):
    assert proposed(reading) == {}


OTHER = read(number="G-1", issue_date=date(2026, 11, 3), amount_ht=Decimal("10"))


@pytest.mark.parametrize(
    ("held", "former", "reading", "filled"),
    [
        ({}, None, INVOICE, PROPOSED),
        (EMPTY | {"number": "  "}, None, INVOICE, PROPOSED),
        (EMPTY | {"number": "à moi"}, None, INVOICE, PROPOSED | {"number": "à moi"}),
        # What the former file had proposed goes with it, be it for nothing.
        (PROPOSED, INVOICE, OTHER, {**EMPTY, "number": "G-1", "issue_date": "03/11/2026", "amount_ht": "10,00"}),
        (PROPOSED, INVOICE, None, EMPTY),
        (PROPOSED | {"amount_ttc": "1"}, INVOICE, None, EMPTY | {"amount_ttc": "1"}),
        # Typed, and the same as the new file says.
        (PROPOSED, None, INVOICE, PROPOSED),
    ],
)
def test_a_file_fills_in_what_nobody_typed(held, former, reading, filled):
    assert filled_in(held, former, reading) == filled


def test_a_value_stands_as_proposed_until_it_is_changed():
    assert standing(PROPOSED, INVOICE) == set(PROPOSED)
    assert standing(PROPOSED | {"number": "F2026-119"}, INVOICE) == set(PROPOSED) - {"number"}
    assert standing(EMPTY, INVOICE) == standing(PROPOSED, None) == set()


TYPED = {
    "number": "f2026-118",
    "issue_date": date(2026, 11, 2),
    "amount_ht": Decimal("1234.50"),
    "amount_ttc": Decimal("1481.40"),
}


@pytest.mark.parametrize(
    ("typed", "fields"),
    [
        ({}, []),
        ({"number": " F 2026-118"}, []),
        ({"number": "F2026-119"}, ["number"]),
        ({"issue_date": date(2026, 11, 3)}, ["issue_date"]),
        ({"amount_ht": Decimal("1234.51"), "amount_ttc": Decimal("1481.41")}, ["amount_ht", "amount_ttc"]),
        # Not typed, or not understood.
        ({"amount_ht": None}, []),
    ],
)
def test_what_differs_from_the_xml_differs_by_its_value(typed, fields):
    assert differing_from_xml(INVOICE, TYPED | typed) == fields


def test_only_what_both_say_can_differ_and_only_the_xml_is_to_be_confirmed():
    assert differing(read(number="G"), TYPED) == ["number"]
    assert differing_from_xml(Reading(source=Source.TEXT, number="G"), TYPED) == []
    assert differing_from_xml(None, TYPED) == []


@pytest.mark.parametrize(
    ("reading", "problem"),
    [
        (None, None),
        (INVOICE, None),
        (read(type_code="381"), PdfProblem.CREDIT_NOTE),
        (read(type_code="261"), PdfProblem.CREDIT_NOTE),
        (read(currency="CHF"), PdfProblem.OTHER_CURRENCY),
        # The text of a page is a guess: it is told, and refuses nothing.
        (Reading(source=Source.TEXT, type_code="381", currency="CHF"), None),
    ],
)
def test_a_credit_note_and_another_currency_are_refused_by_the_xml_alone(reading, problem):
    assert refusal(reading) == problem


def test_no_name_is_kept():
    row = to_keep(INVOICE)
    assert row is not None
    assert "Jeanne" not in str(row)
    assert "Lefèvre" not in str(row)
    assert kept(row) == read(
        **{name: getattr(INVOICE, name) for name in row.keys() - {"source"}},
    )


@pytest.mark.parametrize("reading", [None, read(), read(mentions=("Zoé Lefèvre",), seller_name="Jeanne Quévreux")])
def test_a_reading_that_says_nothing_is_not_kept(reading):
    assert to_keep(reading) is None


def test_what_another_version_kept_otherwise_is_no_reading():
    assert kept({"source": "xml", "later": "x"}) is None
    assert kept({"number": "F1"}) is None
