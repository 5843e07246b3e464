"""Deposits: the list, one deposit with all that belongs to it on one page, and what is done with them."""

from typing import Any, cast
from uuid import UUID

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.timezone import localtime

from roles.models import User
from trail.admin import LookOnlyMixin, timeline
from trail.enums import Action
from trail.recording import record

from .. import asking, flags
from ..deposits import FileLostError
from ..enums import DepositState
from ..handover import delivery, standing
from ..models import Deposit, DepositQuerySet
from ..presentation import quoted, remaining, written
from ..reading import answers, archive
from ..receipts import mails
from . import gestures, readings, search
from .documents import MAY_READ
from .filters import OVERDUE_AFTER, FlagFilter, HandoverFilter, PeriodFilter, ProductFilter, SideFilter, StateFilter
from .gestures import CANCEL, GESTURES, RELAUNCH, ZIP, Gesture

# Of the deposits that one clashes with, and of the mails and events, those that a page has room for.
OTHERS_SHOWN = 10


class FlaggedList(ChangeList):
    """One page of deposits, each with why it is to be looked at."""

    def get_results(self, request: HttpRequest) -> None:
        """The rows, then what is asked of them alone."""
        super().get_results(request)
        self.result_list = list(self.result_list)
        told = flags.flags_of(self.result_list)
        for deposit in self.result_list:
            deposit.flags = told[deposit.pk]


