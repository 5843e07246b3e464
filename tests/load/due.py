"""Many deposits that are due at the same moment: how soon they are transmitted, and what the worker needs for it."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from hashlib import sha256
from itertools import islice
from random import Random
from uuid import uuid4

from django.db import connection, connections
from django.db.models import F, QuerySet
from django.utils import timezone

from dossiers.models import Dossier
from invoices import rules, tasks
from invoices.enums import DepositState, DocumentType
from invoices.models import AssociatedDossier, Deposit, Document, Invoice
from outbox.models import Mail
from roles.enums import Side
from roles.models import User
from tests.chaos import report, verdict
from tests.chaos.machines import Machines
from tests.chaos.orders import ASSOCIATED, make_accounts
from tests.chaos.place import Place
from tests.load.usage import Usage
from tests.mailserver import MailServer, mail_server
from trail.enums import Action
from trail.models import Event
from trail.recording import event, record_all

ACCOUNTS = 20
TWO_DOCUMENTS = 0.5
ROWS_AT_ONCE = 2_000
# Until the moment: for the worker to take the last alarm; and what publishing them takes, twice as slow as these.
LEAD_SECONDS = 3
TRIED_ALARMS = 100
SLOWER = 2
WORKER = "worker 1"
FAR = timedelta(days=1)
# What four web processes set within the delay when deposits come all the time (invoices.tasks.set_alarm).
ALARMS_AT_MOST = 4 * 900


@dataclass(frozen=True)
class Options:
    """What is asked: how many, and the `limit` in seconds and of the worker's `memory` in megabytes."""

    deposits: int
    limit: float
    memory: float
    seed: int

    @property
    def drain_seconds(self) -> float:
        """After which it is over, however far it came: what is slow is told too, and mails are sent one by one."""
        return 120 + self.deposits / 20


def run(options: Options, place: Place, say: Callable[[str], None]) -> list[verdict.Row]:
    """Run it all in the place, whose environment this process has; say how it goes, and return the verdict."""
    with mail_server(place.mail_port) as sink, Machines(place, workers=1) as machines:
        try:
            say(f"All runs in {place.folder}.")
            return go(options, machines, sink, say)
        finally:
            connections.close_all()


def go(options: Options, machines: Machines, sink: MailServer, say: Callable[[str], None]) -> list[verdict.Row]:
    """Make them, let them be due, judge."""
    fill(options)
    ids = list(Deposit.objects.values_list("pk", flat=True))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # as PostgreSQL does by itself, a minute later
    moment = timezone.now() + timedelta(seconds=LEAD_SECONDS + SLOWER * len(ids[:ALARMS_AT_MOST]) * seconds_an_alarm())
    Deposit.objects.update(transmit_at=moment)
    say(f"{len(ids)} deposits are made; publishing their alarms for {moment:%H:%M:%S} UTC.")
    for pk in ids[:ALARMS_AT_MOST]:
        tasks.transmit.apply_async((str(pk),), eta=moment + timedelta(seconds=1))
    published = timezone.now()
    time.sleep(max(0, (moment - published).total_seconds()))
    usage = Usage(machines)
    in_time = usage.watch(lambda: not waiting().exists(), options.drain_seconds)
    wall, used = usage.seconds, usage.processor_seconds(WORKER)
    mails_in_time = usage.watch(lambda: mails_sent() == options.deposits, options.drain_seconds)
    say("")
    for label, words in [
        ("deposits", f"{options.deposits}, with {AssociatedDossier.objects.count()} associated dossiers"),
        ("alarms published", f"{(moment - published).total_seconds():.1f} s before the moment"),
        ("until all were « Transmis »", f"{wall:.1f} s, {used:.1f} s of the worker's processor time"),
        ("late", report.spread(latenesses())),
        ("until all mails were sent", f"{usage.seconds:.1f} s" if mails_in_time else "not in time"),
        *usage.told(),
    ]:
        say(f"{label:<46} {words}")
    say("")
    rows = [
        *judge(options, sink, published - moment),
        *judge_limits(options, max(wall, used), machines.memory["worker"], in_time),
    ]
    for line in report.promises(rows):
        say(line)
    return rows


def seconds_an_alarm() -> float:
    """What publishing an alarm takes, tried with some that name no deposit and so do nothing."""
    tasks.transmit.delay(str(uuid4()))  # the first one opens the line
    begun = time.monotonic()
    for _ in range(TRIED_ALARMS):
        tasks.transmit.delay(str(uuid4()))
    return (time.monotonic() - begun) / TRIED_ALARMS


@dataclass
class Made:
    """One deposit with its rows."""

    deposit: Deposit
    invoice: Invoice
    documents: list[Document]
    links: list[AssociatedDossier]
    event: Event


