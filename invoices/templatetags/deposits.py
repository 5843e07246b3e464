"""How a deposit's state looks: an icon and words, with the time that remains; and what uploads say."""

from collections.abc import Mapping
from math import ceil
from typing import Any

from django import template
from django.utils import timezone

from .. import quotas
from ..catalogue import in_force
from ..enums import DepositState
from ..models import Deposit, Document
from ..pdf import PdfProblem
from ..presentation import remaining

register = template.Library()

# Tone and icon of each state (components/status.html).
LOOKS = {
    DepositState.PENDING: ("waiting", "clock"),
    DepositState.TRANSMITTED: ("done", "check"),
    DepositState.CANCELLED: ("neutral", "cross"),
}


# A page stays light, and a deposit of thirty documents does not hide the next one.
DOCUMENTS_SHOWN = 5


@register.simple_tag
def documents_shown(deposit: Deposit, whole: str) -> tuple[list[Document], int]:
    """The documents that its card shows, and how many more there are: none where `whole` is its id, or for just one."""
    documents = deposit.all_documents
    if str(deposit.pk) == whole or len(documents) <= DOCUMENTS_SHOWN + 1:
        return documents, 0
    return documents[:DOCUMENTS_SHOWN], len(documents) - DOCUMENTS_SHOWN


@register.inclusion_tag("invoices/deposit_status.html")
def deposit_status(deposit: Deposit) -> dict[str, Any]:
    """« En cours de transmission · encore 12 minutes », « Transmis · 23 novembre 2026 à 14 h 50 », « Annulé · … ».

    While it waits, js/countdown.js keeps the time up to date, from the seconds left as of this moment here.
    """
    state = DepositState(deposit.state)
    tone, icon = LOOKS[state]
    return {
        "deposit": deposit,
        "state": state,
        "tone": tone,
        "icon": icon,
        "left": remaining(deposit.transmit_at) if deposit.is_pending else None,
        "seconds_left": str(max(0, ceil((deposit.transmit_at - timezone.now()).total_seconds()))),
        "since": deposit.transmitted_at or deposit.cancelled_at,
    }


@register.inclusion_tag("invoices/uploads.html", takes_context=True)
def uploads(context: Mapping[str, Any]) -> dict[str, Any]:
    """What js/uploads.js needs on a page with fields for PDFs; a refusal has the words of the server's own."""
    limits = in_force.limits()
    why_none = quotas.why_no_upload(context["request"].user)
    return {
        "max_bytes": str(limits.file_bytes),
        "problems": {problem.name: problem.sentence(limits) for problem in PdfProblem},
        "why_none": why_none.sentence(limits) if why_none else "",
    }
