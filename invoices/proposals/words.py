"""What was read, as the pages write it."""

from typing import Any

from ..presentation import written

FILTERS = {
    "issue_date": "jour",
    "amount_ht": "euros",
    "amount_vat": "euros",
    "amount_ttc": "euros",
    "seller_siren": "siren",
    "seller_siret": "siret",
    "buyer_siren": "siren",
    "buyer_siret": "siret",
}


def as_shown(name: str, value: Any) -> str:
    """A value of this field of a reading or an invoice: « 1 200,00 € », « 20 novembre 2026 », « F2026-118 »."""
    return written(value, FILTERS[name]) if name in FILTERS and value is not None else str(value or "")
