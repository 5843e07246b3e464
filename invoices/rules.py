"""The rules of the deposit, as tables that read like the guide (RULES.md §4, §5.2, §5.3, §8). No input or output here.

Whether a person reaches a dossier is asked of the dossier (`Dossier.reached_by`); the same facts, asked of a
set of dossiers, stand in `dossiers.querysets`.
"""

import unicodedata
from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from dossiers.enums import DossierStatus, Product
from roles.enums import Side

from .catalogue.values import Catalogue
from .enums import DocumentType

if TYPE_CHECKING:
    from dossiers.models import Dossier
    from roles.scope import PersonScope

# --- The button « Ajouter une facture » (§4), and the documents outside an invoice (§8) ------------------------


def _invoice_status(dossier: "Dossier") -> str:
    label = dossier.as_status.label
    if dossier.as_status == DossierStatus.EN_COURS_DE_SAISIE:
        return f"Ce dossier est « {label} » : il recevra des factures quand il aura été transmis à l’OPCO."
    return f"Ce dossier est « {label} » : il ne reçoit plus de facture."


def _document_status(dossier: "Dossier") -> str:
    return f"Ce dossier est « {dossier.as_status.label} » : il ne reçoit plus de document."


NO_ROLE = "Votre rôle permet de consulter ce dossier, pas d’y déposer."
NOT_SUBROGATED = (
    "Dossier non subrogé : l’OPCO rembourse l’entreprise, c’est donc elle qui dépose la facture, pas le prestataire."
)
CONVERGENCE_API = (
    "Ce CFA transmet ses factures et ses documents par l’API Convergence : ils ne se déposent pas sur le portail."
)


def why_no_invoice(dossier: "Dossier", scope: "PersonScope", side: Side) -> str | None:
    """Why this person, acting for this side, may not deposit an invoice on this dossier; None when they may (§4)."""
    provider = side == Side.PRESTATAIRE
    if not dossier.reached_by(scope, side, to_deposit=True):
        return NO_ROLE
    if not dossier.as_status.open_to_invoice:
        return _invoice_status(dossier)
    if provider and not dossier.subrogated:
        return NOT_SUBROGATED
    if provider and dossier.training_provider.uses_convergence_api:
        return CONVERGENCE_API
    return None


def why_no_documents(dossier: "Dossier", scope: "PersonScope", side: Side) -> str | None:
    """Why this person may not add a document outside an invoice, acting for this side; None when they may (§8)."""
    if not dossier.reached_by(scope, side, to_deposit=True):
        return NO_ROLE
    if not dossier.as_status.open_to_documents:
        return _document_status(dossier)
    if side == Side.PRESTATAIRE and dossier.training_provider.uses_convergence_api:
        return CONVERGENCE_API
    return None


Rule = Callable[["Dossier", "PersonScope", Side], str | None]


def sides_for(rule: Rule, dossier: "Dossier", scope: "PersonScope") -> tuple[list[Side], str | None]:
    """The sides for which the person may deposit by this rule; when there is none, the sentence that says why.

    A person on both sides is told what stops the side on which they hold a role that may deposit.
    """
    refusals = {side: rule(dossier, scope, side) for side in Side}
    allowed = [side for side, why in refusals.items() if why is None]
    if allowed:
        return allowed, None
    return [], next((why for why in refusals.values() if why != NO_ROLE), NO_ROLE)


# --- « Certificat de réalisation » (§5.3) -----------------------------------------------------------------------

# Where tuition costs do not ask for the certificate. « À facturer » is not of them.
CERTIFICATE_EXCEPTION = {
    (Product.CAPP, DossierStatus.EN_COURS_DE_VALIDATION),
    (Product.CAPP, DossierStatus.VALIDE),
}


def certificate_required(covers_tuition: bool, dossiers: Iterable["Dossier"]) -> bool:
    """Whether the certificate is required: tuition costs, and at least one of the dossiers asks for it (§5.3)."""
    return covers_tuition and any(
        (dossier.as_product, dossier.as_status) not in CERTIFICATE_EXCEPTION for dossier in dossiers
    )


# --- The types of documents by product and status (§5.3, §8) ----------------------------------------------------


def document_types(dossier: "Dossier", catalogue: Catalogue) -> dict[str, str]:
    """The types of documents that the dossier's product and status allow: labels by code, in the catalogue's order.

    Never the invoice, which has a field of its own (§5.1).
    """
    return {
        type_.code: type_.label
        for type_ in catalogue.types
        if type_.code != DocumentType.FACTURE and type_.offered_for(dossier.product, dossier.status)
    }


# --- The invoice's number, date and amounts (§2, §5.2) ----------------------------------------------------------

LARGEST_AMOUNT = Decimal("9999999999.99")


def has_invisible(number: str) -> bool:
    """Whether it holds characters that nobody types or sees, and so may not be an invoice's number."""
    return any(unicodedata.category(character) in ("Cc", "Cf", "Co", "Cs") for character in number)


def number_key(number: str) -> str:
    """The number as it is compared: whatever its case, and the spaces around or inside it.

    Compatibility forms and invisible characters do not make another number either.
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", number).casefold())
    kept = "".join(
        character for character in folded if not character.isspace() and unicodedata.category(character) != "Cf"
    )
    # An accent that stood alone, with a space to carry it, now stands on the letter before.
    return unicodedata.normalize("NFKC", kept)


def earliest_issue_date(today: date, years: int) -> date:
    """So many years before today, itself accepted; the 29th of February counts back to the 28th."""
    try:
        return today.replace(year=today.year - years)
    except ValueError:
        return today.replace(year=today.year - years, day=28)
