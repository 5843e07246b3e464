"""People in the wizard at the same time, from the accounts to the table."""

import threading
import time
import traceback
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count
from random import Random

from django.conf import settings
from django.db import connection, connections

from tests.chaos import report, verdict
from tests.chaos.client import Record
from tests.chaos.machines import Machines
from tests.chaos.orders import Account, Order, make_accounts
from tests.chaos.place import Place
from tests.chaos.run import DRAIN_SECONDS, PAGES_LOOKED_AT, nothing_waits, purge
from tests.load import stopwatch
from tests.load.person import Person, make_plain_order
from tests.load.stopwatch import Action
from tests.load.usage import Usage
from tests.mailserver import MailServer, mail_server

# Who began a deposit before the end finishes it: so many actions, and what a machine with much to do needs.
LAST_ACTIONS = 40
PATIENCE_SECONDS = 120
# Passwords are slow to check: this many at the same time.
LOG_INS = 4


@dataclass(frozen=True)
class Options:
    """What is asked: `seconds` in which deposits begin, `pause` before an action, `limit` of an action's p95."""

    people: int
    seconds: float
    megabytes: float
    pause: float
    limit: float
    seed: int


@dataclass
class Run:
    """What is going on, shared by the people and who watches them."""

    options: Options
    records: list[Record] = field(default_factory=list)
    actions: list[Action] = field(default_factory=list)
    mistakes: list[str] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._ranks = count()

    def order(self, account: Account) -> Order:
        """The next deposit to make, whoever makes it."""
        return make_plain_order(self.options.seed, next(self._ranks), account, self.options.megabytes)

    def work(self, person: Person, until: float) -> None:
        """Let a person work; what goes wrong beside what was recorded is a mistake."""
        try:
            self.records += person.work(until, self.order)
        except Exception:  # noqa: BLE001 - told in the verdict
            self.mistakes.append(traceback.format_exc())
        finally:
            connections.close_all()


def run(options: Options, place: Place, say: Callable[[str], None]) -> list[verdict.Row]:
    """Run it all in the place, whose environment this process has; say how it goes, and return the verdict."""
    with mail_server(place.mail_port) as sink, Machines(place, workers=1) as machines:
        going = Run(options)
        try:
            say(f"All runs in {place.folder}, on {', '.join(machines.urls)}.")
            people = [
                Person(
                    account,
                    machines.urls,
                    going.actions,
                    going.ended,
                    Random(f"{options.seed}:person:{rank}"),
                    options.pause,
                )
                for rank, account in enumerate(make_accounts(options.people))
            ]
            connection.close()
            with ThreadPoolExecutor(LOG_INS) as pool:
                list(pool.map(Person.log_in, people))
            going.actions.clear()  # what is measured is the wizard
            say(f"{len(people)} people are logged in; they begin.")
            return go(going, people, machines, sink, say)
        finally:
            going.ended.set()
            connections.close_all()


def go(
    going: Run, people: list[Person], machines: Machines, sink: MailServer, say: Callable[[str], None]
) -> list[verdict.Row]:
    """Let them work, wait, judge."""
    options = going.options
    usage = Usage(machines)
    until = time.monotonic() + options.seconds
    threads = [
        threading.Thread(target=going.work, args=(person, until), name=person.account.email, daemon=True)
        for person in people
    ]
    for thread in threads:
        thread.start()
    last = until + LAST_ACTIONS * options.pause + PATIENCE_SECONDS
    in_time = usage.watch(lambda: not any(thread.is_alive() for thread in threads), last - time.monotonic())
    going.ended.set()
    used = list(usage.told())
    say(f"{len(going.records)} deposits in {usage.seconds:.0f} s; waiting for the last to be transmitted.")
    drain = settings.TRANSMISSION_DELAY.total_seconds() + settings.TRANSMISSION_SWEEP_SECONDS + DRAIN_SECONDS
    usage.watch(nothing_waits, drain)
    say("")
    for line in stopwatch.table(going.actions):
        say(line)
    say("")
    for label, words in [*figures(going), *used]:
        say(f"{label:<46} {words}")
    say("")
    rows = [*judge(going, people, sink), verdict.none_of("not over in time", [] if in_time else [f"{last:.0f} s"])]
    for line in report.promises(rows):
        say(line)
    return rows


def figures(going: Run) -> Iterable[tuple[str, str]]:
    """What is told beside the actions and the promises."""
    sent = [action for action in going.actions if action.kind.endswith("file sent")]
    yield "accepted", str(sum(bool(record.starts) and not record.why for record in going.records))
    yield "files sent", str(len(sent))
    yield "  what their sending took", report.spread([action.sending_seconds for action in sent])
    yield from (line for line in report.latenesses([]) if "no fault" in line[0])


def judge(going: Run, people: list[Person], sink: MailServer) -> list[verdict.Row]:
    """Hold what the people were told against what is there; the time that they waited against the limit."""
    records, options = going.records, going.options
    purge()
    shown = [record for record in records if record.order.associated and not record.why]
    sample = Random(options.seed).sample(shown, min(PAGES_LOOKED_AT, len(shown)))
    by_email = {person.account.email: person for person in people}
    for person in people:
        person.hurry()
    measured = list(going.actions)
    return [
        *judge_actions(measured, records, options.limit),
        *verdict.judge_clients(records, len(records)),
        *verdict.judge_deposits(records, settings.TRANSMISSION_DELAY),
        verdict.judge_pages(sample, lambda record, dossier: by_email[record.email].finds(record, dossier)),
        *verdict.judge_files(records, settings.DOCUMENT_ROOT),
        *verdict.judge_mails(sink),
        verdict.none_of("mistakes of the harness itself", going.mistakes),
    ]


def judge_actions(actions: list[Action], records: list[Record], limit: float) -> list[verdict.Row]:
    """Was everyone served, at once, and soon?"""
    refused = [f"{record.order.number}: {words}" for record in records for words in record.refusals]
    return [
        verdict.none_of("errors", [error for action in actions for error in action.errors]),
        verdict.none_of("refused at first", refused),
        verdict.none_of(f"actions whose p95 is {limit:g} s or more", stopwatch.too_slow(actions, limit)),
    ]
