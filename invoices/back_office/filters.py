"""How the list of deposits is narrowed; the words are the address's parameters, which the home page links to."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any, cast

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from dossiers.enums import Product
from roles.enums import Side

from ..enums import DepositState
from ..flags import WITH, Flag, everywhere, to_look_at
from ..handover.admin import StandingFilter
from ..models import DepositQuerySet

# As /sante/pret/ does: what is due for less than this is about to be transmitted.
OVERDUE_AFTER = timedelta(seconds=60)
OVERDUE = "en-retard"
STATES = {
    "en-cours": DepositState.PENDING,
    "transmis": DepositState.TRANSMITTED,
    "annule": DepositState.CANCELLED,
}
ANY_FLAG = "tous"


class StateFilter(admin.SimpleListFilter):
    """By where a deposit stands; « en retard » is due, and not transmitted."""

    title = "statut"
    parameter_name = "statut"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [*((code, state.label) for code, state in STATES.items()), (OVERDUE, "Transmission en retard")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.value() == OVERDUE:
            return cast(DepositQuerySet, queryset).due(since=OVERDUE_AFTER)
        state = STATES.get(self.value() or "")
        return queryset.filter(state=state) if state else queryset


class HandoverFilter(StandingFilter):
    """By where its hand-over to the OPCO's own system stands."""

    path = "handover__"


class SideFilter(admin.SimpleListFilter):
    """By the side it was made for."""

    title = "côté"
    parameter_name = "cote"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(side.lower(), side.label) for side in Side]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        side = (self.value() or "").upper()
        return queryset.filter(side=side) if side in Side else queryset


class ProductFilter(admin.SimpleListFilter):
    """By the product of the dossier where it was made."""

    title = "produit"
    parameter_name = "produit"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(product.value, product.label) for product in Product]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return queryset.filter(origin__product=self.value()) if self.value() in Product else queryset


class FlagFilter(admin.SimpleListFilter):
    """By why it is to be looked at (invoices/flags.py): asked of those of a period, or of all looked up at once."""

    title = "signalement"
    parameter_name = "signalement"

    def __init__(self, request: HttpRequest, params: dict[str, Any], model: Any, model_admin: Any) -> None:
        super().__init__(request, params, model, model_admin)
        self.of_a_period = _day(request.GET.get("du", "")) is not None

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [*((flag.value, flag.label) for flag in Flag), (ANY_FLAG, "L’un de ces signalements")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        wanted = tuple(Flag) if self.value() == ANY_FLAG else tuple(flag for flag in Flag if flag == self.value())
        if not wanted:
            return queryset
        if not self.of_a_period:
            return queryset.filter(pk__in=everywhere(*wanted))
        of_the_period = cast(DepositQuerySet, queryset)
        return to_look_at(of_the_period) if len(wanted) > 1 else WITH[wanted[0]](of_the_period)


class PeriodFilter(admin.ListFilter):
    """By the day of the deposit, in Paris: from `du` to `au`, both included. A day that is none filters nothing."""

    title = "date de dépôt"
    template = "invoices/back_office/period_filter.html"
    parameters = ("du", "au")

    def __init__(self, request: HttpRequest, params: dict[str, Any], model: Any, model_admin: Any) -> None:
        super().__init__(request, params, model, model_admin)
        for name in self.parameters:
            if name in params:
                self.used_parameters[name] = params.pop(name)[-1]
        # For the template: the days as they stand in the fields.
        self.days = {name: _day(str(self.used_parameters.get(name, ""))) for name in self.parameters}
        self.others: list[tuple[str, str]] = []

    def has_output(self) -> bool:
        return True

    def expected_parameters(self) -> list[str | None]:
        return list(self.parameters)

    def choices(self, changelist: ChangeList) -> Iterator[dict[str, Any]]:
        """Some periods in one click; the fields stand below."""
        self.others = [
            (name, value)
            for name, values in changelist.filter_params.items()
            if name not in self.parameters
            for value in values
        ]
        today = timezone.localdate()
        periods = {
            "Tout": None,
            "Aujourd’hui": today,
            "7\u00a0derniers jours": today - timedelta(days=6),
            "30\u00a0derniers jours": today - timedelta(days=29),
        }
        for label, first in periods.items():
            query = changelist.get_query_string({"du": first.isoformat()} if first else {}, ["du", "au"])
            chosen = self.days["du"] == first and self.days["au"] is None
            yield {"selected": chosen, "query_string": query, "display": label}

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        first, last = self.days["du"], self.days["au"]
        if first:
            queryset = queryset.filter(submitted_at__gte=_midnight(first))
        if last:
            queryset = queryset.filter(submitted_at__lt=_midnight(last + timedelta(days=1)))
        return queryset


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if 1900 < day.year < 9000 else None


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
