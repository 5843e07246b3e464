"""Where deposits stand, for a page that stays open (RULES.md §6, §7)."""

import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.html import strip_tags

from roles.enums import Role, Side
from tests.factories import EstablishmentFactory, make_deposit, person_with

pytestmark = pytest.mark.django_db


def ask(client, *deposits):
    return client.get("/depots/statuts/", {"depot": [str(deposit) for deposit in deposits]})


def test_each_deposit_that_is_asked_for_is_told_as_pages_show_it(dossier, provider, log_in):
    deposits = [make_deposit(dossier, provider, Side.PRESTATAIRE, number=f"F-{rank}") for rank in range(3)]
    response = ask(log_in(provider), deposits[0].pk, deposits[2].pk)
    page = response.content.decode()
    assert [f'data-deposit="{deposit.pk}"' in page for deposit in deposits] == [True, False, True]
    assert " ".join(strip_tags(page).split()).count("En cours de transmission · encore 15 minutes") == 2
    assert 'data-title="Facture F-2"' in page
    assert "no-cache" in response["Cache-Control"]


def test_what_is_not_visible_or_no_id_is_left_out(dossier, provider, log_in):
    deposit = make_deposit(dossier, provider, Side.PRESTATAIRE, number="F-1")
    stranger = person_with(Role.SAISIE_PRESTATAIRE, EstablishmentFactory())
    for person, asked in ((stranger, deposit.pk), (provider, uuid.uuid4()), (provider, "x"), (provider, "")):
        response = ask(log_in(person), asked)
        assert response.status_code == 200
        assert response.content.strip() == b""


def test_the_number_of_questions_to_the_database_is_the_same_for_many(dossier, provider, log_in):
    client = log_in(provider)
    deposits = [make_deposit(dossier, provider, Side.PRESTATAIRE, number=f"F-{rank}").pk for rank in range(5)]
    with CaptureQueriesContext(connection) as few:
        ask(client, deposits[0])
    with CaptureQueriesContext(connection) as many:
        ask(client, *deposits)
    assert len(few) == len(many)


def test_nobody_is_told_without_logging_in(client):
    assert ask(client, uuid.uuid4()).status_code == 302
