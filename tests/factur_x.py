"""Factur-X invoices as a depositor chooses them, for what the portal does with what it reads in them."""

from datetime import date, timedelta
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from tests.invoices.extraction import electronic

PROFILE = "basicwl"
YESTERDAY = timezone.localdate() - timedelta(days=1)


def xml(
    number: str = "F2026-118",
    issued: date = YESTERDAY,
    ht: str = "4000.00",
    vat: str = "800.00",
    ttc: str = "4800.00",
    *,
    type_code: str = "380",
    currency: str = "EUR",
    seller_siren: str = "",
    note: str = "Merci",
) -> bytes:
    """An invoice with these values, whether or not they fit together."""
    seller = {"legal_identifier": seller_siren, "legal_identifier_schemeid": "0002"} if seller_siren else {}
    data = electronic.invoice(
        (ht, "20"),
        **{"BT-1": number, "BT-2": issued.isoformat(), "BT-3": type_code, "BT-5": currency},
        **{"BT-109": ht, "BT-110": vat, "BT-112": ttc, "BG-1": [{"BT-22": note}]},
        **{"BG-4": {"name": "Jeanne Quévreux", **electronic.ADDRESS, **seller}},
    )
    return electronic.xml_of(data, PROFILE)


def pdf(**values: Any) -> bytes:
    """A PDF of a page and its XML."""
    return electronic.factur_x(xml(**values), PROFILE)


def sent(content: bytes) -> SimpleUploadedFile:
    """A file as a browser sends it."""
    return SimpleUploadedFile("facture.pdf", content, content_type="application/pdf")


def invoice(**values: Any) -> SimpleUploadedFile:
    """A Factur-X with these values, as a browser sends it."""
    return sent(pdf(**values))
