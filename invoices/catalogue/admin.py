"""The types of documents and the limits in the back office (RULES.md §2, §5.3).

What is written here holds at once in this process, and within CATALOGUE_SECONDS in the others; the trail has each
change with what was there before.
"""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import label_for_field
from django.db import transaction
from django.db.models import Max, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from dossiers.enums import OPEN_TO_DOCUMENTS, DossierStatus, Product

from ..enums import DocumentType
from ..presentation import counted, quoted
from . import in_force, usage
from .models import CatalogueEntry, Limits

# As the columns of the list are headed: their whole names would not fit beside each other.
SHORT_STATUSES = {
    DossierStatus.EN_COURS_DE_SAISIE: "Saisie",
    DossierStatus.EN_COURS_DE_VALIDATION: "Validation",
    DossierStatus.INFORMATION_MANQUANTE: "Info. manquante",
    DossierStatus.VALIDE: "Validé",
    DossierStatus.A_FACTURER: "À facturer",
    DossierStatus.EN_COURS_DE_REGLEMENT: "Règlement",
    DossierStatus.TERMINE: "Terminé",
}
LABELS = dict(Product.choices) | dict(DossierStatus.choices)
# Of the types that the rules know by name.
OWN_FIELD = (
    "Ce type a son propre champ là où il est obligatoire\u00a0; les écrans et les règles du portail le nomment. "
    "Il reste actif, et garde son libellé."
)
# Between a type and the next one, so that another fits in.
STEP = 10


class ToldAdmin(admin.ModelAdmin):
    """Rows that hold for the whole portal from the moment they are written, each change told with old and new."""

    def construct_change_message(self, request: HttpRequest, form: Any, formsets: Any, add: bool = False) -> Any:
        """« libellé : « RIB » → « Relevé d’identité bancaire » », for the trail and for the row's history."""
        changes = []
        for name in form.changed_data:
            label = label_for_field(name, self.model)
            old, new = form.get_initial_for_field(form.fields[name], name), form.cleaned_data[name]
            changes.append(
                f"{label}\u00a0: {written(new)}" if add else f"{label}\u00a0: {written(old)} → {written(new)}"
            )
        return "\u00a0; ".join(changes)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        transaction.on_commit(in_force.forget)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        super().delete_model(request, obj)
        transaction.on_commit(in_force.forget)


def written(value: Any) -> str:
    """A value as a person reads it in a history."""
    if isinstance(value, bool):
        return "oui" if value else "non"
    if isinstance(value, list):
        return ", ".join(LABELS[code] for code in LABELS if code in value) or "aucun"
    return quoted(value) if isinstance(value, str) else str(value)


class EntryForm(forms.ModelForm):
    """A type of document, with a box for each product and each status that takes documents."""

    products = forms.MultipleChoiceField(
        label="Produits",
        choices=Product.choices,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Cochez au moins un produit. Pour ne plus proposer ce type, désactivez-le."},
    )
    statuses = forms.MultipleChoiceField(
        label="Statuts du dossier",
        choices=[(status.value, status.label) for status in OPEN_TO_DOCUMENTS],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Cochez au moins un statut. Pour ne plus proposer ce type, désactivez-le."},
    )


