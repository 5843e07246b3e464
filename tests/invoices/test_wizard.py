"""The four steps as a browser meets them (RULES.md §5, §9)."""

from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from dossiers.enums import DossierStatus, Product
from invoices.enums import DepositState, DocumentType
from invoices.models import Deposit, Document, Draft, document_storage
from roles.enums import Role, Side
from tests.catalogue import change_limits
from tests.factories import DossierFactory, give_role, person_with
from tests.wizard import Wizard, pdf

pytestmark = pytest.mark.django_db


def text_of(response) -> str:
    assert response.status_code == 200, response.status_code
    return response.content.decode()


# --- The main job ----------------------------------------------------------------------------------------------


def test_a_provider_deposits_an_invoice_with_its_certificate(wizard, provider, dossier):
    started = wizard(provider, dossier)
    assert started.facture("oui").url == started.url("details")
    assert started.details().url == started.url("justificatifs")
    assert started.justificatifs(certificat=pdf("certificat.pdf")).url == started.url("transmettre")
    response = started.send()
    assert response.url == f"/depots/{started.depot}/recepisse/"
    deposit = started.deposit
    assert (deposit.state, deposit.side, deposit.covers_tuition) == (
        DepositState.PENDING,
        Side.PRESTATAIRE,
        True,
    )
    assert deposit.perimeter == dossier.training_provider
    assert deposit.depositor == provider
    assert [(d.type, d.name) for d in deposit.documents.all()] == [
        (DocumentType.FACTURE, "facture.pdf"),
        (DocumentType.CERTIFICAT_REALISATION, "certificat.pdf"),
    ]
    page = text_of(started.client.get(response.url))
    assert "Facture F2026-118" in page
    assert "En cours de transmission" in page
    assert not Draft.objects.filter(pk=started.depot).exists()


def test_a_company_deposits_ancillary_costs_without_any_document(wizard, employer, dossier):
    started = wizard(employer, dossier).to_last_step("non")
    started.send()
    assert (started.deposit.side, started.deposit.covers_tuition) == (Side.ENTREPRISE, False)
    assert started.deposit.perimeter == dossier.employer


def test_the_last_step_shows_all_that_will_be_sent(wizard, provider, dossier):
    page = text_of(wizard(provider, dossier).to_last_step().get("transmettre"))
    for shown in (
        "F2026-118",
        "4\u202f800,00\u00a0€",
        "facture.pdf",
        "certificat.pdf",
        dossier.number,
        "Oui",
    ):
        assert shown in page


def test_a_person_of_both_sides_chooses_one_for_the_whole_deposit(log_in, provider, dossier):
    give_role(provider, Role.ADMIN_ETABLISSEMENT, dossier.employer)
    client = log_in(provider)
    address = f"/dossiers/{dossier.number}/factures/ajouter/"
    page = text_of(client.get(address))
    assert "Vous déposez en tant que" in page
    assert "Choisissez pour qui vous déposez." in text_of(client.get(address, {"cote": "AUTRE"}))
    started = Wizard.start(client, dossier, side="ENTREPRISE").to_last_step("non")
    started.send()
    assert started.deposit.side == Side.ENTREPRISE


def test_only_the_sides_that_may_deposit_are_offered(log_in, provider, dossier):
    """On a dossier that is not subrogated the provider's side does not: there is nothing to choose."""
    give_role(provider, Role.ADMIN_ETABLISSEMENT, dossier.employer)
    dossier.subrogated = False
    dossier.save(update_fields=["subrogated"])
    started = Wizard.start(log_in(provider), dossier, side="PRESTATAIRE").to_last_step("non")
    started.send()
    assert started.deposit.side == Side.ENTREPRISE


# --- Gauges, and « Transmettre » on every step -----------------------------------------------------------------


def send_button_is_disabled(page: str) -> bool:
    button = page[page.index('value="transmettre"') :].split(">", 1)[0]
    return "disabled" in button


