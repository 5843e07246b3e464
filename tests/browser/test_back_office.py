"""A day's work of a member of each group of the back office.

More of it: « Voir comme » in test_view_as.py, imports in test_import.py, types and limits in test_catalogue.py.
"""

import os
import re
import signal
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.portal import Look, Portal, Visit
from tests.browser.watch import LISTS_OF_DJANGO, Watch
from tests.stack import Stack

pytestmark = pytest.mark.browser

NEWCOMER = "nouvelle@essai.example"
MAKE_DUE = """
from django.db.models import F
from invoices.models import Deposit
row = Deposit.objects.filter(state="PENDING").first()
Deposit.objects.filter(pk=row.pk).update(
    submitted_at=row.submitted_at.replace(year=2025), transmit_at=row.submitted_at.replace(year=2025)
)
print(row.reference)
"""
MAKE_PENDING = """
from django.db.models import F
from invoices.deposits import InvoiceFacts, submit
from invoices.models import Deposit, Document
from datetime import date
from decimal import Decimal
from uuid import uuid4
like = Deposit.objects.filter(number_key__isnull=False, state="TRANSMITTED").first()
made = submit(
    deposit_id=uuid4(), origin=like.origin, side=like.as_side, depositor=like.depositor, documents=[],
    invoice=InvoiceFacts("BUREAU-1", date.today(), Decimal(100), Decimal(120), True),
)
print(made.reference)
"""


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """A portal of their own: what waits goes on waiting, and nothing else transmits what is late."""
    with Stack() as stack:
        stopped = stack.kill("worker", signal.SIGSTOP)
        yield stack
        os.kill(stopped, signal.SIGCONT)


def search(portal: Portal, text: str) -> None:
    portal.open("/admin/invoices/deposit/")
    portal.page.locator("#searchbar").fill(text)
    portal.page.locator("#searchbar").press("Enter")
    expect(portal.page).to_have_url(re.compile("[?]q="))
    expect(portal.page.locator("#searchbar")).to_have_value(text)


def open_first(portal: Portal) -> None:
    portal.page.locator("#result_list tbody th a").first.click()
    expect(portal.page.get_by_role("heading", name="Historique")).to_be_visible()


def choose(portal: Portal, action: str, count: int) -> None:
    """An action with the first rows of a list."""
    for box in portal.page.locator("#result_list tbody input[type=checkbox]").all()[:count]:
        box.check()
    portal.page.locator("select[name=action]").select_option(label=action)
    portal.press("Envoyer")


def test_a_clerk_finds_reads_and_relaunches(visit: Visit, stack: Stack, look: Look) -> None:
    reference = stack.python(MAKE_DUE).strip()
    portal = visit(None, reduced_motion="reduce")
    portal.log_in("gestionnaire")
    page = portal.page
    page.locator("#content-main").get_by_role("link", name="Dépôts", exact=True).last.click()
    portal.link("Transmission en retard").click()
    look(portal, "depots")
    search(portal, reference)
    open_first(portal)
    look(portal, "depot")
    expect(portal.link("Annuler")).to_have_count(0)
    page.get_by_role("link", name=re.compile("^Aperçu de ")).first.click()
    picture = page.get_by_role("img", name=re.compile("^Page 1 de "))
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") > 500
    look(portal, "apercu")
    portal.link("Revenir au dépôt").click()
    portal.link("Relancer la transmission").click()
    look(portal, "relancer")
    portal.press("Relancer la transmission")
    expect(page.get_by_text("Dépôt transmis")).to_be_visible()
    history = page.get_by_role("region", name="Historique")
    expect(history.get_by_text("Relance de la transmission d’un dépôt")).to_be_visible()
    expect(history.get_by_text("Lecture d’une page d’un document")).to_be_visible()


def test_a_supervisor_cancels_and_takes_along(visit: Visit, stack: Stack, look: Look) -> None:
    reference = stack.python(MAKE_PENDING).strip()
    portal = visit("superviseur", reduced_motion="reduce")
    page = portal.page
    search(portal, reference)
    choose(portal, "Annuler", 1)
    expect(page.get_by_role("heading", name="Annuler avant la transmission ?")).to_be_visible()
    look(portal, "annuler")
    portal.press("Annuler")
    expect(page.get_by_text("Dépôt annulé")).to_be_visible()
    open_first(portal)
    mail = page.get_by_role("region", name="Courriels").get_by_role("link", name=re.compile("annulé"))
    mail.click()
    expect(page.get_by_text("a été annulé par l’OPCO")).to_be_visible()

    portal.open("/admin/invoices/deposit/?statut=transmis")
    choose(portal, "Télécharger (ZIP)", 2)
    with page.expect_download() as download:
        portal.press("Télécharger (ZIP)")
    assert download.value.suggested_filename == "depots.zip"


def test_an_administrator_opens_an_account_gives_it_a_role_and_closes_it(visit: Visit, watch: Watch) -> None:
    watch.may_say.add(LISTS_OF_DJANGO)
    portal = visit("administrateur")
    page = portal.page
    portal.open("/admin/roles/user/add/")
    portal.box("Adresse e-mail :").fill(NEWCOMER)
    expect(page.get_by_role("checkbox", name="Inviter par e-mail")).to_be_checked()
    page.get_by_role("button", name="Enregistrer", exact=True).click()
    page.get_by_role("combobox", name="Rôle", exact=True).first.select_option("SAISIE_PRESTATAIRE")
    page.get_by_role("combobox", name=re.compile("^Établissement")).first.click()
    page.get_by_role("searchbox").last.fill("Formatech Lyon")
    page.get_by_role("option", name=re.compile("Formatech Lyon")).click()
    page.get_by_role("button", name="Enregistrer", exact=True).click()
    expect(page.get_by_text("a été modifié avec succès")).to_be_visible()
    portal.open(f"/admin/outbox/mail/?q={NEWCOMER}")
    expect(page.locator("#result_list tbody tr")).to_have_count(1)
    portal.open(f"/admin/roles/roleassignment/?q={NEWCOMER}")
    expect(page.locator("#result_list tbody tr")).to_contain_text("Formatech Lyon")
    portal.open(f"/admin/roles/user/?q={NEWCOMER}")
    portal.link(NEWCOMER).click()
    portal.press("Désactiver le compte")
    portal.press("Désactiver le compte")
    expect(page.get_by_text(f"Compte désactivé : {NEWCOMER}.")).to_be_visible()