def fill(options: Options) -> None:
    """Make the deposits as rows, with invoice, documents, associated dossiers and what the trail tells of each.

    No file is behind them: none is read at a transmission.
    """
    all_of_them = made(options)
    while batch := list(islice(all_of_them, ROWS_AT_ONCE)):
        Deposit.objects.bulk_create(one.deposit for one in batch)
        Invoice.objects.bulk_create(one.invoice for one in batch)
        Document.objects.bulk_create(document for one in batch for document in one.documents)
        AssociatedDossier.objects.bulk_create(link for one in batch for link in one.links)
        record_all(one.event for one in batch)


def made(options: Options) -> Iterator[Made]:
    """The deposits, of which nothing is written yet; they are due in the far future."""
    dice = Random(options.seed)
    providers = make_accounts(ACCOUNTS)[::2]
    people = {person.email: person for person in User.objects.filter(email__in=[one.email for one in providers])}
    dossiers = {dossier.number: dossier for dossier in Dossier.objects.select_related("training_provider")}
    now = timezone.now()
    for rank in range(options.deposits):
        account = dice.choice(providers)
        person = people[account.email]
        origin, *others = (dossiers[number] for number in dice.sample(account.dossiers, len(account.dossiers)))
        number = f"DUE-{options.seed}-{rank:06}"
        deposit = Deposit(
            origin=origin,
            side=Side.PRESTATAIRE,
            perimeter=origin.perimeter(Side.PRESTATAIRE),
            depositor=person,
            covers_tuition=True,
            number_key=rules.number_key(number),
            submitted_at=now,
            transmit_at=now + FAR,
        )
        types = [DocumentType.FACTURE, DocumentType.CERTIFICAT_REALISATION][: 1 + (dice.random() < TWO_DOCUMENTS)]
        yield Made(
            deposit,
            Invoice(
                deposit=deposit,
                number=number,
                issue_date=timezone.localdate(),
                amount_ht=Decimal("4000.00"),
                amount_ttc=Decimal("4800.00"),
            ),
            [
                Document(
                    type=type_,
                    file=f"due/{deposit.pk}-{position}.pdf",
                    name=f"{type_.lower()}.pdf",
                    size=2_000_000,
                    sha256=sha256(f"{number} {type_}".encode()).hexdigest(),
                    pages=8,
                    uploaded_by=person,
                    deposit=deposit,
                    position=position,
                )
                for position, type_ in enumerate(types)
            ],
            [
                AssociatedDossier(deposit=deposit, dossier=dossier, position=position)
                for position, dossier in enumerate(
                    others[: dice.choices(list(ASSOCIATED), list(ASSOCIATED.values()))[0]], start=1
                )
            ],
            event(Action.DEPOSIT, person=person, side=Side.PRESTATAIRE, on=deposit),
        )


def waiting() -> QuerySet[Deposit]:
    """The deposits that are not transmitted yet."""
    return Deposit.objects.filter(state=DepositState.PENDING)


def latenesses() -> list[float]:
    """How long after its moment each deposit was transmitted, in seconds."""
    times = Deposit.objects.filter(transmitted_at__isnull=False).values_list("transmit_at", "transmitted_at")
    return [(transmitted_at - transmit_at).total_seconds() for transmit_at, transmitted_at in times]


def mails_sent() -> int:
    """How many mails the mail server took."""
    return Mail.objects.filter(sent_at__isnull=False).count()


def judge(options: Options, sink: MailServer, late: timedelta) -> list[verdict.Row]:
    """Is each transmitted once, not early, and told of once? `late`: how long after the moment the last alarm went."""
    transmitted = Deposit.objects.filter(state=DepositState.TRANSMITTED)
    told = Event.objects.filter(action=Action.TRANSMIT)
    came = sink.came()
    return [
        verdict.Row("« Transmis »", options.deposits, transmitted.count()),
        verdict.none_of("transmitted early", Deposit.objects.filter(transmitted_at__lt=F("transmit_at"))),
        verdict.Row("told by the trail", options.deposits, told.count()),
        verdict.Row("  of different deposits", options.deposits, told.values("deposit").distinct().count()),
        verdict.Row("mails sent", options.deposits, mails_sent()),
        verdict.Row("mails that reached the mail server", options.deposits, len(came)),
        verdict.none_of("mails sent twice", (identity for identity, times in came.items() if times > 1)),
        verdict.none_of("alarms published too late", [f"{late.total_seconds():.1f} s"] if late > timedelta(0) else []),
    ]


def judge_limits(options: Options, seconds: float, memory: int, in_time: bool) -> list[verdict.Row]:
    """Was it soon enough, by the clock and by the worker's, and did the worker stay small? `memory` in bytes."""
    slow = not in_time or seconds >= options.limit
    large = memory >= options.memory * 1_000_000
    return [
        verdict.none_of(f"transmitted after {options.limit:g} s or more", [f"{seconds:.1f} s"] if slow else []),
        verdict.none_of(f"a worker of {options.memory:g} MB or more", [f"{memory / 1e6:.0f} MB"] if large else []),
    ]
