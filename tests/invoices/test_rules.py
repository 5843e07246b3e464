"""The three tables of the rules, walked whole. What is expected stands here, written down apart from the code."""

import itertools
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import pytest

from dossiers.enums import DossierStatus, Product
from dossiers.models import Dossier
from invoices import rules
from invoices.enums import DocumentType
from roles.enums import Role, RoleScope, Side
from roles.models import User
from tests.catalogue import GUIDE
from tests.factories import CompanyFactory, DossierFactory, EstablishmentFactory, person_with

# code: side, scope, products reached, may deposit
ALL = "CAPP CPRO BC VAE AUTRE"
ROLES = {
    "RESP_GESTION_SOCIETE": ("ENTREPRISE", "COMPANY", ALL, True),
    "ADMIN_SOCIETE_ALTERNANCE": ("ENTREPRISE", "COMPANY", "CAPP CPRO", True),
    "ADMIN_SOCIETE_PDC": ("ENTREPRISE", "COMPANY", "BC VAE AUTRE", True),
    "ADMIN_ETABLISSEMENT": ("ENTREPRISE", "ESTABLISHMENT", ALL, True),
    "ADMIN_ETABLISSEMENT_ALTERNANCE": ("ENTREPRISE", "ESTABLISHMENT", "CAPP CPRO", True),
    "ADMIN_ETABLISSEMENT_PDC": ("ENTREPRISE", "ESTABLISHMENT", "BC VAE AUTRE", True),
    "GESTION_INTEGRALE_TRANSMISSION": ("ENTREPRISE", "ESTABLISHMENT", ALL, True),
    "GESTION_ALTERNANCE_TRANSMISSION": ("ENTREPRISE", "ESTABLISHMENT", "CAPP CPRO", True),
    "GESTION_PDC_TRANSMISSION": ("ENTREPRISE", "ESTABLISHMENT", "BC VAE AUTRE", True),
    "GESTION_INTEGRALE_SANS_TRANSMISSION": ("ENTREPRISE", "ESTABLISHMENT", ALL, False),
    "CONSULTATION_ENTREPRISE": ("ENTREPRISE", "ESTABLISHMENT", ALL, False),
    "ADMIN_SOCIETE_PRESTATAIRE": ("PRESTATAIRE", "COMPANY", ALL, True),
    "RESP_COMPTES_ETABLISSEMENT_PRESTATAIRE": ("PRESTATAIRE", "ESTABLISHMENT", ALL, True),
    "SAISIE_PRESTATAIRE": ("PRESTATAIRE", "ESTABLISHMENT", ALL, True),
    "SAISIE_ALTERNANCE_PRESTATAIRE": ("PRESTATAIRE", "ESTABLISHMENT", "CAPP CPRO", True),
    "SAISIE_PDC_PRESTATAIRE": ("PRESTATAIRE", "ESTABLISHMENT", "BC VAE AUTRE", True),
    "CONSULTATION_PRESTATAIRE": ("PRESTATAIRE", "ESTABLISHMENT", ALL, False),
}

# code: label, takes invoices and associations, takes optional documents
STATUSES = {
    "EN_COURS_DE_SAISIE": ("En cours de saisie", False, True),
    "EN_COURS_DE_VALIDATION": ("En cours de validation", True, True),
    "INFORMATION_MANQUANTE": ("Information manquante", True, True),
    "VALIDE": ("Validé", True, True),
    "A_FACTURER": ("À facturer", True, True),
    "EN_COURS_DE_REGLEMENT": ("En cours de règlement", True, True),
    "TERMINE": ("Terminé", True, True),
    "REFUSE": ("Refusé", False, False),
    "ANNULE": ("Annulé", False, False),
}

# Words that each reason must have.
ROLE_REASON, SUBROGATION_REASON, API_REASON = "rôle", "non subrogé", "API Convergence"


def expected_invoice(role: str, product: str, status: str, subrogated: bool, api: bool) -> str | None:
    """« button », the words of the reason, or « 404 »."""
    side, _, products, may_deposit = ROLES[role]
    label, open_to_invoice, _ = STATUSES[status]
    if product not in products.split():
        return "404"
    if not may_deposit:
        return ROLE_REASON
    if not open_to_invoice:
        return f"« {label} »"
    if side == "PRESTATAIRE" and not subrogated:
        return SUBROGATION_REASON
    if side == "PRESTATAIRE" and api:
        return API_REASON
    return "button"


def expected_documents(role: str, product: str, status: str, api: bool) -> str:
    """« form », the words of the reason, or « 404 »; subrogation does not matter (RULES §8)."""
    side, _, products, may_deposit = ROLES[role]
    label, _, open_to_documents = STATUSES[status]
    if product not in products.split():
        return "404"
    if not may_deposit:
        return ROLE_REASON
    if not open_to_documents:
        return f"« {label} »"
    if side == "PRESTATAIRE" and api:
        return API_REASON
    return "form"


