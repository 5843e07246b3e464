"""Hand-overs in the back office: looked at, and asked for anew."""

from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html

from trail.admin import LookOnlyMixin

from .. import asking
from ..asking import Asked, Question
from ..models import Handover, HandoverQuerySet
from ..presentation import counted
from ..references import read_reference
from . import delivery
from .manifest import name_of
from .standing import Standing, condition, standing_of

AT_ONCE = 500
REPEAT = Question(
    label="Remettre de nouveau",
    question="Remettre de nouveau\u00a0?",
    consequence="Les mêmes fichiers sont remis tout de suite au système de l’OPCO, sous les mêmes noms, et l’annonce "
    "lui en est faite de nouveau. Ce qu’il a déjà pris, il le retrouve.",
)
ABANDON = Question(
    label="Abandonner la remise",
    question="Abandonner la remise\u00a0?",
    consequence="Le portail n’essaie plus de remettre ces dépôts au système de l’OPCO, qui ne les recevra pas\u00a0: "
    "donnez-les-lui autrement. Ils ne sont plus gardés au-delà de leur durée de conservation pour être remis.",
    destructive=True,
)
# Of what stands otherwise nothing is left to give up.
MAY_BE_ABANDONED = (Standing.FAILING, Standing.STOPPED)


class StandingFilter(admin.SimpleListFilter):
    """By where a hand-over stands; on the list of deposits with `path = "handover__"`."""

    title = "remise"
    parameter_name = "remise"
    path = ""

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return Standing.choices

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        chosen = self.value()
        return queryset.filter(condition(Standing(chosen), self.path)) if chosen in Standing.values else queryset


