"""One run, from the accounts to the verdict."""

import os
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from random import Random

from django.conf import settings
from django.db import OperationalError, connection, connections
from kombu.exceptions import KombuError
from kombu.exceptions import OperationalError as BrokerFailure

from invoices import tasks
from invoices.enums import DepositState
from invoices.models import Deposit
from tests.chaos import faults, report, verdict
from tests.chaos.agenda import Agenda
from tests.chaos.client import TO_OPEN_A_PAGE_SECONDS, Depositor, Record, Told
from tests.chaos.faults import POLL_SECONDS, Fault
from tests.chaos.machines import Machines
from tests.chaos.orders import make_accounts, make_order
from tests.chaos.place import Place
from tests.mailserver import MailServer, mail_server

# After the last deposit is due: the sweep, and what a machine with much to do may need.
DRAIN_SECONDS = 90
PAGES_LOOKED_AT = 40


@dataclass(frozen=True)
class Options:
    """What is asked of a run. `cancels`: the share of deposits that are cancelled at the deadline."""

    deposits: int
    faults: int
    seed: int
    clients: int
    cancels: float

    @property
    def limit_seconds(self) -> float:
        """After which it is over, however far it came."""
        return 180 + 3 * self.deposits + 15 * self.faults


@dataclass
class Run:
    """What is going on: shared by the clients, the faults and who watches them."""

    options: Options
    machines: Machines
    faults: list[Fault]
    records: list[Record] = field(default_factory=list)
    statuses: list[str] = field(default_factory=list)
    mistakes: list[str] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.agenda = Agenda(self.mistakes)

    def thread(self, name: str, action: Callable[[], None]) -> threading.Thread:
        """Start a thread; what it dies of is kept, as a mistake of ours."""

        def guarded() -> None:
            try:
                action()
            except Exception:  # noqa: BLE001 - told in the verdict
                self.mistakes.append(traceback.format_exc())

        thread = threading.Thread(target=guarded, name=name, daemon=True)
        thread.start()
        return thread

    def watch(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Supervise the machines until the condition holds; whether it did in time."""
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                return False
            self.machines.supervise()
            time.sleep(POLL_SECONDS)
        return True


def run(options: Options, place: Place, say: Callable[[str], None]) -> list[verdict.Row]:
    """Run it all in the place, whose environment this process has; say how it goes, and return the verdict."""
    with mail_server(place.mail_port) as sink:
        with Machines(place) as machines:
            going = Run(options, machines, faults.plan(options.seed, options.faults, options.deposits))
            try:
                say(f"All runs in {place.folder}, on {', '.join(machines.urls)}.")
                rows = go(going, sink, say)
            finally:
                going.ended.set()
                going.agenda.close()
                connections.close_all()
        rows.append(verdict.none_of("processes left behind", machines.left))
    for line in report.promises(rows):
        say(line)
    return rows


def go(going: Run, sink: MailServer, say: Callable[[str], None]) -> list[verdict.Row]:
    """Deposit, break, wait, purge, judge."""
    options, machines = going.options, going.machines
    accounts = make_accounts(options.clients)
    # Half of them ask the second web server first.
    orders_of_urls = (machines.urls, machines.urls[::-1])
    clients = [
        Depositor(account, orders_of_urls[rank // 2 % 2], going.statuses, going.ended)
        for rank, account in enumerate(accounts)
    ]
    connection.close()  # what follows may last, and PostgreSQL may not
    begun = time.monotonic()
    threads = [
        going.thread(client.account.email, partial(deposit_all, going, client, rank))
        for rank, client in enumerate(clients)
    ]
    threads.append(going.thread("faults", partial(break_things, going, say)))

    def all_dealt_with() -> bool:
        return not any(thread.is_alive() for thread in threads) and going.agenda.idle

    in_time = going.watch(all_dealt_with, options.limit_seconds)
    going.ended.set()
    seconds = time.monotonic() - begun
    machines.heal()
    say(f"{len(going.records)} orders dealt with in {seconds:.0f} s; waiting for the last to be transmitted.")
    drain = settings.TRANSMISSION_DELAY.total_seconds() + settings.TRANSMISSION_SWEEP_SECONDS + DRAIN_SECONDS
    # A mail whose sender was killed has its turn again after this.
    drain += settings.MAIL_CLAIM_SECONDS + settings.MAIL_SWEEP_SECONDS
    going.watch(nothing_waits, drain)
    return judge(going, clients, sink, seconds, in_time, say)


def deposit_all(going: Run, client: Depositor, rank: int) -> None:
    """Make every deposit that is the client's, one after the other, until the run ends."""
    options = going.options
    client.log_in()
    for number in range(rank, options.deposits, options.clients):
        if going.ended.is_set():
            return
        record = client.deposit(make_order(options.seed, number, client.account, options.cancels))
        going.records.append(record)
        if record.told == Told.YES:
            make_appointments(going.agenda, client, record)


def make_appointments(agenda: Agenda, client: Depositor, record: Record) -> None:
    """What is to happen to an accepted deposit while it waits."""
    order, delay = record.order, settings.TRANSMISSION_DELAY.total_seconds()
    if order.early_trigger:
        agenda.at(record.answered_at, lambda: ring(record.depot, 0))
    if order.duplicate_triggers:
        for countdown in (delay, delay + 1, delay + 1):
            agenda.at(record.answered_at, lambda countdown=countdown: ring(record.depot, countdown))
    if order.look:
        dossier, part = order.look
        agenda.at(record.answered_at + part * delay, lambda: client.look(record, dossier))
    if order.cancel_ahead is not None:
        moment = due(record) - order.cancel_ahead
        agenda.at(moment - TO_OPEN_A_PAGE_SECONDS, lambda: client.cancel(record, moment))


def due(record: Record) -> float:
    """When an accepted deposit's delay ends, as the database says; as its client reckons while it does not."""
    try:
        return Deposit.objects.get(pk=record.depot).transmit_at.timestamp()
    except OperationalError:
        return record.answered_at + settings.TRANSMISSION_DELAY.total_seconds()
    finally:
        connection.close()


def ring(depot: str, countdown: float) -> None:
    """Publish a trigger that nobody asked for; the broker may be away."""
    try:
        tasks.transmit.apply_async((depot,), countdown=countdown)
    except (KombuError, BrokerFailure, OSError):
        return


def break_things(going: Run, say: Callable[[str], None]) -> None:
    """Let each fault happen when its moment has come."""
    for fault in going.faults:
        while len(going.records) < fault.after:
            if going.ended.wait(POLL_SECONDS):
                return
        faults.fire(fault, going.machines)
        say(f"{len(going.records):5} of {going.options.deposits}: {fault}")
    healed = max((fault.healed_at or 0 for fault in going.faults), default=0)
    time.sleep(max(0, healed - time.time()))


def nothing_waits() -> bool:
    """Whether no deposit is « En cours de transmission », and no mail waits; False while the database does not say."""
    try:
        return not Deposit.objects.filter(state=DepositState.PENDING).exists() and not list(verdict.unsent_mails())
    except OperationalError:
        connection.close()
        return False


def purge() -> None:
    """Remove what nothing keeps, by the task's own function, with settings that keep nothing for a while."""
    code = "from invoices.documents import purge; purge()"
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "shell", "--verbosity", "0", "--command", code]
    subprocess.run(command, env=os.environ | {"DJANGO_SETTINGS_MODULE": "tests.chaos.no_retention"}, check=True)


