"""The same PDF twice: a warning that names the deposit, never one that the person does not see (RULES.md §7)."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from invoices import deposits, transmission
from invoices.enums import DocumentType
from invoices.models import Deposit
from portal.templatetags.french import jour
from roles.enums import Role
from tests.factories import DossierFactory, person_with
from tests.wizard import pdf

pytestmark = pytest.mark.django_db

ALREADY = "Ce fichier a déjà été déposé"


def text_of(response) -> str:
    """What the page says, white space as it is read."""
    return " ".join(re.sub(r"<[^>]+>", "", response.content.decode()).split())


@pytest.fixture
def deposited(wizard, provider, dossier) -> Deposit:
    """An invoice deposited by the provider, its file among others."""
    started = wizard(provider, dossier).to_last_step(number="F-12")
    started.send()
    return started.deposit


def test_said_at_its_field_and_again_before_sending_and_sent_all_the_same(wizard, provider, dossier, deposited):
    again = wizard(provider, DossierFactory(training_provider=dossier.training_provider))
    again.facture()
    page = again.get("facture")
    sentence = f"{ALREADY} le {jour(timezone.localdate())} : facture F-12, dossier {dossier.number}."
    assert " ".join(sentence.split()) in text_of(page)
    assert f'href="/dossiers/{dossier.number}/documents/#depot-{deposited.pk}"' in page.content.decode()
    again.to_last_step(number="F-13")
    assert text_of(again.get("transmettre")).count(ALREADY) == 2  # the invoice and the certificate
    again.send()
    assert again.deposit.is_pending


def test_another_file_says_nothing(wizard, provider, dossier, deposited):
    again = wizard(provider, dossier)
    again.facture(file=pdf("facture.pdf", "Une autre facture"))
    assert ALREADY not in text_of(again.get("facture"))


def test_a_cancelled_deposit_does_not_count(wizard, provider, dossier, deposited):
    deposits.cancel(deposited, provider)
    again = wizard(provider, dossier)
    again.facture()
    assert ALREADY not in text_of(again.get("facture"))


def test_what_the_person_does_not_see_is_not_told(wizard, dossier, deposited):
    elsewhere = DossierFactory()
    stranger = wizard(person_with(Role.SAISIE_PRESTATAIRE, elsewhere.training_provider), elsewhere)
    stranger.to_last_step(number="F-12")
    assert ALREADY not in text_of(stranger.get("facture"))
    assert ALREADY not in text_of(stranger.get("transmettre"))


def test_a_deposit_seen_through_an_associated_dossier_is_told_once_transmitted(wizard, provider, dossier):
    other = DossierFactory(training_provider=dossier.training_provider)
    started = wizard(provider, dossier)
    started.facture()
    started.post("details", press="associer", value=other.number)
    started.to_last_step(number="F-12").send()
    deposit = started.deposit
    # The associated dossier's company, which does not see the origin.
    employer = wizard(person_with(Role.ADMIN_ETABLISSEMENT, other.employer), other)
    employer.facture()
    assert ALREADY not in text_of(employer.get("facture"))
    Deposit.objects.filter(pk=deposit.pk).update(
        submitted_at=timezone.now() - timedelta(hours=1), transmit_at=timezone.now() - timedelta(minutes=1)
    )
    transmission.transmit_due(deposit.pk)
    page = text_of(employer.get("facture"))
    assert f"facture F-12, dossier {other.number}." in page
    assert dossier.number not in page


def test_the_same_file_in_two_fields_is_said_at_the_second(wizard, provider, dossier):
    started = wizard(provider, dossier)
    started.facture()
    started.details()
    started.justificatifs(certificat=pdf("certificat.pdf", "Facture"))
    assert "même fichier" not in text_of(started.get("facture"))
    for step in ("justificatifs", "transmettre"):
        assert "C’est le même fichier que « Facture » de ce dépôt" in text_of(started.get(step))


def test_a_document_outside_an_invoice_is_told_after_its_deposit(log_in, wizard, provider, dossier, deposited):
    client = log_in(provider)
    address = f"/dossiers/{dossier.number}/documents/"
    for file, told in ((pdf("facture.pdf"), True), (pdf("autre.pdf", "Autre"), False)):
        form = client.get(address, {"type": DocumentType.AUTRE_DOCUMENT}).content.decode()
        depot = re.search(r'name="depot" value="([^"]+)"', form)[1]
        client.post(
            f"{address}ajouter/", {"depot": depot, "type": DocumentType.AUTRE_DOCUMENT, "fichier": file}, follow=False
        )
        assert Deposit.objects.filter(pk=depot).exists()
        page = client.get(address)
        assert (f"{ALREADY}" in text_of(page)) == told
        assert (f'href="/dossiers/{dossier.number}/documents/#depot-{deposited.pk}"' in page.content.decode()) == told


def test_many_files_are_asked_for_at_once(wizard, provider, dossier, deposited):
    started = wizard(provider, dossier)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            started.get("justificatifs")
        return len(captured)

    started.facture()
    started.details(number="F-13")
    started.justificatifs(certificat=pdf("certificat.pdf", "Certificat"))
    few = queries()
    for rank in range(1, 5):
        started.post("justificatifs", {"type": "AUTRE_DOCUMENT"}, press="ajouter-piece")
        started.justificatifs(**{f"piece{rank}": pdf(f"{rank}.pdf", "Certificat")})
    assert text_of(started.get("justificatifs")).count(ALREADY) == 5
    assert queries() == few
