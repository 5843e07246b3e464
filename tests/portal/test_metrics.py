"""« /metriques/ »: for whom, and that its figures are true. Several processes: tests/portal/test_observation.py."""

import math
import re
from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone

from invoices.models import Deposit
from outbox.models import Mail
from portal.observe import metrics
from roles.enums import Role
from tests.factories import DossierFactory, make_deposit, person_with
from tests.wizard import pdf

TOKEN = "a-token-of-the-tests"


@pytest.fixture(autouse=True)
def fresh(settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.METRICS_TOKEN = TOKEN
    monkeypatch.setattr(metrics, "_settled_counted_at", -math.inf)


def read(client: Client, sample: str) -> float:
    response = client.get("/metriques/", headers={"Authorization": f"Bearer {TOKEN}"})
    assert response.status_code == 200
    found = re.search(rf"^{re.escape(sample)} (\S+)$", response.content.decode(), re.M)
    return float(found[1]) if found else 0


@pytest.mark.parametrize("given", ["", TOKEN, f"Bearer {TOKEN}x", "Bearer ", f"Basic {TOKEN}", "Bearer é"])
def test_without_the_token_nothing_is_told(client: Client, given: str) -> None:
    # Without the mark `django_db`: any query fails the test.
    response = client.get("/metriques/", headers={"Authorization": given} if given else {})
    assert response.status_code == 401
    assert response.content == b""


def test_without_a_token_to_show_there_is_no_such_page(db, client: Client, settings) -> None:
    settings.METRICS_TOKEN = ""
    assert client.get("/metriques/", headers={"Authorization": "Bearer "}).status_code == 404


def test_only_reading(client: Client) -> None:
    assert client.post("/metriques/").status_code == 405


def test_deposits_by_state_and_how_late_the_oldest_is(db, client: Client, log_in) -> None:
    dossier = DossierFactory()
    person = person_with(Role.SAISIE_PRESTATAIRE, dossier.training_provider)
    late, cancelled, _ = (make_deposit(dossier, person, number=f"N-{n}") for n in range(3))
    moved = timedelta(hours=2)
    late.refresh_from_db()
    Deposit.objects.filter(pk=late.pk).update(
        submitted_at=late.submitted_at - moved, transmit_at=late.transmit_at - moved
    )
    log_in(person).post(f"/depots/{cancelled.pk}/annuler/")
    assert read(client, 'portail_deposits{state="pending"}') == 2
    assert read(client, 'portail_deposits{state="cancelled"}') == 1
    assert read(client, 'portail_deposits{state="transmitted"}') == 0
    assert read(client, "portail_transmissions_overdue") == 1
    delay = (late.transmit_at - late.submitted_at).total_seconds()
    assert moved.total_seconds() - delay <= read(client, "portail_transmission_overdue_seconds") < 7200 - delay + 60


def test_nothing_overdue_is_zero(db, client: Client) -> None:
    assert read(client, "portail_transmissions_overdue") == 0
    assert read(client, "portail_transmission_overdue_seconds") == 0
    assert read(client, "portail_database_up") == 1


def test_settled_deposits_are_not_counted_at_every_reading(
    db, client: Client, django_assert_num_queries, monkeypatch
) -> None:
    with django_assert_num_queries(7):
        read(client, "portail_database_up")
    with django_assert_num_queries(6):
        read(client, "portail_database_up")


def test_drafts_and_refused_uploads(db, client: Client, wizard) -> None:
    dossier = DossierFactory()
    sample = 'portail_uploads_refused_total{reason="empty"}'
    before = read(client, sample)
    started = wizard(person_with(Role.SAISIE_PRESTATAIRE, dossier.training_provider), dossier)
    assert read(client, "portail_drafts_open") == 0
    empty = pdf()
    empty.file.truncate(0)
    empty.size = 0
    started.facture(file=empty)
    assert read(client, sample) == before + 1
    assert read(client, "portail_drafts_open") == 1


def test_mails_that_wait_and_mails_given_up(db, client: Client) -> None:
    told = {"recipient": "camille@essai.example", "subject": "Dépôt reçu", "body": "Bonjour"}
    Mail.objects.create(key="in-line", **told)
    Mail.objects.create(key="sent", sent_at=timezone.now(), next_attempt_at=None, **told)
    for key in ("given-up", "given-up-too"):
        Mail.objects.create(key=key, next_attempt_at=None, **told)
    assert read(client, "portail_mails_in_line") == 1
    assert read(client, "portail_mails_given_up") == 2


def test_requests_are_timed_by_route_and_class_of_status(db, client: Client) -> None:
    sample = 'portail_request_seconds_count{route="none",status="4xx"}'
    before = read(client, sample)
    client.get("/un-chemin/")
    client.get("/un-autre/")
    assert read(client, sample) == before + 2


def test_a_database_that_is_away_leaves_the_rest(db, client: Client) -> None:
    def away(*arguments: object) -> None:
        raise OperationalError("the server closed the connection")

    with connection.execute_wrapper(away):
        assert read(client, "portail_database_up") == 0
        assert read(client, 'portail_request_seconds_count{route="/metriques/",status="2xx"}') > 0


def test_it_says_what_runs(db, client: Client) -> None:
    response = client.get("/metriques/", headers={"Authorization": f"Bearer {TOKEN}"})
    assert 'portail_build_info{django="5.2' in response.content.decode()