def judge(
    going: Run,
    clients: list[Depositor],
    sink: MailServer,
    seconds: float,
    in_time: bool,
    say: Callable[[str], None],
) -> list[verdict.Row]:
    """Read the truth, and say the figures."""
    records, options = going.records, going.options
    purge()
    transmitted = set(map(str, Deposit.objects.filter(state=DepositState.TRANSMITTED).values_list("pk", flat=True)))
    shown = [record for record in records if record.told == Told.YES and record.order.associated]
    shown = [record for record in shown if record.depot in transmitted]
    sample = Random(options.seed).sample(shown, min(PAGES_LOOKED_AT, len(shown)))
    by_email = {client.account.email: client for client in clients}
    rows = [
        *verdict.judge_clients(records, options.deposits),
        *verdict.judge_deposits(records, settings.TRANSMISSION_DELAY),
        *verdict.judge_sightings(records),
        verdict.judge_pages(sample, lambda record, dossier: by_email[record.email].finds(record, dossier)),
        *verdict.judge_files(records, settings.DOCUMENT_ROOT),
        *verdict.judge_mails(sink),
        verdict.Row("faults that happened", options.faults, sum(fault.fired_at is not None for fault in going.faults)),
        verdict.none_of("mistakes of the harness itself", going.mistakes),
        verdict.none_of("not over in time", [] if in_time else [f"{options.limit_seconds:.0f} s"]),
    ]
    say("")
    for label, words in report.figures(records, going.faults, going.machines, going.statuses, seconds):
        say(f"{label:<46} {words}")
    say("")
    return rows
