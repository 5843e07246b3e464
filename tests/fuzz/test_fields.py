"""Amounts, dates, numbers and names of files: what holds whatever is typed (RULES.md §2, §5.2, §9)."""

import unicodedata
from datetime import date, timedelta
from decimal import Decimal
from urllib.parse import unquote

from django.core.exceptions import SuspiciousFileOperation, ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone
from django.utils.http import content_disposition_header
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from invoices.reading.archive import NAME_BYTES, safe
from invoices.rules import LARGEST_AMOUNT, earliest_issue_date, number_key
from invoices.wizard.fields import AmountField, InvoiceNumberField, IssueDateField

# The same examples each time: what a run finds, the next one finds too.
examples = settings(deadline=None, max_examples=150, derandomize=True, database=None)

SPACES = [" ", "\xa0", "\u202f", "\u2009", "\u2003", "\u3000"]
anything = st.one_of(st.text(max_size=60), st.text("0123456789 .,-+€eE٣９\xa0\u202f−’", max_size=30))


def cleaned(field, typed: str):
    """What the field makes of it; None where it refuses."""
    try:
        return field.clean(typed)
    except ValidationError:
        return None


# --- Amounts --------------------------------------------------------------------------------------------------------

cents = st.integers(min_value=1, max_value=999_999_999_999)


@examples
@given(cents, st.sampled_from(SPACES), st.sampled_from([",", "."]), st.sampled_from(["", " ", " €", "\xa0€", "€"]))
def test_an_amount_is_read_as_it_was_meant_however_it_is_written(value, space, comma, sign):
    amount = Decimal(value) / 100
    whole, part = divmod(value, 100)
    for written in (f"{whole}{comma}{part:02}", f"{whole:,}".replace(",", space) + f"{comma}{part:02}"):
        assert AmountField().clean(f" {written}{sign}") == amount


@examples
@given(anything)
@example("1e9")
@example("NaN")
@example("٣")
@example("1,2,3")
@example("1 23")
@example("9" * 5_000)
@example("-0")
def test_an_amount_is_refused_or_positive_with_two_decimals_and_of_its_very_digits(typed):
    amount = cleaned(AmountField(), typed)
    if amount is not None:
        assert 0 < amount <= LARGEST_AMOUNT
        assert amount == amount.quantize(Decimal("0.01"))
        digits = "".join(character for character in typed if character.isdigit())
        assert digits.isascii()
        assert digits.rstrip("0").lstrip("0") in f"{amount:.2f}".replace(".", "")
        assert not set("eE-+−") & set(typed)


# --- Dates ----------------------------------------------------------------------------------------------------------


@examples
@given(st.dates(min_value=date(1900, 1, 1), max_value=date(2200, 1, 1)))
def test_a_day_is_accepted_from_five_years_ago_to_today_in_every_way_to_write_it(day):
    today = timezone.localdate()
    accepted = earliest_issue_date(today, 5) <= day <= today
    for pattern in ("%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y", "%d %m %Y", "%d / %m / %Y", "%d%m%Y", "%Y-%m-%d"):
        assert cleaned(IssueDateField(), day.strftime(pattern)) == (day if accepted else None)


@examples
@given(st.integers(min_value=0, max_value=5 * 366))
def test_the_days_that_are_accepted_are_those(days):
    day = timezone.localdate() - timedelta(days=days)
    assert (cleaned(IssueDateField(), f"{day.day}/{day.month}/{day.year}") == day) is (
        day >= earliest_issue_date(timezone.localdate(), 5)
    )


@examples
@given(anything)
@example("٠١/٠١/٢٠٢٦")
@example("31/02/2026")
@example("99999999")
@example("0000-00-00")
def test_any_other_text_is_refused_or_a_day_in_range(typed):
    day = cleaned(IssueDateField(), typed)
    assert day is None or earliest_issue_date(timezone.localdate(), 5) <= day <= timezone.localdate()


@examples
@given(st.dates(min_value=date(1000, 1, 1)))
def test_five_years_before_any_day_is_a_day_of_the_same_name(today):
    earliest = earliest_issue_date(today, 5)
    assert earliest.year == today.year - 5
    assert (earliest.month, earliest.day) in ((today.month, today.day), (2, 28))


# --- Numbers --------------------------------------------------------------------------------------------------------


@examples
@given(st.text(max_size=35))
@example("Y¯")
@example("ﬁ")
@example("İ")
@example("ẞ")
@example("ᾼ")
def test_comparing_a_number_twice_changes_nothing(number):
    assert number_key(number_key(number)) == number_key(number)


@examples
@given(st.text("ABCdéß-/.0129", min_size=1, max_size=20), st.lists(st.sampled_from(SPACES), min_size=1, max_size=5))
def test_neither_case_nor_spaces_nor_composition_make_another_number(number, spaces):
    key = number_key(number)
    for same in (number.upper(), number.lower(), spaces[0].join(number), "".join(spaces) + number + spaces[-1]):
        assert number_key(same) == key
    assert number_key(unicodedata.normalize("NFD", number)) == number_key(unicodedata.normalize("NFC", number)) == key


@examples
@given(st.text("ABC0129-/.", min_size=1, max_size=35), st.text("ABC0129-/.", min_size=1, max_size=35))
def test_other_letters_are_another_number(one, other):
    assume(one != other)
    assert number_key(one) != number_key(other)


@examples
@given(anything)
def test_a_number_that_is_accepted_can_be_stored_and_compared(typed):
    number = cleaned(InvoiceNumberField(), typed)
    if number:
        assert len(number) <= 35
        assert 0 < len(number_key(number)) <= 4 * 35
        assert "\x00" not in number
        assert number == number.strip()
        assert not {unicodedata.category(character) for character in number} & {"Cc", "Cf", "Co", "Cs"}


# --- Names of files -------------------------------------------------------------------------------------------------

names = st.one_of(
    st.text(max_size=300),
    st.text("/\\.:\x00\r\n\"';%éß\u202e abc", max_size=40),
    st.sampled_from(["..", ".", "../../etc/passwd", "C:\\a.pdf", "CON", "a\r\nX-Evil: 1", 'a"; filename="b']),
)


@examples
@given(names)
def test_the_name_of_a_file_is_no_path_and_comes_back_as_it_is_told(name):
    """What Django makes of a name on arrival, told as a download tells it and read as a browser reads it."""
    try:
        stored = UploadedFile(name=name).name
    except SuspiciousFileOperation:  # no name at all
        return
    assert "/" not in stored
    assert stored not in (".", "..")
    header = content_disposition_header(True, stored)
    assert header.isascii()
    if "\r" in stored or "\n" in stored:
        return  # Django refuses such a header; the multipart parser lets no such name arrive
    kind, _, rest = header.partition("; ")
    assert kind == "attachment"
    if rest.startswith("filename*=utf-8''"):
        assert unquote(rest.removeprefix("filename*=utf-8''")) == stored
    else:
        told = rest.removeprefix('filename="').removesuffix('"')
        assert told.replace('\\"', '"').replace("\\\\", "\\") == stored


@examples
@given(names)
def test_the_name_in_a_zip_is_one_that_every_system_takes(name):
    told = safe(name)
    assert not set('\\/:*?"<>|') & set(told)
    assert not any(unicodedata.category(character)[0] == "C" for character in told)
    assert told == told.strip(" .")
    assert safe(told) == told
    assert NAME_BYTES < 255
