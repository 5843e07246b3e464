"""Where a hand-over stands: in its own list, on the list of deposits, in the metrics."""

import math
import re
from datetime import timedelta

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.core.files.base import ContentFile
from django.db import connection
from django.db.models.functions import Now
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from invoices import tasks
from invoices.handover import delivery, standing
from invoices.handover.admin import StandingFilter
from invoices.handover.standing import Standing
from invoices.models import Deposit, Handover
from portal.observe import metrics
from tests.factories import DossierFactory, UserFactory, make_deposit
from tests.invoices.handover.conftest import files_in, transmitted, wait
from trail.enums import Action
from trail.models import Event

pytestmark = [pytest.mark.django_db, pytest.mark.ignore_template_errors]

LISTING = "admin:invoices_handover_changelist"


@pytest.fixture
def one_of_each(folder, webhook) -> dict[str, Deposit]:
    """A deposit of each standing, and two that have none."""
    webhook.status = 500
    told, untold, failing = (transmitted() for _ in range(3))
    document = failing.documents.first()
    document.file.storage.delete(document.file.name)
    delivery.enrol()
    Handover.objects.filter(pk=untold.pk).update(next_attempt_at=timezone.now() + timedelta(minutes=5))
    webhook.status = 200
    tasks.hand_over()
    webhook.status = 500
    Handover.objects.filter(pk=untold.pk).update(next_attempt_at=timezone.now())
    tasks.hand_over()
    waiting = transmitted()
    delivery.enrol()
    before = transmitted()
    Deposit.objects.filter(pk=before.pk).update(
        submitted_at=Now() - timedelta(days=9),
        transmit_at=Now() - timedelta(days=9),
        transmitted_at=Now() - timedelta(days=9),
    )
    return {
        Standing.WAITING: waiting,
        Standing.FAILING: failing,
        Standing.DELIVERED: told,
        Standing.UNANNOUNCED: untold,
        "before": before,
        "pending": make_deposit(DossierFactory(), UserFactory()),
    }


