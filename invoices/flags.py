"""What somebody of the OPCO should have a look at among the deposits, each as a query that an index serves.

    deposits = same_file_elsewhere(Deposit.objects.filter(submitted_at__gte=since))
    deposits = Deposit.objects.filter(pk__in=everywhere(Flag.SAME_FILE))

A cancelled deposit needs no look, and nothing is compared with it: cancelling and depositing anew is no clash.
"""

from collections.abc import Callable, Iterable
from uuid import UUID

from django.db.models import Count, Exists, F, Max, Min, OuterRef, Q, QuerySet, TextChoices

from roles.enums import Side

from .enums import DepositState
from .models import AssociatedDossier, Deposit, DepositQuerySet, Document, Invoice


class Flag(TextChoices):
    """Why a deposit is to be looked at; the values stand in addresses of the back office."""

    FLAGGED = "pdf-signale", "PDF signalé"
    SAME_FILE = "meme-fichier", "Même fichier ailleurs"
    SEVERAL_COMPANIES = "plusieurs-entreprises", "Plusieurs entreprises"
    BOTH_SIDES = "numero-des-deux-cotes", "Numéro des deux côtés"
    NOT_AS_IN_XML = "autre-que-le-xml", "Autre que le XML"


EXPLANATIONS = {
    Flag.FLAGGED: "Un PDF contient un programme JavaScript ou un formulaire dynamique (XFA).",
    Flag.SAME_FILE: "Un fichier se trouve aussi, à l’octet près, dans un autre dépôt.",
    Flag.SEVERAL_COMPANIES: "Les dossiers du dépôt sont ceux de plusieurs entreprises, qui le voient toutes.",
    Flag.BOTH_SIDES: "Une facture de ce numéro, du même prestataire, est déposée aussi par l’autre côté.",
    Flag.NOT_AS_IN_XML: "Ce qui est saisi n’est pas ce que dit le XML de la facture ; le déposant l’a confirmé.",
}

STANDS = ~Q(state=DepositState.CANCELLED)


def flagged(deposits: DepositQuerySet) -> DepositQuerySet:
    """Of these, those with a PDF about which the check had something to tell (RULES.md §9)."""
    return deposits.filter(STANDS, pk__in=Document.objects.flagged().values("deposit"))


def same_file_elsewhere(deposits: DepositQuerySet) -> DepositQuerySet:
    """Of these, those of which a file, byte for byte, is in another deposit too."""
    others = Document.objects.filter(sha256=OuterRef("sha256"), deposit__isnull=False)
    others = others.exclude(deposit=OuterRef("deposit")).exclude(deposit__state=DepositState.CANCELLED)
    elsewhere = Document.objects.filter(Exists(others), deposit__isnull=False)
    return deposits.filter(STANDS, pk__in=elsewhere.values("deposit"))


def several_companies(deposits: DepositQuerySet) -> DepositQuerySet:
    """Of these, those whose dossiers belong to more than one company on the other side: all of them see it (§7)."""
    return deposits.filter(STANDS, pk__in=_of_another_company().values("deposit"))


def number_on_both_sides(deposits: DepositQuerySet) -> DepositQuerySet:
    """Of these, those whose invoice, by its number and its provider, is deposited by the other side too (§5.2)."""
    return deposits.filter(STANDS, _on_the_other_side())


def not_as_in_xml(deposits: DepositQuerySet) -> DepositQuerySet:
    """Of these, those whose depositor confirmed something else than the XML in the invoice's PDF says (§5.2)."""
    return deposits.filter(STANDS, pk__in=Invoice.objects.filter(differs_from_xml=True).values("deposit"))


WITH: dict[Flag, Callable[[DepositQuerySet], DepositQuerySet]] = {
    Flag.FLAGGED: flagged,
    Flag.SAME_FILE: same_file_elsewhere,
    Flag.SEVERAL_COMPANIES: several_companies,
    Flag.BOTH_SIDES: number_on_both_sides,
    Flag.NOT_AS_IN_XML: not_as_in_xml,
}


