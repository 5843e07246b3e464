"""Access: every stop of the tour is examined, and the main job is done by keyboard alone (WCAG 2.2 AA)."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, expect

from dossiers.enums import DossierStatus, Product
from portal.demo import PASSWORD
from portal.demo.dossiers import Request
from portal.demo.places import DUBOIS, FORMATECH_LYON, HORIZON_LYON
from tests.browser import access, tour
from tests.browser.development import development_server
from tests.browser.keyboard import Keyboard
from tests.browser.portal import OTHER_DOCUMENT, SEARCH, Visit, number_of, pdf
from tests.browser.watch import Watch
from tests.stack import Stack

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """A portal of their own: what waits goes on waiting while it is examined, and no dossier is anyone else's."""
    with Stack() as stack:
        yield stack


@pytest.mark.parametrize("part", tour.PARTS, ids=lambda part: part.__name__)
def test_every_page_in_every_state_is_open_to_everyone(visit: Visit, watch: Watch, part: tour.Part) -> None:
    watch.may_answer |= tour.REFUSALS
    watch.may_say.add(tour.BROKEN_LINE)
    found, pages = [], {}
    for name, portal in part(visit):
        page = portal.page
        path = urlsplit(page.url).path
        if pages.setdefault(page.title(), path) != path:
            found.append(f"{name}: « {page.title()} » is the title of {pages[page.title()]} too")
        found += [f"{name}: {sentence}" for sentence in access.complaints(page)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("width", "status"), [(access.WIDE, DossierStatus.VALIDE), (access.PHONE, DossierStatus.TERMINE)]
)
def test_an_invoice_is_deposited_by_keyboard_alone(visit: Visit, width: int, status: DossierStatus) -> None:
    portal = visit(None)
    page, keys = portal.page, Keyboard(portal.page)
    page.set_viewport_size({"width": width, "height": access.HEIGHT})
    number = number_of(Request(HORIZON_LYON, FORMATECH_LYON, Product.BC, status))
    other = number_of(Request(DUBOIS, FORMATECH_LYON, Product.BC, status))
    portal.open("/connexion/")
    keys.fill(portal.box("Adresse e-mail"), "saisie_prestataire@demo.example")
    keys.fill(portal.box("Mot de passe"), PASSWORD)
    keys.press("Enter")
    expect(page.get_by_role("heading", name="Dossiers", exact=True)).to_be_visible()
    keys.fill(page.get_by_role("searchbox", name="Rechercher", exact=True), number)
    keys.press("Enter")
    expect(page).to_have_url(re.compile("q="))
    keys.go_to(portal.link(number))
    keys.press("Enter")
    portal.expect_tab(number)
    keys.press("Tab")
    expect(portal.link("Aller au contenu")).to_be_focused()
    keys.press("Enter")
    keys.go_to(portal.link("Ajouter une facture"))
    keys.press("Enter")

    portal.expect_step("Ajout de la facture")
    keys.go_to(portal.button("Étape suivante"))
    keys.press("Enter")
    summary = page.get_by_role("alert").filter(has_text="À corriger")
    expect(summary).to_be_focused()
    keys.go_to(summary.get_by_role("link").first)
    keys.press("Enter")
    expect(page.get_by_role("radio", name="Oui")).to_be_focused()
    keys.press("Space", "ArrowDown", "ArrowUp")
    expect(page.get_by_role("radio", name="Oui")).to_be_checked()
    keys.choose_file(portal.file_field("Facture"), pdf("clavier.pdf", "Facture"))
    keys.go_to(portal.button("Étape suivante"))
    keys.press("Enter")

    portal.expect_step("Détails de la facture")
    keys.fill(portal.box("Numéro de la facture"), f"CLAVIER-{width}")
    keys.fill(portal.box("Date d'émission"), f"{timezone.localdate():%d/%m/%Y}")
    keys.fill(portal.box("Montant HT"), "1 200,00")
    keys.fill(portal.box("Montant TTC"), "1 440,00")
    keys.fill(portal.box(SEARCH), other)
    keys.press("Enter")
    keys.go_to(portal.button(f"Ajouter le dossier {other}"))
    keys.press("Enter")
    keys.go_to(portal.button(f"Retirer le dossier {other}"))
    keys.go_to(portal.button("Étape suivante"))
    keys.press("Space")

    portal.expect_step("Pièces justificatives")
    keys.choose_file(portal.file_field("Certificat de réalisation"), pdf("certificat.pdf", "Certificat"))
    keys.go_to(page.get_by_role("combobox", name=OTHER_DOCUMENT, exact=True))
    keys.press("ArrowDown")
    keys.go_to(portal.button("+"))
    keys.press("Enter")
    added = page.locator("input[type=file]").last
    expect(added).to_be_focused()
    keys.choose_file(added, pdf("autre.pdf", "Autre document"))
    keys.go_to(portal.link("Aller au contenu"), "Shift+Tab")
    keys.go_to(portal.button("Valider"))
    keys.press("Enter")

    portal.expect_step("Transmettre")
    keys.go_to(portal.button("Transmettre"))
    keys.press("Enter")
    title = f"Facture CLAVIER-{width}"
    expect(portal.status(title, "En cours de transmission")).to_be_visible()
    keys.go_to(portal.button("Annuler le dépôt"))


