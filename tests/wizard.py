"""A browser in the wizard: what a person clicks, as requests; the pages' own management data and addresses."""

import re
from dataclasses import dataclass
from uuid import UUID

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from dossiers.models import Dossier
from invoices.models import Deposit, Draft
from tests.pdfs import plain_pdf

DETAILS = {"number": "F2026-118", "amount_ht": "4 800,00", "amount_ttc": "4 800,00"}


def pdf(name: str = "facture.pdf", text: str = "Facture") -> SimpleUploadedFile:
    """A real small PDF as a browser sends it."""
    return SimpleUploadedFile(name, plain_pdf(text), content_type="application/pdf")


@dataclass
class Wizard:
    """One start of the wizard, in one browser."""

    client: Client
    depot: UUID
    dossier: Dossier

    @classmethod
    def start(cls, client: Client, dossier: Dossier, side: str | None = None) -> "Wizard":
        """Click « Ajouter une facture » and follow to the first step."""
        response = client.get(f"/dossiers/{dossier.number}/factures/ajouter/", {"cote": side} if side else {})
        assert response.status_code == 302, response.status_code
        match = re.fullmatch(r"/depots/([0-9a-f-]{36})/facture/", response.url)
        assert match, response.url
        return cls(client, UUID(match[1]), dossier)

    def url(self, step: str) -> str:
        return f"/depots/{self.depot}/{step}/"

    def get(self, step: str):
        """Open a step's address."""
        return self.client.get(self.url(step))

    def stamp(self, step: str) -> str:
        """What the step's page was made from (its hidden field): a page opened now."""
        return re.search(r'name="vu"\s+value="([^"]*)"', self.get(step).content.decode())[1]

    def post(
        self,
        step: str,
        data: dict | None = None,
        *,
        press: str | None = None,
        value: str = "1",
        stamp: str | None = None,
        **files,
    ):
        """Press a button of a step: `data` and `files` by field; the main button unless `press` names another.

        `stamp`: that of a page opened before; without it the form is of no page.
        """
        posted = {f"{step}-{name}": typed for name, typed in ((data or {}) | files).items()}
        posted[f"depot-{self.depot}-current_step"] = step
        if press:
            posted[press] = value
        if stamp is not None:
            posted["vu"] = stamp
        return self.client.post(self.url(step), posted)

    def facture(self, covers_tuition: str = "oui", file=None):
        """Fill in the first step and leave it."""
        return self.post("facture", {"covers_tuition": covers_tuition}, facture=file or pdf())

    def details(self, **typed: str):
        """Fill in the second step and leave it."""
        today = f"{timezone.localdate():%d/%m/%Y}"
        return self.post("details", {"issue_date": today} | DETAILS | typed)

    def justificatifs(self, **files):
        """Give the third step its files and leave it."""
        return self.post("justificatifs", **files)

    def to_last_step(self, covers_tuition: str = "oui", **typed: str) -> "Wizard":
        """Everything up to « Transmettre », with the certificate where it may be required."""
        self.facture(covers_tuition)
        self.details(**typed)
        files = {"certificat": pdf("certificat.pdf", "Certificat")} if covers_tuition == "oui" else {}
        response = self.justificatifs(**files)
        assert response.status_code == 302, response.content.decode()
        assert response.url == self.url("transmettre"), response.url
        return self

    def send(self, shown: str = ""):
        """Press « Transmettre » on the last step, as `shown` there or whatever it shows."""
        return self.post("transmettre", {"shown": shown})

    def shown(self) -> str:
        """What the last step's page stands for (its hidden field)."""
        page = self.get("transmettre").content.decode()
        return re.search(r'name="transmettre-shown" value="([0-9a-f]+)"', page)[1]

    @property
    def draft(self) -> Draft:
        return Draft.objects.get(pk=self.depot)

    @property
    def deposit(self) -> Deposit:
        return Deposit.objects.get(pk=self.depot)
