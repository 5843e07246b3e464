"""The « Documents » tab: what it shows, and the documents outside an invoice (RULES.md §4, §7, §8)."""

import re
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from dossiers.enums import DossierStatus
from invoices import transmission
from invoices.enums import DepositState, DocumentType
from invoices.models import Deposit, Document
from roles.enums import Role, Side
from tests.factories import DossierFactory, EstablishmentFactory, give_role, make_deposit, person_with
from tests.threads import at_once
from tests.wizard import pdf

pytestmark = pytest.mark.django_db


def tab(client, dossier, **parameters) -> str:
    response = client.get(f"/dossiers/{dossier.number}/documents/", parameters)
    assert response.status_code == 200
    return response.content.decode()


def test_each_document_says_what_it_is_and_whose(dossier, provider, employer, log_in):
    make_deposit(dossier, provider, Side.PRESTATAIRE, number="F-1", delay=timedelta(0))
    transmission.transmit_due()
    for person in (provider, employer):
        page = tab(log_in(person), dossier)
        for shown in (
            "Facture F-1",
            "facture.pdf",
            "Certificat de réalisation",
            "Prestataire de formation",
            "Transmis",
        ):
            assert shown in page
        assert dossier.training_provider.company.name in page


@pytest.mark.parametrize(("count", "shown", "more"), [(5, 6, ""), (6, 5, "Afficher les 2 autres documents")])
def test_a_deposit_of_many_documents_shows_the_first_and_the_others_on_request(
    dossier, provider, log_in, count, shown, more
):
    deposit = make_deposit(dossier, provider, documents=[DocumentType.AUTRE_DOCUMENT] * count)
    client = log_in(provider)

    def downloads(**parameters) -> int:
        return tab(client, dossier, **parameters).count(">Télécharger<")

    assert downloads() == shown
    assert more in tab(client, dossier)
    assert downloads(depot=str(deposit.pk)) == count + 1
    assert "autres documents" not in tab(client, dossier, depot=str(deposit.pk))


def test_newest_first_and_by_pages(dossier, provider, log_in):
    for rank in range(13):
        make_deposit(dossier, provider, Side.PRESTATAIRE, number=f"N-{rank:02d}", documents=())
    client = log_in(provider)
    shown = re.findall(r">Facture (N-\d\d)</h2>", tab(client, dossier) + tab(client, dossier, page=2))
    assert shown == [f"N-{rank:02d}" for rank in range(12, -1, -1)]


def test_the_empty_tab_says_what_will_come(dossier, provider, log_in):
    assert "Aucun document pour l’instant" in tab(log_in(provider), dossier)


def test_the_number_of_other_dossiers_stays_in_the_origin(dossier, provider, log_in):
    other = DossierFactory(training_provider=dossier.training_provider)
    make_deposit(dossier, provider, Side.PRESTATAIRE, associated=[other], delay=timedelta(0))
    transmission.transmit_due()
    stranger = person_with(Role.ADMIN_ETABLISSEMENT, other.employer)
    page = tab(log_in(stranger), other)
    assert "Facture F2026-118" in page
    assert dossier.number not in page
    assert "1 dossier associé" not in page
    assert "1 dossier associé" in tab(log_in(provider), dossier)


def test_drafts_are_their_owners(wizard, dossier, provider, log_in):
    colleague = person_with(Role.SAISIE_PRESTATAIRE, dossier.training_provider)
    started = wizard(provider, dossier)
    started.facture()
    page = tab(started.client, dossier)
    for shown in ("Brouillon", "Reprendre", "Supprimer le brouillon", "Détails de la facture"):
        assert shown in page
    assert "Brouillon" not in tab(log_in(colleague), dossier)


# --- Documents outside an invoice (§8) -------------------------------------------------------------------------


def add(client, dossier, type_="CONVENTION_FORMATION", *, depot=None, file=None, **data):
    """Choose a type, press « + », choose a PDF, press « Valider »."""
    if depot is None:
        depot = re.search(r'name="depot" value="([^"]+)"', tab(client, dossier, type=type_))[1]
    posted = {"type": type_, "depot": depot, "fichier": file or pdf("convention.pdf"), **data}
    return client.post(f"/dossiers/{dossier.number}/documents/ajouter/", posted)


@pytest.fixture
def being_entered(dossier):
    dossier.status = DossierStatus.EN_COURS_DE_SAISIE
    dossier.save(update_fields=["status"])
    return dossier


def test_a_document_goes_through_transmission_by_itself(being_entered, provider, log_in):
    client = log_in(provider)
    page = tab(client, being_entered, type="CONVENTION_FORMATION")
    assert "Convention de formation</label>" in page
    assert add(client, being_entered).url == f"/dossiers/{being_entered.number}/documents/"
    deposit = Deposit.objects.get()
    assert (deposit.state, deposit.side, deposit.number_key) == (DepositState.PENDING, Side.PRESTATAIRE, None)
    assert deposit.documents.get().type == DocumentType.CONVENTION_FORMATION
    page = tab(client, being_entered)
    assert "En cours de transmission" in page
    assert "Annuler le dépôt" in page


