"""What is kept of a reading with its document: what an invoice says, and no name that may be a person's."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from ..pdf.reading import Reading

NOTHING = {"source"}


def to_keep(reading: Reading | None) -> dict[str, Any] | None:
    """What a document's row holds of its reading; None where that says nothing.

    Not the mentions, among which beneficiaries are, nor the names of seller and buyer, who may be persons too: their
    numbers say who they are.
    """
    if reading is None:
        return None
    kept = replace(reading, mentions=(), seller_name="", buyer_name="").as_json()
    return kept if kept.keys() - NOTHING else None


def kept(row: Mapping[str, Any] | None) -> Reading | None:
    """The reading that a document's row holds; None for one that another version of the portal wrote otherwise."""
    try:
        return Reading.from_json(row) if row else None
    except ValueError:
        return None


def kept_of(rows: Iterable[Mapping[str, Any] | None]) -> Reading | None:
    """The same of all the documents of a deposit: that of its invoice, the only one of which a reading is kept."""
    return next(filter(None, map(kept, rows)), None)
