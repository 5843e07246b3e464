"""What follows the click on « Transmettre »: its rows, and the sweep of what is due.

The contestants write the same rows of deposits that are made for them, in transactions that are committed; what is made
is taken away again, but for the trail's events, which nobody can take away. Nothing of the broker is part of it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from functools import partial
from statistics import median
from time import perf_counter
from uuid import UUID, uuid4

from django.db import connection, models, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from dossiers.models import Dossier
from invoices import deposits, rules, transmission
from invoices.enums import DepositState, DocumentType
from invoices.models import AssociatedDossier, Deposit, Document
from invoices.references import new_reference
from outbox.models import Mail
from roles.enums import Side
from roles.models import User
from tests.bench.data import LARGE, WITH_20
from tests.bench.measure import Contestant, Unit, as_many, at_least, at_most, measure
from tests.bench.rows import own_table, take_away
from tests.bench.world import World
from trail.enums import Action, Result
from trail.models import Event

TYPES = (DocumentType.FACTURE, DocumentType.CERTIFICAT_REALISATION, DocumentType.RIB)
LINKS = 10
# Deposits of which one figure is the median.
TIMES = 20
# Due deposits that a contestant gets in a round; those that are slow get fewer, and tell how many a second they do.
SWEPT, ONE_BY_ONE, LOOPED = 5_000, 100, 10
FAR = timedelta(days=1)


# --- « Transmettre » ------------------------------------------------------------------------------------------------


class Sender:
    """One who has a deposit ready to send, each time anew: documents that arrived, and dossiers to associate."""

    def __init__(self) -> None:
        self.person = User.objects.get(email=LARGE)
        self.origin = Dossier.objects.select_related("training_provider").get(number=WITH_20)
        of_the_same = Dossier.objects.filter(training_provider=self.origin.training_provider).exclude(pk=self.origin.pk)
        self.associated = list(of_the_same.order_by("pk")[:LINKS])
        self._file = Document.objects.filter(deposit__origin=self.origin).values_list("file", flat=True)[:1].get()
        self.sent: list[UUID] = []

    def documents(self) -> list[Document]:
        """Three that have just arrived; one file lies behind all of them."""
        return Document.objects.bulk_create(
            Document(
                type=type_,
                file=self._file,
                name=f"{type_.lower()}.pdf",
                size=200_000,
                sha256=uuid4().hex * 2,
                pages=2,
                uploaded_by=self.person,
                loose_since=timezone.now(),
            )
            for type_ in TYPES
        )

    def submit(self, documents: Sequence[Document], links: int = LINKS) -> None:
        """As the wizard does, which holds the draft's lock meanwhile; the broker is not told."""
        self.sent.append(uuid4())
        with transaction.atomic():
            deposits.submit(
                deposit_id=self.sent[-1],
                origin=self.origin,
                side=Side.PRESTATAIRE,
                depositor=self.person,
                documents=documents,
                invoice=deposits.InvoiceFacts(
                    number=self.sent[-1].hex,
                    issue_date=timezone.localdate(),
                    amount_ht=Decimal("4000.00"),
                    amount_ttc=Decimal("4800.00"),
                    covers_tuition=True,
                ),
                associated=self.associated[:links],
            )
            connection.run_on_commit.clear()

    def write_raw(self, documents: Sequence[Document]) -> None:
        """The same deposit by four statements, without its trail and its mail."""
        self.sent.append(uuid4())
        pk, number = self.sent[-1], self.sent[-1].hex
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO invoices_deposit (id, reference, origin_id, side, perimeter_id, depositor_id,"
                " covers_tuition, number_key, state, submitted_at, transmit_at)"
                " VALUES (%s, %s, %s, %s, %s, %s, true, %s, %s, now(), now() + interval '15 minutes')",
                [
                    *(pk, new_reference(), self.origin.pk, Side.PRESTATAIRE, self.origin.training_provider_id),
                    *(self.person.pk, rules.number_key(number), DepositState.PENDING),
                ],
            )
            cursor.execute(
                "INSERT INTO invoices_invoice (deposit_id, number, issue_date, amount_ht, amount_ttc)"
                " VALUES (%s, %s, %s, 4000, 4800)",
                [pk, number, timezone.localdate()],
            )
            cursor.execute(
                "INSERT INTO invoices_associateddossier (deposit_id, dossier_id, position)"
                " SELECT %s, dossier, position FROM unnest(%s::bigint[]) WITH ORDINALITY given (dossier, position)",
                [pk, [dossier.pk for dossier in self.associated]],
            )
            cursor.execute(
                "UPDATE invoices_document SET draft_id = NULL, slot = '', loose_since = NULL, deposit_id = %s,"
                " position = given.position - 1"
                " FROM unnest(%s::uuid[]) WITH ORDINALITY given (id, position) WHERE given.id = invoices_document.id",
                [pk, [document.pk for document in documents]],
            )

    def median(self, send: Callable[[Sequence[Document]], None]) -> float:
        """The median of the seconds that sending takes: the figure of a round."""
        return median(seconds(partial(send, self.documents())) for _ in range(TIMES))

    def queries(self, links: int) -> int:
        """How many statements a deposit with so many associated dossiers takes."""
        documents = self.documents()
        with CaptureQueriesContext(connection) as captured:
            self.submit(documents, links)
        return len(captured)