def test_transmettre_is_on_every_step_and_disabled_until_the_gauges_are_full(wizard, provider, dossier):
    started = wizard(provider, dossier)
    page = text_of(started.get("facture"))
    assert send_button_is_disabled(page)
    assert "« Ajout de la facture », « Détails de la facture » et « Pièces justificatives »" in plain(page)
    started.facture()
    assert send_button_is_disabled(text_of(started.get("details")))
    started.details()
    page = text_of(started.get("justificatifs"))
    assert send_button_is_disabled(page)
    assert "1 document attendu" in page
    started.justificatifs(certificat=pdf())
    for step in ("facture", "details", "justificatifs"):
        page = text_of(started.get(step))
        assert not send_button_is_disabled(page)
        assert "Toutes les étapes sont complètes." in page


def plain(page: str) -> str:
    return page.replace("\u00a0", " ")


def test_transmettre_on_an_earlier_step_leads_to_the_last(wizard, provider, dossier):
    started = wizard(provider, dossier).to_last_step()
    response = started.post("facture", {"covers_tuition": "oui"}, press="wizard_goto_step", value="transmettre")
    assert response.url == started.url("transmettre")
    assert not Deposit.objects.exists()


@pytest.mark.parametrize(
    ("product", "status", "answer", "full"),
    [
        (Product.CAPP, DossierStatus.VALIDE, None, True),
        (Product.CAPP, DossierStatus.EN_COURS_DE_VALIDATION, "oui", True),
        (Product.CAPP, DossierStatus.A_FACTURER, "oui", False),
        (Product.CPRO, DossierStatus.VALIDE, None, False),
        (Product.CPRO, DossierStatus.VALIDE, "oui", False),
        (Product.CPRO, DossierStatus.VALIDE, "non", True),
    ],
)
def test_the_third_gauge_is_full_where_nothing_is_required(wizard, product, status, answer, full):
    dossier = DossierFactory(product=product, status=status)
    started = wizard(person_with(Role.SAISIE_PRESTATAIRE, dossier.training_provider), dossier)
    if answer:
        started.facture(answer)
    page = text_of(started.get("details" if answer else "facture"))
    assert ("Rien d’obligatoire" in page) == full


# --- Nothing is lost -------------------------------------------------------------------------------------------


def test_going_back_keeps_what_was_typed_and_the_files(wizard, provider, dossier):
    started = wizard(provider, dossier)
    started.facture()
    typed = {"number": "F-1", "issue_date": "3", "amount_ht": "douze", "recherche": "dub"}
    response = started.post("details", typed, press="wizard_goto_step", value="facture")
    assert response.url == started.url("facture")
    page = text_of(started.get("facture"))
    assert "facture.pdf" in page
    assert "checked" in page
    page = text_of(started.get("details"))
    for value in typed.values():
        assert f'value="{value}"' in page
    assert "À corriger" not in page


def test_a_step_left_incomplete_shows_its_errors_once_the_person_has_tried(wizard, provider, dossier):
    started = wizard(provider, dossier)
    started.facture()
    page = text_of(started.post("details", {"number": "F-1"}))
    assert "Indiquez la date d’émission de la facture." in page
    assert 'value="F-1"' in page
    assert "Indiquez la date d’émission de la facture." in text_of(started.get("details"))


def test_fields_that_did_not_arrive_keep_what_they_had(wizard, provider, dossier):
    """A connection cut during the transfer leaves a form that looks whole, without its last fields."""
    started = wizard(provider, dossier)
    started.facture("oui")
    started.details(number="F-12")
    started.post("details", {"amount_ht": "5 000"})
    stored = started.draft.data["step_data"]["details"]
    assert stored["details-number"] == ["F-12"]
    assert stored["details-amount_ht"] == ["5 000"]


def test_a_file_is_kept_whatever_happens_to_the_rest_of_its_step(wizard, provider, dossier):
    started = wizard(provider, dossier)
    page = text_of(started.post("facture", facture=pdf("à moi.pdf")))
    assert "Choisissez « Oui » ou « Non »." in plain(page)
    assert "Choisissez le PDF" not in page
    assert "à moi.pdf" in page
    assert started.post("facture", {"covers_tuition": "non"}).url == started.url("details")