@admin.register(Handover)
class HandoverAdmin(LookOnlyMixin, admin.ModelAdmin):
    """Hand-overs, by where they stand; nothing is written by hand."""

    class Media:
        css = {"all": ("css/back_office/deposits.css",)}

    # As many as a window of 1,280 pixels shows beside the filters; the page has the rest.
    list_display = ("reference", "standing_and_error", "when")
    list_filter = (StandingFilter, "created_at")
    list_select_related = ("deposit",)
    # Named for the search box; how it searches stands below.
    search_fields = ("deposit__reference",)
    search_help_text = "Une référence de dépôt, en entier."
    sortable_by = ()
    fields = (
        "deposit_link",
        "standing",
        "manifest",
        "manifest_sha256",
        "attempts",
        "last_error",
        "created_at",
        "next_attempt_at",
        "delivered_at",
        "announced_at",
        "stopped_at",
        "abandoned_at",
    )
    readonly_fields = fields
    actions = ("repeat", "abandon")

    def has_repeat_permission(self, request: HttpRequest) -> bool:
        """Who may have a deposit handed over again."""
        return request.user.has_perm("invoices.repeat_handover")

    def has_abandon_permission(self, request: HttpRequest) -> bool:
        """Who may have a deposit handed over no more."""
        return request.user.has_perm("invoices.abandon_handover")

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("deposit")

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> tuple[QuerySet, bool]:
        """By a whole reference, however it is typed: an index finds it."""
        if not search_term.strip():
            return queryset, False
        return queryset.filter(deposit__reference=read_reference(search_term) or ""), False

    @admin.display(description="dépôt")
    def reference(self, handover: Handover) -> str:
        return format_html('<span class="nowrap">{}</span>', handover.deposit.reference)

    @admin.display(description="dépôt")
    def deposit_link(self, handover: Handover) -> str:
        address = reverse("admin:invoices_deposit_change", args=[handover.pk])
        return format_html('<a href="{}">{}</a>', address, handover.deposit.reference)

    @admin.display(description="état")
    def standing(self, handover: Handover) -> str:
        return standing_of(handover).label

    @admin.display(description="état")
    def standing_and_error(self, handover: Handover) -> str:
        label = standing_of(handover).label
        return f"{label} : {handover.last_error}" if handover.last_error else label

    @admin.display(description="quand")
    def when(self, handover: Handover) -> str:
        """When it was delivered; of what is still to be done, when that is tried next."""
        if handover.next_attempt_at:
            return f"prochain essai le {_written(handover.next_attempt_at)}"
        return _written(handover.delivered_at) if handover.delivered_at else ""

    @admin.display(description="manifeste")
    def manifest(self, handover: Handover) -> str:
        return name_of(handover.deposit)

    @admin.action(description=REPEAT.label, permissions=["repeat"])
    def repeat(self, request: HttpRequest, chosen: HandoverQuerySet) -> HttpResponse | None:
        """« Remettre de nouveau »: at once, those that failed as well as those that were delivered."""
        rows = self._chosen(request, chosen)
        if not asking.is_confirmed(request):
            return self._ask(request, REPEAT, rows, [None] * len(rows))
        if count := delivery.repeat(self._noted(request, rows, "Remise demandée de nouveau.")):
            self.message_user(request, f"{counted(count, 'remise')} de nouveau en file.")
        return None

    @admin.action(description=ABANDON.label, permissions=["abandon"])
    def abandon(self, request: HttpRequest, chosen: HandoverQuerySet) -> HttpResponse | None:
        """« Abandonner la remise »: those that failed, and those of which a document is lost."""
        rows = self._chosen(request, chosen)
        judged = [_why_not_abandoned(row) for row in rows]
        if not asking.is_confirmed(request):
            return self._ask(request, ABANDON, rows, judged)
        fitting = [row for row, why_not in zip(rows, judged, strict=True) if why_not is None]
        if count := delivery.abandon(self._noted(request, fitting, "Remise abandonnée.")):
            self.message_user(request, f"{counted(count, 'remise')} abandonnée{'s' if count > 1 else ''}.")
        if len(rows) > len(fitting):
            sentence = "Ce qui n’est pas en échec n’a pas été abandonné."
            self.message_user(request, sentence, messages.WARNING)
        return None

    def _chosen(self, request: HttpRequest, chosen: HandoverQuerySet) -> list[Handover]:
        """Those chosen; none, and a message, where they are too many."""
        rows = list(chosen[: AT_ONCE + 1])
        if len(rows) <= AT_ONCE:
            return rows
        sentence = f"Choisissez {AT_ONCE} remises au plus à la fois\u00a0: rien n’a été fait."
        self.message_user(request, sentence, messages.ERROR)
        return []

    def _ask(
        self, request: HttpRequest, question: Question, rows: list[Handover], judged: list[str | None]
    ) -> HttpResponse | None:
        """The page that asks; none where nothing was chosen."""
        if not rows:
            return None
        possible = [(row.pk, _told(row)) for row, why_not in zip(rows, judged, strict=True) if why_not is None]
        impossible = [(_told(row), why_not) for row, why_not in zip(rows, judged, strict=True) if why_not]
        asked = Asked(counted(len(possible), "remise"), possible, impossible)
        return asking.page(request, self, question, asked, request.get_full_path())

    def _noted(self, request: HttpRequest, rows: list[Handover], change: str) -> HandoverQuerySet:
        """The same rows, each with what is done to it in the trail."""
        for row in rows:
            self.log_change(request, row, change)
        return Handover.objects.filter(pk__in=[row.pk for row in rows])


def _why_not_abandoned(row: Handover) -> str | None:
    standing = standing_of(row)
    if standing in MAY_BE_ABANDONED:
        return None
    return "il n’y a plus rien à remettre" if standing != Standing.WAITING else "elle n’a pas encore échoué"


def _told(row: Handover) -> str:
    said = f"{row.deposit.reference} · {standing_of(row).label}"
    return f"{said} · {row.last_error.rstrip('.')}" if row.last_error else said


def _written(moment: datetime) -> str:
    return date_format(timezone.localtime(moment), "SHORT_DATETIME_FORMAT")
