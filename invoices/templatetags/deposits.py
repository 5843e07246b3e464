"""How a deposit's state looks: an icon and words, with the time that remains."""

from typing import Any

from django import template

from ..enums import DepositState
from ..models import Deposit
from ..presentation import remaining

register = template.Library()

# Tone and icon of each state (components/status.html).
LOOKS = {
    DepositState.PENDING: ("waiting", "clock"),
    DepositState.TRANSMITTED: ("done", "check"),
    DepositState.CANCELLED: ("neutral", "cross"),
}


@register.inclusion_tag("invoices/deposit_status.html")
def deposit_status(deposit: Deposit) -> dict[str, Any]:
    """« En cours de transmission · encore 12 minutes », « Transmis · 23 novembre 2026 à 14 h 50 », « Annulé · … »."""
    state = DepositState(deposit.state)
    tone, icon = LOOKS[state]
    return {
        "state": state,
        "tone": tone,
        "icon": icon,
        "left": remaining(deposit.transmit_at) if deposit.is_pending else None,
        "since": deposit.transmitted_at or deposit.cancelled_at,
    }
