"""Figures of the deposits as a whole, for operators: nobody's in particular."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import Case, Count, DurationField, ExpressionWrapper, F, IntegerField, Max, Q, Value, When
from django.db.models.functions import TruncDate
from django.utils import timezone

from roles.enums import Side
from trail.enums import Action, Result
from trail.models import Event

from .clock import database_now
from .enums import DepositState, DocumentType
from .models import Deposit, Document, Draft

# How long after the end of its delay a deposit is transmitted: the sweep comes every half minute, and an alarm rings
# after a minute (docs/operations.md). Each bound is the last of its class; the last class has none.
LATENESS = (timedelta(seconds=30), timedelta(minutes=1), timedelta(minutes=5))
# Bytes of a document, in classes alike.
SIZES = tuple(kilobytes * 1024 for kilobytes in (100, 250, 500, 1024, 2048, 5120))


@dataclass(frozen=True)
class Overdue:
    """Pending deposits whose delay has ended: how many, and for how long the oldest one's has."""

    count: int
    oldest: timedelta


@dataclass(frozen=True)
class Transmitted:
    """The deposits transmitted on one day: how many in each class of LATENESS, and the latest of all."""

    counts: tuple[int, ...]
    longest: timedelta


def pending_deposits() -> int:
    """How many are « En cours de transmission »; read from an index of these alone."""
    return Deposit.objects.filter(state=DepositState.PENDING).count()


def settled_deposits() -> Mapping[DepositState, int]:
    """How many are « Transmis », how many « Annulé ». Reads every deposit: 0.2 s a million on PostgreSQL."""
    counts = dict(
        Deposit.objects.exclude(state=DepositState.PENDING).order_by().values_list("state").annotate(count=Count("pk"))
    )
    return {state: counts.get(state.value, 0) for state in (DepositState.TRANSMITTED, DepositState.CANCELLED)}


def overdue() -> Overdue:
    """What should be transmitted by now, by the database's clock (RULES.md §6)."""
    due = Deposit.objects.due()
    oldest = due.order_by("transmit_at").annotate(now=database_now()).values_list("transmit_at", "now").first()
    return Overdue(due.count(), oldest[1] - oldest[0] if oldest else timedelta(0))


def open_drafts() -> int:
    """How many drafts their owners are shown."""
    return Draft.objects.filter(deleted_at=None, saved_at__isnull=False).count()


def deposits_by_day(first: date) -> Mapping[Side, Mapping[date, Mapping[str, int]]]:
    """How many deposits were sent, whatever became of them: by side, day in Paris, and product of the origin."""
    found: dict[Side, dict[date, dict[str, int]]] = {side: defaultdict(dict) for side in Side}
    counted = (
        Deposit.objects.filter(submitted_at__gte=_begin(first))
        .order_by()
        .annotate(day=TruncDate("submitted_at"))
        .values_list("day", "side", "origin__product")
        .annotate(count=Count("pk"))
    )
    for day, side, product, count in counted:
        found[Side(side)][day][product] = count
    return found


def transmitted_by_day(first: date) -> Mapping[date, Transmitted]:
    """How late deposits were transmitted, by day in Paris; without the days that have none."""
    late = {f"late_{rank}": Count("pk", filter=within) for rank, within in enumerate(_classes_of_lateness())}
    counted = (
        Deposit.objects.filter(transmitted_at__gte=_begin(first))
        .order_by()
        .annotate(day=TruncDate("transmitted_at"))
        .values_list("day")
        .annotate(
            longest=Max(ExpressionWrapper(F("transmitted_at") - F("transmit_at"), output_field=DurationField())), **late
        )
    )
    return {day: Transmitted(tuple(counts), longest) for day, longest, *counts in counted}


def document_sizes(first: date) -> tuple[list[int], list[int]]:
    """How many documents of the deposits since that day are in each class of SIZES: invoices, supporting documents."""
    invoices, others = [0] * (len(SIZES) + 1), [0] * (len(SIZES) + 1)
    classes = (When(size__lte=bound, then=Value(rank)) for rank, bound in enumerate(SIZES))
    counted = (
        Document.objects.filter(deposit__submitted_at__gte=_begin(first))
        .order_by()
        .annotate(size_class=Case(*classes, default=Value(len(SIZES)), output_field=IntegerField()))
        .annotate(is_invoice=Case(When(type=DocumentType.FACTURE, then=Value(1)), default=Value(0)))
        .values_list("size_class", "is_invoice")
        .annotate(count=Count("pk"))
    )
    for size_class, is_invoice, count in counted:
        (invoices if is_invoice else others)[size_class] = count
    return invoices, others


def refused_uploads(of_late: datetime, since: datetime) -> list[tuple[str, int, int]]:
    """Why files were refused, the most frequent first: the reason, how many of late, how many since."""
    counted = (
        Event.objects.filter(action=Action.UPLOAD, result=Result.REFUSED, at__gte=since)
        .order_by()
        .values("reason")
        .annotate(of_late=Count("pk", filter=Q(at__gte=of_late)), since=Count("pk"))
    )
    return [(row["reason"], row["of_late"], row["since"]) for row in counted.order_by("-of_late", "-since", "reason")]


def _classes_of_lateness() -> list[Q]:
    """What is in each class; LATENESS' bounds, and what is beyond the last of them."""
    bounds = [F("transmit_at") + bound for bound in LATENESS]
    within = [Q(transmitted_at__lte=bound) for bound in bounds]
    beyond = [Q(), *(Q(transmitted_at__gt=bound) for bound in bounds)]
    return [low & high for low, high in zip(beyond, [*within, Q()], strict=True)]


def _begin(day: date) -> datetime:
    """The moment at which this day begins in Paris."""
    return timezone.make_aware(datetime.combine(day, time.min))
