"""« À traiter aujourd’hui »: what is counted is what its link lists, and each person sees what they may open."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from exchange.enums import State
from invoices.models import Deposit, Document, Handover
from outbox.models import Mail
from portal.today import home as page_of
from portal.today import needs
from roles.models import FailedLogIn
from tests.factories import DossierFactory, EstablishmentFactory, ImportFactory, UserFactory, make_deposit
from tests.portal.today import crowd
from trail.enums import Action, Result
from trail.recording import record

# Django's own page uses variables that are not defined.
pytestmark = [pytest.mark.django_db, pytest.mark.ignore_template_errors]

ALL = ("view_deposit", "view_event", "view_failedlogin", "view_mail")


@pytest.fixture(autouse=True)
def count_anew() -> None:
    forget()


def forget() -> None:
    """Nothing is kept of what was counted before."""
    page_of.kept_plots.forget()
    needs.flagged_of_the_week.forget()


def staff(*codenames: str) -> Client:
    """A member of the staff with these permissions."""
    person, client = UserFactory(is_staff=True), Client()
    person.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    client.force_login(person)
    return client


def home(client: Client) -> str:
    response = client.get(reverse("admin:index"))
    assert response.status_code == 200
    return response.content.decode()


def lines(page: str) -> dict[str, tuple[str, str]]:
    """What is to be done: label → number, address."""
    found = re.findall(r'need__count">([^<]*)</span>\s*<span>\s*<a class="need__link" href="([^"]*)">([^<]*)</a>', page)
    return {unescape(label): (number, unescape(address)) for number, address, label in found}


def listed(client: Client, address: str) -> int:
    """How many rows the list at this address shows."""
    response = client.get(address)
    assert response.status_code == 200, address
    return len(response.context["cl"].result_list)


def trouble() -> None:
    """Something of each kind, and beside it what is none."""
    dossier, person = DossierFactory(), UserFactory()
    late = make_deposit(dossier, person, number="RETARD")
    make_deposit(DossierFactory(), person, number="A-TEMPS")
    moved = timedelta(hours=2)
    late.refresh_from_db()
    Deposit.objects.filter(pk=late.pk).update(
        submitted_at=late.submitted_at - moved, transmit_at=late.transmit_at - moved
    )
    for reason in ("too_large", "too_large", "not_pdf"):
        record(Action.UPLOAD, person=person, result=Result.REFUSED, reason=reason)
    for email, failures in (("bloquee@essai.example", 5), ("une-fois@essai.example", 1)):
        FailedLogIn.objects.create(
            username=email, ip_address="192.0.2.7", failures_since_start=failures, attempt_time=timezone.now()
        )
    Mail.objects.create(key="a", recipient="a@essai.example", subject="A", body="", next_attempt_at=None)
    Mail.objects.create(key="b", recipient="b@essai.example", subject="B", body="", attempts=2, last_error="550")
    Mail.objects.create(key="c", recipient="c@essai.example", subject="C", body="")


def test_each_number_is_that_of_the_list_it_leads_to():
    trouble()
    client = staff(*ALL)
    found = lines(home(client))
    assert {label: number for label, (number, _) in found.items()} == {
        "Dépôts dont le délai est passé": "1",
        "Fichier trop lourd": "2",
        "Pas un PDF": "1",
        "Même fichier ailleurs": "2",
        "Connexions bloquées": "1",
        "Courriels abandonnés": "1",
        "Courriels en échec, qui seront réessayés": "1",
    }
    for number, address in found.values():
        assert listed(client, address) == int(number), address


def test_hand_overs_and_imports_that_need_somebody_are_told(settings, tmp_path):
    settings.HANDOVER_PLACE = tmp_path
    away, delivered = (
        {"last_error": "Le serveur ne répond pas."},
        {"delivered_at": timezone.now(), "manifest_sha256": "a"},
    )
    for standing in ({}, away, away | delivered, delivered):
        Handover.objects.create(deposit=make_deposit(DossierFactory(), UserFactory()), **standing)
    ImportFactory(state=State.CHECKED)
    for state in (State.FAILED, State.DONE):
        ImportFactory(state=state, file="", ended_at=timezone.now())
    client = staff("view_handover", "view_import")
    found = lines(home(client))
    assert {label: number for label, (number, _) in found.items()} == {
        "Remises en échec": "1",
        "Remises dont l’annonce échoue": "1",
        "Imports à confirmer": "1",
        "Imports interrompus depuis 7 jours": "1",
    }
    for number, address in found.values():
        assert listed(client, address) == int(number), address
    settings.HANDOVER_PLACE = None
    assert "Remises en échec" not in lines(home(client))


def test_deposits_to_look_at_are_told_flag_by_flag():
    person, site = UserFactory(), EstablishmentFactory()
    deposit = make_deposit(DossierFactory(training_provider=site), person, associated=[DossierFactory()])
    Document.objects.filter(deposit=deposit).update(flags=["javascript"])
    found = lines(home(staff("view_deposit")))
    assert {label: number for label, (number, _) in found.items()} == {"PDF signalé": "1", "Plusieurs entreprises": "1"}


def test_deposits_before_this_week_are_looked_at_no_more():
    deposit = make_deposit(DossierFactory(), UserFactory(), delay=timedelta(0))
    Document.objects.filter(deposit=deposit).update(flags=["javascript"])
    long_ago = timezone.now() - timedelta(days=8)
    Deposit.objects.filter(pk=deposit.pk).update(submitted_at=long_ago)
    assert "PDF signalé" not in lines(home(staff("view_deposit")))


def test_a_quiet_day_says_so():
    page = home(staff(*ALL))
    assert lines(page) == {}
    assert "Rien à signaler" in page
    assert "connexions bloquées après trop d’essais, courriels non envoyés." in page


@pytest.mark.parametrize(
    ("codename", "labels"),
    [
        ("view_deposit", {"Dépôts dont le délai est passé", "Même fichier ailleurs"}),
        ("view_event", {"Fichier trop lourd", "Pas un PDF"}),
        ("view_failedlogin", {"Connexions bloquées"}),
        ("view_mail", {"Courriels abandonnés", "Courriels en échec, qui seront réessayés"}),
    ],
)
def test_each_person_sees_what_they_may_open(codename, labels):
    trouble()
    page = home(staff(codename))
    assert set(lines(page)) == labels
    assert ("plot__drawing" in page) == (codename == "view_deposit")


def test_who_may_open_nothing_is_told_nothing():
    trouble()
    page = home(staff())
    for words in ("À traiter aujourd’hui", "Rien à signaler", "derniers jours", "<svg role", "plot"):
        assert words not in page


def test_every_line_of_the_table_can_be_asked():
    """A permission that is none would hide its line from all but superusers."""
    for need in needs.NEEDS:
        app, codename = need.permission.split(".")
        assert Permission.objects.filter(content_type__app_label=app, codename=codename).exists(), need.title
        list(need.look())


def test_figures_stand_in_a_table_as_well():
    make_deposit(DossierFactory(), UserFactory())
    page = home(staff("view_deposit"))
    assert page.count("<table>") >= 4
    assert page.count('class="plot__drawing"') == 2
    assert page.count("Rien encore pendant cette période.") == 2


def test_what_is_many_is_counted_no_further(monkeypatch):
    monkeypatch.setattr(needs, "LIMIT", 2)
    for rank in range(4):
        Mail.objects.create(key=str(rank), recipient="a@essai.example", subject="A", body="", next_attempt_at=None)
    assert lines(home(staff("view_mail")))["Courriels abandonnés"][0] == "plus de\u00a02"


def test_the_home_costs_the_same_for_many_rows_as_for_few():
    client, counts = staff(*ALL), []
    for rows in (2, 12):
        for rank in range(rows):
            make_deposit(DossierFactory(), UserFactory(), number=f"F-{rows}-{rank}")
            Mail.objects.create(key=f"{rows}-{rank}", recipient="a@essai.example", subject="A", body="", attempts=1)
            record(Action.UPLOAD, result=Result.REFUSED, reason="not_pdf")
        forget()
        with CaptureQueriesContext(connection) as captured:
            home(client)
        counts.append(len(captured))
    assert counts[0] == counts[1]


def test_figures_are_counted_once_a_minute():
    client = staff("view_deposit")
    home(client)
    with CaptureQueriesContext(connection) as captured:
        home(client)
    assert not [query for query in captured.captured_queries if "GROUP BY" in query["sql"]]


def test_a_crowd_is_measured_as_many_are():
    """The small form of tests/portal/today/crowd.py, which measures 200,000 deposits."""
    crowd.fill(200, dossiers=10)
    took = crowd.measure()
    assert Deposit.objects.count() == 200
    assert len(took) == 4 + len(needs.NEEDS)
    assert sum(took.values()) < 5_000
