"""The demo data: all that INTERFACE lists, the same every time, by the rules, in an empty database alone.

Making them takes a second or two: tests that only read them are few and large.
"""

import os
import subprocess
import sys
from collections import Counter
from datetime import timedelta
from io import StringIO

import pytest
from django.conf import settings as django_settings
from django.core.management import CommandError, call_command
from django.urls import reverse

from dossiers.enums import OPEN_TO_INVOICE, DossierStatus, Product
from dossiers.models import Dossier
from invoices import deposits, documents, rules
from invoices.enums import DocumentType
from invoices.models import Deposit, Document, Draft, document_storage
from portal.demo import ACCOUNTS
from portal.demo.dossiers import DEMO_DAY, build
from portal.demo.places import COMPANIES
from roles.enums import Role, Side
from roles.models import Company, Establishment, RoleAssignment, User
from tests.catalogue import GUIDE
from tests.factories import CompanyFactory, DossierFactory, UserFactory, make_deposit


def run_demo() -> str:
    output = StringIO()
    call_command("demo", stdout=output)
    return output.getvalue()


@pytest.fixture
def demo(db) -> str:
    """The demo data, and what the command printed."""
    return run_demo()


def person(account: str) -> User:
    return User.objects.get(email=f"{account}@demo.example")


def dossier_by(employer: str, provider: str, product: Product, status: DossierStatus) -> Dossier:
    return Dossier.objects.get(
        employer__name=employer,
        training_provider__name=provider,
        product=product,
        status=status,
        subrogated=True,
    )


def counted(employer: str, provider: str) -> Counter:
    """The dossiers of these two establishments, by product, status and subrogation."""
    found = Dossier.objects.filter(employer__name=employer, training_provider__name=provider)
    return Counter(found.values_list("product", "status", "subrogated"))


def test_places_and_dossiers_are_those_of_the_interface(demo):
    assert {
        company.name: sorted(site.name for site in company.establishments.all()) for company in Company.objects.all()
    } == {
        "Groupe Horizon": ["Horizon Lyon", "Horizon Nantes"],
        "Atelier Dubois": ["Atelier Dubois"],
        "Formatech": ["Formatech Lyon", "Formatech Paris"],
        "CFA des Métiers": ["CFA des Métiers"],
        "CFA Connect": ["CFA Connect"],
        "Académie Rivage": ["Académie Rivage"],
    }
    assert [site.name for site in Establishment.objects.filter(uses_convergence_api=True)] == ["CFA Connect"]

    every_status = DossierStatus.values
    assert counted("Horizon Lyon", "Formatech Lyon") == Counter(
        (product, status, subrogated)
        for product in Product.values
        for status in every_status
        for subrogated in (True, False)
    )
    for cfa in ("CFA des Métiers", "CFA Connect"):
        assert counted("Horizon Lyon", cfa) == Counter(
            (product, status, True) for product in ("CAPP", "CPRO") for status in every_status
        )
    at_dubois = Dossier.objects.filter(employer__name="Atelier Dubois", training_provider__name="Formatech Lyon")
    assert at_dubois.filter(subrogated=True, status__in=OPEN_TO_INVOICE).count() >= 15
    assert counted("Horizon Nantes", "Formatech Lyon")
    assert counted("Horizon Nantes", "Formatech Paris")
    assert counted("Atelier Dubois", "Formatech Paris")
    assert counted("Atelier Dubois", "Académie Rivage").total() == 10
    assert Dossier.objects.filter(training_provider__name="Académie Rivage").count() == 10
    for model in (Company, Establishment, User, RoleAssignment, Dossier):
        for row in model.objects.all():
            row.full_clean()


def test_every_account_opens_with_the_password_and_holds_its_roles(demo, client):
    whole_companies = {
        "RESP_GESTION_SOCIETE": "Groupe Horizon",
        "ADMIN_SOCIETE_ALTERNANCE": "Groupe Horizon",
        "ADMIN_SOCIETE_PDC": "Groupe Horizon",
        "ADMIN_SOCIETE_PRESTATAIRE": "Formatech",
    }
    sites = {Side.ENTREPRISE: "Horizon Lyon", Side.PRESTATAIRE: "Formatech Lyon"}
    expected = {
        f"{role.value.lower()}@demo.example": {(role.value, whole_companies.get(role.value, sites[role.side]))}
        for role in Role
    } | {
        "double@demo.example": {
            ("ADMIN_ETABLISSEMENT", "Horizon Lyon"),
            ("SAISIE_PRESTATAIRE", "Formatech Lyon"),
        },
        "cfa@demo.example": {("RESP_COMPTES_ETABLISSEMENT_PRESTATAIRE", "CFA des Métiers")},
        "cfa_api@demo.example": {("RESP_COMPTES_ETABLISSEMENT_PRESTATAIRE", "CFA Connect")},
        "etranger@demo.example": {("SAISIE_PRESTATAIRE", "Académie Rivage")},
        "backoffice@demo.example": set(),
    }
    held = {
        user.email: {(assignment.role, assignment.place.name) for assignment in user.role_assignments.all()}
        for user in User.objects.all()
    }
    assert held == expected
    assert {account.email for account in ACCOUNTS} == set(expected)
    assert all(user.check_password("demo") for user in User.objects.all())
    assert [user.email for user in User.objects.filter(is_staff=True)] == ["backoffice@demo.example"]


