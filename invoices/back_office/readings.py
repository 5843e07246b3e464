"""What was read in the invoice's PDF beside what was proposed and what was deposited, for a deposit's page."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ..models import Deposit, Document, Invoice
from ..pdf.reading import Reading, Source, XmlProblem
from ..proposals.kept import kept_of
from ..proposals.values import SAME, differing, proposed
from ..proposals.words import as_shown

SOURCES = {Source.XML: "XML de la facture électronique", Source.TEXT: "Texte du PDF"}
PROBLEMS = {
    XmlProblem.SEVERAL: "Le PDF contient le XML de plusieurs factures",
    XmlProblem.UNREADABLE: "Le XML n’est pas lisible",
}
LABELS = {
    "number": "Numéro",
    "issue_date": "Date d’émission",
    "amount_ht": "Montant HT",
    "amount_ttc": "Montant TTC",
}
# What is read and typed nowhere.
BESIDE = {
    "type_code": "Type",
    "currency": "Devise",
    "amount_vat": "TVA",
    "exemption": "Exonération",
    "seller_siren": "SIREN du vendeur",
    "seller_siret": "SIRET du vendeur",
    "buyer_siren": "SIREN de l’acheteur",
    "buyer_siret": "SIRET de l’acheteur",
}


@dataclass(frozen=True)
class Line:
    """One field, in the three columns; `differs`: what was deposited is not what was read."""

    label: str
    read: str
    proposed: str
    deposited: str
    differs: bool


def shown(deposit: Deposit, documents: Iterable[Document]) -> dict[str, Any] | None:
    """What the page's section shows; None where nothing was read."""
    reading = kept_of(document.reading for document in documents)
    if reading is None:
        return None
    return {"lines": list(_lines(reading, deposit.invoice)), "facts": list(_facts(reading))}


def _lines(reading: Reading, invoice: Invoice) -> Iterator[Line]:
    values = {name: getattr(invoice, name) for name in SAME}
    offered, differs = proposed(reading), differing(reading, values)
    for name, value in values.items():
        read = as_shown(name, getattr(reading, name))
        yield Line(LABELS[name], read, offered.get(name, ""), as_shown(name, value), name in differs)


def _facts(reading: Reading) -> Iterator[tuple[str, str]]:
    yield "Source", SOURCES[reading.source]
    if reading.profile:
        yield "Profil", reading.profile
    if reading.problem:
        yield "Problème", PROBLEMS[reading.problem]
    for name, label in BESIDE.items():
        if (value := getattr(reading, name)) not in ("", None):
            yield label, as_shown(name, value)
