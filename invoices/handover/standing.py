"""Where deposits stand on their way to the OPCO's own system: for the back office's lists, and for metrics."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Case, CharField, Min, Q, QuerySet, TextChoices, Value, When
from django.utils import timezone

from ..models import Deposit, Handover
from . import delivery


class Standing(TextChoices):
    """Of one hand-over. A deposit that is not transmitted, or was before there was a place, has none."""

    WAITING = "attente", "À remettre"
    FAILING = "echec", "En échec"
    STOPPED = "arret", "Arrêté, document perdu"
    ABANDONED = "abandon", "Abandonné"
    DELIVERED = "remis", "Remis"
    UNANNOUNCED = "annonce", "Remis, annonce en échec"


def condition(standing: Standing, path: str = "") -> Q:
    """The rows that stand so: hand-overs, or with `path="handover__"` deposits."""
    failed = ~Q(**{f"{path}last_error": ""})
    in_line = Q(**{f"{path}next_attempt_at__isnull": False, f"{path}delivered_at": None})
    delivered = Q(**{f"{path}delivered_at__isnull": False})
    return {
        Standing.WAITING: in_line & ~failed,
        Standing.FAILING: in_line & failed,
        Standing.STOPPED: Q(**{f"{path}stopped_at__isnull": False}),
        Standing.ABANDONED: Q(**{f"{path}abandoned_at__isnull": False}),
        Standing.DELIVERED: delivered & ~failed,
        Standing.UNANNOUNCED: delivered & failed,
    }[standing]


def with_standing(deposits: QuerySet[Deposit]) -> QuerySet[Deposit]:
    """With `handover_standing`: a value of Standing, or nothing; in the same query, by the hand-overs' key."""
    cases = (When(condition(standing, "handover__"), then=Value(standing.value)) for standing in Standing)
    return deposits.annotate(handover_standing=Case(*cases, default=Value(""), output_field=CharField()))


def label_of(value: str) -> str:
    """What a list shows of it: « Remis »; a dash for what has none."""
    return Standing(value).label if value else "–"


def standing_of(handover: Handover) -> Standing:
    """The same, of one row that is there."""
    if handover.stopped_at:
        return Standing.STOPPED
    if handover.abandoned_at:
        return Standing.ABANDONED
    if handover.delivered_at is None:
        return Standing.FAILING if handover.last_error else Standing.WAITING
    return Standing.UNANNOUNCED if handover.last_error else Standing.DELIVERED


@dataclass(frozen=True)
class Backlog:
    """What is still to be done: how many wait, fail and are to be told of, and for how long the oldest has waited.

    `stopped`: those that wait for somebody. How long they do is not the portal's to mend: the oldest is not among them.
    """

    waiting: int
    failing: int
    stopped: int
    unannounced: int
    oldest: timedelta


def backlog() -> Backlog:
    """Read from indexes of what is not done. Transmitted deposits that no sweep has seen yet are counted too."""
    if not delivery.is_on():
        return Backlog(0, 0, 0, 0, timedelta(0))
    rows, unseen = Handover.objects.in_line(), delivery.missing()
    failing = rows.filter(condition(Standing.FAILING))
    since = [
        rows.aggregate(since=Min("deposit__transmitted_at"))["since"],
        unseen.aggregate(since=Min("transmitted_at"))["since"],
    ]
    oldest: datetime | None = min(filter(None, since), default=None)
    return Backlog(
        waiting=rows.count() - failing.count() + unseen.count(),
        failing=failing.count(),
        stopped=Handover.objects.stopped().count(),
        unannounced=Handover.objects.unannounced().count(),
        oldest=max(timezone.now() - oldest, timedelta(0)) if oldest else timedelta(0),
    )