def test_a_provider_may_where_the_dossier_is_not_subrogated(dossier, provider, log_in):
    dossier.subrogated = False
    dossier.save(update_fields=["subrogated"])
    client = log_in(provider)
    assert "Dossier non subrogé" in tab(client, dossier)
    assert add(client, dossier, "RIB").status_code == 302
    assert Deposit.objects.count() == 1


@pytest.mark.parametrize("why", ["status", "role", "API"])
def test_where_it_may_not(dossier, provider, log_in, why):
    if why == "status":
        dossier.status = DossierStatus.REFUSE
        dossier.save(update_fields=["status"])
    elif why == "API":
        dossier.training_provider.uses_convergence_api = True
        dossier.training_provider.save(update_fields=["uses_convergence_api"])
    else:
        provider.role_assignments.update(role=Role.CONSULTATION_PRESTATAIRE)
    client = log_in(provider)
    page = tab(client, dossier, type="RIB")
    assert "Ajouter un autre type de document" not in page
    depot = "6f2c5b0e-5d0b-4a53-9a60-0b6f6b3b5a01"
    assert add(client, dossier, "RIB", depot=depot).status_code == 403
    assert (
        add(log_in(person_with(Role.SAISIE_PRESTATAIRE, EstablishmentFactory())), dossier, depot=depot).status_code
        == 404
    )
    assert not Document.objects.exists()


def test_a_person_of_both_sides_says_for_which(dossier, provider, log_in):
    give_role(provider, Role.ADMIN_ETABLISSEMENT, dossier.employer)
    client = log_in(provider)
    response = add(client, dossier, "RIB")
    assert "Choisissez pour qui vous déposez." in response.content.decode()
    assert add(client, dossier, "RIB", side="ENTREPRISE").status_code == 302
    assert Deposit.objects.get().side == Side.ENTREPRISE


@pytest.mark.parametrize("type_", ["FACTURE", "PROGRAMME", "INCONNU", ""])
def test_a_type_that_is_not_allowed(dossier, provider, log_in, type_):
    client = log_in(provider)
    depot = "6f2c5b0e-5d0b-4a53-9a60-0b6f6b3b5a02"
    response = add(client, dossier, type_, depot=depot)
    assert response.status_code == 200
    assert not Document.objects.exists()
    if type_:
        assert "n’est pas accepté pour ce dossier" in response.content.decode()


def test_a_bad_file_is_said_beside_its_field(dossier, provider, log_in):
    client = log_in(provider)
    for name, content in (("vide.pdf", b""), ("page.pdf", b"<html>")):
        page = add(client, dossier, "RIB", file=SimpleUploadedFile(name, content)).content.decode()
        assert f"{name} : " in page
        assert "RIB</label>" in page
    assert not Document.objects.exists()


def test_no_file_at_all(dossier, provider, log_in):
    client = log_in(provider)
    response = client.post(
        f"/dossiers/{dossier.number}/documents/ajouter/",
        {"type": "RIB", "depot": "6f2c5b0e-5d0b-4a53-9a60-0b6f6b3b5a03"},
    )
    assert "Choisissez un PDF." in response.content.decode()


def test_the_same_form_twice_is_one_deposit(dossier, provider, log_in):
    client = log_in(provider)
    depot = "6f2c5b0e-5d0b-4a53-9a60-0b6f6b3b5a04"
    for _ in range(2):
        assert add(client, dossier, "RIB", depot=depot).status_code == 302
    assert Deposit.objects.count() == 1
    assert Deposit.objects.get().documents.count() == 1


@pytest.mark.services
@pytest.mark.django_db(transaction=True)
def test_the_same_form_twice_at_once_is_one_deposit(dossier, provider, log_in):
    depot = "6f2c5b0e-5d0b-4a53-9a60-0b6f6b3b5a05"
    clients = [log_in(provider), log_in(provider)]
    responses = at_once(*(lambda client=client: add(client, dossier, "RIB", depot=depot) for client in clients))
    assert {response.status_code for response in responses} == {302}
    assert Deposit.objects.get().documents.count() == 1


def test_a_drafts_id_is_refused(wizard, dossier, provider):
    """Else the draft could never be sent."""
    started = wizard(provider, dossier).to_last_step()
    assert add(started.client, dossier, "RIB", depot=str(started.depot)).status_code == 400
    started.send()
    assert started.deposit.number_key


def test_after_a_log_in_asked_for_meanwhile_the_tab_is_shown(dossier, provider, log_in):
    """The log-in leads back by a GET to what was a POST."""
    response = log_in(provider).get(f"/dossiers/{dossier.number}/documents/ajouter/")
    assert response.url == f"/dossiers/{dossier.number}/documents/"


def test_somebody_elses_deposit_id_is_refused(dossier, provider, employer, log_in):
    existing = make_deposit(dossier, employer, Side.ENTREPRISE)
    assert add(log_in(provider), dossier, "RIB", depot=str(existing.pk)).status_code == 400
    assert existing.documents.count() == 2
