"""« Rechercher un autre dossier à associer » in a real browser: while one types, by keyboard, on a bad line."""

import re

import pytest
from playwright.sync_api import Locator, Route, expect

from dossiers.enums import DossierStatus, Product
from portal.demo.dossiers import Request
from portal.demo.places import FORMATECH_LYON, HORIZON_LYON
from tests.browser.portal import SEARCH, Look, Portal, Visit, number_of, pdf
from tests.browser.watch import Watch

pytestmark = pytest.mark.browser


def at_details(visit: Visit, status: DossierStatus, **options: object) -> Portal:
    """A provider at the second step of a deposit on a dossier that no other test uses."""
    portal = visit("saisie_prestataire", **options)
    portal.start(number_of(Request(HORIZON_LYON, FORMATECH_LYON, Product.AUTRE, status)))
    portal.fill_facture("Non", pdf("facture.pdf", "Facture"))
    portal.press("Étape suivante")
    portal.expect_step("Détails de la facture")
    return portal


def found(portal: Portal) -> Locator:
    return portal.page.get_by_role("list", name="Dossiers trouvés").get_by_role("listitem")


def announced(portal: Portal) -> Locator:
    return portal.page.locator("[data-announcer]")


def test_typing_finds_and_the_keyboard_alone_adds(visit: Visit, look: Look) -> None:
    portal = at_details(visit, DossierStatus.A_FACTURER)
    field = portal.box(SEARCH)
    portal.box("Numéro de la facture").fill("K-1")
    field.focus()
    portal.page.keyboard.type("dub")
    expect(found(portal)).to_have_count(8)
    expect(announced(portal)).to_contain_text("Plus de 8 dossiers correspondent")
    expect(field).to_be_focused()
    look(portal, "pendant-la-saisie")

    portal.page.keyboard.press("ArrowDown")
    portal.page.keyboard.press("ArrowDown")
    second = found(portal).nth(1).get_by_role("button")
    expect(second).to_be_focused()
    label = second.inner_text()
    portal.page.keyboard.press("Enter")
    expect(portal.button(re.sub("^Ajouter", "Retirer", label))).to_be_visible()
    expect(announced(portal)).to_contain_text("1 sur 10")
    expect(announced(portal)).to_contain_text("plusieurs sociétés")
    expect(field).to_be_focused()
    expect(portal.box("Numéro de la facture")).to_have_value("K-1")
    look(portal, "ajoute")

    portal.page.keyboard.press("ArrowDown")
    portal.page.keyboard.press("ArrowUp")
    expect(field).to_be_focused()
    portal.page.keyboard.press("ArrowDown")
    portal.page.keyboard.press("Escape")
    expect(field).to_be_focused()
    expect(field).to_have_value("")
    expect(found(portal)).to_have_count(0)
    portal.page.keyboard.type("absent")
    expect(announced(portal)).to_contain_text("Aucun autre dossier à associer ne correspond")

    # Where the reader is brought is read as they arrive, and not a second time; one voice says the rest.
    portal.page.get_by_role("button", name=re.compile("^Retirer le dossier")).press("Enter")
    expect(portal.page.get_by_role("heading", name="Dossiers associés 0 sur 10")).to_be_focused()
    expect(announced(portal)).not_to_contain_text("0 sur 10")
    expect(announced(portal)).to_contain_text("Aucun dossier à associer ne correspond")
    expect(portal.page.get_by_role("status")).to_have_count(1)


def test_a_late_answer_does_not_replace_a_newer_one(visit: Visit) -> None:
    portal = at_details(visit, DossierStatus.VALIDE)
    held: list[Route] = []
    portal.page.route("**/dossiers/?recherche=dub", lambda route: held.append(route))
    with portal.page.expect_request("**/dossiers/?recherche=dub"):
        portal.box(SEARCH).press_sequentially("dub")
    expect(portal.page.get_by_text("Recherche…")).to_be_visible()
    portal.box(SEARCH).press_sequentially("xyz")
    portal.page.wait_for_timeout(400)
    held[0].continue_()
    expect(announced(portal)).to_contain_text("ne correspond à « dubxyz »")
    expect(found(portal)).to_have_count(0)
    expect(portal.page.get_by_text("Recherche…")).to_be_hidden()


def test_what_one_types_while_a_dossier_is_added_stays(visit: Visit) -> None:
    portal = at_details(visit, DossierStatus.EN_COURS_DE_VALIDATION)
    portal.box(SEARCH).press_sequentially("dub")
    held: list[Route] = []
    portal.page.route("**/details/", lambda route: held.append(route))
    with portal.page.expect_request("**/details/"):
        found(portal).first.get_by_role("button").click()
    amount = portal.box("Montant HT")
    amount.press_sequentially("12,5")
    held[0].continue_()
    expect(portal.page.get_by_role("heading", name="Dossiers associés 1 sur 10")).to_be_visible()
    expect(amount).to_be_focused()
    amount.press_sequentially("0")
    expect(amount).to_have_value("12,50")


def test_two_dossiers_added_at_once_are_both_added_and_shown(visit: Visit) -> None:
    portal = at_details(visit, DossierStatus.EN_COURS_DE_REGLEMENT)
    portal.box(SEARCH).press_sequentially("dub")
    held: list[Route] = []
    portal.page.route("**/details/", lambda route: held.append(route), times=1)
    with portal.page.expect_request("**/details/"):
        found(portal).nth(0).get_by_role("button").click()
    found(portal).nth(1).get_by_role("button").click()
    held[0].continue_()
    expect(portal.page.get_by_role("heading", name="Dossiers associés 2 sur 10")).to_be_visible()


def test_a_broken_line_is_said_while_typing_and_typing_goes_on(visit: Visit, watch: Watch) -> None:
    portal = at_details(visit, DossierStatus.TERMINE)
    broken = portal.page.get_by_text("La connexion est coupée")
    watch.may_say.update(
        {"Failed to load resource: net::ERR_INTERNET_DISCONNECTED", "htmx: htmx:error: Failed to fetch"}
    )
    portal.page.context.set_offline(True)
    portal.box(SEARCH).press_sequentially("dub")
    expect(broken).to_be_visible()
    expect(portal.box(SEARCH)).to_be_focused()
    portal.page.context.set_offline(False)
    portal.box(SEARCH).press_sequentially("ois")
    expect(found(portal).first).to_be_visible()
    expect(broken).to_be_hidden()


def test_without_a_script_the_button_finds_and_adds(visit: Visit) -> None:
    portal = at_details(visit, DossierStatus.INFORMATION_MANQUANTE, java_script_enabled=False)
    portal.search("dubois")
    expect(found(portal).first).to_be_visible()
    found(portal).first.get_by_role("button").click()
    expect(portal.page.get_by_role("heading", name="Dossiers associés 1 sur 10")).to_be_visible()
