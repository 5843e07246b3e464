"""Electronic invoices: every profile, every kind of VAT, and XML that is out to harm."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from invoices.extraction import electronic
from invoices.pdf import PdfProblem, PdfRefused
from invoices.pdf.reading import Reading, Source, XmlProblem
from tests import pdfs
from tests.invoices.extraction.electronic import (
    EXEMPT,
    PROFILES,
    ZUGFERD_1_XML,
    factur_x,
    invoice,
    ubl_of,
    xml_of,
)

SAID = Reading(
    source=Source.XML,
    number="FA-2026-0042",
    issue_date=date(2026, 10, 12),
    type_code="380",
    currency="EUR",
    amount_ht=Decimal("1200.00"),
    amount_vat=Decimal("240.00"),
    amount_ttc=Decimal("1440.00"),
    seller_name="Formatech",
    seller_siren="732829320",
    buyer_name="Groupe Horizon",
)
PLAIN = invoice(("1200.00", "20"))
XML = xml_of(PLAIN)


def read(xml: bytes) -> Reading:
    """As it comes from the box."""
    return Reading.from_json({"source": "xml"} | electronic.read(xml)[0])


@pytest.mark.parametrize(("profile", "name"), PROFILES.items())
def test_every_profile_in_the_box(read_in_box: Callable[..., Reading], profile: str, name: str):
    reading = read_in_box(factur_x(xml_of(PLAIN, profile), profile))
    siret = "" if profile == "minimum" else "73282932000074"
    expected = replace(SAID, profile=name, seller_siret=siret, buyer_siren="552100554", mentions=reading.mentions)
    assert reading == expected
    assert ("CPRO-2026-004217" in reading.mentions) == (profile != "minimum")
    assert ("Jeanne Lefèvre" in reading.mentions) == (profile in ("basic", "en16931", "extended"))


def test_zugferd_1_whose_sirens_are_in_vat_numbers():
    assert read(ZUGFERD_1_XML) == replace(SAID, profile="COMFORT")


def test_ubl():
    reading = read(ubl_of(PLAIN))
    assert reading == replace(SAID, profile="UBL", seller_siret="73282932000074", buyer_siren="552100554")


@pytest.mark.parametrize(
    ("shares", "vat", "exemption"),
    [
        ([("1000.00", "20")], "200.00", ""),
        ([("1000.00", "10")], "100.00", ""),
        ([("1000.00", "5.5")], "55.00", ""),
        ([("1000.00", "20"), ("200.00", "10"), ("99.99", "5.5")], "225.50", ""),
        ([("1000.00", "0")], "0.00", EXEMPT),
        ([("1000.00", "0"), ("50.00", "20")], "10.00", EXEMPT),
    ],
)
def test_every_kind_of_vat(shares, vat, exemption):
    reading = read(xml_of(invoice(*shares)))
    assert reading.amount_ht == sum(Decimal(base) for base, _ in shares)
    assert reading.amount_vat == Decimal(vat)
    assert reading.amount_ttc == reading.amount_ht + reading.amount_vat
    assert reading.exemption == exemption


@pytest.mark.parametrize(
    ("others", "said"),
    [
        ({"BT-3": "381"}, {"type_code": "381"}),
        ({"BT-5": "CHF"}, {"currency": "CHF", "amount_vat": Decimal("240.00"), "amount_ttc": Decimal("1440.00")}),
        # What does not add up is told as it is: the portal warns of it.
        ({"BT-112": "1500.00"}, {"amount_ht": Decimal("1200.00"), "amount_ttc": Decimal("1500.00")}),
        # The VAT in the seller's currency besides.
        ({"BT-6": "CHF", "BT-111": "231.00"}, {"currency": "EUR", "amount_vat": Decimal("240.00")}),
    ],
)
def test_what_is_out_of_the_ordinary_is_told_as_it_is(others, said):
    reading = read(xml_of(PLAIN | others))
    assert {name: getattr(reading, name) for name in said} == said


@pytest.mark.parametrize(
    ("true", "false", "field"),
    [
        (b"1440.00<", b"1E400<", "amount_ttc"),
        (b"1440.00<", b"NaN<", "amount_ttc"),
        (b"1440.00<", b"1" * 40 + b"<", "amount_ttc"),
        (b"1440.00<", b"1 440,00<", "amount_ttc"),
        (b"1440.00<", "١٤٤٠<".encode(), "amount_ttc"),
        (b"20261012", b"20260231", "issue_date"),
        (b"20261012", b"12/10/2026", "issue_date"),
        (b"FA-2026-0042<", b"9" * 1_000_000 + b"<", "number"),
        (b"FA-2026-0042<", "FA\u202e240-<".encode(), "number"),
        (b"FA-2026-0042<", b"FA<b>-</b>42<", "number"),
        (b">EUR<", "> €uro <".encode(), "currency"),
    ],
)
def test_a_value_that_is_none_is_not_read_and_the_others_are(true, false, field):
    assert true in XML
    reading = read(XML.replace(true, false))
    assert getattr(reading, field) in ("", None)
    assert reading.seller_siren == "732829320"
    assert reading.amount_ht == Decimal("1200.00")


def test_what_is_said_twice_and_not_alike_is_not_read():
    twice = XML.replace(
        b"</ram:GrandTotalAmount>", b"</ram:GrandTotalAmount><ram:GrandTotalAmount>1.00</ram:GrandTotalAmount>"
    )
    assert read(twice).amount_ttc is None
    assert read(twice.replace(b">1.00<", b">1440.00<")).amount_ttc == Decimal("1440.00")


def test_comments_and_instructions_hide_nothing():
    assert read(XML.replace(b">FA-2026-0042<", b">FA-<!-- x -->2026<?x y?>-<![CDATA[0042]]><")).number == "FA-2026-0042"


DECLARATION, _, BODY = XML.decode().partition("?>")


@pytest.mark.parametrize(
    "xml",
    [
        pytest.param(b"\xef\xbb\xbf" + XML, id="byte-order mark"),
        pytest.param(f'<?xml version="1.0" encoding="UTF-16"?>{BODY}'.encode("utf-16"), id="UTF-16"),
        pytest.param(f'<?xml version="1.0" encoding="ISO-8859-1"?>{BODY}'.encode("latin-1"), id="Latin 1"),
        pytest.param(XML.replace(b"<ram:SellerTradeParty>", b"<x/>" * 100_000 + b"<ram:SellerTradeParty>"), id="nodes"),
        pytest.param(BODY.encode(), id="no declaration"),
    ],
)
def test_written_otherwise_it_says_the_same(read_in_box, xml):
    expected = replace(SAID, profile="EN 16931", seller_siret="73282932000074", buyer_siren="552100554")
    reading = read_in_box(pdfs.embedded(xml))
    assert replace(reading, mentions=()) == expected


ENTITY = '<!DOCTYPE r [<!ENTITY e SYSTEM "file:///etc/hostname">]>'
HOSTILE = {
    "entities": pdfs.XML_BOMB,
    "an external entity": (DECLARATION + "?>" + ENTITY + BODY.replace("FA-2026-0042", "&e;")).encode(),
    "an external DTD": (DECLARATION + '?><!DOCTYPE r SYSTEM "http://127.0.0.1:9/x.dtd">' + BODY).encode(),
    "wrong encoding": XML.replace("é".encode(), b"\xe9"),
    "said to be UTF-16": f'<?xml version="1.0" encoding="UTF-16"?>{BODY}'.encode(),
    "cut": XML[:-40],
    "unknown encoding": f'<?xml version="1.0" encoding="x-none"?>{BODY}'.encode(),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_no_sound_xml_gives_nothing_and_the_check_refuses_it(read_in_box, name):
    assert read(HOSTILE[name]) == Reading(Source.XML, problem=XmlProblem.UNREADABLE)
    with pytest.raises(PdfRefused) as refusal:
        read_in_box(pdfs.embedded(HOSTILE[name]))
    assert refusal.value.problem == PdfProblem.EMBEDDED_FILE


@pytest.mark.parametrize(
    "xml",
    [
        pytest.param(
            XML.replace(b"<ram:SellerTradeParty>", b"<a>" * 5000 + b"</a>" * 5000 + b"<ram:SellerTradeParty>"),
            id="deep",
        ),
        pytest.param(XML + b" " * 2_000_000, id="large"),
        pytest.param(pdfs.FACTUR_X_XML, id="empty"),
    ],
)
def test_sound_xml_that_asks_for_too_much_or_says_nothing_is_a_problem(read_in_box, xml):
    assert read_in_box(pdfs.embedded(xml)) == Reading(Source.XML, problem=XmlProblem.UNREADABLE)


def test_several_invoices_propose_nothing_and_the_same_twice_is_one(read_in_box):
    several = read_in_box(pdfs.embedded_twice(XML, XML.replace(b"0042", b"0043")))
    assert several == Reading(Source.XML, problem=XmlProblem.SEVERAL)
    assert read_in_box(pdfs.embedded_twice(XML, XML)).number == "FA-2026-0042"


def test_of_a_supporting_document_the_xml_is_not_read(read_in_box):
    reading = read_in_box(pdfs.embedded(XML), is_invoice=False)
    assert reading is None or (reading.source == Source.TEXT and reading.number == "")
