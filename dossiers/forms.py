"""Filters of lists; their names are the address's parameters (INTERFACE, « Addresses »)."""

from collections.abc import Sequence

from django import forms

from .enums import DossierStatus, Product
from .querysets import DossierQuerySet


class SearchField(forms.CharField):
    """« Rechercher »; the help says in what."""

    def __init__(self, help_text: str) -> None:
        super().__init__(
            label="Rechercher",
            required=False,
            max_length=100,
            widget=forms.TextInput({"type": "search", "class": "input"}),
            help_text=help_text,
        )


class ChoiceFilter(forms.ChoiceField):
    """One of some choices, or all."""

    def __init__(self, label: str, choices: Sequence[tuple[str, str]]) -> None:
        super().__init__(
            label=label,
            required=False,
            choices=[("", "Tous"), *choices],
            widget=forms.Select({"class": "select"}),
        )


class Filters(forms.Form):
    """Search and filters of a list (components/filters.html). A value that is not understood filters nothing."""

    @property
    def is_filtering(self) -> bool:
        """Whether anything was asked for."""
        return any(self.cleaned_data.values())

    @property
    def is_searching(self) -> bool:
        """Whether words were asked for."""
        return bool(self.cleaned_data.get("q"))


class DossierFilters(Filters):
    """The filters of the dossiers' list."""

    q = SearchField("Numéro, bénéficiaire, entreprise ou prestataire.")
    produit = ChoiceFilter("Produit", Product.choices)
    statut = ChoiceFilter("Statut", DossierStatus.choices)
    subroge = ChoiceFilter("Subrogé", [("oui", "Oui"), ("non", "Non")])

    def apply(self, dossiers: DossierQuerySet) -> DossierQuerySet:
        """The dossiers that pass the filters."""
        self.is_valid()
        wanted = self.cleaned_data
        if wanted.get("q"):
            dossiers = dossiers.search(wanted["q"])
        if wanted.get("produit"):
            dossiers = dossiers.filter(product=wanted["produit"])
        if wanted.get("statut"):
            dossiers = dossiers.filter(status=wanted["statut"])
        if wanted.get("subroge"):
            dossiers = dossiers.filter(subrogated=wanted["subroge"] == "oui")
        return dossiers
