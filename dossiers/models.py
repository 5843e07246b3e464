"""The dossier (RULES.md §1)."""

from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from roles.enums import Side
from roles.models import Establishment, User
from roles.scope import PersonScope
from roles.search import NormalisedField
from roles.search_index import NameIndex

from .enums import PERIMETER_FIELD, DossierStatus, Product
from .querysets import NEED, DossierQuerySet


class Dossier(models.Model):
    """One request for funding, of one product, for one beneficiary."""

    # It is a part of addresses.
    number = models.CharField(
        "numéro",
        max_length=40,
        unique=True,
        validators=[
            RegexValidator(
                r"^[A-Za-z0-9][A-Za-z0-9 ._-]*$",
                "Un numéro est fait de lettres sans accent, de chiffres, de points, de tirets et d’espaces.",
            )
        ],
    )
    product = models.CharField("produit", max_length=10, choices=Product.choices)
    status = models.CharField(
        "statut", max_length=30, choices=DossierStatus.choices, default=DossierStatus.EN_COURS_DE_SAISIE
    )
    subrogated = models.BooleanField(
        "subrogé", default=True, help_text="L’OPCO paie directement le prestataire de formation."
    )
    employer = models.ForeignKey(
        Establishment,
        models.PROTECT,
        related_name="employer_dossiers",
        verbose_name="établissement employeur",
    )
    training_provider = models.ForeignKey(
        Establishment,
        models.PROTECT,
        related_name="training_dossiers",
        verbose_name="établissement de formation",
    )
    beneficiary_first_name = models.CharField("prénom du bénéficiaire", max_length=100)
    beneficiary_last_name = models.CharField("nom du bénéficiaire", max_length=100)
    search_beneficiary = NormalisedField(sources=["beneficiary_first_name", "beneficiary_last_name"])
    training_title = models.CharField("intitulé de la formation", max_length=250)
    starts_on = models.DateField("début de la formation")
    ends_on = models.DateField("fin de la formation")
    granted_tuition = models.DecimalField(
        "frais pédagogiques accordés (HT)", max_digits=10, decimal_places=2, validators=[MinValueValidator(0)]
    )
    granted_ancillary = models.DecimalField(
        "frais annexes accordés (HT)",
        max_digits=10,
        decimal_places=2,
        default=0,
        validators=[MinValueValidator(0)],
    )

    objects = DossierQuerySet.as_manager()

    class Meta:
        verbose_name = "dossier"
        ordering = ("number",)
        indexes = (
            models.Index(fields=("employer", "number"), name="dossier_employer"),
            models.Index(fields=("training_provider", "number"), name="dossier_training_provider"),
            # Whose beneficiary's whole name is known.
            models.Index(F("employer"), NEED, F("number"), name="dossier_employer_need"),
            models.Index(F("training_provider"), NEED, F("number"), name="dossier_provider_need"),
            NameIndex(fields=["employer", "search_beneficiary"], name="dossier_employer_name"),
            NameIndex(fields=["training_provider", "search_beneficiary"], name="dossier_provider_name"),
            # Whole names, many at once: those that a document holds (querysets.named_in).
            models.Index(fields=("search_beneficiary",), name="dossier_beneficiary"),
        )
        constraints = (
            models.CheckConstraint(
                name="dossier_number_fits_an_address",
                condition=~Q(number__contains="/") & ~Q(number__in=["", ".", ".."]),
                violation_error_message="Un numéro ne contient pas de barre oblique.",
            ),
            models.CheckConstraint(
                name="dossier_ends_after_it_starts",
                condition=Q(ends_on__gte=F("starts_on")),
                violation_error_message="La formation ne finit pas avant de commencer.",
            ),
            models.CheckConstraint(
                name="dossier_grants_not_negative",
                condition=Q(granted_tuition__gte=0, granted_ancillary__gte=0),
                violation_error_message="Un montant accordé n’est pas négatif.",
            ),
        )

    def __str__(self) -> str:
        return f"{self.number} · {self.beneficiary}"

    def get_absolute_url(self) -> str:
        return reverse("dossiers:detail", args=[self.number])

    @property
    def beneficiary(self) -> str:
        """First and last name."""
        return f"{self.beneficiary_first_name} {self.beneficiary_last_name}"

    @property
    def trail_label(self) -> str:
        """How the trail names it: without its beneficiary."""
        return self.number

    @property
    def as_product(self) -> Product:
        """The product with its domain."""
        return Product[self.product]

    @property
    def as_status(self) -> DossierStatus:
        """The status with what it is open to."""
        return DossierStatus[self.status]

    def perimeter_id(self, side: Side) -> int:
        """The id of the establishment by which this side reaches the dossier (§3)."""
        return getattr(self, f"{PERIMETER_FIELD[side]}_id")

    def perimeter(self, side: Side) -> Establishment:
        """The establishment by which this side reaches the dossier (§3)."""
        return getattr(self, PERIMETER_FIELD[side])

    def reached_by(self, scope: PersonScope, *sides: Side, to_deposit: bool = False) -> bool:
        """Whether the scope reaches this dossier on one of these sides, as DossierQuerySet.reached_by asks of many."""
        return any(
            self.perimeter_id(side) in scope.establishments(side, self.as_product.domain, to_deposit=to_deposit)
            for side in sides
        )

    def is_visible_to(self, user: User) -> bool:
        """Whether the person sees this dossier, as DossierQuerySet.visible_to asks of many (§3)."""
        return self.reached_by(user.scope, *Side)