def test_a_refused_file_is_said_beside_its_field_and_the_rest_stays(wizard, provider, dossier):
    started = wizard(provider, dossier)
    page = text_of(started.facture("oui", SimpleUploadedFile("facture.pdf", b"<html></html>")))
    assert "facture.pdf : " in page
    assert "checked" in page
    assert not Document.objects.exists()
    assert started.get("details").url == started.url("facture")


def test_a_refused_file_leaves_the_former_one(wizard, provider, dossier):
    started = wizard(provider, dossier)
    started.facture()
    page = text_of(started.facture("oui", SimpleUploadedFile("vide.pdf", b"")))
    assert "vide.pdf : " in page
    assert "facture.pdf" in page
    assert started.draft.documents.get().name == "facture.pdf"


def test_a_file_can_be_replaced(wizard, provider, dossier):
    started = wizard(provider, dossier)
    started.facture(file=pdf("ancienne.pdf"))
    started.facture(file=pdf("nouvelle.pdf"))
    assert started.draft.documents.get().name == "nouvelle.pdf"
    assert Document.objects.get(name="ancienne.pdf").loose_since is not None


def test_closed_browser_and_another_node(wizard, provider, dossier, log_in):
    """Another session, nothing shared but the database and the storage: « Reprendre »."""
    started = wizard(provider, dossier)
    started.facture()
    started.post("details", {"number": "F-7"})
    started.client.logout()
    elsewhere = Wizard(log_in(provider), started.depot, dossier)
    tab = text_of(elsewhere.client.get(f"/dossiers/{dossier.number}/documents/"))
    assert "Brouillon" in tab
    assert elsewhere.url("details") in tab
    assert 'value="F-7"' in text_of(elsewhere.get("details"))
    elsewhere.to_last_step().send()
    assert elsewhere.deposit.depositor == provider


def test_a_start_alone_shows_nowhere(wizard, provider, dossier):
    started = wizard(provider, dossier)
    started.get("facture")
    assert "Brouillon" not in text_of(started.client.get(f"/dossiers/{dossier.number}/documents/"))


def test_resuming_goes_to_the_step_that_comes_next(wizard, provider, dossier):
    started = wizard(provider, dossier)
    started.facture()
    tab = text_of(started.client.get(f"/dossiers/{dossier.number}/documents/"))
    assert f'href="{started.url("details")}"' in tab
    assert "Détails de la facture" in tab


# --- Two tabs --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("same_dossier", [True, False])
def test_two_tabs_never_mix(wizard, provider, dossier, same_dossier, log_in):
    other = dossier if same_dossier else DossierFactory(training_provider=dossier.training_provider)
    client = log_in(provider)
    one, two = wizard(provider, dossier, client=client), wizard(provider, other, client=client)
    assert one.depot != two.depot
    one.facture("oui", pdf("une.pdf"))
    two.facture("non", pdf("deux.pdf"))
    two.details(number="DEUX")
    one.details(number="UNE")
    one.justificatifs(certificat=pdf("certificat.pdf"))
    two.justificatifs()
    two.send()
    one.send()
    assert [one.deposit.invoice.number, two.deposit.invoice.number] == ["UNE", "DEUX"]
    assert [document.name for document in one.deposit.documents.all()] == ["une.pdf", "certificat.pdf"]
    assert [document.name for document in two.deposit.documents.all()] == ["deux.pdf"]
    assert two.deposit.origin == other


def test_a_form_of_one_draft_is_not_taken_for_another(wizard, provider, dossier, log_in):
    client = log_in(provider)
    one, two = wizard(provider, dossier, client=client), wizard(provider, dossier, client=client)
    posted = {"facture-covers_tuition": "oui", f"depot-{two.depot}-current_step": "facture"}
    assert client.post(one.url("facture"), posted).status_code == 400


