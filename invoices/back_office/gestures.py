"""What the back office does with deposits: each asked for on the list or on a deposit's page, and confirmed.

    list, page ──▶ the page that asks: of which deposits, which not and why ──▶ POST ──▶ deposits.py, reading/

Nothing is decided here: the layers below say what comes of each deposit, and write it into the trail.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from roles.models import User

from .. import deposits
from ..asking import Asked, Question
from ..enums import DepositState
from ..models import Deposit, DepositQuerySet
from ..presentation import counted, remaining, written

# At once; the list may have any number chosen.
AT_ONCE = 100


@dataclass(frozen=True, kw_only=True)
class Gesture(Question):
    """One of them: its name in addresses, who may, what is said; `do` returns whether it did.

    `why_not`: of a deposit as it stands, the words for « nothing will be done with it »; None where it will.
    """

    name: str
    permission: str
    why_not: Callable[[Deposit], str | None]
    do: Callable[[Deposit, User], bool] | None = None
    done: str = ""
    not_done: str = ""

    @property
    def codename(self) -> str:
        """The permission as code asks for it."""
        return f"invoices.{self.permission}"

    @property
    def gives_files(self) -> bool:
        """Whether the answer is a file, and no deposit changes."""
        return self.do is None


def _why_no_relaunch(deposit: Deposit) -> str | None:
    if deposit.state != DepositState.PENDING:
        return _settled(deposit)
    if left := remaining(deposit.transmit_at):
        return f"son délai court encore, {left}\u00a0; il sera transmis ensuite, sans rien faire"
    return None


def _why_no_cancel(deposit: Deposit) -> str | None:
    if deposit.state != DepositState.PENDING:
        return _settled(deposit)
    if not remaining(deposit.transmit_at):
        return "son délai d’annulation est terminé"
    return None


def _nothing_against_it(deposit: Deposit) -> str | None:  # noqa: ARG001 - as the others
    return None


def _settled(deposit: Deposit) -> str:
    if deposit.state == DepositState.TRANSMITTED:
        return f"il est transmis depuis le {written(deposit.transmitted_at, 'moment')}"
    return f"il est annulé depuis le {written(deposit.cancelled_at, 'moment')}"


def _cancel(deposit: Deposit, person: User) -> bool:
    return deposits.cancel(deposit, person, for_opco=True)


RELAUNCH = Gesture(
    name="relancer",
    permission="relaunch_deposit",
    label="Relancer la transmission",
    question="Relancer la transmission\u00a0?",
    consequence="Le dépôt est transmis tout de suite à tous ses dossiers, et son déposant en est informé par courriel.",
    why_not=_why_no_relaunch,
    do=deposits.relaunch,
    done="Dépôt transmis",
    not_done="n’a pas été transmis\u00a0: il l’est déjà, il est annulé, ou son délai court encore",
)
CANCEL = Gesture(
    name="annuler",
    permission="cancel_deposit",
    label="Annuler",
    question="Annuler avant la transmission\u00a0?",
    consequence="Le dépôt n’est jamais transmis et le numéro de sa facture redevient libre. Son déposant apprend par "
    "courriel que l’OPCO l’a annulé. Une annulation est définitive.",
    why_not=_why_no_cancel,
    do=_cancel,
    done="Dépôt annulé",
    not_done="n’a pas été annulé\u00a0: son délai d’annulation est terminé, ou il est déjà annulé",
    destructive=True,
)
ZIP = Gesture(
    name="telecharger",
    permission="read_documents",
    label="Télécharger (ZIP)",
    question="Télécharger les documents\u00a0?",
    consequence="Tous les fichiers, dans une archive ZIP. Le téléchargement est inscrit au journal.",
    why_not=_nothing_against_it,
)
GESTURES = {gesture.name: gesture for gesture in (RELAUNCH, CANCEL, ZIP)}


def chosen(rows: DepositQuerySet) -> list[Deposit]:
    """These deposits with all that the page says of them; one more than AT_ONCE where they are too many."""
    rows = rows.select_related("invoice", "origin", "depositor", "perimeter").with_documents()
    return list(rows[: AT_ONCE + 1])


def overdue_by(deposit: Deposit) -> timedelta | None:
    """How long ago it should have been transmitted; None where it was, is not due, or is cancelled."""
    if deposit.state != DepositState.PENDING:
        return None
    late = timezone.now() - deposit.transmit_at
    return late if late > timedelta(0) else None


def asked(gesture: Gesture, rows: Sequence[Deposit]) -> Asked:
    """What the page that asks says: the deposits with which it will be done, and the others with why not."""
    judged = [(deposit, gesture.why_not(deposit)) for deposit in rows]
    possible = [(deposit.pk, _told(deposit)) for deposit, why_not in judged if why_not is None]
    documents = [document for deposit in rows for document in deposit.all_documents]
    size = written(sum(document.size for document in documents), "taille")
    return Asked(
        heading=counted(len(possible), "dépôt"),
        possible=possible,
        impossible=[(f"{deposit.title} · {deposit.origin.number}", why_not) for deposit, why_not in judged if why_not],
        note=f"{counted(len(documents), 'fichier')}, {size}" if gesture.gives_files else "",
    )


def _told(deposit: Deposit) -> str:
    when = written(deposit.submitted_at, "moment")
    place = f"{deposit.title} · {deposit.origin.number} · {deposit.perimeter.name}"
    return f"{place} · déposé le {when} par {deposit.depositor}"
