"""Parts of a step that change in place while something else goes on: no click and no answer is lost."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.utils import timezone
from playwright.sync_api import APIResponse, Page, Route, expect

from dossiers.enums import DossierStatus, Product
from portal.demo.dossiers import Request
from portal.demo.places import FORMATECH_LYON, HORIZON_LYON
from tests.browser.portal import OTHER_DOCUMENT, Portal, Visit, number_of, pdf
from tests.browser.test_uploads import choose, expect_saved, file, held_line
from tests.pdfs import plain_pdf
from tests.stack import wait_until

pytestmark = pytest.mark.browser

CERTIFICATE = "Certificat de réalisation"


def at_documents(visit: Visit, status: DossierStatus) -> Portal:
    """A provider at the third step of a deposit with tuition costs."""
    portal = visit("saisie_prestataire")
    portal.start(number_of(Request(HORIZON_LYON, FORMATECH_LYON, Product.CPRO, status)))
    portal.fill_facture("Oui", pdf("facture.pdf", "Facture"))
    portal.press("Étape suivante")
    portal.expect_step("Détails de la facture")
    portal.fill_details("EN-PLACE-1", f"{timezone.localdate():%d/%m/%Y}", "10", "10")
    portal.press("Étape suivante")
    portal.expect_step("Pièces justificatives")
    return portal


def choose_type(portal: Portal, label: str) -> None:
    portal.page.get_by_role("combobox", name=OTHER_DOCUMENT, exact=True).select_option(label=label)


@contextmanager
def held_answers(page: Page, button: str) -> Iterator[list[tuple[Route, APIResponse]]]:
    """What the server answers to this button waits here, until the test lets it go on."""
    waiting: list[tuple[Route, APIResponse]] = []

    def hold(route: Route) -> None:
        if f'name="{button}"'.encode() in (route.request.post_data_buffer or b""):
            waiting.append((route, route.fetch()))
        else:
            route.fallback()

    page.route("**/justificatifs/", hold)
    yield waiting
    page.unroute("**/justificatifs/", hold)


def wait_for_one(page: Page, waiting: list[object]) -> None:
    wait_until(lambda: page.wait_for_timeout(50) or waiting, "something is held")


def test_a_refusal_that_arrives_takes_no_click_away(visit: Visit) -> None:
    portal = at_documents(visit, DossierStatus.A_FACTURER)
    page = portal.page
    with held_line(page) as waiting:
        choose(portal, CERTIFICATE, file("abime.pdf", plain_pdf()[:300]))
        wait_for_one(page, waiting)
        choose_type(portal, "RIB")
        portal.button("+").hover()
        page.mouse.down()
        # The errors would move what is below away from under the mouse.
        with page.expect_response("**/justificatifs/"):
            waiting[0].continue_()
        page.wait_for_timeout(1000)
        page.mouse.up()
        expect(portal.file_field("RIB")).to_be_visible()
        expect(portal.page.get_by_role("alert").filter(has_text="Ce PDF est endommagé")).to_be_visible()


def test_an_answer_from_before_a_file_arrived_does_not_hide_it(visit: Visit) -> None:
    portal = at_documents(visit, DossierStatus.VALIDE)
    page = portal.page
    with held_line(page) as files, held_answers(page, "ajouter-piece") as answers:
        choose(portal, CERTIFICATE, pdf("certificat.pdf", "Certificat"))
        wait_for_one(page, files)
        choose_type(portal, "RIB")
        portal.press("+")
        wait_for_one(page, answers)
        with page.expect_response("**/justificatifs/"):
            files[0].continue_()
        page.wait_for_timeout(500)
        route, answer = answers[0]
        route.fulfill(response=answer)
        expect(portal.file_field("RIB")).to_be_visible()
        expect_saved(portal, "certificat.pdf")


def test_a_field_asked_for_while_another_is_added_is_added_too(visit: Visit) -> None:
    portal = at_documents(visit, DossierStatus.EN_COURS_DE_REGLEMENT)
    page = portal.page
    with held_answers(page, "ajouter-piece") as answers:
        choose_type(portal, "RIB")
        portal.press("+")
        wait_for_one(page, answers)
        choose_type(portal, "Feuille d'émargement")
        portal.press("+")
        for rank in range(2):
            wait_until(lambda rank=rank: page.wait_for_timeout(50) or len(answers) > rank, "the answer is there")
            route, answer = answers[rank]
            route.fulfill(response=answer)
        expect(portal.file_field("Feuille d'émargement")).to_be_focused()
        expect(portal.file_field("RIB")).to_be_visible()
