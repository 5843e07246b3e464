"""The accounts of the demo: one for each role, and those that show what one role alone does not."""

from dataclasses import dataclass
from typing import NamedTuple

from roles.enums import Role, RoleScope, Side

from .. import groups
from . import places

PASSWORD = "demo"  # noqa: S105 - the log-in page of the demo offers it to everyone

Grant = tuple[Role, str]


class DemoAccount(NamedTuple):
    """What the log-in page and the launcher offer."""

    email: str
    label: str


@dataclass(frozen=True)
class Person:
    """Who holds an account: the roles, each with the name of the place on which it is granted."""

    account: str
    first_name: str
    last_name: str
    grants: tuple[Grant, ...] = ()
    is_staff: bool = False
    # Of the back office; staff without one may do everything there.
    group: str = ""

    @property
    def email(self) -> str:
        return f"{self.account}@demo.example"

    @property
    def label(self) -> str:
        """Roles and places in French; the one role whose name is a sentence is shortened."""
        roles = (f"{role.label} · {place}" for role, place in self.grants)
        return " + ".join(roles).replace("plan de développement des compétences", "PDC") or " · ".join(
            filter(None, ("Back-office", self.group))
        )


PLACE_OF = {
    (Side.ENTREPRISE, RoleScope.COMPANY): places.HORIZON,
    (Side.ENTREPRISE, RoleScope.ESTABLISHMENT): places.HORIZON_LYON,
    (Side.PRESTATAIRE, RoleScope.COMPANY): places.FORMATECH,
    (Side.PRESTATAIRE, RoleScope.ESTABLISHMENT): places.FORMATECH_LYON,
}

NAMES = {
    Role.RESP_GESTION_SOCIETE: ("Hélène", "Marchand"),
    Role.ADMIN_SOCIETE_ALTERNANCE: ("Olivier", "Besnard"),
    Role.ADMIN_SOCIETE_PDC: ("Nadia", "Benali"),
    Role.ADMIN_ETABLISSEMENT: ("François", "Lemoine"),
    Role.ADMIN_ETABLISSEMENT_ALTERNANCE: ("Maëlle", "Le Goff"),
    Role.ADMIN_ETABLISSEMENT_PDC: ("Jérôme", "Castaing"),
    Role.GESTION_INTEGRALE_TRANSMISSION: ("Sylvie", "Périer"),
    Role.GESTION_ALTERNANCE_TRANSMISSION: ("Thibault", "Vasseur"),
    Role.GESTION_PDC_TRANSMISSION: ("Aurélie", "Fontaine"),
    Role.GESTION_INTEGRALE_SANS_TRANSMISSION: ("Mickaël", "Dos Santos"),
    Role.CONSULTATION_ENTREPRISE: ("Chantal", "Rivière"),
    Role.ADMIN_SOCIETE_PRESTATAIRE: ("Stéphane", "Guérin"),
    Role.RESP_COMPTES_ETABLISSEMENT_PRESTATAIRE: ("Inès", "Haddad"),
    Role.SAISIE_PRESTATAIRE: ("Camille", "Perrin"),
    Role.SAISIE_ALTERNANCE_PRESTATAIRE: ("Benoît", "Charpentier"),
    Role.SAISIE_PDC_PRESTATAIRE: ("Élodie", "Roussel"),
    Role.CONSULTATION_PRESTATAIRE: ("Gaëtan", "Michaud"),
}

CFA_ROLE = Role.RESP_COMPTES_ETABLISSEMENT_PRESTATAIRE

PEOPLE = (
    *(Person(role.lower(), *NAMES[role], ((role, PLACE_OF[role.side, role.scope]),)) for role in Role),
    Person(
        "double",
        "Agnès",
        "Delcourt",
        ((Role.ADMIN_ETABLISSEMENT, places.HORIZON_LYON), (Role.SAISIE_PRESTATAIRE, places.FORMATECH_LYON)),
    ),
    Person("cfa", "Raphaël", "Tessier", ((CFA_ROLE, places.CFA_METIERS),)),
    Person("cfa_api", "Léa", "Nguyen", ((CFA_ROLE, places.CFA_CONNECT),)),
    Person("etranger", "Yannick", "Kervella", ((Role.SAISIE_PRESTATAIRE, places.RIVAGE),)),
    Person("backoffice", "Martine", "Colas", is_staff=True),
    Person("gestionnaire", "Sandrine", "Aubert", is_staff=True, group=groups.CLERK),
    Person("superviseur", "Karim", "Ziani", is_staff=True, group=groups.SUPERVISOR),
    Person("administrateur", "Pascale", "Vidal", is_staff=True, group=groups.ADMINISTRATOR),
)

ACCOUNTS = tuple(DemoAccount(person.email, person.label) for person in PEOPLE)
