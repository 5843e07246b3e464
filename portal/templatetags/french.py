"""Filters that write amounts, sizes, dates and numbers as careful French does.

Builtins: every template has them without loading anything (`TEMPLATES` in settings). A missing value
(`None` or an empty string) is written as nothing, so that a draft that is not filled in yet is shown with
the same templates as a deposit.
"""

from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

from django import template
from django.utils import timezone

register = template.Library()

NO_BREAK_SPACE = "\u00a0"
NARROW_NO_BREAK_SPACE = "\u202f"
MINUS = "\u2212"
MONTHS = (
    *("janvier", "février", "mars", "avril", "mai", "juin"),
    *("juillet", "août", "septembre", "octobre", "novembre", "décembre"),
)
PARIS = ZoneInfo("Europe/Paris")


def grouped(number: int | Decimal) -> str:
    """The number with its thousands apart: 1234567 → « 1 234 567 », 1234.5 → « 1 234,5 »."""
    return f"{number:,}".translate({ord(","): NARROW_NO_BREAK_SPACE, ord("."): ","})


@register.filter
def euros(amount: Decimal | int | None) -> str:
    """An amount in euros: Decimal("1234.56") → « 1 234,56 € » (RULES.md §5.2)."""
    if amount is None or amount == "":
        return ""
    cents = Decimal(amount).quantize(Decimal("0.01"), ROUND_HALF_UP)
    sign = MINUS if cents < 0 else ""
    return f"{sign}{grouped(abs(cents))}{NO_BREAK_SPACE}€"


@register.filter
def taille(size: int | None) -> str:
    """The size of a file, from its bytes: 188416 → « 184 Ko », 6710886 → « 6,4 Mo »; 1 Ko is 1024 (§2)."""
    if size is None or size == "":
        return ""
    if size < 1024:
        return f"{grouped(size)}{NO_BREAK_SPACE}{'octets' if size > 1 else 'octet'}"
    kilobytes = round(size / 1024)
    if kilobytes < 1024:
        return f"{kilobytes}{NO_BREAK_SPACE}Ko"
    megabytes = (Decimal(size) / 1024**2).quantize(Decimal("0.1"), ROUND_HALF_UP)
    return f"{grouped(megabytes).removesuffix(',0')}{NO_BREAK_SPACE}Mo"


@register.filter
def pages(number: int | None) -> str:
    """A number of pages: 1 → « 1 page », 2000 → « 2 000 pages »."""
    if number is None or number == "":
        return ""
    return f"{grouped(number)}{NO_BREAK_SPACE}{'pages' if number > 1 else 'page'}"


@register.filter
def jour(day: date | None) -> str:
    """A day: date(2026, 11, 23) → « 23 novembre 2026 ». Of an aware datetime, the day it is in Paris.

    Raises ValueError for a datetime without a time zone.
    """
    if not day:
        return ""
    if isinstance(day, datetime):
        day = timezone.localtime(day, PARIS)
    rank = "1er" if day.day == 1 else day.day
    return f"{rank}{NO_BREAK_SPACE}{MONTHS[day.month - 1]} {day.year}"


@register.filter
def heure(instant: datetime | None) -> str:
    """The hour in Paris of an aware datetime: « 14 h 35 », « 9 h 05 ».

    Raises ValueError for a datetime without a time zone.
    """
    if not instant:
        return ""
    local = timezone.localtime(instant, PARIS)
    return f"{local.hour}{NO_BREAK_SPACE}h{NO_BREAK_SPACE}{local:%M}"


@register.filter
def moment(instant: datetime | None) -> str:
    """Day and hour in Paris of an aware datetime: « 23 novembre 2026 à 14 h 35 ».

    Raises ValueError for a datetime without a time zone.
    """
    if not instant:
        return ""
    return f"{jour(instant)} à{NO_BREAK_SPACE}{heure(instant)}"


@register.filter
def instant(at: datetime | None) -> str:
    """An aware datetime to the second, with the zone: « 23 novembre 2026 à 14 h 35 min 08 s, heure de Paris (UTC+1) ».

    What a proof says: no other zone and no other hour of a day when clocks change can be meant. Raises ValueError for
    a datetime without a time zone.
    """
    if not at:
        return ""
    local = timezone.localtime(at, PARIS)
    hours = (local.utcoffset() or timedelta(0)) // timedelta(hours=1)
    day = f"{local.day}{'er' if local.day == 1 else ''}{NO_BREAK_SPACE}{MONTHS[local.month - 1]} {local.year}"
    time = NO_BREAK_SPACE.join((str(local.hour), "h", f"{local:%M}", "min", f"{local:%S}", "s"))
    return f"{day} à{NO_BREAK_SPACE}{time}, heure de Paris (UTC+{hours})"


@register.filter
def siren(number: str | None) -> str:
    """A company's number in its groups: "732829320" → « 732 829 320 »."""
    number = number or ""
    return NO_BREAK_SPACE.join(filter(None, (number[:3], number[3:6], number[6:])))


@register.filter
def siret(number: str | None) -> str:
    """An establishment's number in its groups: "73282932000074" → « 732 829 320 00074 »."""
    number = number or ""
    return NO_BREAK_SPACE.join(filter(None, (siren(number[:9]), number[9:])))