def to_look_at(deposits: DepositQuerySet) -> DepositQuerySet:
    """Of these, those with any flag."""
    found = [with_it(deposits).order_by().values("pk") for with_it in WITH.values()]
    return deposits.filter(pk__in=found[0].union(*found[1:]))


def everywhere(*flags: Flag) -> set[UUID]:
    """All deposits with one of these flags, whenever they were made.

    Where a flag is one of few among very many, those that may have it are looked up first, by one look at an index.
    """
    found: set[UUID] = set()
    for flag in flags:
        deposits = SUSPECTED[flag]() if flag in SUSPECTED else Deposit.objects.all()
        found.update(WITH[flag](deposits).order_by().values_list("pk", flat=True))
    return found


def flags_of(deposits: Iterable[Deposit]) -> dict[UUID, list[Flag]]:
    """The flags of each of these, of a page or so: one query for each kind, which asks of them alone.

    As columns of the page's own query they would be asked of all deposits: PostgreSQL thinks that cheaper.
    """
    told: dict[UUID, list[Flag]] = {deposit.pk: [] for deposit in deposits}
    for flag, with_it in WITH.items():
        of_these = Deposit.objects.filter(pk__in=list(told)).order_by()
        for pk in with_it(of_these).values_list("pk", flat=True):
            told[pk].append(flag)
    return told


def clashing(flag: Flag, deposit: Deposit) -> DepositQuerySet:
    """The other deposits for which a deposit bears this flag; none of them where it clashes with nothing."""
    others = Deposit.objects.filter(STANDS).exclude(pk=deposit.pk)
    if flag == Flag.SAME_FILE:
        files = deposit.documents.values("sha256")
        return others.filter(pk__in=Document.objects.filter(sha256__in=files, deposit__isnull=False).values("deposit"))
    if flag == Flag.BOTH_SIDES:
        company = deposit.origin.training_provider.company
        return others.filter(number_key=deposit.number_key, origin__training_provider__company=company).exclude(
            side=deposit.side
        )
    return others.none()


def _of_another_company() -> QuerySet[AssociatedDossier]:
    """The links to a dossier of another company than the origin's, on the side that did not deposit."""
    provider, company = Side.PRESTATAIRE, Side.ENTREPRISE
    return AssociatedDossier.objects.filter(
        Q(deposit__side=provider) & ~Q(dossier__employer__company=F("deposit__origin__employer__company"))
        | Q(deposit__side=company)
        & ~Q(dossier__training_provider__company=F("deposit__origin__training_provider__company"))
    )


def _with_a_file_that_is_there_twice() -> DepositQuerySet:
    deposited = Document.objects.filter(deposit__isnull=False).order_by()
    twice = deposited.values("sha256").annotate(count=Count("sha256")).filter(count__gt=1)
    there = deposited.filter(sha256__in=list(twice.values_list("sha256", flat=True)))
    return Deposit.objects.filter(pk__in=set(there.values_list("deposit", flat=True)))


def _with_a_number_of_both_sides() -> DepositQuerySet:
    numbered = Deposit.objects.filter(number_key__isnull=False).order_by()
    sides = numbered.values("number_key").annotate(first=Min("side"), last=Max("side"))
    both = sides.exclude(first=F("last")).values_list("number_key", flat=True)
    return numbered.filter(number_key__in=list(both))


def _on_the_other_side() -> Q:
    others = Deposit.objects.filter(
        STANDS,
        number_key=OuterRef("number_key"),
        origin__training_provider__company=OuterRef("origin__training_provider__company"),
    )
    return Q(Exists(others.exclude(side=OuterRef("side"))), number_key__isnull=False)


# The deposits that may have a flag, and a few that have not.
SUSPECTED: dict[Flag, Callable[[], DepositQuerySet]] = {
    Flag.SAME_FILE: _with_a_file_that_is_there_twice,
    Flag.BOTH_SIDES: _with_a_number_of_both_sides,
}