def test_two_tabs_on_one_draft_keep_both_changes(wizard, provider, dossier):
    """The same draft resumed twice: each save reads the row anew."""
    started = wizard(provider, dossier)
    started.facture()
    second = Wizard(Client(), started.depot, dossier)
    second.client.force_login(provider)
    started.details(number="PREMIER")
    second.facture("non", pdf("autre.pdf"))
    assert 'value="PREMIER"' in text_of(started.get("details"))
    assert started.draft.documents.get().name == "autre.pdf"


# --- Bad input about the steps themselves (§9) -----------------------------------------------------------------


@pytest.mark.parametrize("tampered", ["", "nimporte", "details", "transmettre", "../etc", "facture\x00"])
def test_tampered_management_data_get_a_400(wizard, provider, dossier, tampered):
    started = wizard(provider, dossier)
    posted = {"facture-covers_tuition": "oui", f"depot-{started.depot}-current_step": tampered}
    assert started.client.post(started.url("facture"), posted).status_code == 400
    assert started.client.post(started.url("facture"), {"facture-covers_tuition": "oui"}).status_code == 400


@pytest.mark.parametrize("step", ["details", "justificatifs", "transmettre"])
def test_a_step_out_of_order_says_which_comes_first(wizard, provider, dossier, step):
    started = wizard(provider, dossier)
    for request in (started.get, started.post):
        assert request(step).url == started.url("facture")
        page = plain(text_of(started.get("facture")))
        assert "Complétez d’abord l’étape « Ajout de la facture »." in page
    assert not Deposit.objects.exists()


def test_what_was_typed_out_of_order_is_kept(wizard, provider, dossier):
    started = wizard(provider, dossier)
    assert started.details(number="F-9").url == started.url("facture")
    started.facture()
    assert 'value="F-9"' in text_of(started.get("details"))


def test_an_unknown_step_or_draft_does_not_exist(wizard, provider, dossier):
    started = wizard(provider, dossier)
    assert started.get("autre").status_code == 404
    assert started.client.get(f"/depots/{uuid4()}/facture/").status_code == 404


def test_another_persons_draft_does_not_exist(wizard, provider, dossier, log_in):
    colleague = person_with(Role.SAISIE_PRESTATAIRE, dossier.training_provider)
    started = wizard(provider, dossier)
    for _ in ("just started", "saved"):
        theirs = Wizard(log_in(colleague), started.depot, dossier)
        assert theirs.get("facture").status_code == 404
        assert theirs.facture().status_code == 404
        assert theirs.client.post(f"/depots/{started.depot}/supprimer/").status_code == 404
        started.facture()
    assert started.draft.owner == provider


def test_a_deleted_draft_says_so(wizard, provider, dossier):
    started = wizard(provider, dossier)
    started.facture()
    response = started.client.post(f"/depots/{started.depot}/supprimer/")
    assert response.url == f"/dossiers/{dossier.number}/documents/"
    for response in (started.get("details"), started.details(), started.facture()):
        assert response.status_code == 410
        assert "Ce brouillon a été supprimé" in response.content.decode()
    assert Document.objects.get().loose_since is not None
    assert "Supprimer le brouillon" not in text_of(started.client.get(f"/dossiers/{dossier.number}/documents/"))


def test_a_sent_draft_leads_to_its_deposit(wizard, provider, dossier):
    started = wizard(provider, dossier).to_last_step()
    started.send()
    for request in (lambda: started.get("details"), lambda: started.details(number="AUTRE"), started.send):
        response = request()
        assert response.url == f"/depots/{started.depot}/recepisse/"
        assert "déjà parti" in text_of(started.client.get(response.url))
    assert Deposit.objects.count() == 1
    assert started.deposit.invoice.number == "F2026-118"


