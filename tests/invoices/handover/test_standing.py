"""Where a hand-over stands: in its own list, on the list of deposits, in the metrics."""

import hashlib
import math
import re
from datetime import timedelta

import pytest
from django.conf import settings
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
from invoices.models import Deposit, Document, Handover
from portal.observe import metrics
from tests.factories import DossierFactory, UserFactory, make_deposit, small_pdf
from tests.invoices.handover.conftest import files_in, transmitted, wait
from trail.enums import Action
from trail.models import Event

pytestmark = [pytest.mark.django_db, pytest.mark.ignore_template_errors]

LISTING = "admin:invoices_handover_changelist"


@pytest.fixture
def one_of_each(folder, webhook) -> dict[str, Deposit]:
    """A deposit of each standing, and two that have none."""
    webhook.status = 500
    told, untold, failing, stopped, abandoned = (transmitted() for _ in range(5))
    for one in (failing, stopped, abandoned):
        lose_a_document(one)
    delivery.enrol()
    lost = Handover.objects.filter(pk__in=[stopped.pk, abandoned.pk])
    lost.update(attempts=settings.HANDOVER_FILE_TRIES - 1)
    Handover.objects.filter(pk=untold.pk).update(next_attempt_at=timezone.now() + timedelta(minutes=5))
    webhook.status = 200
    tasks.hand_over()
    webhook.status = 500
    Handover.objects.filter(pk=untold.pk).update(next_attempt_at=timezone.now())
    tasks.hand_over()
    delivery.abandon(lost.filter(pk=abandoned.pk))
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
        Standing.STOPPED: stopped,
        Standing.ABANDONED: abandoned,
        Standing.DELIVERED: told,
        Standing.UNANNOUNCED: untold,
        "before": before,
        "pending": make_deposit(DossierFactory(), UserFactory()),
    }


def lose_a_document(deposit: Deposit) -> None:
    document = deposit.documents.first()
    document.file.storage.delete(document.file.name)


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


def choose(client: Client, action: str, *deposits: Deposit, **confirmed: str):
    """An action with these, as the list asks for it; `confirmed="oui"` as the page that asks does."""
    chosen = {"action": action, "_selected_action": [deposit.pk for deposit in deposits]}
    return client.post(reverse(LISTING), chosen | confirmed, follow=True)


def told(answer) -> list[str]:
    return [str(message) for message in answer.context["messages"]]


def test_handed_over_anew_from_the_list(one_of_each, webhook, folder):
    webhook.status = 200
    client = browser("view_handover", "repeat_handover")
    failing, delivered = one_of_each[Standing.FAILING], one_of_each[Standing.DELIVERED]
    document = failing.documents.first()
    document.file.storage.save(document.file.name, ContentFile(b"%PDF-1.4 another"))
    document.sha256 = ""
    before = list(Handover.objects.order_by("pk").values())
    asked = choose(client, "repeat", failing, delivered)
    assert {pk for pk, _ in asked.context["asked"].possible} == {failing.pk, delivered.pk}
    assert list(Handover.objects.order_by("pk").values()) == before
    assert not Event.objects.filter(action=Action.ADMIN_CHANGE).exists()
    answer = choose(client, "repeat", failing, delivered, confirmed="oui")
    assert told(answer) == ["2 remises de nouveau en file."]
    events = Event.objects.filter(action=Action.ADMIN_CHANGE)
    assert {event.deposit for event in events} == {failing.pk, delivered.pk}
    assert {event.details["change"] for event in events} == {"Remise demandée de nouveau."}
    tasks.hand_over()
    assert Handover.objects.get(pk=delivered.pk).announced_at
    assert "n’est plus celui qui a été déposé" in Handover.objects.get(pk=failing.pk).last_error


def test_given_up_from_the_list(one_of_each):
    client = browser("view_handover", "abandon_handover")
    stopped, failing, waiting = (one_of_each[s] for s in (Standing.STOPPED, Standing.FAILING, Standing.WAITING))
    asked = choose(client, "abandon", stopped, failing, waiting).context["asked"]
    assert {pk for pk, _ in asked.possible} == {stopped.pk, failing.pk}
    ((line, why),) = asked.impossible
    assert (waiting.reference in line, why) == (True, "elle n’a pas encore échoué")
    assert Handover.objects.get(pk=failing.pk).next_attempt_at
    answer = choose(client, "abandon", stopped, failing, waiting, confirmed="oui")
    assert told(answer) == ["2 remises abandonnées.", "Ce qui n’est pas en échec n’a pas été abandonné."]
    events = Event.objects.filter(action=Action.ADMIN_CHANGE)
    assert {event.deposit for event in events} == {stopped.pk, failing.pk}
    assert {event.details["change"] for event in events} == {"Remise abandonnée."}
    rows = {row.pk: standing.standing_of(row) for row in Handover.objects.all()}
    assert [rows[one.pk] for one in (stopped, failing, waiting)] == [
        *(Standing.ABANDONED, Standing.ABANDONED, Standing.WAITING)
    ]


def test_a_lost_document_that_is_there_again_is_handed_over(one_of_each, webhook, folder):
    webhook.status = 200
    client = browser("view_handover", "repeat_handover")
    for name in (Standing.STOPPED, Standing.ABANDONED):
        deposit = one_of_each[name]
        document = deposit.documents.first()
        document.file.storage.save(document.file.name, ContentFile(small_pdf()))
        Document.objects.filter(pk=document.pk).update(sha256=hashlib.sha256(small_pdf()).hexdigest())
        choose(client, "repeat", deposit, confirmed="oui")
    tasks.hand_over()
    for name in (Standing.STOPPED, Standing.ABANDONED):
        assert standing.standing_of(Handover.objects.get(pk=one_of_each[name].pk)) == Standing.DELIVERED
        assert f"{one_of_each[name].reference}.json" in files_in(folder)


@pytest.mark.parametrize("action", ["repeat", "abandon"])
def test_who_may_only_look_hands_nothing_over(one_of_each, action):
    before = list(Handover.objects.order_by("pk").values())
    client = browser("view_handover")
    page = client.get(reverse(LISTING)).content.decode()
    assert "Remettre de nouveau" not in page
    assert "Abandonner" not in page
    choose(client, action, *(one_of_each[name] for name in Standing), confirmed="oui")
    assert list(Handover.objects.order_by("pk").values()) == before
    assert browser().get(reverse(LISTING)).status_code == 403


@pytest.mark.parametrize("action", ["repeat", "abandon"])
def test_so_many_at_once_are_refused(one_of_each, action, monkeypatch):
    monkeypatch.setattr("invoices.handover.admin.AT_ONCE", 1)
    client = browser("view_handover", "repeat_handover", "abandon_handover")
    for confirmed in ({}, {"confirmed": "oui"}):
        answer = choose(client, action, one_of_each[Standing.FAILING], one_of_each[Standing.STOPPED], **confirmed)
        assert told(answer) == ["Choisissez 1 remises au plus à la fois\u00a0: rien n’a été fait."]
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
    assert read("portail_handovers_stopped") == 1
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
