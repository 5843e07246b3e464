"""The values of a reading, as JSON has them; an empty string for what is not plainly one.

The bounds are those of a Reading (invoices/pdf/reading.py), which takes nothing that is outside of them. No regular
expressions: to compile one takes longer than to read all the values of an invoice.
"""

from collections.abc import Iterable
from datetime import date

LONGEST = 120
MOST_MENTIONS = 200
LONGEST_CODE = 10
WHOLE_DIGITS, DECIMALS = 12, 4


def only(values: Iterable[str]) -> str:
    """The value that all of them are, those that say nothing set aside; nothing where they differ."""
    different = set(values) - {""}
    return different.pop() if len(different) == 1 else ""


def text(raw: str) -> str:
    words = " ".join(raw[: 2 * LONGEST].split())
    return words if len(words) <= LONGEST and words.isprintable() else ""


def amount(raw: str) -> str:
    """« -1234.56 »: as many digits as an amount of an invoice has."""
    raw = raw.strip()
    whole, point, decimals = raw.removeprefix("-").partition(".")
    is_plain = is_digits(whole, 1, WHOLE_DIGITS) and (not point or is_digits(decimals, 1, DECIMALS))
    return raw if is_plain else ""


def code(raw: str) -> str:
    raw = raw.strip()
    return raw if raw.isascii() and raw.isalnum() and raw == raw.upper() and len(raw) <= LONGEST_CODE else ""


def day(raw: str) -> str:
    """« 20261123 », « 2026-11-23 », and the latter with a time zone, as ISO 8601 writes it."""
    raw = raw.strip()
    if is_digits(raw, 8, 8):
        return calendar_day(raw[:4], raw[4:6], raw[6:])
    year, _, rest = raw[:10].partition("-")
    month, _, day_of_month = rest.partition("-")
    is_plain = is_digits(year, 4, 4) and is_digits(month, 2, 2) and is_digits(day_of_month, 2, 2)
    has_zone = raw[10:] in ("", "Z") or (raw[10] in "+-" and len(raw) == 16)
    return calendar_day(year, month, day_of_month) if is_plain and has_zone else ""


def calendar_day(year: str, month: str, day_of_month: str) -> str:
    try:
        return date(int(year), int(month), int(day_of_month)).isoformat()
    except ValueError:
        return ""


def digits(raw: str, length: int) -> str:
    """A SIREN (9) or a SIRET (14), spaces inside it or not; whether there is such a company is not asked."""
    raw = "".join(raw[: 2 * LONGEST].split())
    return raw if is_digits(raw, length, length) else ""


def siren_of_vat(raw: str) -> str:
    """The SIREN that a French VAT number ends with."""
    raw = "".join(raw[: 2 * LONGEST].split()).upper()
    return digits(raw[4:], 9) if raw.startswith("FR") and raw[2:4].isalnum() else ""


def is_digits(text: str, least: int, most: int) -> bool:
    """Whether the text is so many digits of ours; other scripts have some too."""
    return least <= len(text) <= most and text.isascii() and text.isdigit()
