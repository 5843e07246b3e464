"""Every page of the back office, once: what the test of access examines, and what pictures are taken of.

As a member of « Administrateur », who sees all that is the portal's own; Django's pages of groups are the superusers'.
"""

import re
from collections.abc import Iterator

from playwright.sync_api import Page, expect

from tests.browser import access
from tests.browser.portal import Portal, Visit
from tests.stack import Stack

# The rows of a list that are as those before them: each takes axe as long as the first.
ALIKE = "#result_list tbody tr:nth-child(n+6)"
# A pending deposit that no worker transmits meanwhile, and one row at least of every list.
ROWS = """
from datetime import date, timedelta
from decimal import Decimal
from uuid import uuid4
from django.utils import timezone
from exchange.enums import Kind, State
from exchange.models import Import
from invoices.deposits import InvoiceFacts, submit
from invoices.models import Deposit, Handover
from outbox.models import Mail
from roles.models import FailedLogIn, User
from trail.enums import Action, Result
from trail.recording import record
person = User.objects.get(email="saisie_prestataire@demo.example")
like = Deposit.objects.filter(number_key__isnull=False, state="TRANSMITTED").first()
made = submit(
    deposit_id=uuid4(), origin=like.origin, side=like.as_side, depositor=person, documents=[],
    invoice=InvoiceFacts("VISITE-1", date.today(), Decimal(100), Decimal(120), True), delay=timedelta(days=1),
)
error = "Un document n’est plus dans le stockage du portail : voyez verify_documents."
Handover.objects.update_or_create(
    deposit=like, defaults={"stopped_at": timezone.now(), "next_attempt_at": None, "last_error": error}
)
record(Action.UPLOAD, person=person, result=Result.REFUSED, reason="too_large")
FailedLogIn.objects.create(
    username=person.email, ip_address="192.0.2.7", user_agent="visite", failures_since_start=5,
    attempt_time=timezone.now(),
)
Mail.objects.create(key="visite", recipient="rebut@essai.example", subject="Dépôt", body="", next_attempt_at=None)
Import.objects.create(
    kind=Kind.DOSSIERS, state=State.ABANDONED, by=person, name="dossiers.csv", size=1, sha256="", lines=1, unchanged=1,
    ended_at=timezone.now(),
)
print(made.pk)
"""

# Of each list, whether something is added there.
LISTS = {
    # First: they count for some minutes only.
    "connexions": ("roles/failedlogin", False),
    "documents": ("invoices/document", False),
    "brouillons": ("invoices/draft", False),
    "factures": ("invoices/invoice", False),
    "remises": ("invoices/handover", False),
    "types-de-documents": ("invoices/catalogueentry", True),
    "limites": ("invoices/limits", False),
    "imports": ("exchange/import", True),
    "dossiers": ("dossiers/dossier", True),
    "societes": ("roles/company", True),
    "etablissements": ("roles/establishment", True),
    "utilisateurs": ("roles/user", True),
    "roles": ("roles/roleassignment", True),
    "journal": ("trail/event", False),
    "courriels": ("outbox/mail", False),
}


def pages(visit: Visit, stack: Stack) -> Iterator[tuple[str, Portal]]:
    """One log-in, each page loaded once: the name of the page, and the tab that shows it."""
    pending = stack.python(ROWS).strip()
    portal = visit("administrateur", reduced_motion="reduce")
    page = portal.page
    portal.open("/admin/")
    for details in page.get_by_text("Les chiffres").all():
        details.click()
    yield "back-office", portal
    portal.open("/admin/invoices/deposit/")
    yield "back-office-depots", portal
    # The last, which the demo made: it has documents.
    portal.open("/admin/invoices/deposit/?statut=transmis")
    page.locator("#result_list tbody th a").last.click()
    yield "back-office-depot", portal
    page.get_by_role("link", name=re.compile("^Aperçu de ")).first.click()
    expect(page.get_by_role("img", name=re.compile("^Page 1 de "))).to_be_visible()
    yield "back-office-apercu", portal
    for name in ("annuler", "relancer", "telecharger"):
        portal.open(f"/admin/invoices/deposit/{pending}/{name}/")
        yield f"back-office-depot-{name}", portal
    for name, (model, is_added) in LISTS.items():
        portal.open(f"/admin/{model}/")
        first = page.locator("#result_list tbody th a").first.get_attribute("href")
        yield f"back-office-{name}", portal
        if name == "remises":
            yield from asked(portal, ("Remettre de nouveau", "Abandonner la remise"))
        if is_added:
            portal.open(f"/admin/{model}/add/")
            yield f"back-office-{name}-ajouter", portal
        assert first
        portal.open(first)
        yield f"back-office-{name}-un", portal
    yield from people(portal)


def asked(portal: Portal, actions: tuple[str, ...]) -> Iterator[tuple[str, Portal]]:
    """The pages that ask before something is done with the first row of a list."""
    page, listed = portal.page, portal.page.url
    for rank, action in enumerate(actions, start=1):
        page.goto(listed)
        page.locator("#result_list tbody input[type=checkbox]").first.check()
        page.locator("select[name=action]").select_option(label=action)
        portal.press("Envoyer")
        expect(page.get_by_role("heading", name=re.compile(action), level=1)).to_be_visible()
        yield f"back-office-remises-question-{rank}", portal


def people(portal: Portal) -> Iterator[tuple[str, Portal]]:
    """What is asked of a dossier and of an account, and what is refused; a depositor's portal, seen as they see it."""
    page = portal.page
    portal.open("/admin/dossiers/dossier/?status__exact=VALIDE")
    page.locator("#result_list tbody th a").first.click()
    page.get_by_label("Statut :").select_option(label="Annulé")
    portal.press("Enregistrer")
    expect(page.get_by_role("heading", name="Ce que cela change")).to_be_visible()
    yield "back-office-dossier-statut", portal
    portal.open("/admin/roles/company/add/")
    portal.box("SIREN :").fill("123")
    portal.press("Enregistrer")
    expect(page.get_by_text("Corrigez les erreurs ci-dessous")).to_be_visible()
    yield "back-office-societes-erreur", portal
    portal.open("/admin/roles/user/?q=saisie_prestataire@demo.example")
    page.locator("#result_list tbody th a").first.click()
    account = page.url
    portal.press("Désactiver le compte")
    expect(page.get_by_role("heading", name="Désactiver le compte")).to_be_visible()
    yield "back-office-compte-desactiver", portal
    page.goto(account)
    portal.press("Voir comme cet utilisateur")
    expect(page.get_by_role("region", name="Voir comme")).to_be_visible()
    yield "back-office-voir-comme", portal
    portal.press("Revenir au back-office")
    expect(portal.button("Voir comme cet utilisateur")).to_be_visible()


def violations(page: Page) -> list[str]:
    """What axe finds on a page that moves nothing, and whether it scrolls sideways."""
    # Without preloading: the admin's style sheets import others, which axe would put into the page against its policy.
    found = access.axe_violations(page, context=access.WHOLE_PAGE | {"exclude": [[ALIKE]]}, preload=False)
    found += access.sideways(page, access.NARROWEST) + access.sideways(page, access.ZOOMED)
    page.set_viewport_size({"width": access.WIDE, "height": access.HEIGHT})
    return found
