"""One dossier, everyone who might come near it, and what they might ask for."""

from dataclasses import dataclass
from uuid import UUID

from django.test import Client
from django_otp.plugins.otp_totp.models import TOTPDevice

from dossiers.models import Dossier
from invoices.models import Deposit, Document, Draft
from roles.enums import Role, Side
from roles.models import User
from roles.second_factor import devices
from tests.factories import (
    DocumentFactory,
    DossierFactory,
    DraftFactory,
    EstablishmentFactory,
    UserFactory,
    make_deposit,
    person_with,
)

# --- People, by name ------------------------------------------------------------------------------------------------

# The roles of the guide on the dossier's own employer or training provider, by their codes (roles.csv). The dossier is
# a contrat de professionnalisation: the roles for the PDC alone do not reach it.
COMPANY_DEPOSITS = {
    *("RESP_GESTION_SOCIETE", "ADMIN_SOCIETE_ALTERNANCE", "ADMIN_ETABLISSEMENT", "ADMIN_ETABLISSEMENT_ALTERNANCE"),
    *("GESTION_INTEGRALE_TRANSMISSION", "GESTION_ALTERNANCE_TRANSMISSION"),
}
PROVIDER_DEPOSITS = {
    *("ADMIN_SOCIETE_PRESTATAIRE", "RESP_COMPTES_ETABLISSEMENT_PRESTATAIRE", "SAISIE_PRESTATAIRE"),
    *("SAISIE_ALTERNANCE_PRESTATAIRE", "depositor"),
}
LOOKS = {"GESTION_INTEGRALE_SANS_TRANSMISSION", "CONSULTATION_ENTREPRISE", "CONSULTATION_PRESTATAIRE"}
OTHER_PRODUCTS = {"ADMIN_SOCIETE_PDC", "ADMIN_ETABLISSEMENT_PDC", "GESTION_PDC_TRANSMISSION", "SAISIE_PDC_PRESTATAIRE"}
# Those who see an associated dossier, and not the one where the deposit was made.
ASSOCIATED = {"employer of an associated dossier", "looks at an associated dossier"}
STAFF = {"staff", "superuser"}
STRANGERS = {
    *("other establishment of the employer", "other establishment of the provider", "another company"),
    *("without a role", "role withdrawn", "with a second factor", "enrolling"),
    *OTHER_PRODUCTS,
    *STAFF,
}
# Their session is open still.
CLOSED = {"deactivated"}
# They gave a right password, and were asked for a code: until they show it they are nobody.
WAIT = {"waiting for a code"}
NOBODY = {"anonymous", *CLOSED, *WAIT}

DEPOSITS = COMPANY_DEPOSITS | PROVIDER_DEPOSITS
SEES = DEPOSITS | LOOKS
LOGGED_IN = SEES | ASSOCIATED | STRANGERS
EVERYONE = LOGGED_IN | NOBODY


@dataclass
class World:
    """The rows, and a browser for each of the people."""

    dossier: Dossier
    associated: Dossier
    deposit: Deposit
    draft: Draft
    people: dict[str, User]
    browsers: dict[str, Client]

    @property
    def document(self) -> Document:
        """The invoice's PDF of the deposit."""
        return self.deposit.documents.all()[0]

    @property
    def page(self) -> Document:
        """The PDF in the draft."""
        return self.draft.documents.get()


def make_deposit_and_draft(dossier: Dossier, depositor: User, **more: object) -> tuple[Deposit, Draft]:
    """A pending deposit on the dossier, and a draft with a file, of the provider's side."""
    deposit = make_deposit(dossier, depositor, number=f"F-{dossier.pk}", **more)
    draft = DraftFactory(owner=depositor, origin=dossier, side=Side.PRESTATAIRE)
    DocumentFactory(draft=draft, slot="facture", uploaded_by=depositor)
    return deposit, draft


def make_world() -> World:
    """The dossier with a deposit and a draft of « depositor », and all the people."""
    dossier = DossierFactory(product="CPRO")
    associated = DossierFactory(product="CPRO", training_provider=dossier.training_provider)
    places = {Side.ENTREPRISE: dossier.employer, Side.PRESTATAIRE: dossier.training_provider}
    people = {role.value: person_with(role, places[role.side]) for role in Role}
    people |= {
        "depositor": person_with(Role.SAISIE_PRESTATAIRE, dossier.training_provider),
        "employer of an associated dossier": person_with(Role.ADMIN_ETABLISSEMENT, associated.employer),
        "looks at an associated dossier": person_with(Role.CONSULTATION_ENTREPRISE, associated.employer),
        "other establishment of the employer": person_with(
            Role.ADMIN_ETABLISSEMENT, EstablishmentFactory(company=dossier.employer.company)
        ),
        "other establishment of the provider": person_with(
            Role.SAISIE_PRESTATAIRE, EstablishmentFactory(company=dossier.training_provider.company)
        ),
        "another company": person_with(Role.ADMIN_SOCIETE_PRESTATAIRE, EstablishmentFactory()),
        "without a role": UserFactory(),
        "role withdrawn": person_with(Role.SAISIE_PRESTATAIRE, dossier.training_provider),
        "deactivated": person_with(Role.SAISIE_PRESTATAIRE, dossier.training_provider),
        "waiting for a code": person_with(Role.SAISIE_PRESTATAIRE, dossier.training_provider),
        "with a second factor": UserFactory(),
        "enrolling": UserFactory(),
        "staff": UserFactory(is_staff=True),
        "superuser": UserFactory(is_staff=True, is_superuser=True),
    }
    assert people.keys() | {"anonymous"} == EVERYONE
    deposit, draft = make_deposit_and_draft(dossier, people["depositor"], associated=[associated])
    browsers = {"anonymous": Client()}
    for name, person in people.items():
        browsers[name] = Client()
        if name not in WAIT:
            browsers[name].force_login(person)
    for name in (*WAIT, "with a second factor"):
        TOTPDevice.objects.create(user=people[name], name="Application", confirmed=True)
    devices.begin(people["enrolling"])
    for name in WAIT:
        begin_to_wait(browsers[name], people[name])
    people["role withdrawn"].role_assignments.all().delete()
    people["deactivated"].is_active = False
    people["deactivated"].save(update_fields=["is_active"])
    return World(dossier, associated, deposit, draft, people, browsers)


def begin_to_wait(browser: Client, person: User) -> None:
    """Give the right password: from now on, and for some minutes, the person is waited for with a code."""
    answer = browser.post("/connexion/", {"username": person.email, "password": "demo"})
    assert answer.url == "/connexion/code/"


@dataclass(frozen=True)
class Things:
    """What an address may name: one thing of each kind."""

    numero: str
    depot: UUID
    reference: str
    document: UUID
    draft: UUID
    # Of a link to a first or a new password: whose, and the secret.
    uidb64: str
    invitation: str
    password_link: str
