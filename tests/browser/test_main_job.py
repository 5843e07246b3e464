"""The main job, from the log-in to « Transmis » in every dossier concerned (RULES.md §5, §6)."""

import re
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, expect

from dossiers.enums import DossierStatus, Product
from portal.demo.dossiers import Request
from portal.demo.places import CFA_METIERS, DUBOIS, FORMATECH_LYON, HORIZON_LYON
from tests.browser.portal import OTHER_DOCUMENT, SEARCH, Look, Portal, Visit, number_of, pdf

pytestmark = [pytest.mark.browser, pytest.mark.servers]


def dubois(product: Product, status: DossierStatus) -> str:
    return number_of(Request(DUBOIS, FORMATECH_LYON, product, status))


def expect_filed(portal: Portal, dossier: str, invoice: str, files: list[str]) -> Locator:
    """In the dossier that is shown the deposit is there with these files; return its card."""
    portal.open_documents(dossier)
    card = portal.deposit(invoice)
    for name in files:
        expect(card.get_by_role("link", name=f"Télécharger {name}", exact=True)).to_be_visible()
    expect(card.get_by_role("link", name=re.compile("^Télécharger"))).to_have_count(len(files))
    return card


def downloaded(portal: Portal, card: Locator, name: str) -> bytes:
    """What the browser saves when the file is downloaded."""
    with portal.page.expect_download() as download:
        card.get_by_role("link", name=f"Télécharger {name}", exact=True).click()
    assert download.value.suggested_filename == name
    return Path(download.value.path()).read_bytes()


@pytest.mark.parametrize(
    ("javascript", "status"),
    [
        pytest.param(True, DossierStatus.TERMINE, id="with JavaScript"),
        pytest.param(False, DossierStatus.INFORMATION_MANQUANTE, id="without JavaScript"),
    ],
)
def test_a_provider_deposits_an_invoice_for_three_dossiers(
    visit: Visit, look: Look, javascript: bool, status: DossierStatus
) -> None:
    portal = visit(None, java_script_enabled=javascript)
    portal.log_in("saisie_prestataire")
    origin = number_of(Request(HORIZON_LYON, FORMATECH_LYON, Product.CPRO, status))
    associated = [dubois(Product.BC, status), dubois(Product.AUTRE, status)]
    number = f"P-{status}"
    invoice_file, certificate = pdf(f"{number}.pdf", f"Facture {number}"), pdf("certificat.pdf", "Certificat")
    look(portal, "dossiers")
    portal.find_dossier(origin)
    look(portal, "documents-vide")
    portal.link("Ajouter une facture").click()

    portal.expect_step("Ajout de la facture")
    expect(portal.button("Transmettre")).to_be_disabled()
    portal.fill_facture("Oui", invoice_file)
    look(portal, "facture")
    portal.press("Étape suivante")

    portal.expect_step("Détails de la facture")
    portal.fill_details(number, f"{timezone.localdate():%d/%m/%Y}", "4 800,00", "4 800,00")
    for dossier in associated:
        portal.associate(dossier, searched=dossier)
    look(portal, "details")
    portal.press("Étape suivante")

    portal.expect_step("Pièces justificatives")
    portal.file_field("Certificat de réalisation").set_input_files(certificate)
    portal.add_piece("Feuille d'émargement", pdf("emargement.pdf", "Feuille d'émargement"))
    look(portal, "justificatifs")
    portal.press("Valider")

    portal.expect_step("Transmettre")
    for dossier in (origin, *associated):
        expect(portal.page.get_by_role("listitem").filter(has_text=dossier).last).to_be_visible()
    look(portal, "transmettre")
    portal.press("Transmettre")

    title, files = f"Facture {number}", [f"{number}.pdf", "certificat.pdf", "emargement.pdf"]
    portal.expect_receipt(origin, title)
    look(portal, "recepisse")
    expect(portal.status(title, "En cours de transmission")).to_be_visible()
    for dossier in associated:
        portal.open_documents(dossier)
        expect(portal.deposit(title)).to_have_count(0)
    card = expect_filed(portal, origin, title, files)
    expect(portal.status(title, "En cours de transmission")).to_be_visible()  # and it was all the while
    look(portal, "documents-en-cours")

    for dossier in (origin, *associated):
        portal.wait_for_status(dossier, title, "Transmis")
        card = expect_filed(portal, dossier, title, files)
        assert downloaded(portal, card, f"{number}.pdf") == invoice_file["buffer"]
        expect(portal.button("Annuler le dépôt")).to_have_count(0)
    look(portal, "documents-transmis")


def test_a_company_deposits_ancillary_costs_without_any_supporting_document(visit: Visit, look: Look) -> None:
    portal = visit("admin_etablissement")
    origin = number_of(Request(HORIZON_LYON, FORMATECH_LYON, Product.AUTRE, DossierStatus.VALIDE, subrogated=False))
    other = number_of(Request(HORIZON_LYON, CFA_METIERS, Product.CPRO, DossierStatus.A_FACTURER))
    file = pdf("hotel.pdf", "Hébergement")
    portal.start(origin)
    portal.fill_facture("Non", file)
    portal.press("Étape suivante")
    portal.fill_details("E-1", f"{timezone.localdate():%d/%m/%Y}", "310", "341,00")
    portal.box(SEARCH).fill(other)
    portal.box(SEARCH).press("Enter")  # searches, and does not leave the step
    portal.press(f"Ajouter le dossier {other}")
    expect(portal.button(f"Retirer le dossier {other}")).to_be_visible()
    portal.press("Étape suivante")
    portal.expect_step("Pièces justificatives")
    expect(portal.file_field("Certificat de réalisation")).to_have_count(0)
    expect(portal.button("Transmettre")).to_be_enabled()
    look(portal, "justificatifs")
    portal.press("Valider")
    portal.expect_step("Transmettre")
    look(portal, "transmettre")
    portal.press("Transmettre")
    portal.expect_receipt(origin, "Facture E-1")
    expect(portal.status("Facture E-1", "En cours de transmission")).to_be_visible()
    for dossier in (origin, other):
        portal.wait_for_status(dossier, "Facture E-1", "Transmis")
        card = expect_filed(portal, dossier, "Facture E-1", ["hotel.pdf"])
        assert downloaded(portal, card, "hotel.pdf") == file["buffer"]


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_a_document_goes_without_an_invoice(visit: Visit, look: Look, javascript: bool) -> None:
    portal = visit("saisie_prestataire", java_script_enabled=javascript)
    # Not subrogated: no invoice from the provider, and a sentence that says so (§4, §8).
    status = DossierStatus.VALIDE if javascript else DossierStatus.A_FACTURER
    dossier = number_of(Request(HORIZON_LYON, FORMATECH_LYON, Product.BC, status, subrogated=False))
    portal.open_documents(dossier)
    expect(portal.link("Ajouter une facture")).to_have_count(0)
    expect(portal.page.get_by_text("Pas d’ajout de facture")).to_be_visible()
    portal.page.get_by_role("combobox", name=OTHER_DOCUMENT, exact=True).select_option(label="RIB")
    portal.press("+")
    portal.press("Valider")
    expect(portal.file_field("RIB")).to_have_attribute("aria-invalid", "true")
    look(portal, "sans-fichier")
    portal.file_field("RIB").set_input_files(pdf("rib.pdf", "RIB"))
    portal.press("Valider")
    expect(portal.status("RIB", "En cours de transmission")).to_be_visible()
    look(portal, "depose")
