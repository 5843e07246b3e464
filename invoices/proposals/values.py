"""What a reading proposes for « Détails de la facture », and where an invoice says something else (RULES.md §5.2)."""

from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.conf import settings

from ..pdf.reading import Reading, Source
from ..rules import LARGEST_AMOUNT, has_invisible, number_key

CURRENCY = "EUR"
CENT = Decimal("0.01")


def proposed(reading: Reading | None) -> dict[str, str]:
    """What is proposed for the fields of the step, as a person would type it; a field without a proposal is left out.

    A date out of range and a number used already are proposed all the same: the step says so of them. What no invoice
    of the portal can have is not: an amount of zero or less, with fractions of a cent, or in another currency.
    """
    if reading is None or reading.problem:
        return {}
    texts = {"number": _number(reading.number)}
    if reading.issue_date:
        day = reading.issue_date
        texts["issue_date"] = f"{day.day:02}/{day.month:02}/{day.year:04}"
    if reading.currency in ("", CURRENCY):
        texts |= {"amount_ht": _amount(reading.amount_ht), "amount_ttc": _amount(reading.amount_ttc)}
    return {name: text for name, text in texts.items() if text}


def filled_in(held: Mapping[str, str], former: Reading | None, reading: Reading | None) -> dict[str, str]:
    """The step's fields once another invoice's file is there: `held` and the result are texts by field.

    A field that is empty, or still holds what the former file had proposed, gets what this one proposes, be it nothing;
    what the person typed stays.
    """
    before, now = proposed(former), proposed(reading)
    return {
        name: now.get(name, "") if held.get(name, "").strip() in ("", before.get(name)) else held[name] for name in SAME
    }


def standing(held: Mapping[str, str], reading: Reading | None) -> set[str]:
    """The fields that hold what is proposed for them."""
    return {name for name, text in proposed(reading).items() if held.get(name, "").strip() == text}


def differing(reading: Reading | None, values: Mapping[str, Any]) -> list[str]:
    """The fields of which reading and invoice both say something, and not the same; `values` by field, as cleaned."""
    return [
        name
        for name, same in SAME.items()
        if (read := getattr(reading, name, None)) and values.get(name) and not same(read, values[name])
    ]


def differing_from_xml(reading: Reading | None, values: Mapping[str, Any]) -> list[str]:
    """The same of an electronic invoice's XML, which is the invoice itself; the text of pages is only a guess."""
    return differing(reading, values) if reading and reading.source == Source.XML else []


def _same_number(one: str, other: str) -> bool:
    return number_key(one) == number_key(other)


def _equal(one: Any, other: Any) -> bool:
    return one == other


def _same_amount(one: Decimal, other: Decimal) -> bool:
    return one.quantize(CENT, ROUND_HALF_UP) == other.quantize(CENT, ROUND_HALF_UP)


# The fields of the step that a reading knows too, in their order, with what counts as the same.
SAME: dict[str, Callable[[Any, Any], bool]] = {
    "number": _same_number,
    "issue_date": _equal,
    "amount_ht": _same_amount,
    "amount_ttc": _same_amount,
}


def _number(number: str) -> str:
    """The number, if the field takes it (wizard.fields.InvoiceNumberField)."""
    number = number.strip()
    return "" if has_invisible(number) or len(number) > settings.INVOICE_NUMBER_LENGTH else number


def _amount(amount: Decimal | None) -> str:
    if amount is None or not 0 < amount <= LARGEST_AMOUNT or amount != amount.quantize(CENT):
        return ""
    return f"{amount:,.2f}".replace(",", " ").replace(".", ",")
