"""What was read in a PDF: by the box, on upload; proposed to the person, who decides (RULES.md §5).

A reading crosses from the box as JSON and is kept so with its document; nothing of it is trusted. It holds what the
file says, whether or not that can be right: what follows from it, others decide.
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any, Self

# Of one word or name, and of a list of them; what is longer is no number and no name.
LONGEST = 120
MOST_MENTIONS = 200
# The profile of an invoice in that syntax, which has none of its own.
UBL = "UBL"
# As many digits as an amount of an invoice has, with its sign.
AMOUNT = re.compile(r"-?\d{1,12}(\.\d{1,4})?", re.ASCII)


class Source(StrEnum):
    """Where the values come from."""

    # The XML of an electronic invoice: Factur-X, ZUGFeRD or UBL.
    XML = "xml"
    # The text of the pages, where labels make it plain.
    TEXT = "text"


class XmlProblem(StrEnum):
    """Why the XML of an invoice gave nothing, although there is one."""

    # More than one, which do not say the same.
    SEVERAL = "several"
    # It cannot be read, or asks for more than it may.
    UNREADABLE = "unreadable"


@dataclass(frozen=True)
class Reading:
    """What one PDF says of itself; an empty string or None is what it does not say, or not plainly.

    Amounts are as written, signed, in the currency named. `issue_date` is BT-2, `type_code` BT-3 (« 380 », « 381 »…),
    `currency` BT-5 (« EUR »), `amount_ht` BT-109, `amount_vat` BT-110, `amount_ttc` BT-112, `exemption` BT-120 or
    BT-121. `mentions` are numbers and names found in the text, by which a dossier may be known.
    """

    source: Source
    profile: str = ""
    problem: XmlProblem | None = None
    number: str = ""
    issue_date: date | None = None
    type_code: str = ""
    currency: str = ""
    amount_ht: Decimal | None = None
    amount_vat: Decimal | None = None
    amount_ttc: Decimal | None = None
    exemption: str = ""
    seller_name: str = ""
    seller_siren: str = ""
    seller_siret: str = ""
    buyer_name: str = ""
    buyer_siren: str = ""
    buyer_siret: str = ""
    mentions: tuple[str, ...] = ()

    @property
    def syntax(self) -> str:
        """What people call the XML that it comes from: « UBL », or « Factur-X », which is ZUGFeRD's name in France."""
        return UBL if self.profile == UBL else "Factur-X"

    def as_json(self) -> dict[str, Any]:
        """What `from_json` understands; what was not read is left out."""
        return {name: _written(value) for name, value in asdict(self).items() if value not in ("", None, ())}

    @classmethod
    def from_json(cls, answer: Mapping[str, Any]) -> Self:
        """Raises ValueError for what is not a reading."""
        unknown = answer.keys() - cls.__dataclass_fields__.keys()
        if unknown or "source" not in answer:
            raise ValueError(f"not a reading: {sorted(unknown)}")
        return cls(**{name: _PARSERS.get(name, _text)(value) for name, value in answer.items()})


def _written(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else str(value)


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > LONGEST or not value.isprintable():
        raise ValueError("not a text of a reading")
    return value


def _date(value: Any) -> date:
    return date.fromisoformat(_text(value))


def _amount(value: Any) -> Decimal:
    if not AMOUNT.fullmatch(_text(value)):
        raise ValueError("not an amount of a reading")
    try:
        return Decimal(value)
    except InvalidOperation as error:
        raise ValueError("not an amount of a reading") from error


def _mentions(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or len(value) > MOST_MENTIONS:
        raise ValueError("not the mentions of a reading")
    return tuple(map(_text, value))


_PARSERS: dict[str, Any] = {
    "source": Source,
    "problem": XmlProblem,
    "issue_date": _date,
    "amount_ht": _amount,
    "amount_vat": _amount,
    "amount_ttc": _amount,
    "mentions": _mentions,
}