def test_the_same_every_time():
    dossiers = unsaved_dossiers()
    assert len(dossiers) == 169
    first, middle, last = dossiers[0], dossiers[84], dossiers[-1]
    assert (first.number, first.beneficiary, str(first.starts_on)) == (
        "CAPP-2026-004217",
        "Cédric Rivoire",
        "2026-12-07",
    )
    assert (middle.number, middle.beneficiary, middle.granted_tuition) == (
        "AUTRE-2026-006509",
        "Émile Moreau",
        675,
    )
    assert (last.number, last.beneficiary, str(last.ends_on)) == (
        "AUTRE-2026-007004",
        "Loïc Lefèvre",
        "2026-07-24",
    )


def test_dates_fit_the_status():
    for dossier in unsaved_dossiers():
        begun, completed = dossier.starts_on <= DEMO_DAY, dossier.ends_on <= DEMO_DAY
        match dossier.status:
            case DossierStatus.TERMINE:
                assert completed, dossier
            case DossierStatus.A_FACTURER | DossierStatus.EN_COURS_DE_REGLEMENT:
                assert begun, dossier
            case DossierStatus.EN_COURS_DE_SAISIE | DossierStatus.EN_COURS_DE_VALIDATION:
                assert not begun, dossier


def unsaved_dossiers() -> list[Dossier]:
    return build({site.name: Establishment(name=site.name) for *_, sites in COMPANIES for site in sites})


def test_a_deposit_in_every_state_by_the_rules_with_its_files(demo):
    states = {deposit.title: deposit.get_state_display() for deposit in Deposit.objects.all()}
    assert states == {
        "Facture F2026-094": "Transmis",
        "Facture F2026-071": "Transmis",
        "Facture CFA-26-0312": "Transmis",
        "Avis de recevabilité (livret 1)": "Transmis",
        "Facture F2026-107": "Annulé",
        "Facture F2026-118": "En cours de transmission",
    }
    pending = Deposit.objects.get(state="PENDING")
    assert pending.transmit_at - pending.submitted_at == django_settings.TRANSMISSION_DELAY
    assert sum(deposit.dossiers.exists() for deposit in Deposit.objects.filter(state="TRANSMITTED")) >= 2
    for deposit in Deposit.objects.all():
        person, side, origin = deposit.depositor, deposit.as_side, deposit.origin
        types = {document.type for document in deposit.documents.all()}
        supporting = types - {DocumentType.FACTURE}
        others = list(deposit.dossiers.all())
        assert supporting <= set(rules.document_types(origin, GUIDE))
        assert set(others) <= set(Dossier.objects.associable_with(origin, person, side))
        if DocumentType.FACTURE not in types:
            assert rules.why_no_documents(origin, person.scope, side) is None
            continue
        assert rules.why_no_invoice(origin, person.scope, side) is None
        if rules.certificate_required(deposit.covers_tuition, [origin, *others]):
            assert DocumentType.CERTIFICAT_REALISATION in types
    assert Document.objects.filter(loose_since__isnull=False).count() == 0
    for document in Document.objects.all():
        with document_storage().open(document.file.name) as file:
            content = file.read()
        assert content.startswith(b"%PDF-")
        assert len(content) == document.size < 10_000
        assert document.pages == 1


def test_the_draft_can_be_resumed_half_way(demo, log_in):
    draft = Draft.objects.get()
    browser = log_in(draft.owner)
    page = browser.get(reverse("invoices:step", args=[draft.pk, "details"])).content.decode()
    assert "F2026-121" in page
    assert f"{DEMO_DAY:%d/%m/%Y}" in page
    assert dossier_by("Atelier Dubois", "Formatech Lyon", Product.CPRO, DossierStatus.A_FACTURER).number in page
    assert browser.get(reverse("invoices:step", args=[draft.pk, "justificatifs"])).status_code == 302


def test_run_again_it_keeps_what_was_deposited(demo):
    deposits.cancel(Deposit.objects.get(state="PENDING"), person("saisie_prestataire"))
    documents.delete_draft(Draft.objects.get().pk, person("saisie_prestataire"))
    origin = dossier_by("Horizon Lyon", "Formatech Lyon", Product.BC, DossierStatus.TERMINE)
    made = make_deposit(origin, person("double"), delay=timedelta(hours=1))

    def everything() -> list:
        models = (Company, Establishment, User, RoleAssignment, Dossier, Deposit, Document, Draft)
        return [list(model.objects.order_by("pk").values()) for model in models]

    before = everything()
    assert "nothing changed, 7 deposits" in run_demo()
    assert everything() == before
    assert Deposit.objects.filter(pk=made.pk).exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("factory", "kind"), [(CompanyFactory, "companies"), (UserFactory, "users"), (DossierFactory, "dossiers")]
)
def test_refuses_a_database_that_holds_anything_else(factory, kind):
    factory()
    accounts = User.objects.count()
    with pytest.raises(CommandError, match=f"holds .*{kind}.* not the demo's"):
        run_demo()
    assert User.objects.count() == accounts


def test_refuses_a_database_that_holds_anything_beside_the_demo(demo):
    UserFactory()
    with pytest.raises(CommandError, match="holds users that are not the demo's"):
        run_demo()


@pytest.mark.django_db
def test_all_or_nothing(settings, tmp_path):
    blocked = tmp_path / "a-file"
    blocked.touch()
    settings.INCOMING_ROOT = blocked / "incoming"
    with pytest.raises(NotADirectoryError):
        run_demo()
    assert not Company.objects.exists()
    assert not User.objects.exists()


def test_the_accounts_can_be_listed_without_settings_or_database():
    environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    listed = subprocess.run(
        [
            sys.executable,
            "-c",
            "from portal.demo import ACCOUNTS\nfor email, label in ACCOUNTS: print(email, label)",
        ],
        cwd=django_settings.BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert "saisie_prestataire@demo.example Saisie alternance et PDC · Formatech Lyon" in listed.stdout