class RankForm(forms.ModelForm):
    """The rank of a type in the list, named for who does not see the line."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "position" in self.fields:
            self.fields["position"].widget.attrs["aria-label"] = f"Rang de {quoted(self.instance.label)}"


def mark(holds: bool) -> str:
    """A tick, or a dash; in words for who does not see them."""
    sign, word = ("✓", "oui") if holds else ("–", "non")
    return format_html('<span role="img" aria-label="{}">{}</span>', word, sign)


def column(field: str, code: str, heading: str) -> Callable[[CatalogueEntry], str]:
    """A column of the list: whether a type is offered for one product, or at one status."""

    @admin.display(description=heading)
    def cell(entry: CatalogueEntry) -> str:
        return mark(code in getattr(entry, field))

    cell.__name__ = f"{field}_{code.lower()}"
    return cell


@admin.register(CatalogueEntry)
class CatalogueEntryAdmin(ToldAdmin):
    """The types of documents, as a table of products and statuses.

    The invoice's is shown and never changed; the certificate's, which the rules ask for by name, keeps its label and
    stays active: sentences of the portal name it so.
    """

    form = EntryForm
    list_display = (
        "label",
        "position",
        "active",
        *(column("products", product.value, product.value) for product in Product),
        *(column("statuses", status.value, SHORT_STATUSES[status]) for status in OPEN_TO_DOCUMENTS),
    )
    list_editable = ("position",)
    search_fields = ("label", "code")
    actions = None
    sortable_by = ("label", "position")
    show_full_result_count = False
    list_per_page = 200

    class Media:
        css = {"all": ("css/back_office/catalogue.css",)}

    def get_changelist_form(self, request: HttpRequest, **kwargs: Any) -> Any:
        return super().get_changelist_form(request, form=RankForm, **kwargs)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """A new type comes last."""
        last = CatalogueEntry.objects.aggregate(last=Max("position"))["last"] or 0
        return {"position": last + STEP} | super().get_changeform_initial_data(request)

    def get_fields(self, request: HttpRequest, obj: CatalogueEntry | None = None) -> Any:
        """Boxes for who may change it, words for who may look; what a change would mean, above."""
        if obj is None:
            return ("label", "code", "products", "statuses", "position", "active")
        if self.has_change_permission(request, obj):
            return ("in_use", "label", "code", "products", "statuses", "position", "active")
        return ("in_use", "label", "code", "products_in_words", "statuses_in_words", "position", "active")

    def get_readonly_fields(self, request: HttpRequest, obj: CatalogueEntry | None = None) -> Any:
        if obj is None:
            return ()
        fixed = ("label", "active") if obj.is_fixed else ()
        return ("in_use", "code", "products_in_words", "statuses_in_words", *fixed)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or obj.code != DocumentType.FACTURE)

    def has_delete_permission(self, request: HttpRequest, obj: CatalogueEntry | None = None) -> bool:
        """Of a type that was a mistake: inactive, so that nobody adds one meanwhile, and of which nothing is there."""
        allowed = super().has_delete_permission(request, obj)
        if obj is None or not allowed:
            return allowed
        if obj.active or obj.is_fixed:
            return False
        return not usage.is_deposited(obj.code) and not usage.drafts_with(obj.code).exists()

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Say how many drafts hold what is not accepted any more."""
        super().save_model(request, obj, form, change)
        if change and {"active", "products", "statuses"} & {*form.changed_data}:
            count = usage.drafts_that_refuse(obj).count()
            if count:
                messages.warning(request, refused_in(count))

    @admin.display(description="utilisation")
    def in_use(self, entry: CatalogueEntry) -> SafeString:
        if entry.is_fixed:
            return format_html("{}", OWN_FIELD)
        return format_html("<strong>{}</strong> {}", in_drafts(usage.drafts_with(entry.code).count()), why_kept(entry))

    @admin.display(description="produits")
    def products_in_words(self, entry: CatalogueEntry) -> str:
        return written(entry.products)

    @admin.display(description="statuts du dossier")
    def statuses_in_words(self, entry: CatalogueEntry) -> str:
        return written(entry.statuses)


def in_drafts(count: int) -> str:
    """What a change of this type would mean for drafts."""
    if not count:
        return "Aucun brouillon en cours ne contient ce type."
    verb = "contiennent" if count > 1 else "contient"
    return (
        f"{counted(count, 'brouillon')} en cours {verb} ce type\u00a0: là où il ne sera plus accepté, "
        "il faudra retirer ce document avant de transmettre."
    )


def refused_in(count: int) -> str:
    """What a change of this type means for drafts, once it is made."""
    verb = "contiennent" if count > 1 else "contient"
    return (
        f"{counted(count, 'brouillon')} en cours {verb} un document de ce type que leur dossier n’accepte plus\u00a0: "
        "l’étape «\u00a0Pièces justificatives\u00a0» demandera de le retirer avant de transmettre."
    )


def why_kept(entry: CatalogueEntry) -> str:
    """Whether it may go."""
    if usage.is_deposited(entry.code):
        return "Des documents de ce type existent\u00a0: il se désactive, mais ne se supprime pas."
    return "Aucun document de ce type n’existe\u00a0: une fois inactif, il peut être supprimé."


@admin.register(Limits)
class LimitsAdmin(ToldAdmin):
    """The one row of limits."""

    list_display = ("__str__", *(field.name for field in Limits._meta.fields if field.editable))
    actions = None
    sortable_by = ()
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class DocumentTypeFilter(admin.SimpleListFilter):
    """« Par type », with the labels of the catalogue: no table of documents is read for them."""

    title = "type"
    parameter_name = "type"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return list(in_force.catalogue().labels.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return queryset.filter(type=self.value()) if self.value() else queryset
