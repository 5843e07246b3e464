"""A session that cannot be kept takes no answer back (RULES.md §5.4)."""

import pytest
from django.contrib.sessions.models import Session
from django.db.models.signals import post_save

from dossiers.enums import DossierStatus, Product
from invoices.models import Deposit
from roles.enums import Role
from tests.factories import DossierFactory, person_with


@pytest.fixture
def ready(db, wizard):
    """An invoice that only « Transmettre » is missing to."""
    dossier = DossierFactory(product=Product.CPRO, status=DossierStatus.EN_COURS_DE_REGLEMENT)
    person = person_with(Role.SAISIE_PRESTATAIRE, dossier.training_provider)
    return wizard(person, dossier).to_last_step("non")


@pytest.fixture
def logged_out_meanwhile():
    """As soon as a deposit is written, its person's session ends: in another tab, or with the database."""

    def end_sessions(**told):
        Session.objects.all().delete()

    post_save.connect(end_sessions, Deposit)
    yield
    post_save.disconnect(end_sessions, Deposit)


def test_an_accepted_deposit_is_told_as_accepted(ready, logged_out_meanwhile):
    answer = ready.send()
    assert (answer.status_code, ready.deposit.is_pending) == (302, True)


def test_a_session_that_ended_does_not_come_back(ready, logged_out_meanwhile):
    ready.send()
    assert not Session.objects.exists()
    assert ready.client.get("/dossiers/").url == "/connexion/?next=/dossiers/"
