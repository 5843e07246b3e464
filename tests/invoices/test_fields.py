"""What a person types: amounts, dates, an invoice's number (RULES.md §2, §5.2, §9)."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
import time_machine
from django.core.exceptions import ValidationError

from invoices.wizard.fields import AmountField, InvoiceNumberField, IssueDateField


def refusal(field, typed: str) -> str:
    """The code of the refusal of what was typed; its sentence must be there."""
    with pytest.raises(ValidationError) as refused:
        field.clean(typed)
    assert all(sentence.endswith(".") for sentence in refused.value.messages)
    return refused.value.error_list[0].code


# --- Amounts ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "amount"),
    [
        ("1 234,56", "1234.56"),
        pytest.param("1\u00a0234,56", "1234.56", id="no-break space"),
        pytest.param("1\u202f234,56", "1234.56", id="narrow no-break space"),
        pytest.param("1\u2009234,56", "1234.56", id="thin space"),
        ("1234,56", "1234.56"),
        ("1234.56", "1234.56"),
        ("1 234.56", "1234.56"),
        ("1234", "1234.00"),
        ("1234,5", "1234.50"),
        ("1234,", "1234.00"),
        ("12 345 678,90", "12345678.90"),
        ("1 234,56 €", "1234.56"),
        ("1\u202f234,56\u00a0€", "1234.56"),
        ("€ 1234", "1234.00"),
        ("  42  ", "42.00"),
        ("0,01", "0.01"),
        ("007", "7.00"),
        ("9 999 999 999,99", "9999999999.99"),
    ],
)
def test_amounts_that_are_understood(typed, amount):
    cleaned = AmountField().clean(typed)
    assert cleaned == Decimal(amount)
    assert cleaned.as_tuple().exponent == -2


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "required"),
        ("   ", "required"),
        ("\u00a0", "required"),
        ("€", "not_understood"),
        ("0", "not_positive"),
        ("0,00", "not_positive"),
        ("-5", "not_positive"),
        ("− 5", "not_positive"),
        ("12,345", "decimals"),
        ("12.345", "decimals"),
        ("0,001", "decimals"),
        ("1.234,56", "not_understood"),
        ("1,234.56", "not_understood"),
        ("1.234.567", "not_understood"),
        ("12 34", "not_understood"),
        ("1234 567", "not_understood"),
        ("1 2345", "not_understood"),
        ("1 234, 56", "not_understood"),
        ("12€345", "not_understood"),
        (",5", "not_understood"),
        (",", "not_understood"),
        ("+5", "not_understood"),
        ("1e5", "not_understood"),
        ("0x10", "not_understood"),
        ("NaN", "not_understood"),
        ("Infinity", "not_understood"),
        ("1_000", "not_understood"),
        ("1'234", "not_understood"),
        ("douze", "not_understood"),
        ("12 EUR", "not_understood"),
        ("1/2", "not_understood"),
        pytest.param("١٢٣٤", "not_understood", id="Arabic digits"),
        pytest.param("１２３４", "not_understood", id="full-width digits"),
        pytest.param("12³", "not_understood", id="superscript"),
        ("10 000 000 000", "too_large"),
        pytest.param("9" * 40, "too_large", id="40 digits"),
        pytest.param("9" * 41, "not_understood", id="41 digits"),
        pytest.param("12\x00", "null_characters_not_allowed", id="NUL"),
    ],
)
def test_amounts_that_are_refused(typed, code):
    assert refusal(AmountField(), typed) == code


def test_an_amount_that_is_not_required_may_be_absent():
    assert AmountField(required=False).clean("") is None


# --- Issue date -------------------------------------------------------------------------------------------------


def on(day: date):
    """As if it were noon of this day in Paris."""
    return time_machine.travel(datetime(day.year, day.month, day.day, 11, tzinfo=UTC), tick=False)


TODAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    "typed",
    [
        "03/11/2026",
        "3/11/2026",
        "03-11-2026",
        "03.11.2026",
        "03 11 2026",
        "3 11 2026",
        "03 / 11 / 2026",
        "03112026",
        "2026-11-03",
        " 03/11/2026 ",
        "03\u00a011\u202f2026",
    ],
)
def test_dates_that_are_understood(typed):
    with on(TODAY):
        assert IssueDateField().clean(typed) == date(2026, 11, 3)


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "required"),
        ("  ", "required"),
        ("31/02/2026", "no_such_day"),
        ("31022026", "no_such_day"),
        ("29/02/2026", "no_such_day"),
        ("00/11/2026", "no_such_day"),
        ("11/23/2026", "no_such_day"),
        ("23/11/26", "not_understood"),
        ("23/11", "not_understood"),
        ("23/11/0000", "no_such_day"),
        ("1112026", "not_understood"),
        ("2026/11/03", "not_understood"),
        ("2026-02-31", "no_such_day"),
        ("03/11/2026 10:00", "not_understood"),
        ("hier", "not_understood"),
        ("0", "not_understood"),
        ("-3/11/2026", "not_understood"),
        pytest.param("٢٣/١١/٢٠٢٦", "not_understood", id="Arabic digits"),
        pytest.param("1" * 21, "not_understood", id="21 characters"),
        pytest.param("03/11/2026\x00", "null_characters_not_allowed", id="NUL"),
        ("24/11/2026", "future"),
        ("01/01/9999", "future"),
        ("22/11/2021", "too_old"),
        ("01/01/0001", "too_old"),
    ],
)
def test_dates_that_are_refused(typed, code):
    with on(TODAY):
        assert refusal(IssueDateField(), typed) == code


def accepts(day: date) -> bool:
    try:
        return IssueDateField().clean(f"{day:%d/%m/%Y}") == day
    except ValidationError:
        return False


@pytest.mark.parametrize(
    ("today", "earliest", "day_before"),
    [
        pytest.param(TODAY, date(2021, 11, 23), date(2021, 11, 22), id="an ordinary day"),
        pytest.param(date(2028, 2, 29), date(2023, 2, 28), date(2023, 2, 27), id="today is the 29th of February"),
        pytest.param(date(2029, 2, 28), date(2024, 2, 28), date(2024, 2, 27), id="the 28th, a leap year before"),
        pytest.param(date(2029, 3, 1), date(2024, 3, 1), date(2024, 2, 29), id="the 29th is a day too old"),
        pytest.param(date(2027, 1, 1), date(2022, 1, 1), date(2021, 12, 31), id="New Year's Day"),
    ],
)
def test_from_five_years_ago_both_included(today, earliest, day_before):
    with on(today):
        assert accepts(today)
        assert accepts(earliest)
        assert not accepts(day_before)
        assert not accepts(date.fromordinal(today.toordinal() + 1))


def test_the_29th_of_february_is_a_date_like_others():
    with on(date(2026, 11, 23)):
        assert accepts(date(2024, 2, 29))
    with on(date(2028, 2, 29)):
        assert accepts(date(2028, 2, 29))


@pytest.mark.parametrize(
    ("now", "today"),
    [
        pytest.param(datetime(2026, 11, 23, 22, 59, tzinfo=UTC), date(2026, 11, 23), id="winter, 23:59 in Paris"),
        pytest.param(datetime(2026, 11, 23, 23, 1, tzinfo=UTC), date(2026, 11, 24), id="winter, 00:01 in Paris"),
        pytest.param(datetime(2026, 7, 14, 21, 59, tzinfo=UTC), date(2026, 7, 14), id="summer, 23:59 in Paris"),
        pytest.param(datetime(2026, 7, 14, 22, 1, tzinfo=UTC), date(2026, 7, 15), id="summer, 00:01 in Paris"),
    ],
)
def test_today_is_the_day_in_paris(now, today):
    with time_machine.travel(now, tick=False):
        assert accepts(today)
        assert not accepts(date.fromordinal(today.toordinal() + 1))
        assert accepts(today.replace(year=2021))
        assert not accepts(today.replace(year=2021, day=today.day - 1))


# --- Invoice's number -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("F2026-118", "F2026-118"),
        ("  F2026-118  ", "F2026-118"),
        ("\u00a0F2026-118\u202f", "F2026-118"),
        ("F 2026 / 118", "F 2026 / 118"),
        ("Fç-№ 118", "Fç-№ 118"),
        pytest.param("X" * 35, "X" * 35, id="35 characters"),
        pytest.param(f"  {'X' * 35}  ", "X" * 35, id="35 characters among spaces"),
        ("<b>1</b>", "<b>1</b>"),
    ],
)
def test_numbers_are_kept_as_they_stand(typed, number):
    assert InvoiceNumberField().clean(typed) == number


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "required"),
        ("  \u00a0 ", "required"),
        pytest.param("X" * 36, "max_length", id="36 characters"),
        pytest.param("F2026\x07118", "invisible", id="control"),
        pytest.param("F2026\n118", "invisible", id="line break"),
        pytest.param("F2026\u202e118", "invisible", id="bidi override"),
        pytest.param("F2026\u2066118", "invisible", id="bidi isolate"),
        pytest.param("F2026\u200b118", "invisible", id="zero-width space"),
        pytest.param("\u200b", "invisible", id="nothing but a zero-width space"),
        pytest.param("F2026\u200d118", "invisible", id="zero-width joiner"),
        pytest.param("F2026\u00ad118", "invisible", id="soft hyphen"),
        pytest.param("\ufeffF2026", "invisible", id="byte order mark"),
        pytest.param("F2026\ue000", "invisible", id="private use"),
        pytest.param("F2026\ud800", "invisible", id="half a character"),
        pytest.param("F2026\x00118", "null_characters_not_allowed", id="NUL"),
        pytest.param("\ufdfa" * 35, "unusual", id="characters that stand for sentences"),
    ],
)
def test_numbers_that_are_refused(typed, code):
    assert refusal(InvoiceNumberField(), typed) == code


def test_a_number_that_is_too_long_is_told_how_long_it_is():
    with pytest.raises(ValidationError, match=r"35 caractères au plus.*il en a ici 40"):
        InvoiceNumberField().clean("X" * 40)