@contextmanager
def sender() -> Iterator[Sender]:
    """A sender, of whom nothing is left but events."""
    one = Sender()
    try:
        yield one
    finally:
        take_away(one.sent)


@measure(
    "submit",
    "« Transmettre », 3 documents, 10 associated dossiers (SQL)",
    at_most(3.5, "portal", of="4 raw statements"),
    grows=["portal"],
)
def submit(_world: World) -> Iterator[Mapping[str, Contestant]]:
    """The rows of a deposit. The portal's are more: the mail, the trail's eleven events, the savepoint."""
    with sender() as one:
        yield {
            "portal": lambda: one.median(one.submit),
            "4 raw statements": lambda: one.median(one.write_raw),
        }


@measure(
    "submit-queries",
    "« Transmettre »: statements with 10 associated dossiers, and with 1",
    as_many("10 dossiers", of="1 dossier"),
    unit=Unit.QUERIES,
    shape=True,
)
def submit_queries(_world: World) -> Iterator[Mapping[str, Contestant]]:
    """However many dossiers are associated."""
    with sender() as one:
        yield {"10 dossiers": lambda: one.queries(LINKS), "1 dossier": lambda: one.queries(1)}


# --- The sweep ------------------------------------------------------------------------------------------------------


class Filed(models.Model):
    """What stock code would keep of a transmission: a row for each document and dossier."""

    document = models.ForeignKey(Document, models.DO_NOTHING, related_name="+")
    dossier = models.ForeignKey(Dossier, models.DO_NOTHING, related_name="+")

    class Meta:
        app_label = "bench"
        constraints = (models.UniqueConstraint(name="filed_once", fields=("document", "dossier")),)

    def __str__(self) -> str:
        return f"{self.document} · {self.dossier}"


WAITING = """
INSERT INTO invoices_deposit (id, reference, origin_id, side, perimeter_id, depositor_id, covers_tuition, number_key,
    state, submitted_at, transmit_at)
SELECT id, 'DEP-' || upper(substr(md5(id::text), 1, 19)), %(origin)s, 'PRESTATAIRE', %(perimeter)s, %(person)s, true,
    'f-' || id, 'PENDING', now(), now() + interval '1 day'
FROM unnest(%(ids)s::uuid[]) id
"""
ASKED = """
INSERT INTO trail_event (action, result, reason, email, side, subject_type, subject_id, subject_label, deposit,
    request_id, details)
SELECT 'DEPOSIT', 'DONE', '', '', 'PRESTATAIRE', 'invoices.deposit', replace(id::text, '-', ''), '', id, id::text, '{}'
FROM unnest(%(ids)s::uuid[]) id
"""
PAPERS = """
INSERT INTO invoices_document (id, type, file, name, size, sha256, pages, flags, uploaded_by_id, uploaded_at, slot,
    deposit_id, position)
SELECT gen_random_uuid(), (%(types)s::text[])[position], 'bench/none.pdf', 'document.pdf', 200000,
    encode(sha256(id::text::bytea), 'hex'), 2, '[]', %(person)s, now(), '', id, position - 1
FROM unnest(%(ids)s::uuid[]) id, generate_series(1, cardinality(%(types)s::text[])) position
"""
ASSOCIATED = """
INSERT INTO invoices_associateddossier (deposit_id, dossier_id, position)
SELECT id, dossier, position
FROM unnest(%(ids)s::uuid[]) id, unnest(%(associated)s::bigint[]) WITH ORDINALITY given (dossier, position)
"""
# The same rows as the sweep's, by one statement: the deposits, an event and a mail of each.
RAW_SWEEP = """
WITH transmitted AS (
    UPDATE invoices_deposit SET state = 'TRANSMITTED', transmitted_at = statement_timestamp()
    WHERE state = 'PENDING' AND transmit_at <= statement_timestamp()
    RETURNING id, reference, side, depositor_id
), told AS (
    INSERT INTO trail_event (action, result, reason, email, side, subject_type, subject_id, subject_label, deposit,
        request_id, details)
    SELECT 'TRANSMIT', 'DONE', '', '', side, 'invoices.deposit', replace(id::text, '-', ''), reference, id,
        coalesce((SELECT request_id FROM trail_event asked WHERE asked.deposit = transmitted.id
            AND asked.action IN ('DEPOSIT', 'DEPOSIT_DOCUMENT') AND asked.result = 'DONE' LIMIT 1), ''), '{}'
    FROM transmitted
)
INSERT INTO outbox_mail (key, recipient, subject, body, created_at, queued_at, next_attempt_at, attempts, last_error)
SELECT 'deposit:' || reference || ':transmitted', person.email, replace(%(subject)s, '{}', reference),
    replace(%(body)s, '{}', reference), now(), now(), now(), 0, ''
FROM transmitted JOIN roles_user person ON person.id = transmitted.depositor_id
ON CONFLICT DO NOTHING
"""
SUBJECT, BODY = "Dépôt {} transmis", "Votre dépôt {} a été transmis à l’OPCO." + " Et ainsi de suite." * 30


