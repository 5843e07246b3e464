"""The proof of a deposit as a person uses it: the receipt, then a file that is the one, and files that are not."""

import io
import re

import pytest
from django.utils import timezone
from playwright.sync_api import expect
from pypdf import PdfReader

from dossiers.enums import DossierStatus, Product
from portal.demo.dossiers import Request
from portal.demo.places import DUBOIS, FORMATECH_LYON
from tests.browser.portal import Look, Visit, number_of, pdf

pytestmark = pytest.mark.browser

FILE_FIELD = "Le PDF à vérifier"
BY_HAND = "Comparer l’empreinte soi-même"


def test_a_deposit_is_proved_and_its_files_are_verified(visit: Visit, look: Look) -> None:
    portal = visit("saisie_prestataire")
    page = portal.page
    dossier = number_of(Request(DUBOIS, FORMATECH_LYON, Product.BC, DossierStatus.A_FACTURER))
    portal.to_last_step(dossier, "PREUVE-1", f"{timezone.localdate():%d/%m/%Y}", tuition="Non")
    portal.press("Transmettre")
    portal.expect_receipt(dossier, "Facture PREUVE-1")
    expect(page.get_by_role("heading", name="Facture déposée", exact=True)).to_be_visible()
    reference = portal.deposit("Facture PREUVE-1").locator("strong").inner_text()
    look(portal, "recepisse")
    with page.expect_download() as download:
        portal.link("Récépissé (PDF)").click()
    assert download.value.suggested_filename == f"recepisse-{reference}.pdf"
    assert reference in PdfReader(io.BytesIO(download.value.path().read_bytes())).pages[0].extract_text()
    page.reload()
    portal.expect_receipt(dossier, "Facture PREUVE-1")

    # Anyone, without an account; the reference typed as it was heard.
    anyone = visit(None)
    page = anyone.page
    anyone.open("/")
    anyone.link("Vérifier un dépôt").click()
    anyone.box("Référence du dépôt").fill(reference.lower().replace("-", " "))
    anyone.press("Chercher")
    expect(anyone.file_field(FILE_FIELD)).to_be_visible()
    page.wait_for_load_state("networkidle")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(f"{request.method} {request.url}"))
    look(anyone, "verifier")
    for file, verdict in (
        (pdf("renommee.pdf", "Facture PREUVE-1"), "Ce fichier est bien celui qui a été déposé le"),
        (pdf("autre.pdf", "Facture PREUVE-2"), "Ce fichier n’est pas l’un de ceux de ce dépôt"),
        ({"name": "vide.pdf", "mimeType": "application/pdf", "buffer": b""}, "Ce fichier n’est pas"),
    ):
        anyone.file_field(FILE_FIELD).set_input_files(file)
        told = page.get_by_role("status").filter(has_text=file["name"])
        expect(told).to_contain_text(verdict)
        look(anyone, file["name"])
    # Nothing but a picture of the page's own may have come late.
    assert all(re.fullmatch(r"GET \S+/static/img/\S+", request) for request in asked), asked


def test_without_javascript_the_hashes_are_there_to_compare(visit: Visit, look: Look) -> None:
    portal = visit("saisie_prestataire", java_script_enabled=False)
    portal.open("/depots/")
    portal.link("Récépissé : Facture F2026-094").click()
    portal.page.get_by_role("link", name="vérifier qu’un fichier").click()
    expect(portal.file_field(FILE_FIELD)).to_be_hidden()
    expect(portal.page.get_by_text("sha256sum facture.pdf")).to_be_visible()
    expect(portal.page.locator("code", has_text="").first).to_be_visible()
    look(portal, "verifier")


def test_where_the_browser_may_not_compare_it_says_so(visit: Visit) -> None:
    portal = visit("saisie_prestataire")
    # What a browser gives to a page that is not opened by a safe address.
    portal.page.add_init_script("Object.defineProperty(crypto, 'subtle', {value: undefined})")
    portal.open("/depots/")
    portal.link("Récépissé : Facture F2026-094").click()
    portal.page.get_by_role("link", name="vérifier qu’un fichier").click()
    expect(portal.page.get_by_text("n’est pas ouverte par une adresse sûre")).to_be_visible()
    expect(portal.file_field(FILE_FIELD)).to_be_hidden()
    expect(portal.page.get_by_text(BY_HAND)).to_be_visible()
    expect(portal.page.get_by_text("sha256sum facture.pdf")).to_be_visible()
