"""What is told beside the invoice's file, of what was read in it, before anything is typed (RULES.md §5.1).

Nothing here refuses: a number or a date that cannot be is refused at the step where it stands, in the same words.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from django.core.exceptions import ValidationError

from roles.enums import Side

from ..pdf.reading import Reading, XmlProblem
from ..presentation import written
from ..proposals.refusals import is_credit_note, is_in_another_currency
from ..proposals.values import proposed
from .fields import IssueDateField
from .forms import Situation, already_used

NOT_READ = {
    XmlProblem.SEVERAL: "Ce PDF contient les données électroniques de plusieurs factures\u00a0: rien n’est proposé. "
    "Saisissez à l’étape suivante celles de la facture que vous déposez.",
    XmlProblem.UNREADABLE: "Les données électroniques de ce PDF ne sont pas lisibles\u00a0: rien n’est proposé. "
    "Saisissez à l’étape suivante ce que dit la facture.",
}
# What is refused where the XML says so is told where the text of a page seems to (proposals/refusals.py).
SEEMS_A_CREDIT_NOTE = (
    "Ce PDF semble être un avoir, et seules les factures se déposent ici. Vérifiez-le avant de continuer."
)
SEEMS_NOT_IN_EUROS = "Cette facture ne semble pas être en euros. Vérifiez-la avant de continuer."


@dataclass(frozen=True)
class Told:
    """A sentence, which value it is about (« Numéro lu : F2026-118 »), if any, and how it is shown."""

    sentence: str
    about: str = ""
    level: Literal["info", "warning"] = "warning"


def of_invoice(situation: Situation) -> Iterator[Told]:
    """All that is to be told of the invoice's file that the draft holds."""
    reading = situation.reading
    if reading is None:
        return
    if reading.problem:
        yield Told(NOT_READ[reading.problem], level="info")
        return
    if is_credit_note(reading):
        yield Told(SEEMS_A_CREDIT_NOTE)
    if is_in_another_currency(reading):
        yield Told(SEEMS_NOT_IN_EUROS)
    yield from _of_number(situation)
    yield from _of_date(reading)
    yield from _of_sums(reading)
    yield from _of_seller(situation, reading)


def _of_number(situation: Situation) -> Iterator[Told]:
    number = proposed(situation.reading).get("number")
    if number and (sentence := already_used(number, situation)):
        yield Told(sentence, f"Numéro lu\u00a0: {number}")


def _of_date(reading: Reading) -> Iterator[Told]:
    day = proposed(reading).get("issue_date")
    try:
        IssueDateField(required=False).clean(day or "")
    except ValidationError as refused:
        yield Told(refused.messages[0], f"Date lue\u00a0: {day}")


def _of_sums(reading: Reading) -> Iterator[Told]:
    ht, vat, ttc = reading.amount_ht, reading.amount_vat, reading.amount_ttc
    if ht is not None and vat is not None and ttc is not None and ht + vat != ttc:
        yield Told(
            f"Les montants lus ne s’additionnent pas\u00a0: {written(ht, 'euros')} HT et {written(vat, 'euros')} de "
            f"TVA ne font pas {written(ttc, 'euros')} TTC. Vérifiez la facture avec qui l’a établie."
        )


def _of_seller(situation: Situation, reading: Reading) -> Iterator[Told]:
    """On the provider's side it is the training provider who invoices (§3)."""
    seller = reading.seller_siren or reading.seller_siret[:9]
    provider = situation.draft.origin.training_provider
    if situation.draft.as_side == Side.PRESTATAIRE and seller and seller != provider.company.siren:
        yield Told(
            f"Cette facture est établie au SIREN {written(seller, 'siren')}, qui n’est pas celui de "
            f"{provider.company.name} ({written(provider.company.siren, 'siren')}), l’organisme de formation du "
            "dossier. Vérifiez que c’est la bonne facture."
        )
