"""What a change in the back office means to drafts and deposits, told before it is done (dossiers and roles ask).

Everything is bounded: a dossier has a handful of drafts, and where it has hundreds nobody reads their list.
"""

from collections.abc import Iterable, Iterator
from copy import copy
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime

from dossiers.consequences import Consequence, Line
from dossiers.enums import DossierStatus
from dossiers.models import Dossier
from roles.enums import Side
from roles.models import User

from . import rules
from .catalogue import in_force
from .enums import DepositState, DocumentType
from .models import Deposit, Document, Draft
from .wizard.storage import answered_tuition, associated_ids

COUNTED = 1_000
NAMED = 20


def of_closing(person: User) -> Iterator[str]:
    """Of an account that is about to be closed: what its person has begun, and what is under way."""
    drafts = _many(Draft.objects.filter(owner=person, deleted_at=None, saved_at__isnull=False))
    if drafts:
        words = _counted(drafts, "brouillon en cours", "brouillons en cours")
        yield f"{words} : personne d’autre ne peut y travailler."
    pending = _many(Deposit.objects.filter(depositor=person, state=DepositState.PENDING))
    if pending:
        words = _counted(pending, "dépôt en cours de transmission", "dépôts en cours de transmission")
        yield f"{words} : rien n’est annulé, la transmission aura lieu."


def of_status(dossier: Dossier, status: DossierStatus) -> Iterator[Consequence]:
    """Of a dossier whose status is about to be another (RULES.md §4, §5.3, §6, §8)."""
    changed = copy(dossier)
    changed.status = status.value
    drafts = list(
        Draft.objects.filter(origin=dossier, deleted_at=None, saved_at__isnull=False).select_related("owner")[:COUNTED]
    )
    yield _of_deposits(dossier, changed, drafts)
    yield from _of_documents(dossier, changed)
    if changed.as_status.open_to_invoice:
        yield from _of_certificate(dossier, changed, drafts)
    if changed.as_status.open_to_documents:
        yield from _of_types(dossier, changed, drafts)
    if not changed.as_status.open_to_invoice and dossier.as_status.open_to_invoice:
        yield from _of_association(dossier)
    pending = _many(Deposit.objects.filter(origin=dossier, state=DepositState.PENDING))
    if pending:
        words = _counted(pending, "dépôt en cours de transmission", "dépôts en cours de transmission")
        yield Consequence(f"{words} : la transmission aura lieu, ces dépôts étaient acceptés.")


def of_page(dossier: Dossier) -> Iterator[Line]:
    """Of a dossier: its deposits and its drafts, as lists of the back office."""
    deposits = min(len(Deposit.objects.filed_in(dossier)), COUNTED)
    drafts = _many(Draft.objects.filter(origin=dossier, deleted_at=None, saved_at__isnull=False))
    own = urlencode({"origin__id__exact": dossier.pk})
    yield Line("Dépôts", _counted(deposits, "dépôt", "dépôts"), f"{reverse('admin:invoices_deposit_changelist')}?{own}")
    yield Line(
        "Brouillons",
        _counted(drafts, "brouillon en cours", "brouillons en cours"),
        f"{reverse('admin:invoices_draft_changelist')}?{own}&deleted_at__isempty=1",
    )


def _of_deposits(dossier: Dossier, changed: Dossier, drafts: list[Draft]) -> Consequence:
    begun = _counted(len(drafts), "brouillon en cours", "brouillons en cours")
    if changed.as_status.open_to_invoice:
        if dossier.as_status.open_to_invoice:
            return Consequence(f"Les dépôts de factures restent possibles ; {begun}.", _authors(drafts))
        return Consequence(f"Les dépôts de factures deviennent possibles ; {begun}.", _authors(drafts))
    if not dossier.as_status.open_to_invoice:
        return Consequence(f"Les dépôts de factures restent impossibles ; {begun}.", _authors(drafts))
    return Consequence(
        f"{begun} : les dépôts ne seront plus possibles. Rien n’est effacé : un brouillon se reprend si le dossier "
        "s’ouvre de nouveau.",
        _authors(drafts),
    )