def test_roles_are_those_of_the_guide():
    assert [role.value for role in Role] == list(ROLES)
    for code, (side, scope, _, may_deposit) in ROLES.items():
        role = Role(code)
        assert (role.side, role.scope, role.may_deposit) == (Side(side), RoleScope(scope), may_deposit)


def test_statuses_are_those_of_the_guide():
    assert {s.value: (s.label, s.open_to_invoice, s.open_to_documents) for s in DossierStatus} == STATUSES


@pytest.fixture
def every_case(db):
    """One dossier for each product × status × subrogated × API, at one employer and two sites of one provider."""
    employer = EstablishmentFactory()
    provider = CompanyFactory()
    sites = {
        False: EstablishmentFactory(company=provider),
        True: EstablishmentFactory(company=provider, uses_convergence_api=True),
    }
    cases = {
        case: DossierFactory(
            product=case[0],
            status=case[1],
            subrogated=case[2],
            employer=employer,
            training_provider=sites[case[3]],
        )
        for case in itertools.product(Product, DossierStatus, (True, False), (True, False))
    }
    return SimpleNamespace(employer=employer, sites=sites, cases=cases)


def holder(role: Role, every_case) -> User:
    """A person with this role wherever it reaches every case."""
    if role.side == Side.ENTREPRISE:
        return person_with(role, every_case.employer)
    person = person_with(role, every_case.sites[False])
    if role.scope == RoleScope.ESTABLISHMENT:
        person.role_assignments.create(role=role, establishment=every_case.sites[True])
    return person


@pytest.mark.parametrize("role", Role)
def test_every_case_gives_the_button_or_the_reason_or_nothing(role, every_case):
    """17 roles × 5 products × 9 statuses × subrogated or not × API or not; one object and sets agree."""
    person = holder(role, every_case)
    visible = set(Dossier.objects.visible_to(person))
    open_to_invoice = set(Dossier.objects.open_to_invoice_from(person, role.side))
    open_to_documents = set(Dossier.objects.open_to_documents_from(person, role.side))
    other_side = Side.PRESTATAIRE if role.side == Side.ENTREPRISE else Side.ENTREPRISE
    assert not Dossier.objects.open_to_invoice_from(person, other_side).exists()
    for (product, status, subrogated, api), dossier in every_case.cases.items():
        case = (role, product, status, subrogated, api)
        invoice = expected_invoice(role, product, status, subrogated, api)
        documents = expected_documents(role, product, status, api)
        assert (dossier in visible) == (invoice != "404"), case
        assert (dossier in open_to_invoice) == (invoice == "button"), case
        assert (dossier in open_to_documents) == (documents == "form"), case
        if invoice == "404":
            continue
        sides, why_not = rules.sides_for(rules.why_no_invoice, dossier, person.scope)
        assert (sides == [role.side]) == (invoice == "button"), case
        assert why_not is None if invoice == "button" else invoice in why_not, case
        sides, why_not = rules.sides_for(rules.why_no_documents, dossier, person.scope)
        assert (sides == [role.side]) == (documents == "form"), case
        assert why_not is None if documents == "form" else documents in why_not, case


@pytest.mark.parametrize("role", [Role.ADMIN_ETABLISSEMENT_PDC, Role.SAISIE_ALTERNANCE_PRESTATAIRE])
def test_the_tab_and_the_address_say_the_same_as_the_rules(role, every_case, log_in):
    """Every case, for one role of each side, as the browser meets it: button or reason, 302 or 403 or 404."""
    client = log_in(holder(role, every_case))
    for (product, status, subrogated, api), dossier in every_case.cases.items():
        expected = expected_invoice(role, product, status, subrogated, api)
        tab = client.get(f"/dossiers/{dossier.number}/documents/")
        start = client.get(f"/dossiers/{dossier.number}/factures/ajouter/")
        if expected == "404":
            assert (tab.status_code, start.status_code) == (404, 404)
        elif expected == "button":
            assert "Ajouter une facture" in tab.content.decode()
            assert start.status_code == 302
        else:
            page = tab.content.decode()
            assert "Ajouter une facture" not in page
            assert expected in page
            assert start.status_code == 403
            assert expected in start.content.decode()


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("status", ["VALIDE", "REFUSE"])
def test_every_role_meets_the_button_the_reason_or_nothing(role, status, every_case, log_in):
    client = log_in(holder(role, every_case))
    for product in Product:
        dossier = every_case.cases[product, status, True, False]
        expected = expected_invoice(role, product, status, True, False)
        page = client.get(f"/dossiers/{dossier.number}/documents/")
        assert (page.status_code == 404) == (expected == "404")
        if expected != "404":
            text = page.content.decode()
            assert ("Ajouter une facture" in text) == (expected == "button")
            assert expected == "button" or expected in text


