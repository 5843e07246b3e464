"""The four steps: their names in the address, and on the screen (RULES.md §5)."""

from uuid import UUID

from django.urls import reverse

INVOICE, DETAILS, SUPPORTING, SEND = "facture", "details", "justificatifs", "transmettre"

STEP_TITLES = {
    INVOICE: "Ajout de la facture",
    DETAILS: "Détails de la facture",
    SUPPORTING: "Pièces justificatives",
    SEND: "Transmettre",
}


def step_url(draft_id: UUID, step: str) -> str:
    """The address of one step of one draft."""
    return reverse("invoices:step", args=[draft_id, step])