def browser(*permissions: str) -> Client:
    person = UserFactory(is_staff=True)
    person.user_permissions.add(*Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(person)
    return client


def test_each_deposit_stands_where_it_does(one_of_each):
    annotated = standing.with_standing(Deposit.objects.all())
    found = dict(annotated.values_list("pk", "handover_standing"))
    for name, deposit in one_of_each.items():
        assert found[deposit.pk] == (name if name in Standing.values else "")
    for row in Handover.objects.all():
        assert standing.standing_of(row) == found[row.pk]
    assert standing.label_of("") == "–"
    assert standing.label_of("remis") == "Remis"


@pytest.mark.parametrize("chosen", Standing)
def test_the_filter_finds_them_on_both_lists(one_of_each, chosen):
    found = browser("view_handover").get(reverse(LISTING), {"remise": chosen.value}).context["cl"].queryset
    assert [row.pk for row in found] == [one_of_each[chosen].pk]

    class OfDeposits(StandingFilter):
        path = "handover__"

    asked = RequestFactory().get("/", {"remise": chosen.value})
    narrowed = OfDeposits(asked, {"remise": [chosen.value]}, Deposit, admin.ModelAdmin(Deposit, admin.site))
    assert narrowed.queryset(asked, Deposit.objects.all()).get() == one_of_each[chosen]


def test_the_page_says_why_and_when(one_of_each):
    client, failing = browser("view_handover", "view_deposit"), one_of_each[Standing.FAILING]
    page = client.get(reverse("admin:invoices_handover_change", args=[failing.pk])).content.decode()
    assert "En échec" in page
    assert "Un document n’est plus dans le stockage du portail" in page
    assert reverse("admin:invoices_deposit_change", args=[failing.pk]) in page
    assert f"{failing.reference}.json" in page


def test_a_reference_is_found_however_it_is_typed(one_of_each):
    client, wanted = browser("view_handover"), one_of_each[Standing.WAITING]
    for typed in (wanted.reference, wanted.reference.lower().replace("-", " "), wanted.reference[4:]):
        found = client.get(reverse(LISTING), {"q": typed}).context["cl"].queryset
        assert [row.pk for row in found] == [wanted.pk]
    assert not client.get(reverse(LISTING), {"q": "inconnue"}).context["cl"].queryset.exists()


def test_the_list_costs_the_same_for_two_and_for_twenty(folder):
    client = browser("view_handover", "repeat_handover")

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(reverse(LISTING)).status_code == 200
        return len(captured)

    for _ in range(2):
        transmitted()
    delivery.enrol()
    queries()
    few = queries()
    for _ in range(18):
        transmitted()
    delivery.enrol()
    assert queries() == few


def repeat(client: Client, *deposits: Deposit):
    chosen = {"action": "repeat", "_selected_action": [deposit.pk for deposit in deposits]}
    return client.post(reverse(LISTING), chosen, follow=True)


def test_handed_over_anew_from_the_list(one_of_each, webhook, folder):
    webhook.status = 200
    client = browser("view_handover", "repeat_handover")
    failing, told = one_of_each[Standing.FAILING], one_of_each[Standing.DELIVERED]
    document = failing.documents.first()
    document.file.storage.save(document.file.name, ContentFile(b"%PDF-1.4 another"))
    document.sha256 = ""
    answer = repeat(client, failing, told)
    assert "2 remises de nouveau en file." in answer.content.decode()
    events = Event.objects.filter(action=Action.ADMIN_CHANGE)
    assert {event.deposit for event in events} == {failing.pk, told.pk}
    assert {event.details["change"] for event in events} == {"Remise demandée de nouveau."}
    tasks.hand_over()
    assert Handover.objects.get(pk=told.pk).announced_at
    assert "n’est plus celui qui a été déposé" in Handover.objects.get(pk=failing.pk).last_error


def test_who_may_only_look_hands_nothing_over(one_of_each):
    before = set(Handover.objects.values_list("pk", "next_attempt_at"))
    client = browser("view_handover")
    assert "Remettre de nouveau" not in client.get(reverse(LISTING)).content.decode()
    repeat(client, *one_of_each.values())
    assert set(Handover.objects.values_list("pk", "next_attempt_at")) == before
    assert browser().get(reverse(LISTING)).status_code == 403


def test_so_many_at_once_are_refused(one_of_each, monkeypatch):
    monkeypatch.setattr("invoices.handover.admin.REPEATED_AT_ONCE", 1)
    client = browser("view_handover", "repeat_handover")
    answer = repeat(client, one_of_each[Standing.FAILING], one_of_each[Standing.DELIVERED])
    assert "Choisissez 1 remises au plus" in answer.content.decode()
    assert not Event.objects.filter(action=Action.ADMIN_CHANGE).exists()


# --- Metrics --------------------------------------------------------------------------------------------------------


def read(sample: str) -> float:
    (found,) = re.findall(rf"^{sample} (\S+)$", metrics.collect().decode(), re.MULTILINE)
    return float(found)


def test_what_waits_fails_and_is_untold_is_counted(one_of_each, monkeypatch):
    monkeypatch.setattr(metrics, "_settled_counted_at", -math.inf)
    unseen = transmitted()
    Deposit.objects.filter(pk=unseen.pk).update(
        submitted_at=Now() - timedelta(minutes=9),
        transmit_at=Now() - timedelta(minutes=9),
        transmitted_at=Now() - timedelta(minutes=9),
    )
    assert read("portail_handovers_waiting") == 2
    assert read("portail_handovers_failing") == 1
    assert read("portail_handovers_unannounced") == 1
    assert 540 <= read("portail_handover_oldest_seconds") < 600


def test_where_all_is_done_and_where_nothing_is_to_do(folder, settings):
    transmitted()
    tasks.hand_over()
    wait(timedelta(hours=1))
    for place in (settings.HANDOVER_PLACE, None):
        settings.HANDOVER_PLACE = place
        assert read("portail_handovers_waiting") == read("portail_handover_oldest_seconds") == 0
    assert files_in(folder)
