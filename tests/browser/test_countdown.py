"""The wait for « Transmis » on a page that stays open (RULES.md §6)."""

import re

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from dossiers.enums import DossierStatus, Product
from portal.demo.dossiers import Request
from portal.demo.places import FORMATECH_LYON, HORIZON_LYON
from tests.browser.portal import Portal, Visit, number_of, status_pattern

pytestmark = pytest.mark.browser

IDLE_MS = 4000


def test_the_wait_ends_in_transmis_by_itself_and_then_nothing_is_asked(visit: Visit) -> None:
    portal = visit("saisie_prestataire")
    dossier = number_of(Request(HORIZON_LYON, FORMATECH_LYON, Product.AUTRE, DossierStatus.EN_COURS_DE_VALIDATION))
    portal.to_last_step(dossier, "COMPTE-1", f"{timezone.localdate():%d/%m/%Y}", tuition="Non")
    portal.press("Transmettre")
    title = "Facture COMPTE-1"
    portal.expect_receipt(dossier, title)
    home = Portal(portal.page.context.new_page(), portal.url)
    home.open("/")
    listed = home.page.get_by_role("listitem").filter(has_text=title)
    expect(listed.get_by_text(status_pattern("En cours de transmission"))).to_be_visible()

    asked: list[str] = []
    for page in (portal.page, home.page):
        page.on("request", lambda request: asked.append(request.url))
    status = portal.status(title, "En cours de transmission")
    expect(status).to_contain_text(re.compile(r"encore 0:0[1-5]"))
    expect(portal.button("Annuler le dépôt")).to_be_visible()
    expect(portal.page.get_by_text("Jusque-là, vous pouvez l’annuler.")).to_be_visible()
    assert asked == []  # until it is due
    expect(status).to_contain_text("dans un instant")
    expect(portal.button("Annuler le dépôt")).to_have_count(0)
    expect(portal.page.get_by_text("Jusque-là, vous pouvez l’annuler.")).to_have_count(0)

    expect(portal.status(title, "Transmis")).to_be_visible(timeout=30_000)
    expect(portal.page.get_by_role("status").filter(has_text=f"{title}\u00a0: Transmis")).to_have_count(1)
    expect(portal.page.get_by_text("L’OPCO a reçu ce dépôt")).to_be_visible()
    expect(portal.page.get_by_text("ce dépôt sera transmis")).to_be_hidden()
    expect(portal.page.get_by_text("Un autre message vous dira")).to_be_hidden()
    expect(listed.get_by_text(status_pattern("Transmis"))).to_be_visible()
    assert asked
    assert all("/depots/statuts/?depot=" in url for url in asked)
    asked.clear()
    portal.page.wait_for_timeout(IDLE_MS)
    assert asked == []
