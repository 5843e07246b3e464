"""Which deposits does this text mean? By what people read out on the phone, each by an index that finds it.

What it may be is looked up first, a few rows each; the deposits are then found by their own columns, so that a
million dossiers cost no more than a hundred.
"""

import re
from uuid import UUID

from django.db.models import Q

from dossiers.models import Dossier
from roles.models import Establishment, User, as_stored

from ..models import AssociatedDossier, Deposit, Document
from ..references import read_reference
from ..rules import number_key

# Of dossiers, establishments, people: what begins with so little that more are meant has to be typed further.
MANY = 200
# Of deposits found by something else than their own columns.
MOST_DEPOSITS = 2_000
SHORTEST = 3
SEARCHED_LENGTH = 200
HELP = (
    "Numéro de facture ou de dossier, ou son début\u00a0; référence, adresse e-mail, SIRET, SIREN ou empreinte "
    "SHA-256, en entier."
)


def meant_by(text: str) -> tuple[Q, bool]:
    """The deposits that the text may mean, and whether it means too many things for all of them to be looked up."""
    term = text.strip().replace("\x00", "")[:SEARCHED_LENGTH]
    found = Q(number_key__startswith=key) if (key := number_key(term)) else Q(pk__in=[])
    if reference := read_reference(term):
        found |= Q(reference=reference)
    if pk := _uuid(term):
        found |= Q(pk=pk)
    if sha256 := sha256_of(term):
        files = Document.objects.filter(sha256=sha256, deposit__isnull=False)
        found |= Q(pk__in=list(files.values_list("deposit", flat=True)[:MOST_DEPOSITS]))
    if "@" in term:
        found |= Q(depositor__in=people(term))
    found_there, too_many = Q(), False
    digits = re.sub(r"\s", "", term)
    if re.fullmatch(r"\d{9}|\d{14}", digits):
        found_there = _of_places(digits)
    elif len(term) >= SHORTEST:
        found_there, too_many = _of_dossiers(term)
    return found | found_there, too_many


def sha256_of(text: str) -> str | None:
    """The hash of a file, if the text is one."""
    return text.lower() if re.fullmatch(r"[0-9a-fA-F]{64}", text) else None


def people(text: str) -> list[int]:
    """The account of this e-mail address, if it is one's."""
    return list(User.objects.filter(email=as_stored(text)).values_list("pk", flat=True))


def some(deposits: Q) -> list[UUID]:
    """The ids of the deposits that are meant, or of as many as are looked up."""
    return list(Deposit.objects.filter(deposits).order_by().values_list("pk", flat=True)[:MOST_DEPOSITS])


def _of_places(digits: str) -> Q:
    """Deposits made for an establishment, by its SIRET, or for any of a company's, and those on its dossiers."""
    sites = list(Establishment.objects.filter(siret__startswith=digits).values_list("pk", flat=True)[:MANY])
    if not sites:
        return Q()
    there = Deposit.objects.filter(Q(origin__employer__in=sites) | Q(origin__training_provider__in=sites))
    return Q(perimeter__in=sites) | Q(pk__in=list(there.order_by().values_list("pk", flat=True)[:MOST_DEPOSITS]))


def _of_dossiers(term: str) -> tuple[Q, bool]:
    """Deposits made on a dossier whose number begins so, or associated with it."""
    beginnings = Q(number__startswith=term) | Q(number__startswith=term.upper())
    pks = list(Dossier.objects.filter(beginnings).order_by().values_list("pk", flat=True)[: MANY + 1])
    dossiers = pks[:MANY]
    if not dossiers:
        return Q(), False
    linked = AssociatedDossier.objects.filter(dossier__in=dossiers).order_by().values_list("deposit", flat=True)
    return Q(origin__in=dossiers) | Q(pk__in=list(linked[:MOST_DEPOSITS])), len(pks) > MANY


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
