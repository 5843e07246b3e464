"""The filters of « Mes dépôts »; their names are the address's parameters."""

from typing import Any

from django import forms
from django.db.models import Exists, OuterRef, Q

from dossiers.forms import ChoiceFilter, Filters, SearchField
from dossiers.querysets import DossierQuerySet
from roles.enums import Side

from .. import rules
from ..enums import DepositState
from ..models import AssociatedDossier, DepositQuerySet


class DayField(forms.DateField):
    """A day, in the browser's own calendar."""

    widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", "class": "input"})

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, **kwargs)


class DepositFilters(Filters):
    """Search and filters. A value that is not understood filters nothing, and its field says so."""

    q = SearchField("Numéro de facture, dossier, bénéficiaire, entreprise ou prestataire.")
    statut = ChoiceFilter("Statut", DepositState.choices)
    cote = ChoiceFilter("Déposé en tant que", Side.choices)
    du = DayField(label="Déposé depuis le")
    au = DayField(label="Déposé jusqu’au")

    def apply(self, deposits: DepositQuerySet, dossiers: DossierQuerySet) -> DepositQuerySet:
        """The deposits that pass the filters; the search reads these dossiers, those that the person sees."""
        self.is_valid()
        wanted = self.cleaned_data
        if wanted.get("q"):
            found = dossiers.search(wanted["q"])
            link = AssociatedDossier.objects.filter(deposit=OuterRef("pk"), dossier__in=found)
            deposits = deposits.filter(
                Q(number_key__contains=rules.number_key(wanted["q"])) | Q(origin__in=found) | Q(Exists(link))
            )
        if wanted.get("statut"):
            deposits = deposits.filter(state=wanted["statut"])
        if wanted.get("cote"):
            deposits = deposits.filter(side=wanted["cote"])
        if wanted.get("du"):
            deposits = deposits.filter(submitted_at__date__gte=wanted["du"])
        if wanted.get("au"):
            deposits = deposits.filter(submitted_at__date__lte=wanted["au"])
        return deposits
