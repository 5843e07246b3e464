"""A Factur-X fills in the details: what is read is marked, what is changed is confirmed, a dossier named is offered."""

import pytest
from playwright.sync_api import expect

from dossiers.enums import DossierStatus, Product
from portal.demo.dossiers import Request
from portal.demo.places import DUBOIS, FORMATECH_LYON, HORIZON_LYON
from tests import factur_x
from tests.browser.portal import Look, Visit, number_of

pytestmark = pytest.mark.browser

MARK = "lu dans votre facture Factur-X"


@pytest.mark.parametrize(
    ("javascript", "number"),
    [
        pytest.param(True, "FX-2026-7", id="with JavaScript"),
        pytest.param(False, "FX-2026-8", id="without JavaScript"),
    ],
)
def test_an_invoice_that_says_what_it_is(visit: Visit, look: Look, javascript: bool, number: str) -> None:
    portal = visit("saisie_prestataire", java_script_enabled=javascript)
    page = portal.page
    other = number_of(Request(DUBOIS, FORMATECH_LYON, Product.AUTRE, DossierStatus.A_FACTURER))
    file = factur_x.pdf(number=number, seller_siren="732829320", note=f"Dossier {other}")
    portal.start(number_of(Request(HORIZON_LYON, FORMATECH_LYON, Product.VAE, DossierStatus.INFORMATION_MANQUANTE)))
    portal.fill_facture("Non", {"name": "facture.pdf", "mimeType": "application/pdf", "buffer": file})
    if not javascript:  # the file goes with the step, which then tells of it
        portal.press("Étape suivante")
        portal.press("Étape précédente")
    expect(page.get_by_text("Cette facture est établie au SIREN")).to_be_visible()
    look(portal, "facture")
    portal.press("Étape suivante")

    portal.expect_step("Détails de la facture")
    ttc = portal.box("Montant TTC")
    expect(portal.box("Numéro de la facture")).to_have_value(number)
    expect(ttc).to_have_value("4 800,00")
    expect(ttc).to_have_accessible_description(f"Égal au montant HT si la formation est exonérée de TVA. {MARK}")
    expect(page.get_by_text(MARK)).to_have_count(4)
    look(portal, "propose")
    ttc.fill("4 850,00")
    if javascript:
        expect(page.get_by_text(MARK)).to_have_count(3)
    portal.press("Étape suivante")

    expect(page.get_by_text("Dans la facture : 4 800,00 € · Saisi : 4 850,00 €")).to_be_visible()
    look(portal, "differe")
    page.get_by_role("checkbox", name="Je confirme les valeurs saisies", exact=True).check()
    portal.press(f"Associer le dossier {other}")
    expect(portal.button(f"Retirer le dossier {other}")).to_be_visible()
    expect(page.get_by_role("checkbox", name="Je confirme les valeurs saisies", exact=True)).to_be_checked()
    look(portal, "confirme")
    portal.press("Étape suivante")
    portal.expect_step("Pièces justificatives")
    portal.press("Valider")
    portal.expect_step("Transmettre")
    portal.press("Transmettre")
    expect(portal.deposit(f"Facture {number}")).to_be_visible()
