"""The portal as a person uses it: what they click and fill in, by role and accessible name (INTERFACE)."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

from playwright.sync_api import Browser, FilePayload, Locator, Page, expect, sync_playwright

from portal.demo import PASSWORD, dossiers
from portal.demo.dossiers import Request
from portal.demo.people import PEOPLE
from portal.demo.places import COMPANIES
from roles.models import Establishment
from tests import chromium
from tests.pdfs import plain_pdf
from tests.stack import wait_until

SEARCH = "Rechercher un autre dossier à associer"
TUITION = "Votre facture concerne des frais pédagogiques"
OTHER_DOCUMENT = "Ajouter un autre type de document"
# They hold no role on dossiers, and begin in the back office.
STAFF = {person.account for person in PEOPLE if person.is_staff}


@contextmanager
def chromium_browser(*, headless: bool = True) -> Iterator[Browser]:
    """The Chromium of the tests; AssertionError with what to do where there is none."""
    executable = chromium.find(headless=headless)
    assert executable, "No Chromium found: `python -m tests.chromium` installs one."
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=executable, headless=headless)


@cache
def _numbers() -> dict[Request, str]:
    """The number of each dossier of the demo: the same every time."""
    sites = {site.name: Establishment(name=site.name) for *_, sites in COMPANIES for site in sites}
    return {
        request: dossier.number for request, dossier in zip(dossiers.requests(), dossiers.build(sites), strict=True)
    }


def number_of(request: Request) -> str:
    """The number of this dossier of the demo."""
    return _numbers()[request]


def pdf(name: str, text: str) -> FilePayload:
    """A real small PDF, to be chosen in a file field."""
    return {"name": name, "mimeType": "application/pdf", "buffer": plain_pdf(text)}


def status_pattern(word: str) -> re.Pattern[str]:
    """A status that says this; « Transmis » is not found in « En cours de transmission »."""
    return re.compile(rf"^\s*{word}\s+·")


@dataclass
class Portal:
    """One tab of one person's browser, on the portal at `url`."""

    page: Page
    url: str

    # --- Getting about -----------------------------------------------------------------------------------------

    def open(self, path: str) -> None:
        self.page.goto(self.url + path)

    def press(self, name: str) -> None:
        """Press the one button of this name."""
        self.button(name).click()

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    def link(self, name: str) -> Locator:
        return self.page.get_by_role("link", name=name, exact=True)

    def box(self, name: str) -> Locator:
        return self.page.get_by_role("textbox", name=name, exact=True)

    def file_field(self, name: str) -> Locator:
        return self.page.get_by_label(name, exact=True)

    def log_in(self, account: str) -> None:
        """Log in as an account of the demo."""
        self.open("/connexion/")
        self.box("Adresse e-mail").fill(f"{account}@demo.example")
        self.box("Mot de passe").fill(PASSWORD)
        self.press("Se connecter")
        first = "Accueil du back-office" if account in STAFF else "Dossiers"
        expect(self.page.get_by_role("heading", name=first, exact=True)).to_be_visible()

    def log_out(self) -> None:
        self.press("Se déconnecter")
        expect(self.button("Se connecter")).to_be_visible()

    def find_dossier(self, number: str) -> None:
        """From the list of dossiers to the « Documents » tab of one, by the search."""
        self.open("/dossiers/")
        self.page.get_by_role("searchbox", name="Rechercher", exact=True).fill(number)
        self.press("Rechercher")
        self.link(number).click()
        self.expect_tab(number)

    def open_documents(self, number: str) -> None:
        """The « Documents » tab by its address."""
        self.open(f"/dossiers/{number}/documents/")
        self.expect_tab(number)

    def expect_tab(self, number: str) -> None:
        """The « Documents » tab of this dossier is what is shown."""
        expect(self.page.get_by_role("heading", name=number, exact=True)).to_be_visible()
        expect(self.link("Documents")).to_have_attribute("aria-current", "page")

    def expect_receipt(self, number: str, title: str) -> None:
        """The receipt of this deposit, made on this dossier, is what is shown."""
        expect(self.page.get_by_role("heading", name=number, exact=True)).to_be_visible()
        expect(self.link("Récépissé (PDF)")).to_be_visible()
        expect(self.deposit(title)).to_be_visible()

    # --- A deposit ---------------------------------------------------------------------------------------------

    def start(self, number: str) -> None:
        """« Ajouter une facture » on a dossier."""
        self.open_documents(number)
        self.link("Ajouter une facture").click()
        self.expect_step("Ajout de la facture")

    def expect_step(self, title: str) -> None:
        """This step of the wizard is what is shown."""
        expect(self.page.get_by_role("heading", level=2, name=title, exact=True)).to_be_visible()

    def fill_facture(self, tuition: str, file: FilePayload) -> None:
        group = self.page.get_by_role("radiogroup", name=TUITION, exact=True)
        group.get_by_role("radio", name=tuition, exact=True).check()
        self.file_field("Facture").set_input_files(file)

    def search(self, searched: str) -> None:
        """Search for dossiers to associate."""
        self.box(SEARCH).fill(searched)
        self.press("Rechercher")

    def associate(self, number: str, searched: str) -> None:
        """Search for a dossier and add it."""
        self.search(searched)
        self.press(f"Ajouter le dossier {number}")
        expect(self.button(f"Retirer le dossier {number}")).to_be_visible()

    def fill_details(self, number: str, issue_date: str, amount_ht: str, amount_ttc: str) -> None:
        self.box("Numéro de la facture").fill(number)
        self.box("Date d'émission").fill(issue_date)
        self.box("Montant HT").fill(amount_ht)
        self.box("Montant TTC").fill(amount_ttc)

    def add_piece(self, type_label: str, file: FilePayload) -> None:
        """« Ajouter un autre type de document », « + », and the file for the field that appears."""
        self.page.get_by_role("combobox", name=OTHER_DOCUMENT, exact=True).select_option(label=type_label)
        self.press("+")
        self.file_field(type_label).set_input_files(file)

    def to_last_step(self, number: str, invoice: str, issue_date: str, tuition: str = "Oui") -> None:
        """Everything up to « Transmettre », in the shortest way, the certificate with tuition costs."""
        self.start(number)
        self.fill_facture(tuition, pdf(f"{invoice}.pdf", f"Facture {invoice}"))
        self.press("Étape suivante")
        self.expect_step("Détails de la facture")
        self.fill_details(invoice, issue_date, "1 200,00", "1 200,00")
        self.press("Étape suivante")
        self.expect_step("Pièces justificatives")
        if tuition == "Oui":
            self.file_field("Certificat de réalisation").set_input_files(pdf("certificat.pdf", "Certificat"))
        self.press("Valider")
        self.expect_step("Transmettre")

    # --- The « Documents » tab ---------------------------------------------------------------------------------

    def deposit(self, title: str) -> Locator:
        """The card of a deposit, or of a draft."""
        return self.page.get_by_role("article", name=title, exact=True)

    def status(self, title: str, word: str) -> Locator:
        """The status of a deposit, where it begins with this word."""
        return self.deposit(title).get_by_text(status_pattern(word))

    def wait_for_status(self, number: str, title: str, status: str, seconds: float = 45) -> None:
        """Open the tab of the dossier again and again until the deposit has this status."""

        def has_status() -> bool:
            self.open_documents(number)
            return self.status(title, status).is_visible()

        wait_until(has_status, f"{title} of {number} is « {status} »", seconds)


# What the fixtures of these names give: see conftest.py.
Look = Callable[[Portal, str], None]
Visit = Callable[..., Portal]
