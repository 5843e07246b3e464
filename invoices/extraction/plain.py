"""What an ordinary invoice plainly says in its text: number, date, HT and TTC, and that it is a credit note.

Better nothing than wrong: what is said twice and not alike is not said, and totals that do not add up are not
proposed. A value stands behind its label, in the next cell, or below.
"""

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import NamedTuple

from invoices.extraction import values
from invoices.extraction.labels import MONTHS, PAID_OTHERWISE, TOTALS, Label, bare, folded, is_rate, label_of, words
from invoices.extraction.pages import Cell, Line, Page

CURRENCIES = ("€", "euros", "euro", "eur")
WEEKDAYS = {"lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche", "le"}
# In a number, with letters and digits.
MARKS = "/_.#-"
LONGEST_NUMBER = 35

# How far a value may be, in heights of its label: beside it, below it; and how near to the number « Date » stands.
BESIDE = 8
BELOW = 2.6
NEAR = 5
# Something is said, and not plainly what.
UNCLEAR = "?"


class Labelled(NamedTuple):
    """A label, where it stands on its page, and what comes behind it in its cell."""

    label: Label
    row: int
    column: int
    rest: str


def read(pages: list[Page]) -> dict[str, str]:
    """What the pages of an invoice plainly say, as a Reading has it; nothing of them is trusted."""
    found = [(page, _labels(page)) for page in pages]
    is_paid_otherwise = any(
        bare(word) in PAID_OTHERWISE for page in pages for line in page for cell in line for word in words(cell.text)
    )
    fields = _number_and_date(found) | _amounts(found, is_paid_otherwise=is_paid_otherwise)
    return {name: value for name, value in fields.items() if value}


def _labels(page: Page) -> list[Labelled]:
    return [
        Labelled(label, row, column, rest)
        for row, line in enumerate(page)
        for column, (label, rest) in enumerate(label_of(cell.text) for cell in line)
        if label
    ]


# --- Number and date -----------------------------------------------------------------------------------------------


def _number_and_date(found: list[tuple[Page, list[Labelled]]]) -> dict[str, str]:
    numbers: dict[Label, list[str]] = {Label.NUMBER: [], Label.CREDIT_NUMBER: []}
    dates, bare_dates, titles = [], [], set()
    for page, labels in found:
        heights = []
        for item in labels:
            kind = Label.CREDIT_NUMBER if item.label in (Label.CREDIT_NOTE, Label.CREDIT_NUMBER) else Label.NUMBER
            if item.label in numbers:
                numbers[kind].append(_said(page, item, number))
            elif item.label in (Label.INVOICE, Label.CREDIT_NOTE) and is_plainly_a_number(item.rest):
                numbers[kind].append(number(item.rest))
            elif item.label in (Label.INVOICE, Label.CREDIT_NOTE) and not item.rest:
                titles.add(kind)
                continue
            else:
                continue
            dates.append(day(dated(item.rest)[1]))
            heights.append(page[item.row][item.column])
        dates += [_said(page, item, day) for item in labels if item.label == Label.ISSUE_DATE]
        bare_dates += [
            _said(page, item, day)
            for item in labels
            if item.label == Label.BARE_DATE and _is_near(page[item.row][item.column], heights)
        ]
    is_credit_note = Label.CREDIT_NUMBER in titles or any(numbers[Label.CREDIT_NUMBER])
    if is_credit_note and (Label.NUMBER in titles or any(numbers[Label.NUMBER])):
        return {}
    return {
        "number": values.only(numbers[Label.CREDIT_NUMBER if is_credit_note else Label.NUMBER]),
        "issue_date": values.only(dates if any(dates) else bare_dates),
        "type_code": "381" if is_credit_note else "",
    }


def _is_near(cell: Cell, others: list[Cell]) -> bool:
    return any(abs(cell.baseline - other.baseline) < NEAR * cell.height for other in others)


