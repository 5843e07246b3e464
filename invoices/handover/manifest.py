"""What is handed over of a deposit, under which names, and what its manifest says (docs/handover/).

Made of the deposit alone, so that a hand-over that is done again writes the same, but for the label of a type that the
OPCO has renamed meanwhile. No name of a person is in it, of the
depositor or of a beneficiary: the OPCO's system knows its dossiers by their numbers.
"""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from django.utils import timezone

from dossiers.models import Dossier

from ..models import Deposit, Document, Invoice
from ..proposals.kept import kept_of
from ..proposals.values import SAME, differing

VERSION = 1
# Of a reading, what says how it was read; all the rest was read.
HOW = ("source", "profile", "problem")


def name_of(deposit: Deposit) -> str:
    """The manifest's name; it never changes, and nothing else at the place's top ends so."""
    return f"{deposit.reference}.json"


def named(deposit: Deposit, documents: Sequence[Document]) -> Iterator[tuple[str, Document]]:
    """Each document with its name, in a folder of the deposit's own: « DEP-…/01-FACTURE.pdf »."""
    for rank, document in enumerate(documents, start=1):
        yield f"{deposit.reference}/{rank:02}-{document.type}.pdf", document


def written(deposit: Deposit, documents: Sequence[Document]) -> bytes:
    """The manifest of a transmitted deposit with these documents, as it is handed over."""
    return f"{json.dumps(manifest(deposit, documents), ensure_ascii=False, indent=2)}\n".encode()


def manifest(deposit: Deposit, documents: Sequence[Document]) -> dict[str, Any]:
    """What docs/handover/manifest-1.schema.json describes."""
    links = deposit.links.select_related("dossier__employer", "dossier__training_provider")
    return {
        "version": VERSION,
        "reference": deposit.reference,
        "deposit": str(deposit.pk),
        "submitted_at": _time(deposit.submitted_at),
        "transmitted_at": _time(deposit.transmitted_at),
        "side": _coded(deposit.side, deposit.get_side_display()),
        "perimeter": {"siret": deposit.perimeter.siret, "name": deposit.perimeter.name},
        "invoice": _invoice(deposit, deposit.invoice) if hasattr(deposit, "invoice") else None,
        "dossiers": [
            _dossier(deposit.origin, "origin"),
            *(_dossier(link.dossier, "associated") for link in links),
        ],
        "documents": [
            {
                "name": name,
                "type": _coded(document.type, document.get_type_display()),
                "size": document.size,
                "sha256": document.sha256,
                "pages": document.pages,
                "flags": document.flags,
            }
            for name, document in named(deposit, documents)
        ],
        **_reading(deposit, documents),
    }


def _reading(deposit: Deposit, documents: Sequence[Document]) -> dict[str, Any]:
    """What was read in the invoice's PDF, and which of it the depositor changed; nothing where nothing was read."""
    reading = kept_of(document.reading for document in documents)
    if reading is None:
        return {}
    said = reading.as_json()
    how = {name: said.pop(name) for name in HOW if name in said}
    changed = differing(reading, {name: getattr(deposit.invoice, name) for name in SAME})
    return {"reading": {**how, "read": said, "changed": changed}}


def _invoice(deposit: Deposit, invoice: Invoice) -> dict[str, Any]:
    return {
        "number": invoice.number,
        "issue_date": invoice.issue_date.isoformat(),
        "currency": "EUR",
        "amount_ht": f"{invoice.amount_ht:.2f}",
        "amount_ttc": f"{invoice.amount_ttc:.2f}",
        "covers_tuition": deposit.covers_tuition,
    }


def _dossier(dossier: Dossier, part: str) -> dict[str, Any]:
    return {
        "number": dossier.number,
        "part": part,
        "product": _coded(dossier.product, dossier.get_product_display()),
        "employer": dossier.employer.siret,
        "training_provider": dossier.training_provider.siret,
    }


def _coded(code: str, label: str) -> dict[str, str]:
    return {"code": code, "label": label}


def _time(moment: datetime | None) -> str:
    if moment is None:
        raise ValueError("a deposit that is not transmitted is not handed over")
    return timezone.localtime(moment).isoformat(timespec="seconds")
