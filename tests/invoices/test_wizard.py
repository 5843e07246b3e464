import pytest

from dossiers.enums import DossierStatus
from invoices.enums import DepositState
from roles.enums import Role
from tests.factories import DossierFactory, person_with

pytestmark = pytest.mark.django_db


@pytest.fixture
def dossier():
    return DossierFactory(status=DossierStatus.EN_COURS_DE_REGLEMENT)


@pytest.fixture
def provider(dossier):
    return person_with(Role.SAISIE_PRESTATAIRE, dossier.training_provider)


def test_the_four_steps_make_one_deposit(wizard, provider, dossier):
    started = wizard(provider, dossier)
    response = started.facture()
    assert response.url == started.url("details")
    assert started.get("details").status_code == 200
    response = started.details()
    assert response.url == started.url("justificatifs")
    assert started.get("justificatifs").status_code == 200
    started.to_last_step()
    assert started.get("transmettre").status_code == 200
    response = started.send()
    assert response.url == f"/dossiers/{dossier.number}/documents/"
    assert started.deposit.state == DepositState.PENDING
    page = started.client.get(response.url).content.decode()
    assert "Facture F2026-118" in page
    assert "En cours de transmission" in page
