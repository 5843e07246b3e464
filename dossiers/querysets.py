"""Which dossiers may this person see, deposit on, associate? (RULES.md §3, §4, §5.2, §8)"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Case, IntegerField, Q, Value, When

from roles.enums import Domain, Side
from roles.models import Establishment, User
from roles.scope import PersonScope
from roles.search import normalise

from .enums import BY_NEED, OPEN_TO_DOCUMENTS, OPEN_TO_INVOICE, PERIMETER_FIELD, PRODUCTS_OF, DossierStatus

if TYPE_CHECKING:
    from .models import Dossier

SEARCHED_LENGTH = 200  # characters

# As an index of each establishment's dossiers has it: this very expression.
NEED = Case(
    *(When(status=status, then=Value(rank)) for rank, status in enumerate(BY_NEED)), output_field=IntegerField()
)


class DossierQuerySet(models.QuerySet["Dossier"]):
    """Every list of dossiers that a person is shown starts here."""

    def reached_by(self, scope: PersonScope, *sides: Side, to_deposit: bool = False) -> Self:
        """The dossiers that the scope reaches on any of these sides, with `to_deposit` by roles that may deposit."""
        reached = Q(pk__in=[])
        for side in sides:
            for domain in Domain:
                if establishments := scope.establishments(side, domain, to_deposit=to_deposit):
                    reached |= Q(
                        **{f"{PERIMETER_FIELD[side]}__in": sorted(establishments)},
                        product__in=PRODUCTS_OF[domain],
                    )
        return self.filter(reached)

    def visible_to(self, user: User) -> Self:
        """The dossiers that the person sees, by any role on either side (§3); nothing else exists for them."""
        return self.reached_by(user.scope, *Side)

    def open_to_invoice_from(self, user: User, side: Side) -> Self:
        """The dossiers on which the person may deposit an invoice, acting for this side (§4)."""
        return self.reached_by(user.scope, side, to_deposit=True).filter(
            *invoice_conditions(side), status__in=OPEN_TO_INVOICE
        )

    def open_to_documents_from(self, user: User, side: Side) -> Self:
        """The dossiers to which the person may add documents outside an invoice, acting for this side (§8)."""
        return self.reached_by(user.scope, side, to_deposit=True).filter(
            *document_conditions(side), status__in=OPEN_TO_DOCUMENTS
        )

    def associable_with(self, origin: "Dossier", user: User, side: Side) -> Self:
        """The other dossiers that may receive a deposit made on `origin` by this person for this side (§5.2)."""
        return (
            self.open_to_invoice_from(user, side)
            .filter(**{PERIMETER_FIELD[side]: origin.perimeter_id(side)})
            .exclude(pk=origin.pk)
        )

    def to_invoice_by(self, user: User) -> Self:
        """The dossiers « À facturer » on which the person may deposit an invoice, on either side (§4)."""
        return self.filter(status=DossierStatus.A_FACTURER) & (
            self.open_to_invoice_from(user, Side.ENTREPRISE) | self.open_to_invoice_from(user, Side.PRESTATAIRE)
        )

    def to_complete_by(self, user: User) -> Self:
        """The dossiers « Information manquante » to which the person may add documents, on either side (§8)."""
        return self.filter(status=DossierStatus.INFORMATION_MANQUANTE) & (
            self.open_to_documents_from(user, Side.ENTREPRISE) | self.open_to_documents_from(user, Side.PRESTATAIRE)
        )

    def by_need(self) -> Self:
        """What waits for someone first (enums.BY_NEED), then by number."""
        return self.order_by(NEED, "number")

    def with_places(self) -> Self:
        """With both establishments and their companies, in the same query."""
        return self.select_related("employer__company", "training_provider__company")

    def search(self, text: str) -> Self:
        """By the start of the number, or words of the beneficiary, an establishment or a company.

        Accents and case are ignored. All the words must be found in one of them; an empty text finds everything.
        Any text is harmless; what exceeds the longest name is not read.
        """
        searched = normalise(text[:SEARCHED_LENGTH])
        if not searched:
            return self
        words = sorted(set(searched.split()))
        places = Establishment.objects.filter(
            _holds_all("search_name", words) | _holds_all("company__search_name", words)
        ).values("pk")
        return self.filter(
            Q(number__istartswith=searched)
            | _holds_all("search_beneficiary", words)
            | Q(employer__in=places)
            | Q(training_provider__in=places)
        )


def invoice_conditions(side: Side) -> list[Q]:
    """What the provider's side asks of a dossier beside its status: subrogated, and no API Convergence (§4.3)."""
    if side == Side.ENTREPRISE:
        return []
    return [Q(subrogated=True), *document_conditions(side)]


def document_conditions(side: Side) -> list[Q]:
    """What the provider's side asks of a dossier for documents outside an invoice: no API Convergence (§8)."""
    return [] if side == Side.ENTREPRISE else [Q(training_provider__uses_convergence_api=False)]


def _holds_all(field: str, words: Iterable[str]) -> Q:
    return Q(*(Q(**{f"{field}__contains": word}) for word in words))