class DepositAdmin(LookOnlyMixin, admin.ModelAdmin):
    """Deposits, newest first. States are written by invoices.transmission alone (RULES.md §6)."""

    list_display = ("title", "dossiers_there", "state_now", "amounts", "who", "to_look_at", "submitted_on")
    # Flags last: they are then asked of what the others leave.
    list_filter = (StateFilter, PeriodFilter, ProductFilter, SideFilter, FlagFilter)
    list_select_related = ("invoice", "origin", "perimeter", "depositor")
    # Named for the search box; how it searches stands in search.py.
    search_fields = ("reference",)
    search_help_text = search.HELP
    sortable_by = ("submitted_on",)
    actions = ("relaunch", "cancel", "download")
    # Who sees it in the portal is asked there (RULES.md §7).
    view_on_site = False

    class Media:
        css = {"all": ("css/back_office/deposits.css",)}

    # --- Who may ----------------------------------------------------------------------------------------------------

    def has_relaunch_permission(self, request: HttpRequest) -> bool:
        """« Relancer la transmission »."""
        return request.user.has_perm(RELAUNCH.codename)

    def has_cancel_permission(self, request: HttpRequest) -> bool:
        """« Annuler »."""
        return request.user.has_perm(CANCEL.codename)

    def has_read_permission(self, request: HttpRequest) -> bool:
        """« Télécharger (ZIP) », and the documents one by one."""
        return request.user.has_perm(MAY_READ)

    # --- The list ---------------------------------------------------------------------------------------------------

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """With what each line says: how many dossiers, and the documents that a title may be made of."""
        rows = cast(DepositQuerySet, super().get_queryset(request)).with_documents()
        return standing.with_standing(rows.with_associated_count())

    def get_list_display(self, request: HttpRequest) -> Any:
        """With the hand-over, where there is one."""
        columns = super().get_list_display(request)
        return (*columns, "handed_over") if delivery.is_on() else columns

    def get_list_filter(self, request: HttpRequest) -> Any:
        """The same."""
        filters = super().get_list_filter(request)
        return (*filters, HandoverFilter) if delivery.is_on() else filters

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """With the flags of the page's rows."""
        return FlaggedList

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Under its own name."""
        return super().changelist_view(request, {"title": "Dépôts", **(extra_context or {})})

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> tuple[QuerySet, bool]:
        """What people read out on the phone, by indexes (search.py)."""
        if not search_term.strip():
            return queryset, False
        found, too_many = search.meant_by(search_term)
        if too_many:
            sentence = "Trop de dossiers commencent ainsi\u00a0: précisez le numéro, tous les dépôts ne sont pas là."
            messages.warning(request, sentence)
        return queryset.filter(found), False

    @admin.display(description="dépôt")
    def title(self, deposit: Deposit) -> str:
        return deposit.title

    @admin.display(description="statut")
    def state_now(self, deposit: Deposit) -> str:
        """With the time that remains, or by how much it is late."""
        late = gestures.overdue_by(deposit)
        if late is not None and late > OVERDUE_AFTER:
            since = written(deposit.transmit_at, "moment")
            return format_html('<strong class="late">En retard depuis le {}</strong>', since)
        left = remaining(deposit.transmit_at) if deposit.is_pending else None
        label = DepositState(deposit.state).label
        return f"{label} · encore {left}" if left else label

    @admin.display(description="HT, TTC")
    def amounts(self, deposit: Deposit) -> str:
        if not hasattr(deposit, "invoice"):
            return "–"
        ht, ttc = (written(amount, "euros") for amount in (deposit.invoice.amount_ht, deposit.invoice.amount_ttc))
        return format_html('<span class="amount">{}</span><br><span class="amount">{}</span>', ht, ttc)

    @admin.display(description="dossiers")
    def dossiers_there(self, deposit: Any) -> str:
        more = f" et {deposit.associated_count}\u00a0autre{'s' if deposit.associated_count > 1 else ''}"
        return f"{deposit.origin.number}{more if deposit.associated_count else ''}"

    @admin.display(description="déposant")
    def who(self, deposit: Deposit) -> str:
        """The person, and the establishment for which they deposited."""
        return format_html("{}<br>{}", deposit.depositor, deposit.perimeter.name)

    @admin.display(description="déposé le", ordering="submitted_at")
    def submitted_on(self, deposit: Deposit) -> str:
        return date_format(localtime(deposit.submitted_at), "d/m/Y H:i")

    @admin.display(description="remise")
    def handed_over(self, deposit: Any) -> str:
        """Where its hand-over to the OPCO's own system stands."""
        return standing.label_of(deposit.handover_standing)

    @admin.display(description="à regarder")
    def to_look_at(self, deposit: Any) -> str:
        return ", ".join(flag.label for flag in deposit.flags) or "–"

    # --- One deposit ------------------------------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        """With the pages that ask before something is done with one deposit."""
        asking = self.admin_site.admin_view(self.gesture_view)
        pages = [
            path(f"<uuid:deposit>/{name}/", asking, {"name": name}, name=f"invoices_deposit_{name}")
            for name in GESTURES
        ]
        return [*pages, *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """All that belongs to a deposit, on one screen. A POST is refused: nothing of it is written by hand."""
        if request.method == "POST" or not self.has_view_permission(request):
            raise PermissionDenied
        deposit = self.get_object(request, unquote(object_id))
        if deposit is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)  # type: ignore[attr-defined]
        person = cast(User, request.user)
        links = deposit.links.select_related(
            "dossier__employer__company", "dossier__training_provider__company"
        ).order_by("position")
        documents = deposit.documents.select_related("uploaded_by")
        context = {
            **self.admin_site.each_context(request),
            "title": deposit.title,
            "subtitle": None,
            "opts": self.opts,
            "media": self.media,
            "deposit": deposit,
            "invoice": getattr(deposit, "invoice", None),
            "state": self.state_now(deposit),
            "handed_over": self.handed_over(deposit) if delivery.is_on() else "",
            "flags": [
                (flag, flags.EXPLANATIONS[flag], _others(flag, deposit))
                for flag in flags.flags_of([deposit])[deposit.pk]
            ],
            "documents": documents,
            "reading": readings.shown(deposit, documents),
            "dossiers_there": [deposit.origin, *(link.dossier for link in links)],
            "gestures": self._possible(request, deposit),
            "may_read": self.has_read_permission(request),
            "sees": {
                name: person.has_perm(permission)
                for name, permission in {
                    "dossiers": "dossiers.view_dossier",
                    "people": "roles.view_user",
                    "places": "roles.view_establishment",
                    "mails": "outbox.view_mail",
                    "trail": "trail.view_event",
                }.items()
            },
        }
        if context["sees"]["mails"]:
            context["mails"] = mails.about(deposit.reference)
        if context["sees"]["trail"]:
            context["timeline"] = timeline(deposit.pk)
        return TemplateResponse(request, "invoices/back_office/deposit.html", context | (extra_context or {}))

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """With all that its page says of it in one query."""
        try:
            pk = UUID(object_id)
        except ValueError:
            return None
        related = ("origin__employer__company", "origin__training_provider__company", "perimeter__company")
        rows = self.get_queryset(request).select_related("invoice", "depositor", "cancelled_by", *related)
        return rows.filter(pk=pk).first()

    def _possible(self, request: HttpRequest, deposit: Deposit) -> list[tuple[Gesture, str]]:
        """What the person may do with it as it stands, and where that is asked."""
        return [
            (gesture, reverse(f"admin:invoices_deposit_{gesture.name}", args=[deposit.pk]))
            for gesture in GESTURES.values()
            if request.user.has_perm(gesture.codename) and gesture.why_not(deposit) is None
        ]

    # --- What is done -----------------------------------------------------------------------------------------------

    @admin.action(description=RELAUNCH.label, permissions=["relaunch"])
    def relaunch(self, request: HttpRequest, rows: QuerySet) -> HttpResponseBase | None:
        """« Relancer la transmission » of those chosen."""
        return self._from_list(request, RELAUNCH, rows)

    @admin.action(description=CANCEL.label, permissions=["cancel"])
    def cancel(self, request: HttpRequest, rows: QuerySet) -> HttpResponseBase | None:
        """« Annuler » those chosen."""
        return self._from_list(request, CANCEL, rows)

    @admin.action(description=ZIP.label, permissions=["read"])
    def download(self, request: HttpRequest, rows: QuerySet) -> HttpResponseBase | None:
        """« Télécharger (ZIP) » those chosen."""
        return self._from_list(request, ZIP, rows)

    def gesture_view(self, request: HttpRequest, deposit: UUID, name: str) -> HttpResponseBase:
        """The same of one deposit, from its page: asked by a GET, done by a POST."""
        gesture = GESTURES[name]
        if not (self.has_view_permission(request) and request.user.has_perm(gesture.codename)):
            raise PermissionDenied("Votre groupe ne permet pas cette action.")
        found = get_object_or_404(Deposit, pk=deposit)
        back = reverse("admin:invoices_deposit_change", args=[found.pk])
        rows = gestures.chosen(Deposit.objects.filter(pk=found.pk))
        if request.method == "POST":
            return self._done(request, gesture, rows) or redirect(back)
        return self._ask(request, gesture, rows, back)

    def _from_list(self, request: HttpRequest, gesture: Gesture, rows: QuerySet) -> HttpResponseBase | None:
        """The page that asks, and then, of the very deposits that it named, the thing itself."""
        chosen = gestures.chosen(Deposit.objects.filter(pk__in=rows.order_by().values("pk")[: gestures.AT_ONCE + 1]))
        if len(chosen) > gestures.AT_ONCE:
            sentence = f"{gestures.AT_ONCE}\u00a0dépôts au plus à la fois\u00a0: choisissez-en moins."
            self.message_user(request, sentence, messages.WARNING)
            return None
        if asking.is_confirmed(request):
            return self._done(request, gesture, chosen)
        return self._ask(request, gesture, chosen, request.get_full_path())

    def _ask(self, request: HttpRequest, gesture: Gesture, rows: list[Deposit], back: str) -> HttpResponse:
        return asking.page(request, self, gesture, gestures.asked(gesture, rows), back)

    def _done(self, request: HttpRequest, gesture: Gesture, rows: list[Deposit]) -> HttpResponseBase | None:
        """Do it with each deposit; say of which it was done and of which not. The ZIP is the answer itself."""
        person = cast(User, request.user)
        if gesture.do is None:  # gives_files, as the types know it
            return self._archive(request, rows)
        done = [deposit for deposit in rows if gesture.do(deposit, person)]
        for deposit in rows:
            if deposit not in done:
                self.message_user(request, f"{deposit.title} {gesture.not_done}.", messages.WARNING)
        if done:
            self.message_user(request, f"{gesture.done}\u00a0: {', '.join(deposit.title for deposit in done)}.")
        return None

    def _archive(self, request: HttpRequest, rows: list[Deposit]) -> HttpResponseBase | None:
        """Recorded before the first byte leaves, one event for each deposit."""
        try:
            content = archive.of_deposit(rows[0]) if len(rows) == 1 else archive.of_deposits(rows)
        except FileLostError as lost:
            name = quoted(lost.document.name)
            sentence = f"Le fichier {name} n’est plus lisible\u00a0: rien n’est téléchargé. Prévenez l’exploitation."
            self.message_user(request, sentence, messages.ERROR)
            return None
        for deposit in rows:
            record(Action.DOWNLOAD_ALL, person=cast(User, request.user), on=deposit)
        name = archive.archive_name(rows[0]) if len(rows) == 1 else "depots.zip"
        answer = answers.archive(content, name)
        answer["Cache-Control"] = "private, no-store"
        return answer


def _others(flag: flags.Flag, deposit: Deposit) -> list[Deposit]:
    """The deposits that it clashes with, if that is what the flag tells of."""
    clashing = flags.clashing(flag, deposit).select_related("invoice", "origin").with_documents()
    return list(clashing[:OTHERS_SHOWN])
