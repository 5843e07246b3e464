"""« Voir comme », from the account in the back office and back, wide and on a telephone."""

import pytest
from playwright.sync_api import Page, expect

from dossiers.enums import DossierStatus, Product
from portal.demo.dossiers import Request
from portal.demo.places import FORMATECH_LYON, HORIZON_LYON
from tests.browser import access
from tests.browser.portal import Look, Portal, Visit, number_of
from tests.browser.watch import LISTS_OF_DJANGO, Watch

pytestmark = pytest.mark.browser

PERSON = "saisie_prestataire@demo.example"
BANNER = "Vous voyez le portail comme Camille Perrin"


def violations(page: Page) -> list[str]:
    """What axe finds, with no colour seen half-way."""
    page.emulate_media(reduced_motion="reduce")
    return access.axe_violations(page)


def find_account(portal: Portal, email: str) -> None:
    """By the search of the accounts."""
    portal.open("/admin/roles/user/")
    portal.page.locator("#searchbar").fill(email)
    portal.page.locator("#searchbar").press("Enter")
    portal.page.get_by_role("link", name=email, exact=True).click()


@pytest.mark.parametrize("java_script", [True, False])
def test_the_portal_is_seen_as_a_person_and_nothing_can_be_done(
    visit: Visit, watch: Watch, look: Look, java_script: bool
) -> None:
    watch.may_say.add(LISTS_OF_DJANGO)
    portal = visit("gestionnaire", java_script_enabled=java_script)
    page = portal.page
    find_account(portal, PERSON)
    if java_script:
        look(portal, "compte")
    portal.press("Voir comme cet utilisateur")
    banner = page.get_by_role("region", name="Voir comme")
    expect(banner).to_contain_text(BANNER)
    expect(portal.button("Se déconnecter")).to_have_count(0)
    number = number_of(Request(HORIZON_LYON, FORMATECH_LYON, Product.VAE, DossierStatus.VALIDE))
    portal.find_dossier(number)
    expect(banner).to_be_visible()
    if java_script:
        look(portal, "documents")
        assert violations(page) == []
        page.set_viewport_size({"width": 375, "height": 800})
        page.mouse.wheel(0, 10_000)
        expect(banner).to_be_in_viewport()
        page.set_viewport_size({"width": 1280, "height": 800})
    watch.may_answer.add(403)
    portal.link("Ajouter une facture").click()
    expect(page.get_by_text("ne s’ouvre pas à la place de Camille Perrin")).to_be_visible()
    portal.open("/admin/")
    expect(page.get_by_text("le back-office est fermé")).to_be_visible()
    if java_script:
        look(portal, "refus")
    portal.press("Revenir au back-office")
    expect(page.get_by_role("heading", name="Utilisateur", exact=True)).to_be_visible()
    portal.open("/")
    expect(page.get_by_text(BANNER)).to_have_count(0)


def test_the_pages_of_people_and_dossiers_fit(visit: Visit, watch: Watch, look: Look) -> None:
    """Neither scrolls sideways at any width; axe finds nothing on what is ours."""
    watch.may_say.add(LISTS_OF_DJANGO)
    portal = visit("backoffice")
    page = portal.page
    find_account(portal, PERSON)
    portal.press("Désactiver le compte")
    expect(page.get_by_role("heading", name="Désactiver le compte", exact=True)).to_be_visible()
    look(portal, "desactiver")
    assert violations(page) == []
    page.get_by_role("link", name="Ne rien changer").click()
    portal.open("/admin/dossiers/dossier/")
    look(portal, "dossiers")
    page.locator("#result_list tbody th a").first.click()
    look(portal, "dossier")
    page.get_by_label("Statut").select_option("ANNULE")
    page.get_by_role("button", name="Enregistrer", exact=True).click()
    expect(page.get_by_role("heading", name="Ce que cela change")).to_be_visible()
    look(portal, "statut")
    assert violations(page) == []
    page.get_by_role("link", name="Ne rien changer").click()
    portal.open("/admin/trail/event/")
    look(portal, "journal")
    page.locator("#result_list tbody th a").first.click()
    look(portal, "evenement")
