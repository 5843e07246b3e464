"""The types of documents and the limits as rows, edited in the back office."""

import unicodedata
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q

from dossiers.enums import OPEN_TO_DOCUMENTS, Product

from ..enums import FIXED_TYPES
from .values import BOUNDS, LimitsInForce, TypeInForce

CODE_LENGTH = 40


def check_label(label: str) -> None:
    """ValidationError for a label with characters that nobody sees: mails and names of files are made of it."""
    if any(unicodedata.category(character).startswith("C") for character in label):
        raise ValidationError("Ce libellé contient des caractères invisibles : saisissez-le à la main.")


class CatalogueEntry(models.Model):
    """One type of document (RULES.md §5.3). Documents keep its code; they show whatever label it has.

    There is no foreign key to it: a document is what it was said to be, whatever becomes of the catalogue, and the
    version before this table goes on writing codes.
    """

    code = models.CharField(
        "code",
        max_length=CODE_LENGTH,
        primary_key=True,
        validators=[
            RegexValidator(
                r"\A[A-Z][A-Z0-9_]*\Z",
                "Un code est fait de majuscules sans accent, de chiffres et de tirets bas, et commence par une lettre.",
            )
        ],
        help_text="Majuscules, chiffres et tirets bas, par exemple ATTESTATION_FIN. Il ne change plus : c’est lui que "
        "les autres systèmes connaissent.",
        error_messages={"unique": "Ce code est déjà celui d’un type de document."},
    )
    label = models.CharField(
        "libellé",
        max_length=80,
        unique=True,
        validators=[check_label],
        help_text="Ce que lisent les déposants, sur les documents déjà déposés aussi.",
        error_messages={"unique": "Ce libellé est déjà celui d’un autre type de document."},
    )
    products = models.JSONField("produits", default=list, blank=True)
    statuses = models.JSONField("statuts du dossier", default=list, blank=True)
    active = models.BooleanField(
        "actif",
        default=True,
        help_text="Un type inactif n’est plus proposé ; les documents déposés gardent son libellé.",
    )
    position = models.PositiveSmallIntegerField(
        "rang", default=0, help_text="Les types sont proposés du plus petit rang au plus grand."
    )

    class Meta:
        verbose_name = "type de document"
        verbose_name_plural = "types de documents"
        ordering = ("position", "label")
        constraints = (
            models.CheckConstraint(
                name="catalogue_fixed_types_stay",
                condition=Q(active=True) | ~Q(code__in=[code.value for code in FIXED_TYPES]),
            ),
            models.CheckConstraint(name="catalogue_code_and_label_not_empty", condition=~Q(code="") & ~Q(label="")),
        )

    def __str__(self) -> str:
        return self.label

    def clean(self) -> None:
        """Products and statuses are those that exist and take documents."""
        if not {*self.products} <= {*Product.values} or not {*self.statuses} <= {*OPEN_TO_DOCUMENTS}:
            raise ValidationError("Ces produits ou ces statuts n’existent pas : cochez-les dans la liste.")

    @property
    def is_fixed(self) -> bool:
        """Whether the rules know it by name: it is neither renamed, nor deactivated, nor deleted."""
        return self.code in FIXED_TYPES

    @property
    def in_force(self) -> TypeInForce:
        """The same as a value."""
        return TypeInForce(
            self.code, self.label, frozenset(self.products), frozenset(self.statuses), active=self.active
        )


FOR_NEW_FILES = "S’applique aux fichiers envoyés à partir de maintenant"
FOR_DRAFTS_TOO = "S’applique aussi aux brouillons en cours"


def limit(name: str, label: str, *, help_text: str) -> Any:
    """The column of a limit: the guide's value to begin with, within its bounds."""
    bounds = BOUNDS[name]
    return models.PositiveSmallIntegerField(
        label,
        default=getattr(LimitsInForce, name),
        validators=[MinValueValidator(bounds.lowest), MaxValueValidator(bounds.highest)],
        help_text=f"{help_text}. De {bounds.lowest} à {bounds.highest}.",
    )


class Limits(models.Model):
    """The limits that an OPCO may change (RULES.md §2): one row."""

    ONLY = 1

    id = models.PositiveSmallIntegerField(primary_key=True, default=ONLY, editable=False)
    file_megabytes = limit("file_megabytes", "taille d’un fichier, en Mo", help_text=FOR_NEW_FILES)
    pdf_pages = limit("pdf_pages", "pages d’un PDF", help_text=FOR_NEW_FILES)
    associated_dossiers = limit("associated_dossiers", "dossiers associés à un dépôt", help_text=FOR_DRAFTS_TOO)
    supporting_documents = limit("supporting_documents", "pièces justificatives d’un dépôt", help_text=FOR_DRAFTS_TOO)
    invoice_age_years = limit("invoice_age_years", "ancienneté d’une facture, en années", help_text=FOR_DRAFTS_TOO)

    class Meta:
        verbose_name = "limites"
        verbose_name_plural = "limites"
        # There is one row, from the first migration on: none to add or to delete.
        default_permissions = ("change", "view")
        constraints = (
            models.CheckConstraint(name="limits_one_row", condition=Q(id=1)),
            *(
                models.CheckConstraint(
                    name=f"limits_{name}_in_bounds",
                    condition=Q(**{f"{name}__gte": bounds.lowest, f"{name}__lte": bounds.highest}),
                )
                for name, bounds in BOUNDS.items()
            ),
        )

    def __str__(self) -> str:
        return "Limites des dépôts"

    @property
    def in_force(self) -> LimitsInForce:
        """The same as a value."""
        return LimitsInForce(**{name: getattr(self, name) for name in BOUNDS})
