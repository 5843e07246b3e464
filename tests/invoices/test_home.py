"""« Accueil »: what waits for the person, and nothing that does not; the header's links."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dossiers.enums import DossierStatus
from invoices import transmission
from invoices.models import Deposit
from roles.enums import Role
from tests.factories import DossierFactory, EstablishmentFactory, UserFactory, give_role, make_deposit, person_with

pytestmark = pytest.mark.django_db

DRAFTS, PENDING, TO_INVOICE, TO_COMPLETE = "brouillons", "en-transmission", "a-facturer", "a-completer"


def page(client, **parameters: str) -> str:
    response = client.get("/", parameters)
    assert response.status_code == 200
    return response.content.decode()


def section(html: str, name: str) -> str:
    """One section of the page; empty where it is not shown."""
    found = re.search(rf'<section class="panel" aria-labelledby="{name}">.*?</section>', html, re.S)
    return found[0] if found else ""


def count(html: str, name: str) -> int:
    """The number beside a section's title."""
    found = re.search(r'class="count">(\d+)<', section(html, name))
    return int(found[1]) if found else 0


@pytest.fixture
def to_invoice(dossier):
    dossier.status = DossierStatus.A_FACTURER
    dossier.save(update_fields=["status"])
    return dossier


@pytest.fixture
def to_complete(dossier):
    dossier.status = DossierStatus.INFORMATION_MANQUANTE
    dossier.save(update_fields=["status"])
    return dossier


def test_where_nothing_waits_it_says_so(dossier, provider, log_in):
    html = page(log_in(provider))
    assert "Rien ne vous attend" in html
    assert not any(section(html, name) for name in (DRAFTS, PENDING, TO_INVOICE, TO_COMPLETE))


def test_a_person_without_a_role_finds_it_empty(log_in):
    assert "Rien ne vous attend" in page(log_in(UserFactory()))


def test_own_drafts_are_resumed_at_their_step(wizard, dossier, provider, log_in):
    started = wizard(provider, dossier)
    started.facture()
    drafts = section(page(started.client), DRAFTS)
    assert dossier.number in drafts
    assert "«\u00a0Détails de la facture\u00a0»" in drafts
    assert f'href="/depots/{started.depot}/details/"' in drafts
    colleague = person_with(Role.SAISIE_PRESTATAIRE, dossier.training_provider)
    assert not section(page(log_in(colleague)), DRAFTS)


def test_a_draft_that_cannot_be_sent_any_more_says_why(wizard, dossier, provider):
    started = wizard(provider, dossier)
    started.facture()
    dossier.status = DossierStatus.REFUSE
    dossier.save(update_fields=["status"])
    drafts = section(page(started.client), DRAFTS)
    assert "Reprendre" not in drafts
    assert "il ne reçoit plus de facture" in drafts


def test_drafts_have_pages(wizard, dossier, provider, log_in):
    client = log_in(provider)
    for _ in range(6):
        wizard(provider, dossier, client=client).facture()
    first, second = page(client), page(client, page="2")
    assert count(first, DRAFTS) == count(second, DRAFTS) == 6
    assert [section(html, DRAFTS).count("Reprendre") for html in (first, second)] == [5, 1]


def test_deposits_in_transmission_with_the_time_left(dossier, provider, employer, log_in):
    make_deposit(dossier, provider, number="F-ATTEND")
    make_deposit(dossier, provider, number="F-PARTIE", delay=timedelta(0))
    transmission.transmit_due()
    for person in (provider, employer):
        pending = section(page(log_in(person)), PENDING)
        assert "F-ATTEND" in pending
        assert "encore 15 minutes" in pending
        assert "F-PARTIE" not in pending


def test_dossiers_to_invoice_are_those_that_the_person_may_invoice(to_invoice, provider, employer, log_in):
    for person in (provider, employer):
        assert f"/dossiers/{to_invoice.number}/factures/ajouter/" in section(page(log_in(person)), TO_INVOICE)
    to_invoice.subrogated = False
    to_invoice.save(update_fields=["subrogated"])
    assert not section(page(log_in(provider)), TO_INVOICE)
    assert section(page(log_in(employer)), TO_INVOICE)


