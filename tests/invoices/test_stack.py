"""Transmission on the real web server, worker, beat and broker, while these are killed, emptied and hung (RULES.md §6).

Nothing is lost, nothing is early, and nothing is later than the sweep's period and the restart of what was
killed. The broker is the embedded one whatever the environment names: a server of someone else's cannot be killed.
"""

import http.client
import re
import signal
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from dossiers.enums import DossierStatus, Product
from dossiers.models import Dossier
from portal.demo import PASSWORD
from portal.demo import dossiers as demo_dossiers
from portal.demo.places import COMPANIES, FORMATECH_LYON, HORIZON_LYON
from roles.models import Establishment
from tests.http_client import HttpClient
from tests.pdfs import plain_pdf
from tests.stack import Stack, wait_until
from tests.wizard import Wizard

pytestmark = pytest.mark.embedded

DELAY_SECONDS = 3
# What « Transmettre » may take however the broker fares.
ANSWER_SECONDS = 5
# Two seconds of sweep, and what it takes a killed process to start again beside other tests.
LATE_SECONDS = 25


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with Stack(
        embedded=True, transmission_delay=DELAY_SECONDS, DJANGO_SETTINGS_MODULE="tests.invoices.quick_sweep"
    ) as stack:
        yield stack


@pytest.fixture(scope="module")
def client(stack: Stack) -> HttpClient:
    """A provider's browser, logged in."""
    client = HttpClient(stack.url)
    client.log_in("saisie_prestataire@demo.example", PASSWORD)
    return client


@pytest.fixture(scope="module")
def dossier() -> Dossier:
    """A dossier of the demo, as its number is known without asking the database."""
    wanted = demo_dossiers.Request(HORIZON_LYON, FORMATECH_LYON, Product.AUTRE, DossierStatus.A_FACTURER)
    sites = {site.name: Establishment(name=site.name) for *_, sites in COMPANIES for site in sites}
    made = dict(zip(demo_dossiers.requests(), demo_dossiers.build(sites), strict=True))
    return made[wanted]


Ready = Callable[[str], Wizard]


@pytest.fixture
def ready(client: HttpClient, dossier: Dossier) -> Ready:
    """An invoice of this number, of ancillary costs, that only « Transmettre » is missing to."""

    def at_last_step(number: str) -> Wizard:
        return Wizard.start(client, dossier).to_last_step("non", number=number)

    return at_last_step


def send(wizard: Wizard) -> float:
    """Press « Transmettre », and return how many seconds the answer took."""
    asked = time.monotonic()
    assert wizard.send().status_code == 302
    return time.monotonic() - asked


def status(wizard: Wizard, number: str) -> str:
    """The status that the « Documents » tab says of an invoice; empty while the web server is away."""
    try:
        page = wizard.client.get(f"/dossiers/{wizard.dossier.number}/documents/").content.decode()
    except (OSError, http.client.HTTPException):
        return ""
    found = re.search(rf"Facture {number}</h2>.*?class=\"status .*?</svg>\s*<span>([^<·]+?) ·", page, re.S)
    assert found, page
    return found[1]


def wait_for_transmission(stack: Stack, wizard: Wizard, number: str, *, up_since: datetime | None = None) -> datetime:
    """Wait until the invoice is « Transmis », see that it was neither early nor too late, and return when it was.

    Where all was down at the end of the delay, late is counted from when it was `up_since`.
    """
    limit = DELAY_SECONDS + LATE_SECONDS
    wait_until(lambda: status(wizard, number) == "Transmis", f"{number} is transmitted", limit)
    read = f"""
from invoices.models import Deposit
deposit = Deposit.objects.get(pk="{wizard.depot}")
print(deposit.transmit_at, deposit.transmitted_at, sep="\\n")
"""
    due, transmitted = map(datetime.fromisoformat, stack.python(read).splitlines())
    assert due <= transmitted < max(due, up_since or due) + timedelta(seconds=LATE_SECONDS)
    return transmitted


def pending_tasks(stack: Stack) -> int:
    """How many tasks wait in the broker, or were handed out and not heard of since."""
    with stack.broker() as broker, broker.pipeline() as both:
        return sum(both.llen("transmission").llen("sweep").llen("chores").llen("handover").hlen("unacked").execute())


def test_a_worker_killed_while_it_holds_the_trigger(stack: Stack, ready: Ready) -> None:
    wizard = ready("KILL-1")
    send(wizard)
    wait_until(lambda: pending_tasks(stack), "the worker holds the trigger", DELAY_SECONDS)
    stack.kill("worker")
    assert status(wizard, "KILL-1") == "En cours de transmission"
    wait_for_transmission(stack, wizard, "KILL-1")


