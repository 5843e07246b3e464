"""The filters of the dossiers' list; their names are the address's parameters (INTERFACE, « Addresses »)."""

from django import forms

from .enums import DossierStatus, Product
from .querysets import DossierQuerySet


class DossierFilters(forms.Form):
    """Search and filters. A value that is not understood filters nothing: an address is not worth an error."""

    q = forms.CharField(
        label="Rechercher",
        required=False,
        max_length=100,
        strip=True,
        widget=forms.TextInput({"type": "search", "class": "input"}),
        help_text="Numéro, bénéficiaire, entreprise ou prestataire.",
    )
    produit = forms.ChoiceField(
        label="Produit",
        required=False,
        choices=[("", "Tous"), *Product.choices],
        widget=forms.Select({"class": "select"}),
    )
    statut = forms.ChoiceField(
        label="Statut",
        required=False,
        choices=[("", "Tous"), *DossierStatus.choices],
        widget=forms.Select({"class": "select"}),
    )
    subroge = forms.ChoiceField(
        label="Subrogé",
        required=False,
        choices=[("", "Tous"), ("oui", "Oui"), ("non", "Non")],
        widget=forms.Select({"class": "select"}),
    )

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

    @property
    def is_filtering(self) -> bool:
        """Whether anything was asked for."""
        return any(self.cleaned_data.values())