def test_deleting_needs_a_post(wizard, provider, dossier):
    """A GET, as after a log-in that was asked for in between, leads to the tab and deletes nothing."""
    started = wizard(provider, dossier)
    started.facture()
    response = started.client.get(f"/depots/{started.depot}/supprimer/")
    assert response.url == f"/dossiers/{dossier.number}/documents/"
    assert started.get("details").status_code == 200


def test_deleting_twice_says_so(wizard, provider, dossier):
    started = wizard(provider, dossier)
    started.facture()
    for status in (302, 410):
        assert started.client.post(f"/depots/{started.depot}/supprimer/").status_code == status


def test_two_starts_at_the_same_time_and_a_new_session_lose_nothing(wizard, provider, dossier, log_in):
    starts = [wizard(provider, dossier) for _ in range(2)]
    for started in starts:
        elsewhere = Wizard(log_in(provider), started.depot, dossier)
        assert elsewhere.get("facture").status_code == 200
        assert elsewhere.facture().url == started.url("details")


def test_the_last_step_sends_what_it_shows(wizard, provider, dossier):
    """Another tab changed the draft after the page was shown: it is shown again instead of sent."""
    started = wizard(provider, dossier).to_last_step()
    shown = started.shown()
    started.details(number="AUTRE-9", amount_ht="9 999", amount_ttc="9 999")
    page = text_of(started.send(shown))
    assert "changé dans un autre onglet" in page
    assert "AUTRE-9" in page
    assert not Deposit.objects.exists()
    started.send(started.shown())
    assert started.deposit.invoice.number == "AUTRE-9"


def test_a_draft_of_the_closed_side_is_not_offered_to_be_resumed(wizard, provider, dossier):
    give_role(provider, Role.ADMIN_ETABLISSEMENT, dossier.employer)
    started = wizard(provider, dossier, side="PRESTATAIRE")
    started.facture()
    dossier.subrogated = False
    dossier.save(update_fields=["subrogated"])
    tab = text_of(started.client.get(f"/dossiers/{dossier.number}/documents/"))
    assert "Reprendre" not in tab
    assert "Dossier non subrogé" in tab
    assert "Supprimer le brouillon" in tab


# --- What changes meanwhile ------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [DossierStatus.REFUSE, DossierStatus.ANNULE, DossierStatus.EN_COURS_DE_SAISIE])
def test_the_dossier_closes_between_two_steps(wizard, provider, dossier, status):
    started = wizard(provider, dossier).to_last_step()
    dossier.status = status
    dossier.save(update_fields=["status"])
    for response in (started.get("details"), started.details(), started.send()):
        assert response.status_code == 403
        assert f"« {status.label} »" in plain(response.content.decode())
    assert not Deposit.objects.exists()
    dossier.status = DossierStatus.VALIDE
    dossier.save(update_fields=["status"])
    started.send()
    assert started.deposit.state == DepositState.PENDING


def test_the_status_changes_and_the_certificate_is_asked_for(wizard):
    dossier = DossierFactory(product=Product.CAPP, status=DossierStatus.VALIDE)
    started = wizard(person_with(Role.SAISIE_PRESTATAIRE, dossier.training_provider), dossier)
    started.facture("oui")
    started.details()
    assert started.justificatifs().url == started.url("transmettre")
    dossier.status = DossierStatus.A_FACTURER
    dossier.save(update_fields=["status"])
    assert started.send().url == started.url("justificatifs")
    assert "certificat de réalisation : il est obligatoire" in text_of(started.get("justificatifs"))
    started.justificatifs(certificat=pdf())
    started.send()
    assert started.deposit.documents.count() == 2


def test_a_right_withdrawn_is_withdrawn_at_once(wizard, provider, dossier):
    started = wizard(provider, dossier).to_last_step()
    provider.role_assignments.update(role=Role.CONSULTATION_PRESTATAIRE)
    assert started.send().status_code == 403
    provider.role_assignments.all().delete()
    assert started.send().status_code == 404
    assert not Deposit.objects.exists()


