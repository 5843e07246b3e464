"""Amounts, sizes, dates and numbers as French readers expect them, no-break spaces included."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.template import Context, Template

from portal.templatetags import french


@pytest.mark.parametrize(
    ("amount", "written"),
    [
        (Decimal("1234.56"), "1\u202f234,56\u00a0€"),
        (Decimal("0.5"), "0,50\u00a0€"),
        (Decimal("12345678.9"), "12\u202f345\u202f678,90\u00a0€"),
        (Decimal("-1234.5"), "\u22121\u202f234,50\u00a0€"),
        (Decimal("2.675"), "2,68\u00a0€"),
        (4800, "4\u202f800,00\u00a0€"),
        (0, "0,00\u00a0€"),
        (None, ""),
    ],
)
def test_euros(amount, written):
    assert french.euros(amount) == written


@pytest.mark.parametrize(
    ("size", "written"),
    [
        (0, "0\u00a0octet"),
        (1, "1\u00a0octet"),
        (812, "812\u00a0octets"),
        (1023, "1\u202f023\u00a0octets"),
        (1024, "1\u00a0Ko"),
        (188_416, "184\u00a0Ko"),
        (1_048_575, "1\u00a0Mo"),
        (6_710_886, "6,4\u00a0Mo"),
        (10 * 1024 * 1024, "10\u00a0Mo"),
        (None, ""),
    ],
)
def test_taille(size, written):
    assert french.taille(size) == written


@pytest.mark.parametrize(
    ("number", "written"),
    [
        (0, "0\u00a0page"),
        (1, "1\u00a0page"),
        (2, "2\u00a0pages"),
        (2000, "2\u202f000\u00a0pages"),
        (None, ""),
    ],
)
def test_pages(number, written):
    assert french.pages(number) == written


@pytest.mark.parametrize(
    ("day", "written"),
    [
        (date(2026, 11, 3), "3\u00a0novembre 2026"),
        # Half past eleven in the evening, universal time, is the day after in Paris.
        (datetime(2026, 11, 22, 23, 30, tzinfo=UTC), "23\u00a0novembre 2026"),
        (None, ""),
    ],
)
def test_jour(day, written):
    assert french.jour(day) == written


@pytest.mark.parametrize(
    ("instant", "written"),
    [
        (datetime(2026, 11, 23, 13, 35, tzinfo=UTC), "23\u00a0novembre 2026 à\u00a014\u00a0h\u00a035"),
        (datetime(2026, 7, 3, 6, 5, tzinfo=UTC), "3\u00a0juillet 2026 à\u00a08\u00a0h\u00a005"),
        (datetime(2026, 12, 31, 23, 0, tzinfo=UTC), "1er\u00a0janvier 2027 à\u00a00\u00a0h\u00a000"),
        (None, ""),
    ],
)
def test_moment(instant, written):
    assert french.moment(instant) == written


def test_heure():
    assert french.heure(datetime(2026, 11, 23, 13, 5, tzinfo=UTC)) == "14\u00a0h\u00a005"
    assert french.heure(None) == ""


@pytest.mark.parametrize("write", [french.jour, french.heure, french.moment])
def test_a_time_without_a_zone_is_refused(write):
    with pytest.raises(ValueError, match="naive"):
        write(datetime(2026, 11, 23, 13, 35))  # noqa: DTZ001 - what must be refused


def test_siren_and_siret():
    assert french.siren("732829320") == "732\u00a0829\u00a0320"
    assert french.siret("73282932000074") == "732\u00a0829\u00a0320\u00a000074"
    assert french.siren("") == french.siret("") == french.siret(None) == ""


def test_templates_have_the_filters_without_loading_them():
    template = Template("{{ amount|euros }}, {{ size|taille }}, {{ number|pages }}")
    context = Context({"amount": Decimal("12.5"), "size": 2048, "number": 3})
    assert template.render(context) == "12,50\u00a0€, 2\u00a0Ko, 3\u00a0pages"


@pytest.mark.parametrize(
    ("at", "said"),
    [
        (
            datetime(2026, 11, 23, 13, 35, 8, tzinfo=UTC),
            "23\u00a0novembre 2026 à\u00a014\u00a0h\u00a035\u00a0min\u00a008\u00a0s, heure de Paris (UTC+1)",
        ),
        (
            datetime(2026, 7, 31, 22, 5, 0, tzinfo=UTC),
            "1er\u00a0août 2026 à\u00a00\u00a0h\u00a005\u00a0min\u00a000\u00a0s, heure de Paris (UTC+2)",
        ),
        (None, ""),
    ],
)
def test_an_instant_names_its_zone(at, said):
    assert french.instant(at) == said


def test_the_hour_that_comes_twice_is_told_apart():
    first, second = (french.instant(datetime(2026, 10, 25, hour, 30, tzinfo=UTC)) for hour in (0, 1))
    assert first.replace("UTC+2", "UTC+1") == second
    assert first != second
