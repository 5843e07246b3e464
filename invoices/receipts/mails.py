"""What the depositor is written: at « Transmettre », at « Transmis » and at « Annulé ».

Each mail is a row, written in the transaction that changes the deposit (outbox.sending); its key makes it one a
deposit and event. Subjects hold nothing personal, and no mail names another person. Accounts that are not active are
written nothing.
"""

from collections.abc import Sequence
from datetime import timedelta
from itertools import groupby
from operator import itemgetter
from uuid import UUID

from django.conf import settings
from django.db.models import Exists, Expression, F, OuterRef, QuerySet, Value
from django.db.models.functions import Replace
from django.urls import reverse

from dossiers.models import Dossier
from outbox import sending
from outbox.models import Mail

from ..clock import database_now
from ..models import Deposit, Document, Invoice, among
from ..presentation import minutes, written
from ..references import PREFIX

# Stands for the reference in words that many mails share; it is one in its form, so that addresses can be made of it.
MARK = f"{PREFIX}-{'-'.join(['0000'] * 4)}"
EVENTS = ("received", "transmitted", "cancelled")
SIGNATURE = "Ce message est envoyé automatiquement par le Portail des dépôts : les réponses ne sont pas lues.\n"


def write_received(
    deposit: Deposit,
    documents: Sequence[Document],
    associated: Sequence[Dossier],
    invoice: Invoice | None,
    delay: timedelta,
) -> None:
    """The receipt of a deposit that was just written: all that its page says."""
    if not deposit.depositor.is_active:
        return
    parts = [
        "Bonjour,",
        f"Votre dépôt est bien reçu. L’OPCO le recevra dans {minutes(delay)} ; jusque-là, vous pouvez l’annuler "
        "depuis son récépissé."
        if delay
        else "Votre dépôt est bien reçu.",
        _lines(
            f"Référence : {deposit.reference}",
            f"Déposé le : {written(deposit.submitted_at, 'instant')}",
            f"Déposé en tant que : {deposit.as_side.label} · {deposit.perimeter.name}",
        ),
    ]
    if invoice:
        parts.append(
            _lines(
                f"Facture : {invoice.number}, du {written(invoice.issue_date, 'jour')}",
                f"Montant HT : {written(invoice.amount_ht, 'euros')}",
                f"Montant TTC : {written(invoice.amount_ttc, 'euros')}",
            )
        )
    parts.append(
        _lines(
            "Dossiers :" if associated else "Dossier :",
            *(f"– {dossier.number} · {dossier.beneficiary}" for dossier in (deposit.origin, *associated)),
        )
    )
    parts.append(
        _lines(
            "Fichiers :" if len(documents) > 1 else "Fichier :",
            *(
                f"– {document.get_type_display()} : {document.name}\n"
                f"  {written(document.pages, 'pages')} · {written(document.size, 'taille')}\n"
                f"  SHA-256 : {document.sha256}"
                for document in documents
            ),
        )
    )
    sending.write([_mail("received", "reçu", deposit.reference, deposit.depositor.email, parts)])


def write_transmitted(deposits: Sequence[UUID]) -> int:
    """To the depositors of what was transmitted together, by one statement whatever their number; return how many."""
    # What was transmitted together has one moment: hundreds of ids need not be asked for it.
    transmitted_at = Deposit.objects.filter(pk__in=deposits[:1]).values_list("transmitted_at", flat=True).first()
    if transmitted_at is None:
        return 0
    sentence = (
        f"Votre dépôt {MARK} a été transmis à l’OPCO le {written(transmitted_at, 'instant')}. Ses documents se "
        "trouvent maintenant dans tous les dossiers auxquels il est destiné."
    )
    mail = _mail("transmitted", "transmis", MARK, "", ["Bonjour,", sentence])
    return sending.write_each(
        Deposit.objects.filter(pk__in=among(deposits), depositor__is_active=True).annotate(
            key=_with_reference(mail.key),
            recipient=F("depositor__email"),
            subject=_with_reference(mail.subject),
            body=_with_reference(mail.body),
        )
    )


def untold(*, since: timedelta, at_most: int) -> list[list[UUID]]:
    """The deposits transmitted within `since`, by the database's clock, of which no mail tells; by their moment.

    One query, over an index of the moments and another of the mails' keys.
    """
    mail = Mail.objects.filter(key=_with_reference(_key(MARK, "transmitted"), OuterRef))
    rows = (
        Deposit.objects.filter(~Exists(mail), transmitted_at__gt=database_now(-since), depositor__is_active=True)
        .order_by("transmitted_at")
        .values_list("transmitted_at", "pk")[:at_most]
    )
    return [[pk for _, pk in batch] for _, batch in groupby(rows, key=itemgetter(0))]


def write_cancelled(deposit_id: UUID, *, by_opco: bool) -> None:
    """To the depositor, whoever cancelled it; where the OPCO did, it says so."""
    for reference, cancelled_at, email in Deposit.objects.filter(pk=deposit_id, depositor__is_active=True).values_list(
        "reference", "cancelled_at", "depositor__email"
    ):
        sentence = (
            f"Votre dépôt {reference} a été annulé{' par l’OPCO' if by_opco else ''} le "
            f"{written(cancelled_at, 'instant')}, avant sa transmission. "
            "L’OPCO ne le recevra pas. S’il portait une facture, son numéro est de nouveau libre."
        )
        sending.write([_mail("cancelled", "annulé", reference, email, ["Bonjour,", sentence])])


def about(*references: str) -> QuerySet[Mail]:
    """What is left of the mails about these deposits, the oldest first."""
    keys = [_key(reference, event) for reference in references for event in EVENTS]
    return Mail.objects.filter(key__in=keys).order_by("created_at", "pk")


def forget(references: Sequence[str]) -> None:
    """Remove what is left of the mails about these deposits."""
    about(*references).delete()


def _mail(event: str, word: str, reference: str, email: str, parts: Sequence[str]) -> Mail:
    links = _lines(
        "Son récépissé, à jour, et en PDF :",
        f"{settings.PUBLIC_URL}{reverse('invoices:receipt-by-reference', args=[reference])}",
        "",
        "Vérifier qu’un fichier en fait partie, sans se connecter :",
        f"{settings.PUBLIC_URL}{reverse('verify')}?reference={reference}",
    )
    return Mail(
        key=_key(reference, event),
        recipient=email,
        subject=f"Dépôt {reference} {word}",
        body="\n\n".join((*parts, links, SIGNATURE)),
    )


def _key(reference: str, event: str) -> str:
    """What makes it one mail a deposit and event."""
    return f"deposit:{reference}:{event}"


def _with_reference(text: str, column: type[F] = F) -> Expression:
    """The text with each deposit's own reference where it has the mark, as the database writes it."""
    # F is an expression like any other here; Django's types know of values alone.
    return Replace(Value(text), Value(MARK), column("reference"))  # type: ignore[arg-type]


def _lines(*lines: str) -> str:
    return "\n".join(lines)
