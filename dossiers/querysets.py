"""Which dossiers may this person see, deposit on, associate? (RULES.md §3, §4, §5.2, §8)"""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import BigIntegerField, Case, F, IntegerField, Q, Value, When
from django.db.models.functions import Cast
from django.db.models.lookups import In

from roles.enums import Domain, Side
from roles.models import Establishment, User
from roles.scope import PersonScope
from roles.search import normalise

from .enums import BY_NEED, OPEN_TO_DOCUMENTS, OPEN_TO_INVOICE, PERIMETER_FIELD, PRODUCTS_OF, DossierStatus

if TYPE_CHECKING:
    from .models import Dossier

SEARCHED_LENGTH = 200  # characters
LONGEST_NAME = 8  # words
NUMBER_BEGINNING = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{,39}")
# Establishments that a search names one by one.
MANY_SITES = 1_000

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
            places = {domain: scope.establishments(side, domain, to_deposit=to_deposit) for domain in Domain}
            # What holds for every product says nothing of products: the count is then an index's alone.
            everywhere = frozenset.intersection(*places.values())
            if everywhere:
                reached |= _of(PERIMETER_FIELD[side], everywhere)
            for domain, establishments in places.items():
                if further := establishments - everywhere:
                    reached |= _of(PERIMETER_FIELD[side], further) & Q(product__in=PRODUCTS_OF[domain])
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

    def named_in(self, mentions: Iterable[str], *, most: int) -> list[int]:
        """The ids of those whose number, or whose beneficiary's whole name, is one of these; so many at most.

        A name is known in either order, « Prénom Nom » and « NOM Prénom », whatever its accents and its case. Two
        queries, each answered by an index whatever the size of the establishment.
        """
        said = sorted({mention.strip() for mention in mentions} - {""})
        unordered = self.order_by()  # by number, the database might walk all of the establishment instead
        numbers = unordered.filter(number__in={*said, *map(str.upper, said)})
        names = unordered.filter(search_beneficiary__in={name for mention in said for name in _either_order(mention)})
        found = [*numbers.values_list("pk", flat=True)[:most], *names.values_list("pk", flat=True)[:most]]
        return list(dict.fromkeys(found))[:most]

    def search(self, text: str) -> Self:
        """By the start of the number, or words of the beneficiary, an establishment or a company.

        Accents and case are ignored. All the words must be found in one of them; an empty text finds everything.
        Any text is harmless; what exceeds the longest name is not read.
        """
        searched = normalise(text[:SEARCHED_LENGTH])
        if not searched:
            return self
        words = sorted(set(searched.split()))
        found = _holds_all("search_beneficiary", words)
        # As numbers are written: no index is read for a comparison that is blind to case.
        for written in {text.strip(), searched, searched.upper()}:
            if NUMBER_BEGINNING.fullmatch(written):
                found |= Q(number__startswith=written)
        # Looked up first: with a query inside, no index is read for the rest. Where so many fit, one finds soon enough.
        places = Establishment.objects.filter(
            _holds_all("search_name", words) | _holds_all("company__search_name", words)
        ).order_by()
        sites = list(places.values_list("pk", flat=True)[: MANY_SITES + 1])
        if sites:
            there = sites if len(sites) <= MANY_SITES else places.values("pk")
            found |= Q(employer__in=there) | Q(training_provider__in=there)
        return self.filter(found)


def invoice_conditions(side: Side) -> list[Q]:
    """What the provider's side asks of a dossier beside its status: subrogated, and no API Convergence (§4.3)."""
    if side == Side.ENTREPRISE:
        return []
    return [Q(subrogated=True), *document_conditions(side)]


def document_conditions(side: Side) -> list[Q]:
    """What the provider's side asks of a dossier for documents outside an invoice: no API Convergence (§8)."""
    return [] if side == Side.ENTREPRISE else [Q(training_provider__uses_convergence_api=False)]


def _either_order(name: str) -> list[str]:
    """A name as it is compared, with its last words before its first ones too: nobody knows where the name begins."""
    words = normalise(name).split()[:LONGEST_NAME]
    return [" ".join(words[cut:] + words[:cut]) for cut in range(len(words))] if len(words) > 1 else []


def _of(field: str, establishments: Iterable[int]) -> Q:
    """As bigint, and said so: what PostgreSQL takes for an integer is not looked up in the index of names."""
    return Q(In(F(field), [Cast(Value(pk), BigIntegerField()) for pk in sorted(establishments)]))


def _holds_all(field: str, words: Iterable[str]) -> Q:
    return Q(*(Q(**{f"{field}__contains": word}) for word in words))
