"""Hand-overs in the back office: looked at, and asked for anew."""

from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html

from trail.admin import LookOnlyMixin

from ..models import Handover, HandoverQuerySet
from ..references import read_reference
from . import delivery
from .manifest import name_of
from .standing import Standing, condition, standing_of

REPEATED_AT_ONCE = 1_000


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
    )
    readonly_fields = fields
    actions = ("repeat",)

    def has_repeat_permission(self, request: HttpRequest) -> bool:
        """Who may have a deposit handed over again."""
        return request.user.has_perm("invoices.repeat_handover")

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

    @admin.action(description="Remettre de nouveau", permissions=["repeat"])
    def repeat(self, request: HttpRequest, chosen: HandoverQuerySet) -> None:
        """« Remettre de nouveau »: at once, those that failed as well as those that were delivered."""
        rows = list(chosen[: REPEATED_AT_ONCE + 1])
        if len(rows) > REPEATED_AT_ONCE:
            sentence = f"Choisissez {REPEATED_AT_ONCE} remises au plus à la fois : rien n’a été remis de nouveau."
            self.message_user(request, sentence, messages.ERROR)
            return
        for row in rows:
            self.log_change(request, row, "Remise demandée de nouveau.")
        count = delivery.repeat(Handover.objects.filter(pk__in=[row.pk for row in rows]))
        self.message_user(request, f"{count} remise{'s' if count > 1 else ''} de nouveau en file.")


def _written(moment: datetime) -> str:
    return date_format(timezone.localtime(moment), "SHORT_DATETIME_FORMAT")
