"""The trail in the back office: found by what people know, and a deposit's history on its page."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from roles.enums import Role
from tests.factories import DossierFactory, UserFactory, make_deposit, person_with
from trail import admin
from trail.enums import Action, Result
from trail.models import Event
from trail.paging import BoundedPaginator
from trail.recording import event, record

# Django's own pages use variables that are not defined.
pytestmark = [pytest.mark.django_db, pytest.mark.ignore_template_errors]

LISTING = "/admin/trail/event/"


@pytest.fixture
def back_office() -> Client:
    client = Client()
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    return client


def found(client: Client, **asked: str) -> list[Event]:
    answer = client.get(LISTING, asked)
    assert answer.status_code == 200
    return list(answer.context["cl"].result_list)


def test_events_are_found_by_whole_words(back_office):
    person = UserFactory(email="personne@essai.example")
    deposit = make_deposit(DossierFactory(), person, associated=[DossierFactory(number="CPRO-2026-7")])
    read = event(Action.VIEW, person=person, on=deposit.documents.first())
    read.address, read.request_id = "192.0.2.7", "0123456789abcdef"
    read.save()
    about = set(Event.objects.filter(deposit=deposit.pk))
    other = make_deposit(DossierFactory(), UserFactory(), number="AUTRE")
    for term, expected in {
        "personne@essai.example": about,
        " Personne@Essai.example ": about,
        deposit.reference: about,
        str(deposit.pk): about,
        other.reference: set(Event.objects.filter(deposit=other.pk)),
        "CPRO-2026-7": about,  # the deposits that it was associated with
        "192.0.2.7": {read},
        "0123456789abcdef": {read},
        "personne": set(),
    }.items():
        assert set(found(back_office, q=term)) == expected, term


def test_events_are_found_by_day(back_office):
    yesterday = timezone.localtime() - timedelta(days=1)
    row = event(Action.EXPORT)
    row.at = yesterday
    row.save()
    assert found(back_office, q=f"{yesterday:%d/%m/%Y}") == [row]
    assert row not in found(back_office, q=f"{timezone.localdate():%d/%m/%Y}")


def test_an_event_leads_to_those_that_belong_with_it(back_office):
    deposit = make_deposit(DossierFactory(), UserFactory())
    row = Event.objects.get(action=Action.DEPOSIT)
    page = back_office.get(reverse("admin:trail_event_change", args=[row.pk])).content.decode()
    assert admin.listing(deposit=deposit.pk) in page
    assert found(back_office, deposit=str(deposit.pk)) == [row]
    assert found(back_office, person_id=str(deposit.depositor_id), result=Result.DONE) == [row]


def test_the_list_counts_no_further_than_it_must(back_office, monkeypatch):
    monkeypatch.setattr(BoundedPaginator, "counted", 3)
    for _ in range(5):
        record(Action.EXPORT)
    assert back_office.get(LISTING).context["cl"].paginator.count == 3


def test_nobody_may_be_given_the_right_to_write_it():
    assert set(Permission.objects.filter(content_type__app_label="trail").values_list("codename", flat=True)) == {
        "view_event"
    }


def test_a_deposit_shows_its_history_to_those_who_may_read_the_trail(back_office):
    origin = DossierFactory()
    depositor = person_with(Role.SAISIE_PRESTATAIRE, origin.training_provider)
    deposit = make_deposit(origin, depositor)
    record(Action.CANCEL, person=depositor, on=deposit, result=Result.REFUSED, reason="too_late")
    page = reverse("admin:invoices_deposit_change", args=[deposit.pk])
    shown = back_office.get(page).content.decode()
    assert shown.index(Action.DEPOSIT.label) < shown.index(Action.CANCEL.label)
    assert "(délai d’annulation terminé)" in shown
    assert admin.listing(deposit=deposit.pk) in shown
    staff = UserFactory(is_staff=True)
    staff.user_permissions.add(Permission.objects.get(codename="view_deposit"))
    limited = Client()
    limited.force_login(staff)
    answer = limited.get(page)
    assert answer.status_code == 200
    assert Action.DEPOSIT.label not in answer.content.decode()
    assert limited.get(LISTING).status_code == 403