def _of_documents(dossier: Dossier, changed: Dossier) -> Iterator[Consequence]:
    before, after = dossier.as_status.open_to_documents, changed.as_status.open_to_documents
    if before and not after:
        yield Consequence("Les documents hors facture ne seront plus acceptés.")
    if after and not before:
        yield Consequence("Les documents hors facture deviennent possibles.")


def _of_certificate(dossier: Dossier, changed: Dossier, drafts: list[Draft]) -> Iterator[Consequence]:
    before = rules.certificate_required(True, [dossier])
    after = rules.certificate_required(True, [changed])
    if before and not after:
        yield Consequence("Le certificat de réalisation n’est plus obligatoire avec des frais pédagogiques.")
    if after and not before:
        certificates = Document.objects.filter(draft__in=drafts, type=DocumentType.CERTIFICAT_REALISATION)
        there = set(certificates.values_list("draft", flat=True))
        without = [draft for draft in drafts if answered_tuition(draft) and draft.pk not in there]
        yield Consequence(
            "Le certificat de réalisation devient obligatoire avec des frais pédagogiques ; il manque dans "
            f"{_counted(len(without), 'brouillon', 'brouillons')}.",
            _authors(without),
        )


def _of_types(dossier: Dossier, changed: Dossier, drafts: list[Draft]) -> Iterator[Consequence]:
    before, after = (rules.document_types(one, in_force.catalogue()) for one in (dossier, changed))
    lost = {code: label for code, label in before.items() if code not in after}
    gained = [label for code, label in after.items() if code not in before]
    if lost:
        holding = Document.objects.filter(draft__in=drafts, type__in=lost).values_list("draft", flat=True)
        theirs = set(holding)
        yield Consequence(
            f"Types de documents qui ne sont plus proposés : {', '.join(lost.values())} ; "
            f"{_counted(len(theirs), 'brouillon en contient', 'brouillons en contiennent')}, à retirer avant "
            "« Transmettre ».",
            _authors(draft for draft in drafts if draft.pk in theirs),
        )
    if gained:
        yield Consequence(f"Types de documents proposés en plus : {', '.join(gained)}.")


def _of_association(dossier: Dossier) -> Iterator[Consequence]:
    """Drafts of other dossiers of the same perimeter that have chosen this one too."""
    near = Q(side=Side.ENTREPRISE, origin__employer=dossier.employer_id) | Q(
        side=Side.PRESTATAIRE, origin__training_provider=dossier.training_provider_id
    )
    others = Draft.objects.filter(near, deleted_at=None, saved_at__isnull=False).exclude(origin=dossier)
    theirs = [draft for draft in others.select_related("owner")[:COUNTED] if dossier.pk in associated_ids(draft)]
    if theirs:
        words = _counted(
            len(theirs), "brouillon d’un autre dossier l’associe", "brouillons d’autres dossiers l’associent"
        )
        yield Consequence(f"{words} : il faudra l’en retirer avant « Transmettre ».", _authors(theirs))


def _authors(drafts: Iterable[Draft]) -> list[str]:
    """Whom to call: who began these drafts, and when they were last at it."""
    told = [
        f"{draft.owner} ({draft.owner.email}), {draft.as_side.label.lower()}, enregistré le "
        f"{date_format(localtime(draft.saved_at), 'j F Y')}"
        for draft in drafts
    ]
    further = len(told) - NAMED
    return told[:NAMED] + ([f"et {further} de plus"] if further > 0 else [])


def _many(rows: QuerySet) -> int:
    """How many there are, COUNTED at most."""
    return rows.order_by()[:COUNTED].count()


def _counted(count: int, one: str, several: str) -> str:
    """« Aucun brouillon », « 1 brouillon », « 3 brouillons », « 1 000 brouillons ou plus »."""
    if count == 0:
        return f"aucun {one}"
    if count >= COUNTED:
        return f"{COUNTED} {several} ou plus"
    return f"{count}\u00a0{one if count == 1 else several}"