def test_a_person_of_both_sides_is_told_what_stops_the_side_that_may_deposit(every_case):
    person = person_with(Role.CONSULTATION_ENTREPRISE, every_case.employer)
    person.role_assignments.create(role=Role.SAISIE_PRESTATAIRE, establishment=every_case.sites[False])
    dossier = every_case.cases[Product.CAPP, DossierStatus.VALIDE, False, False]
    sides, why_not = rules.sides_for(rules.why_no_invoice, dossier, person.scope)
    assert sides == []
    assert why_not == rules.NOT_SUBROGATED


# product: the statuses at which tuition costs ask for the certificate
CERTIFICATE = {
    "CAPP": "INFORMATION_MANQUANTE A_FACTURER EN_COURS_DE_REGLEMENT TERMINE",
    "CPRO": "EN_COURS_DE_VALIDATION INFORMATION_MANQUANTE VALIDE A_FACTURER EN_COURS_DE_REGLEMENT TERMINE",
    "BC": "EN_COURS_DE_VALIDATION INFORMATION_MANQUANTE VALIDE A_FACTURER EN_COURS_DE_REGLEMENT TERMINE",
    "VAE": "EN_COURS_DE_VALIDATION INFORMATION_MANQUANTE VALIDE A_FACTURER EN_COURS_DE_REGLEMENT TERMINE",
    "AUTRE": "EN_COURS_DE_VALIDATION INFORMATION_MANQUANTE VALIDE A_FACTURER EN_COURS_DE_REGLEMENT TERMINE",
}
OPEN = [code for code, (_, open_to_invoice, _) in STATUSES.items() if open_to_invoice]


@pytest.mark.parametrize("product", Product)
@pytest.mark.parametrize("status", OPEN)
def test_when_the_certificate_is_required(product, status):
    dossier = Dossier(product=product, status=status)
    assert rules.certificate_required(True, [dossier]) == (status in CERTIFICATE[product].split())
    assert not rules.certificate_required(False, [dossier])


def test_one_associated_dossier_is_enough_to_require_the_certificate():
    exempt = Dossier(product=Product.CAPP, status=DossierStatus.VALIDE)
    asking = Dossier(product=Product.CAPP, status=DossierStatus.A_FACTURER)
    assert not rules.certificate_required(True, [exempt, exempt])
    assert rules.certificate_required(True, [exempt, asking])
    assert not rules.certificate_required(False, [exempt, asking])


def lines_of_the_guide() -> list[tuple[str, str, list[str]]]:
    text = (Path(__file__).parent / "document_types.txt").read_text()
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    assert len(lines) == len(Product) * len(DossierStatus)
    return [(*line.partition(":")[0].split(), line.partition(":")[2].split()) for line in lines]


@pytest.mark.parametrize(("product", "status", "types"), lines_of_the_guide())
def test_the_types_of_documents_of_each_product_and_status(product, status, types):
    assert list(rules.document_types(Dossier(product=product, status=status), GUIDE)) == types


def test_the_labels_are_those_of_the_guide():
    assert GUIDE.label("CERFA_APPRENTISSAGE") == "CERFA contrat d'apprentissage (10103)"
    assert list(GUIDE.labels) == list(DocumentType)


@pytest.mark.parametrize(
    "same",
    [
        "F2026-118",
        "f2026-118",
        " F2026-118 ",
        "F 2026 - 118",
        "F2026\u00a0-118",
        "F2026\u202f-118",
        "Ｆ2026-118",
        "F2026\u200b-118",
    ],
)
def test_numbers_that_are_the_same(same):
    assert rules.number_key(same) == rules.number_key("F2026-118")


@pytest.mark.parametrize("other", ["F2026-119", "F2026118", "F2026/118", "2026-118", "FA2026-118"])
def test_numbers_that_differ(other):
    assert rules.number_key(other) != rules.number_key("F2026-118")


@pytest.mark.parametrize(
    ("today", "earliest"),
    [
        (date(2026, 11, 23), date(2021, 11, 23)),
        (date(2028, 2, 29), date(2023, 2, 28)),
        (date(2029, 2, 28), date(2024, 2, 28)),
        (date(2029, 3, 1), date(2024, 3, 1)),
    ],
)
def test_the_earliest_date_is_five_years_ago(today, earliest):
    assert rules.earliest_issue_date(today, years=5) == earliest