def _said(page: Page, item: Labelled, parse: Callable[[str], str]) -> str:
    """The value of a label: behind it, or else in the next cell or below, unless these say different things."""
    if item.rest:
        return parse(item.rest)
    line, label = page[item.row], page[item.row][item.column]
    beside = [
        parse(cell.text)
        for cell in line[item.column + 1 : item.column + 2]
        if cell.left - label.right < BESIDE * label.height
    ]
    below = [parse(cell.text) for cell in _below(page, item)]
    return values.only(beside + (below if len(below) == 1 else []))


def _below(page: Page, item: Labelled) -> Line:
    """The cells below the label on the next line that has any."""
    label = page[item.row][item.column]
    for line in page[item.row + 1 :]:
        if label.baseline - line[0].baseline > BELOW * label.height:
            break
        cells = [cell for cell in line if cell.left < label.right and label.left < cell.right]
        if cells:
            return cells
    return []


# --- Amounts -------------------------------------------------------------------------------------------------------


def _amounts(found: list[tuple[Page, list[Labelled]]], *, is_paid_otherwise: bool) -> dict[str, str]:
    """HT and TTC, where each is plain by itself, and the two by the VAT."""
    said: dict[Label, list[str]] = {label: [] for label in TOTALS}
    for page, labels in found:
        for item in labels:
            if item.label in TOTALS:
                said[item.label].append(_total(page, item, labels))
    ht = values.only(said[Label.HT])
    ttc = values.only(said[Label.TTC] if is_paid_otherwise else [*said[Label.TTC], *said[Label.TO_PAY]])
    ht, ttc = (value.replace(UNCLEAR, "") for value in (ht, ttc))
    if ht and ttc and Decimal(ht) + _vat(said) != Decimal(ttc):
        return {}
    return {"amount_ht": ht, "amount_ttc": ttc}


def _vat(said: dict[Label, list[str]]) -> Decimal:
    """The whole VAT, where it is plain; or else none, as if the training were exempt, which will not add up."""
    total = values.only(value for value in said[Label.VAT] if value != UNCLEAR)
    at_rates = said[Label.VAT_AT_A_RATE]
    if not total and not {"", UNCLEAR} & set(at_rates):
        return sum(map(Decimal, at_rates), Decimal(0))
    return Decimal(total or 0)


def _total(page: Page, item: Labelled, labels: list[Labelled]) -> str:
    """The only amount that can be meant by the label; UNCLEAR where there is something else."""
    beside = list(_numbers_beside(page[item.row][item.column + 1 :]))
    if item.rest:
        said = amount(item.rest)
        return said if said and not beside else UNCLEAR if beside or _has_digit(item.rest) else ""
    if beside:
        return (amount(beside[0]) if len(beside) == 1 else "") or UNCLEAR
    return _total_below(page, item, labels)


def _numbers_beside(cells: Line) -> Iterator[str]:
    """What stands between a label and the next words, the currency and a rate set aside."""
    for index, cell in enumerate(cells):
        if folded(cell.text) in CURRENCIES or is_rate(cell.text):
            continue
        text = cell.text
        if any(map(str.isalpha, _without_currency(text)[0])):
            return
        if index + 1 < len(cells) and folded(cells[index + 1].text) in CURRENCIES:
            text = f"{text} €"
        yield text


def _total_below(page: Page, item: Labelled, labels: list[Labelled]) -> str:
    """The amount below, where the label's line has nothing but totals, and there is not a column of amounts."""
    same_row = [other.label for other in labels if other.row == item.row and not other.rest]
    is_row_of_totals = len(same_row) == len(page[item.row]) and Label.HT in same_row and len(set(same_row) & TOTALS) > 1
    if not is_row_of_totals and item.label != Label.TO_PAY:
        return ""
    below = _below(page, item)
    if not below:
        return ""
    further = [
        cell
        for line in page[item.row + 1 :]
        for cell in line
        if cell.left < below[0].right
        and below[0].left < cell.right
        and 0 < below[0].baseline - cell.baseline < NEAR * cell.height
    ]
    if len(below) > 1 or any(amount(cell.text) for cell in further):
        return UNCLEAR
    return amount(below[0].text)