@pytest.mark.parametrize("change", [{"subrogated": False}, {"api": True}])
def test_subrogation_or_the_api_changes_meanwhile(wizard, provider, dossier, change):
    started = wizard(provider, dossier).to_last_step()
    if "api" in change:
        dossier.training_provider.uses_convergence_api = True
        dossier.training_provider.save(update_fields=["uses_convergence_api"])
    else:
        dossier.subrogated = False
        dossier.save(update_fields=["subrogated"])
    response = started.send()
    assert response.status_code == 403
    assert ("API Convergence" if "api" in change else "non subrogé") in response.content.decode()


def test_a_file_gone_from_the_disk_is_asked_for_again(wizard, provider, dossier):
    started = wizard(provider, dossier).to_last_step()
    lost = started.draft.documents.get(slot="certificat")
    document_storage().delete(lost.file.name)
    assert started.send().url == started.url("justificatifs")
    page = plain(text_of(started.get("justificatifs")))
    assert "Le fichier « certificat.pdf » n’est plus lisible" in page
    assert not Deposit.objects.exists()
    started.justificatifs(certificat=pdf("certificat.pdf"))
    started.send()
    assert started.deposit.documents.count() == 2


def test_the_date_passes_its_limit_while_the_draft_waits(wizard, provider, dossier, time_machine):
    time_machine.move_to("2026-11-23 10:00 +0100")
    started = wizard(provider, dossier).to_last_step(issue_date="23/11/2021")
    time_machine.move_to("2026-11-24 10:00 +0100")
    started.client.force_login(provider)
    assert started.send().url == started.url("details")
    assert "la plus ancienne acceptée est le 24/11/2021" in text_of(started.get("details"))


# --- Supporting documents (§5.3) -------------------------------------------------------------------------------


def add(started: Wizard, type_: str):
    return started.post("justificatifs", {"type": type_}, press="ajouter-piece")


def test_documents_are_added_more_than_once_and_removed(wizard, provider, dossier):
    started = wizard(provider, dossier)
    started.facture()
    started.details()
    for type_ in ("RIB", "RIB", "AUTRE_DOCUMENT"):
        assert add(started, type_).url == started.url("justificatifs")
    page = text_of(started.get("justificatifs"))
    assert page.count(">RIB</label>") == 2
    assert "Choisissez un PDF, ou retirez ce document." in text_of(started.justificatifs(certificat=pdf()))
    started.post("justificatifs", press="retirer-piece", value="piece1")
    response = started.justificatifs(piece2=pdf("rib.pdf"), piece3=pdf("autre.pdf"))
    assert response.url == started.url("transmettre")
    started.send()
    assert [document.type for document in started.deposit.documents.all()] == [
        "FACTURE", "CERTIFICAT_REALISATION", "RIB", "AUTRE_DOCUMENT",
    ]  # fmt: skip


def test_adding_a_field_keeps_the_files_chosen_in_the_others(wizard, provider, dossier):
    started = wizard(provider, dossier)
    started.facture()
    started.details()
    started.post("justificatifs", {"type": "RIB"}, press="ajouter-piece", certificat=pdf("certificat.pdf"))
    assert "certificat.pdf" in text_of(started.get("justificatifs"))


@pytest.mark.parametrize("type_", ["", "FACTURE", "CERTIFICAT_REALISATION", "PROGRAMME", "INCONNU", "RIB' OR 1=1"])
def test_a_type_that_is_not_offered_is_refused(wizard, provider, dossier, type_):
    """PROGRAMME belongs to CPRO, but not at « En cours de règlement »; the certificate has its own field."""
    started = wizard(provider, dossier)
    started.facture()
    started.details()
    page = text_of(add(started, type_))
    assert "Choisissez d’abord un type" in page if not type_ else "n’est pas accepté pour ce dossier" in page
    assert started.draft.data["extra_data"]["pieces"] == []


