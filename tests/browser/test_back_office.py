"""A day's work of a member of each group of the back office, and its pages open to everyone (WCAG 2.2 AA)."""

import os
import re
import signal
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser import access
from tests.browser.portal import Look, Portal, Visit
from tests.stack import Stack

pytestmark = pytest.mark.browser

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


def examine(portal: Portal, look: Look, name: str) -> None:
    look(portal, name)
    # Django's own search field is labelled by a magnifying glass.
    found = [sentence for sentence in access.axe_violations(portal.page) if "label-title-only" not in sentence]
    assert not found, "\n".join(found)


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
    portal = visit("gestionnaire", reduced_motion="reduce")
    page = portal.page
    page.locator("#content-main").get_by_role("link", name="Dépôts", exact=True).last.click()
    portal.link("Transmission en retard").click()
    examine(portal, look, "depots")
    search(portal, reference)
    open_first(portal)
    examine(portal, look, "depot")
    expect(portal.link("Annuler")).to_have_count(0)
    page.get_by_role("link", name=re.compile("^Aperçu de ")).first.click()
    picture = page.get_by_role("img", name=re.compile("^Page 1 de "))
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") > 500
    examine(portal, look, "apercu")
    portal.link("Revenir au dépôt").click()
    portal.link("Relancer la transmission").click()
    examine(portal, look, "relancer")
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
    examine(portal, look, "annuler")
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


def test_an_administrator_opens_an_account(visit: Visit, look: Look) -> None:
    portal = visit("administrateur")
    portal.open("/admin/roles/user/add/")
    portal.box("Adresse e-mail :").fill("nouvelle@essai.example")
    portal.page.get_by_role("button", name="Enregistrer", exact=True).click()
    expect(portal.page.get_by_text("nouvelle@essai.example").first).to_be_visible()
