"""Dossiers in the back office, where their status changes."""

from django.contrib import admin

from roles.admin import NormalisedSearchMixin

from .models import Dossier


@admin.register(Dossier)
class DossierAdmin(NormalisedSearchMixin, admin.ModelAdmin):
    """Dossiers, by number, beneficiary or establishment."""

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
    list_filter = ("product", "status", "subrogated", "training_provider__uses_convergence_api")
    list_select_related = ("employer", "training_provider")
    search_fields = (
        "number__istartswith",
        "search_beneficiary",
        "employer__search_name",
        "training_provider__search_name",
    )
    autocomplete_fields = ("employer", "training_provider")
    date_hierarchy = "starts_on"
    # Counting 200,000 dossiers again for each search would cost more than the search.
    show_full_result_count = False
    fieldsets = (
        (None, {"fields": ("number", "product", "status", "subrogated")}),
        ("Établissements", {"fields": ("employer", "training_provider")}),
        ("Bénéficiaire", {"fields": ("beneficiary_first_name", "beneficiary_last_name")}),
        ("Formation", {"fields": ("training_title", "starts_on", "ends_on")}),
        ("Montants accordés (HT)", {"fields": ("granted_tuition", "granted_ancillary")}),
    )

    @admin.display(description="bénéficiaire", ordering="search_beneficiary")
    def beneficiary(self, dossier: Dossier) -> str:
        return dossier.beneficiary