def test_dossiers_to_complete_are_those_that_the_person_may_complete(to_complete, provider, employer, log_in):
    to_complete.training_provider.uses_convergence_api = True
    to_complete.training_provider.save(update_fields=["uses_convergence_api"])
    assert not section(page(log_in(provider)), TO_COMPLETE)
    assert f"/dossiers/{to_complete.number}/documents/#autre-document" in section(page(log_in(employer)), TO_COMPLETE)


@pytest.mark.parametrize("status", [DossierStatus.A_FACTURER, DossierStatus.INFORMATION_MANQUANTE])
def test_nothing_waits_for_who_only_looks_or_is_elsewhere(dossier, status, log_in):
    dossier.status = status
    dossier.save(update_fields=["status"])
    onlooker = person_with(Role.CONSULTATION_PRESTATAIRE, dossier.training_provider)
    stranger = person_with(Role.SAISIE_PRESTATAIRE, EstablishmentFactory())
    for person in (onlooker, stranger):
        assert "Rien ne vous attend" in page(log_in(person))


def test_a_dossier_that_waits_for_both_sides_of_a_person_is_there_once(to_invoice, provider, log_in):
    give_role(provider, Role.ADMIN_ETABLISSEMENT, to_invoice.employer)
    html = page(log_in(provider))
    assert count(html, TO_INVOICE) == 1
    assert section(html, TO_INVOICE).count("Ajouter une facture") == 1


def test_five_are_shown_with_their_number_and_a_link_to_all(to_invoice, provider, log_in):
    DossierFactory.create_batch(
        7, training_provider=to_invoice.training_provider, status=DossierStatus.A_FACTURER, product="VAE"
    )
    html = page(log_in(provider))
    assert count(html, TO_INVOICE) == 8
    assert section(html, TO_INVOICE).count("Ajouter une facture") == 5
    assert 'href="/dossiers/?statut=A_FACTURER"' in section(html, TO_INVOICE)


def test_the_search_leads_to_the_dossiers(dossier, provider, log_in):
    form = re.search(r'<form[^>]*role="search".*?</form>', page(log_in(provider)), re.S)[0]
    assert 'action="/dossiers/"' in form
    assert 'name="q"' in form


def test_it_asks_as_much_of_the_database_for_1_of_each_as_for_5(wizard, dossier, provider, log_in):
    client = log_in(provider)
    common = {"training_provider": dossier.training_provider}

    def one_more() -> None:
        wizard(provider, DossierFactory(**common), client=client).facture()
        make_deposit(DossierFactory(**common), provider, number=f"F-{Deposit.objects.count()}")
        DossierFactory(status=DossierStatus.A_FACTURER, **common)
        DossierFactory(status=DossierStatus.INFORMATION_MANQUANTE, **common)

    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            page(client)
        return len(asked)

    one_more()
    few = queries()
    for _ in range(4):
        one_more()
    html = page(client)
    assert [count(html, name) for name in (DRAFTS, PENDING, TO_INVOICE, TO_COMPLETE)] == [5, 5, 5, 5]
    assert queries() == few


@pytest.mark.parametrize(
    ("address", "current"),
    [
        ("/", [("/", "page")]),
        ("/dossiers/", [("/dossiers/", "page")]),
        ("/dossiers/{number}/", [("/dossiers/", "true")]),
        ("/dossiers/{number}/documents/", [("/dossiers/", "true")]),
        ("/depots/", [("/depots/", "page")]),
        ("/nulle-part/", []),
    ],
)
def test_the_header_says_where_one_is(dossier, provider, log_in, address, current):
    html = log_in(provider).get(address.format(number=dossier.number)).content.decode()
    header = re.search(r'<nav class="site-header__nav".*?</nav>', html, re.S)[0]
    assert re.findall(r'href="([^"]+)" aria-current="(\w+)"', header) == current
    assert re.findall(r">(Accueil|Dossiers|Mes dépôts)<", header) == ["Accueil", "Dossiers", "Mes dépôts"]