def test_the_optional_certificate_is_in_the_list(wizard, provider, dossier):
    started = wizard(provider, dossier)
    started.facture("non")
    started.details()
    page = text_of(started.get("justificatifs"))
    assert "Rien n’est obligatoire" in page
    assert '<option value="CERTIFICAT_REALISATION">' in page
    add(started, "CERTIFICAT_REALISATION")
    assert started.justificatifs(piece1=pdf()).url == started.url("transmettre")


def test_a_type_no_longer_accepted_must_be_removed(wizard, provider, dossier):
    started = wizard(provider, dossier)
    started.facture()
    started.details()
    add(started, "AVENANT")
    started.justificatifs(certificat=pdf(), piece1=pdf("avenant.pdf"))
    dossier.status = DossierStatus.TERMINE  # takes no AVENANT
    dossier.save(update_fields=["status"])
    assert started.send().url == started.url("justificatifs")
    assert "n’accepte plus de document « Avenant »" in plain(text_of(started.get("justificatifs")))
    started.post("justificatifs", press="retirer-piece", value="piece1")
    started.send()
    assert started.deposit.documents.count() == 2


def test_a_certificate_no_longer_required_stays_and_can_be_removed(wizard, provider, dossier):
    started = wizard(provider, dossier).to_last_step("oui")
    started.post("facture", {"covers_tuition": "non"})
    page = text_of(started.get("justificatifs"))
    assert "certificat.pdf" in page
    started.post("justificatifs", press="retirer-piece", value="certificat")
    assert "certificat.pdf" not in text_of(started.get("justificatifs"))
    assert started.justificatifs().url == started.url("transmettre")


def test_a_tab_left_open_on_a_removed_field_fills_no_other(wizard, provider, dossier):
    started = wizard(provider, dossier)
    started.facture()
    started.details()
    add(started, "RELEVE_DEPENSES")
    started.post("justificatifs", press="retirer-piece", value="piece1")
    add(started, "BULLETIN_SALAIRE")
    started.justificatifs(certificat=pdf(), piece1=pdf("releve.pdf"))
    assert not Document.objects.filter(draft=started.draft, type="BULLETIN_SALAIRE").exists()


def test_a_certificate_already_added_is_not_asked_for_twice(wizard):
    """Added with « + » where it was optional; then the status changes and it becomes required."""
    dossier = DossierFactory(product=Product.CAPP, status=DossierStatus.VALIDE)
    started = wizard(person_with(Role.SAISIE_PRESTATAIRE, dossier.training_provider), dossier)
    started.facture("oui")
    started.details()
    add(started, "CERTIFICAT_REALISATION")
    started.justificatifs(piece1=pdf("certificat.pdf"))
    dossier.status = DossierStatus.A_FACTURER
    dossier.save(update_fields=["status"])
    started.send()
    assert started.deposit.documents.filter(type="CERTIFICAT_REALISATION").count() == 1


def test_a_file_for_a_field_that_is_not_there_is_ignored(wizard, provider, dossier):
    started = wizard(provider, dossier)
    started.facture()
    started.details()
    started.justificatifs(piece7=pdf("intrus.pdf"), facture=pdf("intrus.pdf"))
    assert not Document.objects.filter(name="intrus.pdf").exists()


def test_there_is_a_limit_to_the_documents_of_a_deposit(wizard, provider, dossier):
    change_limits(supporting_documents=2)
    started = wizard(provider, dossier)
    started.facture()
    started.details()
    add(started, "RIB")
    add(started, "RIB")
    assert "2 pièces au plus" in text_of(add(started, "RIB"))


# --- Searching by « Enter » ------------------------------------------------------------------------------------


def test_enter_searches_when_a_search_was_typed_and_goes_on_otherwise(wizard, provider, dossier):
    started = wizard(provider, dossier)
    started.facture()
    today = f"{timezone.localdate():%d/%m/%Y}"
    typed = {"number": "F-1", "issue_date": today, "amount_ht": "10", "amount_ttc": "10", "recherche": "dub"}
    assert started.post("details", typed, press="entree").url == started.url("details")
    assert started.post("details", typed, press="entree").url == started.url("justificatifs")
