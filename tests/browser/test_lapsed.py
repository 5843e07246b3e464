"""A session that ends, or begins anew elsewhere, in the middle of a step: nothing that was typed is lost."""

import pytest
from playwright.sync_api import expect

from dossiers.enums import DossierStatus, Product
from portal.demo import PASSWORD
from portal.demo.dossiers import Request
from portal.demo.places import FORMATECH_LYON, HORIZON_LYON
from tests.browser.portal import SEARCH, Look, Portal, Visit, number_of, pdf
from tests.browser.watch import Watch

pytestmark = pytest.mark.browser

ACCOUNT = "saisie_prestataire"


def typed_at_details(visit: Visit, status: DossierStatus, **options: object) -> Portal:
    """The second step filled in, on a dossier that no other test uses."""
    portal = visit(ACCOUNT, **options)
    portal.start(number_of(Request(HORIZON_LYON, FORMATECH_LYON, Product.CPRO, status)))
    portal.fill_facture("Non", pdf("facture.pdf", "Facture"))
    portal.press("Étape suivante")
    portal.expect_step("Détails de la facture")
    portal.fill_details("S-1", "hier", "12,5", "15")
    return portal


def log_in_here(portal: Portal) -> None:
    """Log in on the page that is shown."""
    expect(portal.page.get_by_text("vous retrouverez ce que vous avez saisi")).to_be_visible()
    portal.box("Adresse e-mail").fill(f"{ACCOUNT}@demo.example")
    portal.box("Mot de passe").fill(PASSWORD)
    portal.press("Se connecter")


def expect_all_there(portal: Portal) -> None:
    portal.expect_step("Détails de la facture")
    expect(portal.page.get_by_text("Votre session avait expiré")).to_be_visible()
    expect(portal.box("Numéro de la facture")).to_have_value("S-1")
    expect(portal.box("Date d'émission")).to_have_value("hier")
    expect(portal.box("Montant HT")).to_have_value("12,5")


@pytest.mark.parametrize(
    ("javascript", "status"),
    [
        pytest.param(True, DossierStatus.VALIDE, id="with JavaScript"),
        pytest.param(False, DossierStatus.TERMINE, id="without JavaScript"),
    ],
)
def test_the_session_ends_before_the_next_step(
    visit: Visit, look: Look, javascript: bool, status: DossierStatus
) -> None:
    portal = typed_at_details(visit, status, java_script_enabled=javascript)
    portal.page.context.clear_cookies(name="sessionid")
    portal.press("Étape suivante")
    if javascript:
        look(portal, "connexion")
    log_in_here(portal)
    expect_all_there(portal)
    if javascript:
        look(portal, "de-retour")


def test_the_session_ends_before_a_search(visit: Visit) -> None:
    portal = typed_at_details(visit, DossierStatus.A_FACTURER)
    portal.page.context.clear_cookies(name="sessionid")
    portal.box(SEARCH).press_sequentially("dub")
    log_in_here(portal)
    expect_all_there(portal)
    expect(portal.box(SEARCH)).to_have_value("dub")


def log_in_again_elsewhere(portal: Portal) -> None:
    other = Portal(portal.page.context.new_page(), portal.url)
    other.open("/dossiers/")
    other.log_out()
    other.log_in(ACCOUNT)
    other.page.close()


def test_a_new_log_in_in_another_tab_loses_nothing(visit: Visit) -> None:
    portal = typed_at_details(visit, DossierStatus.EN_COURS_DE_VALIDATION)
    log_in_again_elsewhere(portal)
    # What a browser tells a page that comes back to the front; to this one, all its pages are in front.
    token = portal.page.locator("#etape [name=csrfmiddlewaretoken]")
    former = token.input_value()
    portal.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(token).not_to_have_value(former)
    portal.press("Étape suivante")
    portal.expect_step("Détails de la facture")
    expect(portal.page.get_by_role("alert").filter(has_text="À corriger")).to_be_visible()
    expect(portal.box("Numéro de la facture")).to_have_value("S-1")


def test_without_a_script_what_was_typed_is_shown_to_be_copied(visit: Visit, watch: Watch) -> None:
    portal = typed_at_details(visit, DossierStatus.INFORMATION_MANQUANTE, java_script_enabled=False)
    log_in_again_elsewhere(portal)
    watch.may_answer.add(403)
    portal.press("Étape suivante")
    expect(portal.page.get_by_role("heading", name="Formulaire périmé")).to_be_visible()
    expect(portal.page.get_by_role("definition").filter(has_text="S-1")).to_be_visible()
    expect(portal.page.get_by_role("definition").filter(has_text="12,5")).to_be_visible()
    with portal.page.context.expect_page() as opened:
        portal.page.get_by_role("link", name="Ouvrir l’étape").click()
    Portal(opened.value, portal.url).expect_step("Détails de la facture")