def test_deposits_due_in_the_same_second_share_an_alarm(stack: Stack) -> None:
    """So that the worker's memory does not grow with them; none but the web's own process counts."""
    before = pending_tasks(stack)
    stack.python("""
from datetime import timedelta
from uuid import uuid4
from django.utils import timezone
from invoices.tasks import set_alarm
second = timezone.now().replace(microsecond=0) + timedelta(minutes=10)
for after in (0, 400_000, 999_999, 1_000_000):
    for _ in range(20):
        set_alarm(uuid4(), second + timedelta(microseconds=after))
""")
    assert pending_tasks(stack) == before + 2


def test_a_broker_that_was_emptied(stack: Stack, ready: Ready) -> None:
    wizard = ready("FLUSH-1")
    send(wizard)
    wait_until(lambda: pending_tasks(stack), "the broker has the trigger", DELAY_SECONDS)
    stack.flush_broker()
    assert status(wizard, "FLUSH-1") == "En cours de transmission"
    wait_for_transmission(stack, wizard, "FLUSH-1")


def test_a_broker_that_hangs_delays_transmettre_by_less_than_five_seconds(stack: Stack, ready: Ready) -> None:
    wizard = ready("HANG-1")
    stack.kill("valkey", signal.SIGSTOP)
    try:
        assert send(wizard) < ANSWER_SECONDS
        assert status(wizard, "HANG-1") == "En cours de transmission"
    finally:
        stack.kill("valkey", signal.SIGCONT)
    wait_for_transmission(stack, wizard, "HANG-1")


def test_a_broker_that_was_killed(stack: Stack, ready: Ready) -> None:
    before, after = ready("DEAD-1"), ready("DEAD-2")
    send(before)
    stack.kill("valkey")
    assert send(after) < ANSWER_SECONDS
    wait_for_transmission(stack, before, "DEAD-1")
    wait_for_transmission(stack, after, "DEAD-2")


def test_triggers_that_are_early_or_come_again_change_nothing(stack: Stack, ready: Ready) -> None:
    wizard = ready("TWICE-1")
    trigger = f"from invoices.tasks import transmit; [transmit.delay('{wizard.depot}') for _ in range(2)]"
    send(wizard)
    stack.python(trigger)
    transmitted_at = wait_for_transmission(stack, wizard, "TWICE-1")
    busy = pending_tasks(stack)  # the killed workers' tasks, which nobody will hear of for an hour
    stack.python(trigger)
    wait_until(lambda: pending_tasks(stack) <= busy, "the worker has run the triggers")
    assert wait_for_transmission(stack, wizard, "TWICE-1") == transmitted_at


def test_a_request_cut_short_does_nothing_else_than_was_asked(client: HttpClient, ready: Ready) -> None:
    """« Modifier », cut before its own name, is not « Transmettre »."""
    wizard = ready("CUT-1")
    data = {f"depot-{wizard.depot}-current_step": "transmettre", "wizard_goto_step": "details"}
    status_code = client.post_cut(wizard.url("transmettre"), data, b'Content-Disposition: form-data; name="wizard_goto')
    assert status_code == 403
    assert wizard.get("transmettre").status_code == 200  # it is there, and still to be sent


@pytest.mark.parametrize(
    "before", [pytest.param(b"de trop", id="in the file"), pytest.param(b"la fin", id="after the file")]
)
def test_a_file_cut_short_is_not_kept(client: HttpClient, dossier: Dossier, before: bytes) -> None:
    """Although it would pass for a PDF: what is missing is only what stands after its end."""
    wizard = Wizard.start(client, dossier)
    content = plain_pdf() + b"\n%" + 300 * b"x" + b"de trop"

    def data() -> dict[str, Any]:
        step = {f"depot-{wizard.depot}-current_step": "facture", "recevoir": "facture"}
        return step | {"facture-facture": SimpleUploadedFile("coupee.pdf", content), "reste": "la fin"}

    assert client.post_cut(wizard.url("facture"), data(), before) == 403
    assert "coupee.pdf" not in wizard.get("facture").content.decode()
    assert client.post(wizard.url("facture"), data()).status_code == 302
    assert "coupee.pdf" in wizard.get("facture").content.decode()


def test_the_whole_portal_killed_and_started_again(stack: Stack, ready: Ready) -> None:
    sent, draft = ready("ALL-1"), ready("ALL-2")
    send(sent)
    stack.stop(signal.SIGKILL)
    stack.start()
    up_since = timezone.now()
    send(draft)
    wait_for_transmission(stack, sent, "ALL-1", up_since=up_since)
    wait_for_transmission(stack, draft, "ALL-2")
