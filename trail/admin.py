"""The trail in the back office: read, filtered, searched; never written.

It grows for years: nothing here counts it or sorts it as a whole.
"""

from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html

from .models import Event, EventQuerySet
from .paging import BoundedPaginator

TIMELINE_EVENTS = 100


class LookOnlyMixin:
    """Nothing is added, changed or deleted here, whoever asks; and nothing is counted further than it must be."""

    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50
    paginator: Any = BoundedPaginator

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Event)
class EventAdmin(LookOnlyMixin, admin.ModelAdmin):
    """Events, newest first. Nobody adds, changes or deletes one: nor does the database let them."""

    list_display = ("at", "action", "result", "reason_said", "email", "side", "subject_label", "address")
    list_filter = ("action", "result", "at")
    # Named for the search box; how it searches stands below.
    search_fields = ("email",)
    search_help_text = (
        "Une adresse e-mail, une référence de dépôt, un numéro de dossier, un nom de fichier, une adresse IP, un n° de "
        "dépôt ou de requête, en entier ; ou un jour, comme 23/11/2026."
    )
    ordering = ("-at", "-pk")
    sortable_by = ("at",)
    fields = (
        "at",
        "action",
        "result",
        "reason_said",
        "email",
        "person_id",
        "side",
        "subject_type",
        "subject_label",
        "subject_id",
        "deposit",
        "address",
        "request_id",
        "details",
        "related",
    )
    readonly_fields = fields

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> tuple[QuerySet, bool]:
        """By whole words that an index finds, each of them in any column that may hold it."""
        term = search_term.strip()
        return (queryset.filter(meant_by(term)) if term else queryset), False

    @admin.display(description="motif")
    def reason_said(self, event: Event) -> str:
        return event.reason_label

    @admin.display(description="voir aussi")
    def related(self, event: Event) -> str:
        """Links to the events of the same request, deposit, thing and person."""
        found: dict[str, dict[str, Any]] = {
            "Même requête": {"request_id": event.request_id},
            "Même dépôt": {"deposit": event.deposit},
            "Même objet": {"subject_id": event.subject_id},
            "Même personne": {"person_id": event.person_id},
        }
        links = [
            format_html('<a href="{}">{}</a>', listing(**by), label) for label, by in found.items() if all(by.values())
        ]
        return format_html(" · ".join(["{}"] * len(links)), *links) if links else "–"


def meant_by(term: str) -> Q:
    """The events in which a person would look for this text."""
    day = _day(term)
    if day:
        return Q(at__gte=day, at__lt=day + timedelta(days=1))
    found = Q(email=term.lower()) | Q(subject_label=term) | Q(request_id=term)
    # A deposit by its reference: all that belongs to it.
    found |= Q(deposit__in=Event.objects.filter(subject_label=term, deposit__isnull=False).values("deposit"))
    if deposit := _parsed(UUID, term):
        found |= Q(deposit=deposit) | Q(subject_id=deposit.hex)
    if address := _parsed(ip_address, term):
        found |= Q(address=str(address))
    return found


def timeline(deposit: UUID) -> str:
    """« Historique »: what happened to a deposit, as a table for a page of the back office."""
    events: EventQuerySet = Event.objects.about_deposit(deposit)
    context = {"events": events[:TIMELINE_EVENTS], "all_url": listing(deposit=deposit)}
    return render_to_string("trail/timeline.html", context)


def listing(**by: Any) -> str:
    """The address of the list of these events."""
    return f"{reverse('admin:trail_event_changelist')}?{urlencode(by)}"


def _day(text: str) -> datetime | None:
    try:
        return timezone.make_aware(datetime.strptime(text, "%d/%m/%Y"))  # noqa: DTZ007 - made aware at once
    except ValueError:
        return None


def _parsed(kind: Any, text: str) -> Any:
    try:
        return kind(text)
    except ValueError:
        return None
