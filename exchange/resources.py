"""« Sociétés », « Établissements », « Dossiers » as tables; and the table of all kinds."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Model

from dossiers.enums import DossierStatus, Product
from dossiers.models import Dossier
from roles.models import Company, Establishment
from trail.enums import Action
from trail.recording import event, record_all

from .accounts import AccountResource
from .enums import Kind
from .tables import Column, Row, TableResource, read, refusal_of
from .values import SIREN_DIGITS, SIRET_DIGITS, Amount, Choice, Day, Digits, Site, YesOrNo


class SiteColumn(Column):
    """An establishment, by its SIRET."""

    def __init__(self, attribute: str, title: str) -> None:
        super().__init__(f"{attribute}_id", title, Site())
        self.relation = attribute

    def shown(self, row: Model) -> Any:
        return getattr(row, self.relation).siret


class CompanyResource(TableResource):
    """« Sociétés »."""

    key = "siren"

    siren = Column("siren", "SIREN", Digits(SIREN_DIGITS), help_text="neuf chiffres ; dit quelle société")
    name = Column("name", "Nom")

    class Meta(TableResource.Meta):
        model = Company
        fields = ("siren", "name")
        import_id_fields = ("siren",)


class EstablishmentResource(TableResource):
    """« Établissements »; the company of each is the one whose SIREN its SIRET begins with."""

    key = "siret"

    siret = Column("siret", "SIRET", Digits(SIRET_DIGITS), help_text="quatorze chiffres ; dit quel établissement")
    name = Column("name", "Nom")
    api = Column("uses_convergence_api", "API Convergence", YesOrNo(), help_text="oui ou non ; non si vide")

    class Meta(TableResource.Meta):
        model = Establishment
        fields = ("siret", "name", "api")
        import_id_fields = ("siret",)

    def load(self, rows: list[Row]) -> None:
        super().load(rows)
        sirens = {key[:SIREN_DIGITS] for row in rows if (key := self.key_of(row))}
        self.sirens = set(Company.objects.filter(siren__in=sirens).values_list("siren", flat=True))

    def check(self, instance: Establishment) -> None:
        siren = instance.siret[:SIREN_DIGITS]
        if siren not in self.sirens:
            raise ValidationError(
                {"siret": f"Aucune société n’a le SIREN {siren} : vérifiez-le, ou importez d’abord les sociétés."}
            )
        instance.company_id = siren


class DossierResource(TableResource):
    """« Dossiers »."""

    key = "number"
    related = ("employer", "training_provider")

    number = Column("number", "Numéro", help_text="dit quel dossier")
    product = Column("product", "Produit", Choice(Product), help_text="code ou libellé")
    status = Column(
        "status", "Statut", Choice(DossierStatus), help_text="code ou libellé ; « En cours de saisie » si vide"
    )
    subrogated = Column("subrogated", "Subrogé", YesOrNo(), help_text="oui ou non ; oui si vide")
    employer = SiteColumn("employer", "SIRET employeur")
    training_provider = SiteColumn("training_provider", "SIRET formation")
    first_name = Column("beneficiary_first_name", "Prénom du bénéficiaire")
    last_name = Column("beneficiary_last_name", "Nom du bénéficiaire")
    title = Column("training_title", "Intitulé de la formation")
    starts_on = Column("starts_on", "Début de la formation", Day(), help_text="jour/mois/année")
    ends_on = Column("ends_on", "Fin de la formation", Day(), help_text="jour/mois/année")
    tuition = Column("granted_tuition", "Frais pédagogiques accordés (HT)", Amount(), help_text="en euros")
    ancillary = Column("granted_ancillary", "Frais annexes accordés (HT)", Amount(), help_text="en euros ; 0 si vide")

    class Meta(TableResource.Meta):
        model = Dossier
        fields = (
            *("number", "product", "status", "subrogated", "employer", "training_provider"),
            *("first_name", "last_name", "title", "starts_on", "ends_on", "tuition", "ancillary"),
        )
        import_id_fields = ("number",)

    def load(self, rows: list[Row]) -> None:
        """The dossiers, and the establishments of the lines and of the dossiers as they are."""
        super().load(rows)
        columns = [column for column in self.columns if isinstance(column, SiteColumn)]
        digits = Digits(SIRET_DIGITS)
        sirets = {siret for column in columns for row in rows if (siret := read(digits, row.get(column.column_name)))}
        present = {getattr(dossier, column.attribute) for column in columns for dossier in self.known.values()}
        sites = Establishment.objects.order_by()
        ids = dict(sites.filter(siret__in=sirets).values_list("siret", "pk"))
        ids |= dict(sites.filter(pk__in=present - set(ids.values())).values_list("siret", "pk"))
        for column in columns:
            column.widget.know(ids)

    def check(self, instance: Dossier) -> None:
        if instance.ends_on < instance.starts_on:
            raise ValidationError({"ends_on": refusal_of(Dossier, "dossier_ends_after_it_starts")})

    def tell(self, result: Any) -> None:
        """An event for each dossier whose status changed."""
        record_all(
            event(
                Action.STATUS,
                person=self.asked.by if self.asked else None,
                on=row.instance,
                details={
                    "from": row.original.status,
                    "to": row.instance.status,
                    "import": self.asked.pk if self.asked and self.asked.pk else 0,
                },
            )
            for row in result.rows
            if row.original is not None and row.original.status != row.instance.status
        )


RESOURCES: dict[Kind, type[TableResource]] = {
    Kind.COMPANIES: CompanyResource,
    Kind.ESTABLISHMENTS: EstablishmentResource,
    Kind.DOSSIERS: DossierResource,
    Kind.ACCOUNTS: AccountResource,
}
