"""Dossiers in the back office, where their status changes."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.html import format_html_join

from roles.admin import LargeTableMixin
from roles.models import Establishment
from roles.search import normalise

from . import consequences
from .enums import DossierStatus
from .models import Dossier


@admin.register(Dossier)
class DossierAdmin(LargeTableMixin, admin.ModelAdmin):
    """Dossiers, by number, beneficiary or establishment. Another status is confirmed once it was read what it means."""

    list_display = (
        "number",
        "beneficiary",
        "product",
        "status",
        "subrogated",
        "employer",
        "training_provider",
        "starts_on",
    )
    list_filter = ("product", "status", "subrogated", "starts_on", "training_provider__uses_convergence_api")
    list_select_related = ("employer", "training_provider")
    # Named for the search box; how it searches stands below.
    search_fields = ("number",)
    search_help_text = (
        "Le début d’un numéro de dossier, un SIREN ou un SIRET, ou un nom : bénéficiaire, établissement ou société."
    )
    autocomplete_fields = ("employer", "training_provider")
    fieldsets = (
        (None, {"fields": ("number", "product", "status", "subrogated", "hangs_on_it")}),
        ("Établissements", {"fields": ("employer", "training_provider")}),
        ("Bénéficiaire", {"fields": ("beneficiary_first_name", "beneficiary_last_name")}),
        ("Formation", {"fields": ("training_title", "starts_on", "ends_on")}),
        ("Montants accordés (HT)", {"fields": ("granted_tuition", "granted_ancillary")}),
    )

    readonly_fields = ("hangs_on_it",)

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """Nothing hangs on a dossier that is not there yet."""
        fieldsets = super().get_fieldsets(request, obj)
        if obj:
            return fieldsets
        first, *others = fieldsets
        return [(first[0], {"fields": [name for name in first[1]["fields"] if name != "hangs_on_it"]}), *others]

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """An establishment is looked at from here, and neither added nor deleted in passing."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field and db_field.name in ("employer", "training_provider"):
            for button in ("can_add_related", "can_change_related", "can_delete_related"):
                setattr(field.widget, button, False)
        return field

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> tuple[QuerySet, bool]:
        """By what an index finds, the start of a number or a whole SIREN or SIRET; else by words of names."""
        term, searched = search_term.strip(), normalise(search_term)
        if not searched:
            return queryset, False
        if any(character.isdecimal() for character in searched):
            numbered = queryset.filter(_numbered(term))
            if numbered.exists():
                return numbered, False
        words = searched.split()
        places = Establishment.objects.filter(
            Q(*(Q(search_name__contains=word) for word in words))
            | Q(*(Q(company__search_name__contains=word) for word in words))
        ).values("pk")
        beneficiary = Q(*(Q(search_beneficiary__contains=word) for word in words))
        return queryset.filter(beneficiary | Q(employer__in=places) | Q(training_provider__in=places)), False

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Django's, with a page before another status is saved: what it means, as of now."""
        if request.method == "POST" and object_id:
            before = self.get_object(request, unquote(object_id))
            if (
                isinstance(before, Dossier)
                and self.has_change_permission(request, before)
                and (page := self._asks_first(request, before))
            ):
                return page
        return super().changeform_view(request, object_id, form_url, extra_context)

    def _asks_first(self, request: HttpRequest, dossier: Dossier) -> HttpResponse | None:
        """The page that asks, unless the status stays, the form is refused, or this very change is confirmed."""
        edited = self.get_object(request, str(dossier.pk))
        form = self.get_form(request, dossier, change=True)(request.POST, request.FILES, instance=edited)
        if not form.is_valid() or "status" not in form.changed_data:
            return None
        status = DossierStatus[form.cleaned_data["status"]]
        change = f"{dossier.status} {status.value}"
        if request.POST.get("confirmed") == change:
            return None
        posted = [
            (name, value)
            for name, values in request.POST.lists()
            for value in values
            if name not in ("csrfmiddlewaretoken", "confirmed")
        ]
        context = self.admin_site.each_context(request) | {
            "title": "Changer le statut du dossier",
            "opts": self.opts,
            "dossier": dossier,
            "status": status,
            "consequences": consequences.of_status(dossier, status),
            "posted": posted,
            "change": change,
        }
        return TemplateResponse(request, "admin/dossiers/dossier/confirm_status.html", context)

    @admin.display(description="sur ce dossier")
    def hangs_on_it(self, dossier: Dossier) -> str:
        """Deposits and drafts, as links to their lists."""
        lines = consequences.of_page(dossier)
        return format_html_join(" · ", '<a href="{}">{}</a>', ((line.address, line.text) for line in lines)) or "–"

    @admin.display(description="bénéficiaire", ordering="search_beneficiary")
    def beneficiary(self, dossier: Dossier) -> str:
        return dossier.beneficiary


def _numbered(term: str) -> Q:
    """Dossiers of this number, from its start, or at the establishments of this SIREN or SIRET."""
    found = Q(number__startswith=term) | Q(number__startswith=term.upper())
    digits = "".join(term.split())
    if digits.isascii() and digits.isdecimal() and len(digits) in (9, 14):
        # Read first: the indexes of both are then used, beside the number's.
        places = list(Establishment.objects.filter(siret__startswith=digits).order_by().values_list("pk", flat=True))
        found |= Q(employer__in=places) | Q(training_provider__in=places)
    return found
