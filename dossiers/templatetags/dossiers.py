"""How a dossier's status looks: never by colour alone."""

from django import template

from ..enums import DossierStatus
from ..models import Dossier

register = template.Library()

# Tone and icon of each status (components/status.html).
LOOKS = {
    DossierStatus.EN_COURS_DE_SAISIE: ("neutral", "pencil"),
    DossierStatus.EN_COURS_DE_VALIDATION: ("waiting", "clock"),
    DossierStatus.INFORMATION_MANQUANTE: ("waiting", "alert"),
    DossierStatus.VALIDE: ("done", "check"),
    DossierStatus.A_FACTURER: ("done", "document"),
    DossierStatus.EN_COURS_DE_REGLEMENT: ("done", "dot"),
    DossierStatus.TERMINE: ("neutral", "check"),
    DossierStatus.REFUSE: ("wrong", "cross"),
    DossierStatus.ANNULE: ("neutral", "cross"),
}


@register.inclusion_tag("components/status.html")
def dossier_status(dossier: Dossier) -> dict[str, str]:
    """The dossier's status as an icon and a word."""
    tone, icon = LOOKS[dossier.as_status]
    return {"label": dossier.as_status.label, "tone": tone, "icon": icon}
