"""Figures of the last weeks: by days of Paris, by class, with nothing counted twice or left out."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from dossiers.enums import Product
from invoices import statistics
from invoices.enums import DepositState
from invoices.models import Deposit, Document
from roles.enums import Side
from tests.factories import DossierFactory, UserFactory, make_deposit
from trail.enums import Action, Result
from trail.models import Event
from trail.recording import record

pytestmark = pytest.mark.django_db
PARIS = ZoneInfo("Europe/Paris")
WINTER = date(2026, 11, 3)


def sent(at: datetime, product: Product = Product.CPRO, side: Side = Side.PRESTATAIRE) -> Deposit:
    """A deposit sent at that moment."""
    dossier = DossierFactory(product=product)
    deposit = make_deposit(dossier, UserFactory(), side, number=None)
    Deposit.objects.filter(pk=deposit.pk).update(submitted_at=at, transmit_at=at + timedelta(minutes=15))
    return deposit


def transmitted(at: datetime, late: timedelta) -> None:
    """A deposit transmitted at that moment, so long after its delay ended."""
    Deposit.objects.filter(pk=sent(at).pk).update(
        submitted_at=at - late - timedelta(minutes=15),
        transmit_at=at - late,
        transmitted_at=at,
        state=DepositState.TRANSMITTED,
    )


def test_deposits_are_counted_by_side_day_and_product():
    noon = datetime(2026, 11, 3, 12, tzinfo=PARIS)
    for product, side in (
        (Product.CAPP, Side.PRESTATAIRE),
        (Product.CAPP, Side.PRESTATAIRE),
        (Product.BC, Side.ENTREPRISE),
    ):
        sent(noon, product, side)
    cancelled = sent(noon + timedelta(days=1), Product.VAE)
    Deposit.objects.filter(pk=cancelled.pk).update(
        state=DepositState.CANCELLED, cancelled_at=noon, cancelled_by=cancelled.depositor
    )
    assert statistics.deposits_by_day(WINTER) == {
        Side.PRESTATAIRE: {WINTER: {Product.CAPP: 2}, WINTER + timedelta(days=1): {Product.VAE: 1}},
        Side.ENTREPRISE: {WINTER: {Product.BC: 1}},
    }


@pytest.mark.parametrize(("first", "offset"), [(date(2026, 11, 3), 1), (date(2026, 7, 3), 2)], ids=["winter", "summer"])
def test_a_day_begins_at_midnight_in_paris(first, offset):
    midnight = datetime(first.year, first.month, first.day, tzinfo=ZoneInfo("UTC")) - timedelta(hours=offset)
    sent(midnight - timedelta(seconds=1))
    sent(midnight)
    sent(midnight + timedelta(hours=24) - timedelta(seconds=1))
    sent(midnight + timedelta(hours=24))
    found = statistics.deposits_by_day(first)[Side.PRESTATAIRE]
    assert {day: counts[Product.CPRO] for day, counts in found.items()} == {first: 2, first + timedelta(days=1): 1}


def test_lateness_has_classes_and_a_longest():
    noon = datetime(2026, 11, 3, 12, tzinfo=PARIS)
    for late in (0, 30, 31, 60, 61, 300, 301):
        transmitted(noon, timedelta(seconds=late))
    transmitted(noon + timedelta(days=1), timedelta(hours=2))
    sent(noon)
    assert statistics.transmitted_by_day(WINTER) == {
        WINTER: statistics.Transmitted((2, 2, 2, 1), timedelta(seconds=301)),
        WINTER + timedelta(days=1): statistics.Transmitted((0, 0, 0, 1), timedelta(hours=2)),
    }


def test_documents_have_classes_of_size():
    dossier = DossierFactory()
    deposit = make_deposit(dossier, UserFactory())
    invoice, certificate = deposit.documents.order_by("position")
    Document.objects.filter(pk=invoice.pk).update(size=100 * 1024)
    Document.objects.filter(pk=certificate.pk).update(size=5 * 1024**2 + 1)
    today = timezone.localdate()
    assert statistics.document_sizes(today) == ([1, 0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0, 1])
    assert statistics.document_sizes(today + timedelta(days=1)) == ([0] * 7, [0] * 7)


def test_refused_uploads_are_counted_by_reason():
    now = timezone.now()
    for reason, result in (("too_large", Result.REFUSED), ("too_large", Result.REFUSED), ("not_pdf", Result.REFUSED)):
        record(Action.UPLOAD, result=result, reason=reason)
    record(Action.UPLOAD)
    record(Action.LOG_IN, result=Result.REFUSED, reason="credentials")
    hour = timedelta(hours=1)
    assert statistics.refused_uploads(now - hour, now - hour) == [("too_large", 2, 2), ("not_pdf", 1, 1)]
    assert statistics.refused_uploads(now + hour, now - hour) == [("too_large", 0, 2), ("not_pdf", 0, 1)]
    assert Event.objects.count() == 5


def test_each_is_one_query():
    today = timezone.localdate()
    asked = (statistics.deposits_by_day, statistics.transmitted_by_day, statistics.document_sizes)
    for ask in asked:
        with CaptureQueriesContext(connection) as captured:
            ask(today)
        assert len(captured) == 1