def _has_digit(text: str) -> bool:
    return any(map(str.isdigit, text))


# --- Values --------------------------------------------------------------------------------------------------------


def amount(text: str) -> str:
    """« 1 234,56 € », « 1.234,56 », « 1,234.56 EUR »; whole euros are an amount where the currency says so."""
    written, has_currency = _without_currency(text)
    unsigned = written.removeprefix("-").lstrip()
    mark, cents = unsigned[-3:-2], unsigned[-2:]
    if mark in (",", ".") and values.is_digits(cents, 2, 2):
        euros = _whole(unsigned[:-3], " '." if mark == "," else " ',")
    elif has_currency:
        euros, cents = _whole(unsigned, " "), "00"
    else:
        return ""
    return values.amount(f"{'-' if written[0] == '-' else ''}{int(euros)}.{cents}") if euros else ""


def _whole(text: str, marks: str) -> str:
    """The digits of a whole number, of which one of these marks parts the thousands, or none."""
    for mark in marks:
        first, *thousands = text.split(mark)
        if thousands and values.is_digits(first, 1, 3) and all(values.is_digits(three, 3, 3) for three in thousands):
            return "".join([first, *thousands])
    return text if values.is_digits(text, 1, 9) else ""


def _without_currency(text: str) -> tuple[str, bool]:
    """The text, folded, and whether « € » or the like was before or behind it."""
    written = folded(text).strip()
    for currency in CURRENCIES:
        bare_text = written.removesuffix(currency)
        if bare_text == written:
            bare_text = written.removeprefix(currency)
        if bare_text != written:
            return bare_text.strip(), True
    return written, False


def day(text: str) -> str:
    """« 12/11/2026 », « jeudi 12 novembre 2026 », « 2026-11-12 », as ISO 8601 writes it."""
    written = folded(text).strip(" .,;:")
    parts = [word for word in written.split() if word not in WEEKDAYS]
    if len(parts) == 3 and parts[1] in MONTHS:
        parts = [parts[0].removesuffix("er"), str(MONTHS.index(parts[1]) + 1), parts[2]]
    elif len(parts) == 1:
        parts = next((parts[0].split(mark) for mark in "/.-" if parts[0].count(mark) == 2), [])
    if parts and len(parts[0]) == 4:
        parts.reverse()
    if (
        len(parts) != 3
        or not values.is_digits(parts[2], 4, 4)
        or not all(values.is_digits(part, 1, 2) for part in parts[:2])
    ):
        return ""
    return values.calendar_day(parts[2], parts[1], parts[0])


def dated(text: str) -> tuple[str, str]:
    """« FA-12 du 12/11/2026 » as number and date; all of it as number where it has no date."""
    before, du, after = text.partition(" du ")
    return (before, after) if du and day(after) else (text, "")


def number(text: str) -> str:
    """One word with a digit, or several: « FA 2026 0012 »; no date, no amount, no « 1/2 » of pages."""
    written = dated(text)[0].strip(" .,;:-").removesuffix(" en date")
    parts = written.split()
    is_plain = (
        0 < len(parts) <= 4
        and len(written) <= LONGEST_NUMBER
        and all(part[0] not in MARKS and all(map(_is_of_number, part)) for part in parts)
        and _has_digit(parts[-1])
        and all(_has_digit(part) or (part is parts[0] and part.isupper() and len(part) < 5) for part in parts)
        and (len(parts) == 1 or "/" not in written)
    )
    is_page = "/" in written and len(written) <= 5 and written.replace("/", "").isdecimal()
    return written if is_plain and not is_page and not day(written) and not amount(written) else ""


def _is_of_number(letter: str) -> bool:
    return letter in MARKS or (letter.isascii() and letter.isalnum())


def is_plainly_a_number(text: str) -> bool:
    """Behind « Facture » alone: as many digits as a number of invoice has, and not a year."""
    written = number(text)
    digits = sum(map(str.isdigit, written))
    return digits >= 4 and not (len(written) == digits == 4)
