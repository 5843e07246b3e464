"""Documents as pictures in the browser: the thumbnail, and « Aperçu » by keyboard, in place and without JavaScript."""

import pytest
from playwright.sync_api import FilePayload, Locator, expect

from dossiers.enums import DossierStatus, Product
from portal.demo.dossiers import Request
from portal.demo.places import FORMATECH_LYON, HORIZON_LYON
from tests.browser.portal import Look, Portal, Visit, number_of
from tests.browser.watch import Watch
from tests.pdfs import plain_pdf

pytestmark = pytest.mark.browser

THREE_PAGES: FilePayload = {
    "name": "trois-pages.pdf",
    "mimeType": "application/pdf",
    "buffer": plain_pdf("Facture en trois pages", pages=3),
}


def in_draft(portal: Portal, product: Product) -> None:
    """A draft with an invoice of three pages, at the step that shows it, and something typed that is not saved."""
    portal.start(number_of(Request(HORIZON_LYON, FORMATECH_LYON, product, DossierStatus.EN_COURS_DE_VALIDATION, True)))
    portal.fill_facture("Non", THREE_PAGES)
    portal.press("Étape suivante")
    portal.expect_step("Détails de la facture")
    portal.press("Étape précédente")
    portal.expect_step("Ajout de la facture")


def expect_drawn(picture: Locator, width: int) -> None:
    """The picture has come, and is one of ours: this wide in itself, whatever size it is shown in."""
    expect(picture).to_have_js_property("naturalWidth", width)
    expect(picture).to_be_visible()


def test_a_preview_by_keyboard_in_the_midst_of_the_wizard(visit: Visit, look: Look) -> None:
    portal = visit("saisie_prestataire")
    page = portal.page
    in_draft(portal, Product.BC)
    expect_drawn(page.locator(".thumbnail img"), 128)
    look(portal, "vignette")
    page.get_by_role("radio", name="Oui").check()

    opener = portal.link("Aperçu de trois-pages.pdf")
    expect(opener).not_to_contain_text("nouvel onglet", use_inner_text=True)
    opener.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="trois-pages.pdf")
    expect_drawn(dialog.get_by_role("img", name="Page 1 de trois-pages.pdf"), 1280)
    expect(dialog.get_by_role("button", name="Fermer")).to_be_focused()
    expect(dialog.get_by_role("link", name="Page précédente")).to_have_count(0)

    page.keyboard.press("ArrowRight")
    expect_drawn(dialog.get_by_role("img", name="Page 2 de trois-pages.pdf"), 1280)
    expect(dialog.get_by_role("status")).to_have_text("Page 2 sur 3")
    look(portal, "apercu")
    following = dialog.get_by_role("link", name="Page suivante")
    following.focus()
    page.keyboard.press("Enter")
    expect_drawn(dialog.get_by_role("img", name="Page 3 de trois-pages.pdf"), 1280)
    # There is no next page any more: focus stays beside where it was.
    expect(dialog.get_by_role("link", name="Page précédente")).to_be_focused()
    page.keyboard.press("ArrowLeft")
    expect(dialog.get_by_role("img", name="Page 2 de trois-pages.pdf")).to_be_visible()

    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(opener).to_be_focused()
    expect(page.get_by_role("radio", name="Oui")).to_be_checked()  # nothing typed was lost
    page.locator(".thumbnail").click()
    expect(dialog).to_be_visible()
    dialog.get_by_role("button", name="Fermer").click()
    expect(opener).to_be_focused()


def test_a_preview_when_the_line_breaks_or_the_machine_is_busy(visit: Visit, watch: Watch) -> None:
    portal = visit("saisie_prestataire")
    page = portal.page
    watch.may_answer.add(503)
    watch.may_say.add("Failed to load resource: net::")
    refused = []

    def refuse_once(route):
        if refused:
            route.continue_()
        else:
            refused.append(route.request.url)
            route.fulfill(status=503, headers={"Retry-After": "2"})

    page.route("**/vignette.webp", refuse_once)
    in_draft(portal, Product.AUTRE)
    expect_drawn(page.locator(".thumbnail img"), 128)  # asked for again by itself
    assert refused

    page.route("**/apercu/**", lambda route: route.abort())
    portal.link("Aperçu de trois-pages.pdf").click()
    expect(page.get_by_text("La page n’a pas pu être chargée.")).to_be_visible()
    page.unroute("**/apercu/**")
    portal.press("Fermer")
    portal.link("Aperçu de trois-pages.pdf").click()
    expect(page.get_by_role("dialog", name="trois-pages.pdf")).to_be_visible()


def test_a_preview_without_javascript_is_a_page_beside_the_form(visit: Visit, look: Look) -> None:
    portal = visit("saisie_prestataire", java_script_enabled=False)
    in_draft(portal, Product.VAE)
    link = portal.link("Aperçu de trois-pages.pdf")
    expect(link).to_contain_text("(nouvel onglet)", use_inner_text=True)
    with portal.page.context.expect_page() as opened:
        link.click()
    beside = Portal(opened.value, portal.url)
    expect(beside.page.get_by_role("heading", name="trois-pages.pdf")).to_be_visible()
    beside.link("Page suivante").click()
    expect(beside.page.get_by_role("img", name="Page 2 de trois-pages.pdf")).to_be_visible()
    look(beside, "page")
    beside.link("Revenir au dépôt en préparation").click()
    beside.expect_step("Ajout de la facture")