class Due:
    """Deposits that wait, each with three documents and ten associated dossiers; some are due whenever asked for."""

    def __init__(self, many: int) -> None:
        one = Sender()
        self.ids = [uuid4() for _ in range(many)]
        given = {
            "ids": self.ids,
            "origin": one.origin.pk,
            "perimeter": one.origin.training_provider_id,
            "person": one.person.pk,
            "types": list(TYPES),
            "associated": [dossier.pk for dossier in one.associated],
        }
        with connection.cursor() as cursor:
            for statement in (WAITING, ASKED, PAPERS, ASSOCIATED):
                cursor.execute(statement, given)
            cursor.execute("ANALYZE invoices_deposit, invoices_document, invoices_associateddossier, trail_event")

    def rate(self, many: int, sweep: Callable[[list[UUID]], None]) -> float:
        """How many deposits a second a contestant transmits, of so many that are due; each once, or AssertionError."""
        ids = self.ids[:many]
        self._forget_mails()
        Filed.objects.all().delete()
        waiting = Deposit.objects.filter(pk__in=self.ids)
        waiting.update(state=DepositState.PENDING, transmitted_at=None, transmit_at=timezone.now() + FAR)
        waiting.filter(pk__in=ids).update(transmit_at=timezone.now())
        taken = seconds(lambda: sweep(ids))
        assert waiting.filter(state=DepositState.TRANSMITTED).count() == len(ids)
        return len(ids) / taken

    def _forget_mails(self) -> None:
        references = Deposit.objects.filter(pk__in=self.ids).values_list("reference", flat=True)
        Mail.objects.filter(key__in=[f"deposit:{reference}:transmitted" for reference in references]).delete()


def sweep(_ids: list[UUID]) -> None:
    """What the worker does every twenty seconds."""
    transmission.transmit_due()
    connection.run_on_commit.clear()


def sweep_raw(_ids: list[UUID]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(RAW_SWEEP, {"subject": SUBJECT, "body": BODY})


def count_down(ids: list[UUID]) -> None:
    """A task for each deposit, at its time; here without the broker that would hand each to a worker."""
    for pk in ids:
        transmission.transmit_due(pk)


def loop(ids: list[UUID]) -> None:
    """What stock code would do: objects, one after the other, and a row for each document and dossier."""
    for deposit in Deposit.objects.filter(pk__in=ids, state=DepositState.PENDING, transmit_at__lte=timezone.now()):
        with transaction.atomic():
            deposit.state, deposit.transmitted_at = DepositState.TRANSMITTED, timezone.now()
            deposit.save()
            for document in deposit.documents.all():
                for link in AssociatedDossier.objects.filter(deposit=deposit):
                    Filed.objects.get_or_create(document=document, dossier=link.dossier)
            Event.objects.create(action=Action.TRANSMIT, result=Result.DONE, side=deposit.side, deposit=deposit.pk)
            Mail.objects.create(
                key=f"deposit:{deposit.reference}:transmitted",
                recipient=deposit.depositor.email,
                subject=SUBJECT.format(deposit.reference),
                body=BODY.format(deposit.reference),
            )


@contextmanager
def due(many: int) -> Iterator[Due]:
    """Deposits that wait, of which nothing is left but events."""
    some = Due(many)
    try:
        with own_table(Filed):
            yield some
    finally:
        take_away(some.ids)


@measure(
    "sweep",
    "Sweep of due deposits, 3 documents, 10 associated dossiers",
    at_least(0.8, "sweep", of="one raw statement"),
    at_least(5, "sweep", of="countdown for each"),
    at_least(100, "sweep", of="ORM loop"),
    unit=Unit.A_SECOND,
    grows=["sweep"],
)
def sweeps(_world: World) -> Iterator[Mapping[str, Contestant]]:
    """All write an event and a mail for each deposit. The loop alone stores rows that the others derive."""
    with due(SWEPT) as some:
        yield {
            "sweep": lambda: some.rate(SWEPT, sweep),
            "one raw statement": lambda: some.rate(SWEPT, sweep_raw),
            "countdown for each": lambda: some.rate(ONE_BY_ONE, count_down),
            "ORM loop": lambda: some.rate(LOOPED, loop),
        }


def seconds(call: Callable[[], object]) -> float:
    """What a call takes."""
    begun = perf_counter()
    call()
    return perf_counter() - begun


MEASURES = [submit, submit_queries, sweeps]
