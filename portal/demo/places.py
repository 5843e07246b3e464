"""The companies of the demo and their establishments. The identifiers are valid, and nobody's."""

from dataclasses import dataclass

HORIZON = "Groupe Horizon"
HORIZON_LYON = "Horizon Lyon"
HORIZON_NANTES = "Horizon Nantes"
DUBOIS = "Atelier Dubois"
FORMATECH = "Formatech"
FORMATECH_LYON = "Formatech Lyon"
FORMATECH_PARIS = "Formatech Paris"
CFA_METIERS = "CFA des Métiers"
CFA_CONNECT = "CFA Connect"
RIVAGE = "Académie Rivage"


@dataclass(frozen=True)
class Site:
    """An establishment."""

    name: str
    siret: str
    uses_convergence_api: bool = False


# Company, SIREN, establishments.
COMPANIES = (
    (HORIZON, "999418379", (Site(HORIZON_LYON, "99941837900015"), Site(HORIZON_NANTES, "99941837900023"))),
    (DUBOIS, "999265408", (Site(DUBOIS, "99926540800016"),)),
    (
        FORMATECH,
        "999731623",
        (Site(FORMATECH_LYON, "99973162300016"), Site(FORMATECH_PARIS, "99973162300032")),
    ),
    (CFA_METIERS, "999084155", (Site(CFA_METIERS, "99908415500020"),)),
    (CFA_CONNECT, "999612781", (Site(CFA_CONNECT, "99961278100016", uses_convergence_api=True),)),
    (RIVAGE, "999347099", (Site(RIVAGE, "99934709900015"),)),
)
