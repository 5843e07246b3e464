"""What is typed at a step is there again, however one left it, and no other tab erases it (RULES.md §5)."""

import pytest
from playwright.sync_api import Request as Sent
from playwright.sync_api import expect

from dossiers.enums import DossierStatus, Product
from portal.demo.dossiers import Request
from portal.demo.places import FORMATECH_LYON, HORIZON_LYON
from tests.browser.portal import TUITION, Look, Portal, Visit, number_of, pdf
from tests.browser.test_mishaps import today
from tests.browser.watch import Watch

pytestmark = pytest.mark.browser

ACCOUNT = "saisie_prestataire"


def dossier(status: DossierStatus) -> str:
    return number_of(Request(HORIZON_LYON, FORMATECH_LYON, Product.CAPP, status))


def at_details(visit: Visit, status: DossierStatus, **options: object) -> Portal:
    portal = visit(ACCOUNT, **options)
    portal.start(dossier(status))
    portal.fill_facture("Non", pdf("facture.pdf", "Facture"))
    portal.press("Étape suivante")
    portal.expect_step("Détails de la facture")
    return portal


def kept(portal: Portal) -> list[str]:
    """The requests by which the page keeps what is typed, from now on."""
    found: list[str] = []

    def note(request: Sent) -> None:
        if request.method == "POST" and "garder=1" in (request.post_data or ""):
            found.append(request.url)

    portal.page.on("request", note)
    return found


def test_what_is_typed_is_there_after_a_reload_and_after_a_link(visit: Visit) -> None:
    portal = at_details(visit, DossierStatus.VALIDE)
    portal.fill_details("G-1", "hier", "12,5", "15")  # the last field is not left yet
    portal.page.reload()
    for _ in range(2):
        portal.expect_step("Détails de la facture")
        expect(portal.box("Numéro de la facture")).to_have_value("G-1")
        expect(portal.box("Date d'émission")).to_have_value("hier")
        expect(portal.box("Montant TTC")).to_have_value("15")
        expect(portal.page.get_by_text("À corriger")).to_have_count(0)
        portal.link("Accueil").click()
        expect(portal.page.get_by_role("heading", level=1)).to_be_visible()
        portal.open_documents(dossier(DossierStatus.VALIDE))
        portal.link("Reprendre").click()
    portal.box("Montant TTC").fill("16")
    portal.link("Accueil").click()
    expect(portal.page.get_by_role("heading", level=1)).to_be_visible()
    portal.open_documents(dossier(DossierStatus.VALIDE))
    portal.link("Reprendre").click()
    expect(portal.box("Montant TTC")).to_have_value("16")


def test_the_first_answer_alone_makes_a_draft(visit: Visit) -> None:
    portal = visit(ACCOUNT)
    portal.start(dossier(DossierStatus.A_FACTURER))
    group = portal.page.get_by_role("radiogroup", name=TUITION, exact=True)
    group.get_by_role("radio", name="Oui").check()
    portal.link("Accueil").click()
    expect(portal.page.get_by_role("heading", level=1)).to_be_visible()
    portal.open_documents(dossier(DossierStatus.A_FACTURER))
    portal.link("Reprendre").click()
    portal.expect_step("Ajout de la facture")
    expect(group.get_by_role("radio", name="Oui")).to_be_checked()
    # Changed and changed back: what was chosen last counts, though it is what the page had shown.
    for answer in ("Non", "Oui"):
        with portal.page.expect_response(lambda response: response.status == 204):
            group.get_by_role("radio", name=answer).check()
    group.get_by_role("radio", name="Non").check()
    portal.file_field("Facture").set_input_files(pdf("facture.pdf", "Facture"))
    expect(portal.page.locator(".file-card__name")).to_have_text("facture.pdf")
    portal.press("Étape suivante")
    portal.expect_step("Détails de la facture")
    portal.press("Étape précédente")
    expect(group.get_by_role("radio", name="Non")).to_be_checked()


@pytest.mark.parametrize("javascript", [True, False])
def test_a_tab_left_open_erases_nothing(visit: Visit, look: Look, javascript: bool) -> None:
    status = DossierStatus.TERMINE if javascript else DossierStatus.INFORMATION_MANQUANTE
    portal = at_details(visit, status, java_script_enabled=javascript)
    other = Portal(portal.page.context.new_page(), portal.url)
    other.page.goto(portal.page.url)
    another = Portal(portal.page.context.new_page(), portal.url)
    another.page.goto(portal.page.url)
    portal.fill_details("G-2", today(), "10", "12")
    portal.press("Étape suivante")
    portal.expect_step("Pièces justificatives")

    other.press("Étape précédente")
    other.expect_step("Ajout de la facture")
    another.box("Montant TTC").fill("15")
    another.press("Étape suivante")
    another.expect_step("Détails de la facture")
    expect(another.page.get_by_text("modifié dans un autre onglet")).to_be_visible()
    expect(another.box("Numéro de la facture")).to_have_value("G-2")
    expect(another.box("Montant TTC")).to_have_value("15")
    look(another, "modifie-ailleurs")
    another.press("Étape suivante")
    another.expect_step("Pièces justificatives")


def test_it_asks_only_when_something_changed_and_fails_in_silence(visit: Visit, watch: Watch) -> None:
    portal = at_details(visit, DossierStatus.EN_COURS_DE_REGLEMENT)
    requests = kept(portal)
    number, first = portal.box("Numéro de la facture"), "G-3"
    with portal.page.expect_response(lambda response: response.status == 204):
        number.fill(first)
        number.blur()
    number.fill("autre")
    number.fill(first)
    number.blur()
    portal.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    portal.page.wait_for_timeout(600)
    assert len(requests) == 1
    # Emptied again, it is empty.
    number.fill("")
    portal.press("Étape suivante")
    expect(number).to_have_value("")
    expect(portal.page.get_by_role("alert").filter(has_text="À corriger")).to_be_visible()
    assert len(requests) == 1

    watch.may_say.add("Failed to load resource: net::ERR_INTERNET_DISCONNECTED")
    portal.page.context.set_offline(True)
    with portal.page.expect_event("requestfailed"):
        number.fill("G-4")
        number.blur()
    portal.page.context.set_offline(False)
    portal.page.context.clear_cookies(name="sessionid")
    with portal.page.expect_response(lambda response: response.status == 302):
        portal.box("Montant HT").fill("10")
        portal.box("Montant HT").blur()
    portal.expect_step("Détails de la facture")
    expect(number).to_have_value("G-4")
    assert len(requests) == 3
