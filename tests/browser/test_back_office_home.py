"""The home of the back office: what needs a hand leads to its list, the plots are seen, with and without scripts."""

import pytest
from playwright.sync_api import expect

from tests.browser.portal import Look, Visit
from tests.stack import Stack

pytestmark = pytest.mark.browser

HOME = "/admin/"
# What a day may bring: late deposits, refused files, a locked account, a mail that nobody took.
TROUBLE = """
from datetime import timedelta
from django.utils import timezone
from invoices.models import Deposit
from outbox.models import Mail
from roles.models import FailedLogIn, User
from trail.enums import Action, Result
from trail.recording import record
person = User.objects.get(email="saisie_prestataire@demo.example")
for reason, times in (("too_large", 3), ("encrypted", 1)):
    for _ in range(times):
        record(Action.UPLOAD, person=person, result=Result.REFUSED, reason=reason)
FailedLogIn.objects.create(
    username=person.email, ip_address="198.51.100.7", user_agent="essai", failures_since_start=5,
    attempt_time=timezone.now(),
)
Mail.objects.create(key="essai", recipient="accueil@essai.example", subject="Dépôt", body="", next_attempt_at=None)
"""


@pytest.fixture(scope="module", autouse=True)
def trouble(stack: Stack) -> None:
    stack.python(TROUBLE)


def test_what_needs_a_hand_leads_to_its_list(visit: Visit, look: Look) -> None:
    portal = visit("backoffice")
    portal.open(HOME)
    page = portal.page
    expect(page.get_by_role("heading", name="À traiter aujourd’hui")).to_be_visible()
    expect(page.get_by_role("img", name="Dépôts par jour, côté prestataires de formation")).to_be_visible()
    page.get_by_text("Les chiffres").first.click()
    expect(page.get_by_role("region", name="Tableau : Dépôts par jour, côté prestataires")).to_be_visible()
    look(portal, "accueil")
    page.get_by_role("link", name="Connexions bloquées", exact=True).click()
    expect(page.get_by_text("198.51.100.7")).to_be_visible()


def test_it_works_without_scripts(visit: Visit) -> None:
    portal = visit("backoffice", java_script_enabled=False)
    portal.open(HOME)
    page = portal.page
    expect(page.get_by_role("img", name="Taille des documents")).to_be_visible()
    page.get_by_role("link", name="Courriels abandonnés").click()
    expect(page.get_by_text("accueil@essai.example")).to_be_visible()


def test_it_follows_the_light_and_the_dark(visit: Visit, look: Look) -> None:
    portal = visit("backoffice", color_scheme="dark")
    portal.open(HOME)
    look(portal, "accueil-sombre")
