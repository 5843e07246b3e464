"""What goes wrong, and what people do besides going straight on (RULES.md §5, §6, §9)."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import FilePayload, expect

from dossiers.enums import DossierStatus, Product
from portal.demo.dossiers import Request
from portal.demo.places import FORMATECH_LYON, HORIZON_LYON
from tests.browser.portal import TUITION, Look, Portal, Visit, number_of, pdf
from tests.browser.watch import Watch
from tests.pdfs import plain_pdf

pytestmark = [pytest.mark.browser, pytest.mark.servers]

NOT_A_PDF: FilePayload = {
    "name": "facture.pdf",
    "mimeType": "application/pdf",
    "buffer": b"Facture n 12, a payer",
}


def today() -> str:
    return f"{timezone.localdate():%d/%m/%Y}"


def horizon(product: Product, status: DossierStatus, *, subrogated: bool = True) -> str:
    return number_of(Request(HORIZON_LYON, FORMATECH_LYON, product, status, subrogated))


def expect_error(portal: Portal, field: str, words: str) -> None:
    """The field is marked as wrong, and what describes it has these words."""
    control = portal.page.get_by_label(field, exact=True)
    expect(control).to_have_attribute("aria-invalid", "true")
    expect(control).to_have_accessible_description(re.compile(words))


def test_a_wrong_password_is_said_and_the_address_stays(visit: Visit, look: Look) -> None:
    portal = visit(None)
    portal.open("/connexion/")
    look(portal, "connexion")
    portal.box("Adresse e-mail").fill("saisie_prestataire@demo.example")
    portal.box("Mot de passe").fill("une erreur")
    portal.press("Se connecter")
    expect(portal.page.get_by_role("alert")).to_contain_text("ne vont pas ensemble")
    expect(portal.page.get_by_role("alert")).to_be_focused()
    expect(portal.box("Adresse e-mail")).to_have_value("saisie_prestataire@demo.example")
    look(portal, "mot-de-passe-refuse")


def test_a_file_that_is_not_a_pdf_is_refused_beside_its_field(visit: Visit, look: Look) -> None:
    portal = visit("saisie_prestataire")
    portal.start(horizon(Product.BC, DossierStatus.VALIDE))
    portal.fill_facture("Non", NOT_A_PDF)
    portal.press("Étape suivante")
    portal.expect_step("Ajout de la facture")
    expect_error(portal, "Facture", "n’est pas un PDF")
    expect(portal.page.get_by_role("radio", name="Non", exact=True)).to_be_checked()
    expect(portal.page.get_by_role("alert")).to_be_focused()
    look(portal, "pas-un-pdf")
    portal.file_field("Facture").set_input_files(pdf("bonne.pdf", "Facture"))
    portal.press("Étape suivante")
    portal.expect_step("Détails de la facture")


def test_amounts_and_a_date_that_cannot_be_are_told_and_kept(visit: Visit, look: Look) -> None:
    portal = visit("saisie_prestataire")
    portal.start(horizon(Product.BC, DossierStatus.A_FACTURER))
    portal.fill_facture("Oui", pdf("facture.pdf", "Facture"))
    portal.press("Étape suivante")
    future = f"{timezone.localdate() + timedelta(days=2):%d/%m/%Y}"
    portal.fill_details("M-1", future, "1 200,00", "1 000,00")
    portal.press("Étape suivante")
    portal.expect_step("Détails de la facture")
    expect_error(portal, "Date d'émission", "postérieure à aujourd’hui")
    expect_error(portal, "Montant TTC", "inférieur au montant HT")
    expect(portal.box("Date d'émission")).to_have_value(future)
    expect(portal.box("Montant TTC")).to_have_value("1 000,00")
    look(portal, "details-refuses")
    summary = portal.page.get_by_role("alert").filter(has_text="À corriger")
    summary.get_by_role("link", name="postérieure").click()
    expect(portal.box("Date d'émission")).to_be_focused()
    portal.fill_details("M-1", today(), "1 200,00", "1 200,00")
    portal.press("Étape suivante")
    portal.expect_step("Pièces justificatives")


def test_going_back_keeps_what_was_typed_and_every_file(visit: Visit) -> None:
    portal = visit("saisie_prestataire")
    portal.start(horizon(Product.BC, DossierStatus.TERMINE))
    portal.fill_facture("Oui", pdf("facture.pdf", "Facture"))
    portal.press("Étape suivante")
    portal.fill_details("R-1", "pas une date", "12 x", "")
    portal.press("Étape précédente")
    portal.expect_step("Ajout de la facture")
    expect(portal.link("facture.pdf")).to_be_visible()
    expect(portal.page.get_by_role("radio", name="Oui", exact=True)).to_be_checked()
    portal.press("Étape suivante")
    portal.expect_step("Détails de la facture")
    expect(portal.box("Date d'émission")).to_have_value("pas une date")
    expect(portal.box("Montant HT")).to_have_value("12 x")
    portal.fill_details("R-1", today(), "12", "12")
    portal.press("Étape suivante")
    portal.expect_step("Pièces justificatives")
    portal.file_field("Certificat de réalisation").set_input_files(pdf("certificat.pdf", "Certificat"))
    portal.press("Étape précédente")
    portal.expect_step("Détails de la facture")
    portal.press("Étape suivante")
    expect(portal.link("certificat.pdf")).to_be_visible()


def test_a_broken_line_is_said_and_what_is_typed_stays(visit: Visit, watch: Watch) -> None:
    portal = visit("saisie_prestataire")
    portal.start(horizon(Product.BC, DossierStatus.EN_COURS_DE_REGLEMENT))
    portal.fill_facture("Oui", pdf("facture.pdf", "Facture"))
    portal.press("Étape suivante")
    portal.expect_step("Détails de la facture")
    portal.box("Numéro de la facture").fill("C-1")
    broken = portal.page.get_by_text("La connexion est coupée")
    expect(broken).to_be_hidden()

    watch.may_say.update(
        {"Failed to load resource: net::ERR_INTERNET_DISCONNECTED", "htmx: htmx:error: Failed to fetch"}
    )
    portal.page.context.set_offline(True)
    portal.search("dubois")
    expect(broken).to_be_visible()

    portal.page.context.set_offline(False)
    portal.press("Rechercher")
    expect(portal.page.get_by_role("list", name="Dossiers trouvés")).to_contain_text("Atelier Dubois")
    expect(broken).to_be_hidden()
    expect(portal.box("Numéro de la facture")).to_have_value("C-1")


def test_the_browser_s_own_back_and_forward_lose_nothing(visit: Visit) -> None:
    portal = visit("saisie_prestataire")
    portal.start(horizon(Product.BC, DossierStatus.INFORMATION_MANQUANTE))
    portal.fill_facture("Oui", pdf("facture.pdf", "Facture"))
    portal.press("Étape suivante")
    portal.expect_step("Détails de la facture")
    portal.fill_details("B-1", today(), "50", "60")
    portal.press("Étape suivante")
    portal.expect_step("Pièces justificatives")
    portal.page.go_back()
    portal.expect_step("Détails de la facture")
    portal.page.go_back()
    portal.expect_step("Ajout de la facture")
    # The page as the browser kept it works like the one that the server sends.
    portal.page.get_by_role("radiogroup", name=TUITION, exact=True).get_by_role("radio", name="Non").check()
    portal.press("Étape suivante")
    portal.expect_step("Détails de la facture")
    expect(portal.box("Numéro de la facture")).to_have_value("B-1")
    portal.press("Étape suivante")
    portal.expect_step("Pièces justificatives")
    expect(portal.file_field("Certificat de réalisation")).to_have_count(0)
    portal.page.reload()
    portal.expect_step("Pièces justificatives")


def test_two_tabs_on_one_dossier_do_not_mix(visit: Visit) -> None:
    first = visit("saisie_prestataire")
    second = Portal(first.page.context.new_page(), first.url)
    dossier = horizon(Product.VAE, DossierStatus.TERMINE)
    tabs = {"T-1": first, "T-2": second}
    for portal in tabs.values():
        portal.start(dossier)
    for number, portal in tabs.items():
        portal.fill_facture("Non", pdf(f"{number}.pdf", f"Facture {number}"))
    for portal in tabs.values():
        portal.press("Étape suivante")
        portal.expect_step("Détails de la facture")
    for number, portal in reversed(tabs.items()):
        portal.fill_details(number, today(), "10", "10")
        portal.press("Étape suivante")
        portal.expect_step("Pièces justificatives")
    for portal in tabs.values():
        portal.press("Valider")
        portal.expect_step("Transmettre")
    for number, portal in tabs.items():
        portal.press("Transmettre")
        portal.expect_receipt(dossier, f"Facture {number}")
        portal.open_documents(dossier)
        files = portal.deposit(f"Facture {number}").get_by_role("link", name="Télécharger")
        expect(files).to_have_count(1)
        expect(files).to_have_accessible_name(f"Télécharger {number}.pdf")
        with portal.page.expect_download() as download:
            files.click()
        assert download.value.path().read_bytes() == plain_pdf(f"Facture {number}")


def test_a_double_click_on_transmettre_makes_one_deposit(visit: Visit) -> None:
    portal = visit("saisie_prestataire")
    dossier = horizon(Product.VAE, DossierStatus.EN_COURS_DE_REGLEMENT)
    portal.to_last_step(dossier, "D-1", today(), tuition="Non")
    portal.button("Transmettre").dblclick()
    portal.expect_receipt(dossier, "Facture D-1")
    portal.open_documents(dossier)
    expect(portal.deposit("Facture D-1")).to_have_count(1)
    expect(portal.deposit("Brouillon")).to_have_count(0)


def test_a_deposit_is_cancelled_and_its_number_is_free_again(visit: Visit, look: Look) -> None:
    portal = visit("saisie_prestataire")
    dossier = horizon(Product.VAE, DossierStatus.VALIDE)
    for _ in range(2):
        portal.to_last_step(dossier, "A-1", today(), tuition="Non")
        portal.press("Transmettre")
        portal.expect_receipt(dossier, "Facture A-1")
        portal.press("Annuler le dépôt")
        expect(portal.page.get_by_text("Dépôt annulé : Facture A-1")).to_be_visible()
    expect(portal.deposit("Facture A-1")).to_have_count(2)
    expect(portal.page.get_by_text("Annulé ·")).to_have_count(2)
    look(portal, "annule")


def test_a_draft_is_deleted_and_its_other_tab_says_so(visit: Visit, watch: Watch, look: Look) -> None:
    portal = visit("saisie_prestataire")
    dossier = horizon(Product.VAE, DossierStatus.A_FACTURER)
    portal.start(dossier)
    portal.fill_facture("Oui", pdf("facture.pdf", "Facture"))
    portal.press("Étape suivante")
    portal.expect_step("Détails de la facture")
    other = Portal(portal.page.context.new_page(), portal.url)
    other.open_documents(dossier)
    look(other, "brouillon")
    other.press("Supprimer le brouillon")
    expect(other.page.get_by_text("Brouillon supprimé.")).to_be_visible()
    expect(other.deposit("Brouillon")).to_have_count(0)
    watch.may_answer.add(410)
    portal.press("Étape suivante")
    expect(portal.page.get_by_role("heading", name="Ce brouillon a été supprimé")).to_be_visible()
    look(portal, "supprime")


def test_a_draft_is_resumed_in_another_browser_after_logging_out(visit: Visit) -> None:
    portal = visit("saisie_prestataire")
    dossier = horizon(Product.VAE, DossierStatus.INFORMATION_MANQUANTE)
    portal.start(dossier)
    portal.fill_facture("Oui", pdf("reprise.pdf", "Facture"))
    portal.press("Étape suivante")
    portal.expect_step("Détails de la facture")
    portal.fill_details("REP-1", today(), "75", "")
    portal.press("Étape suivante")
    expect_error(portal, "Montant TTC", "Indiquez")
    portal.log_out()

    elsewhere = visit("saisie_prestataire")
    elsewhere.find_dossier(dossier)
    elsewhere.link("Reprendre").click()
    elsewhere.expect_step("Détails de la facture")
    expect(elsewhere.box("Numéro de la facture")).to_have_value("REP-1")
    expect(elsewhere.box("Montant HT")).to_have_value("75")
    elsewhere.press("Étape précédente")
    elsewhere.expect_step("Ajout de la facture")
    expect(elsewhere.link("reprise.pdf")).to_be_visible()


def test_what_may_not_be_deposited_is_refused_with_the_reason(visit: Visit, watch: Watch, look: Look) -> None:
    portal = visit("saisie_prestataire")
    watch.may_answer.update({403, 404})
    dossier = horizon(Product.VAE, DossierStatus.VALIDE, subrogated=False)
    portal.open(f"/dossiers/{dossier}/factures/ajouter/")
    expect(portal.page.get_by_text("subrogé")).to_be_visible()
    look(portal, "refuse")
    portal.open("/dossiers/CPRO-2026-000000/")
    expect(portal.page.get_by_role("heading", name="Page introuvable")).to_be_visible()
    look(portal, "introuvable")