def test_each_error_leads_to_its_field(visit: Visit) -> None:
    """Of each kind: a group of choices, a file field, one whose file was refused, one among several of a step."""
    portal = visit("saisie_prestataire")
    summary = portal.page.get_by_role("alert").filter(has_text="À corriger")

    def follow(count: int) -> None:
        expect(summary).to_be_focused()
        expect(portal.page).to_have_title(re.compile(r"^Erreur\s: "))
        expect(summary.get_by_role("link")).to_have_count(count)
        for link in summary.get_by_role("link").all():
            link.click()
            field = portal.page.locator(":focus")
            expect(field).to_have_id(link.get_attribute("href").removeprefix("#"))
            # What is wrong is said with the field; of choices, with their group.
            said = field.locator("xpath=ancestor-or-self::*[@aria-describedby]").last
            expect(said).to_have_accessible_description(re.compile(re.escape(link.inner_text())))

    portal.start(number_of(Request(HORIZON_LYON, FORMATECH_LYON, Product.BC, DossierStatus.EN_COURS_DE_REGLEMENT)))
    portal.press("Étape suivante")
    follow(2)
    portal.fill_facture("Oui", pdf("facture.pdf", "Facture"))
    portal.press("Étape suivante")
    portal.expect_step("Détails de la facture")
    portal.press("Étape suivante")
    follow(4)
    portal.press("Étape précédente")
    portal.expect_step("Ajout de la facture")
    # A file is there; the one that was to replace it is refused, in a part of the page that opens for it.
    portal.button("Remplacer facture.pdf").focus()
    portal.file_field("Facture").set_input_files(tour.NOT_A_PDF)
    follow(1)
    expect(portal.link("facture.pdf")).to_be_visible()
    portal.press("Étape suivante")
    portal.expect_step("Détails de la facture")
    portal.fill_details("LIEN-1", f"{timezone.localdate():%d/%m/%Y}", "100", "120")
    portal.press("Étape suivante")
    portal.expect_step("Pièces justificatives")
    portal.page.get_by_role("combobox", name=OTHER_DOCUMENT, exact=True).select_option(label="RIB")
    portal.press("+")
    expect(portal.file_field("RIB")).to_be_focused()
    portal.press("Valider")
    follow(2)
    portal.press("Retirer ce document : RIB")
    expect(portal.file_field("RIB")).to_have_count(0)
    follow(1)


def test_the_design_system_is_open_to_everyone_too(chromium: Browser, tmp_path: Path) -> None:
    with development_server(tmp_path) as url, chromium.new_context(locale="fr-FR", reduced_motion="reduce") as context:
        watch = Watch(url)
        watch.attach(context)
        page = context.new_page()
        page.goto(f"{url}/style/")
        found = access.axe_violations(page) + access.layout_losses(page)
    assert not found + watch.complaints, "\n".join(found + watch.complaints)
