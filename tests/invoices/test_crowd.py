"""Twenty of the worst files at once from one account, on the real web server, while others work (RULES.md §9).

Whoever sends them waits, or is told to come back; the others deposit as if nobody were there.
"""

import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from dossiers.models import Dossier
from invoices.pdf import PdfProblem
from portal.demo import PASSWORD
from tests import pdfs
from tests.catalogue import LIMITS
from tests.corpus.hostile import objects_without_table
from tests.http_client import HttpClient
from tests.invoices.test_stack import dossier  # noqa: F401 - a fixture
from tests.stack import Stack
from tests.wizard import Wizard, pdf

pytestmark = pytest.mark.servers

HOSTILE = 20
DRAFTS = 50
# What a check may wait for its turn and then take, and what a loaded machine adds to both.
WAIT_SECONDS = 6 + 6 + 5
LIGHT_SECONDS = 3
GROWTH_KB = 6_000
# What a person may be told of a hostile file; that the machine was too busy included.
SENTENCES = (PdfProblem.TOO_COSTLY, PdfProblem.BUSY, PdfProblem.NOT_CHECKED)


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with Stack(DRAFTS_PER_PERSON=str(DRAFTS)) as stack:
        yield stack


def browser(stack: Stack, account: str) -> HttpClient:
    client = HttpClient(stack.url)
    client.log_in(f"{account}@demo.example", PASSWORD)
    return client


def memory_of(stack: Stack) -> dict[int, int]:
    """The memory in kB of each web process, boxes left out."""
    web = stack.pids("web")[-1]
    family = [web, *map(int, Path(f"/proc/{web}/task/{web}/children").read_text().split())]
    status = {pid: Path(f"/proc/{pid}/status").read_text() for pid in family}
    return {pid: int(text.partition("VmRSS:")[2].split()[0]) for pid, text in status.items()}


def worst_files() -> list[SimpleUploadedFile]:
    builders = (
        lambda: objects_without_table(600_000),
        pdfs.flate_bomb_in_object_stream,
        pdfs.flate_bomb_in_cross_references,
        pdfs.overlapping_streams,
        pdfs.crowded_object_stream,
    )
    contents = [build() for build in builders]
    return [SimpleUploadedFile(f"{rank}.pdf", contents[rank % len(contents)]) for rank in range(HOSTILE)]


def told(content: bytes) -> str:
    page = content.decode()
    return next((problem.name for problem in SENTENCES if problem.sentence(LIMITS) in page), "nothing")


def attack(hostile: HttpClient, honest: HttpClient, work: Wizard, dossier: Dossier) -> Counter[str]:  # noqa: F811
    """Send the worst files, and work until each was answered; return what was told of them, and assert the rest."""
    attacks = [(Wizard.start(hostile, dossier), file) for file in worst_files()]
    deposited: list[float] = []
    looked: list[float] = []
    with ThreadPoolExecutor(HOSTILE) as crowd:
        began = time.monotonic()
        answers = [crowd.submit(wizard.facture, "non", file) for wizard, file in attacks]
        while not all(answer.done() for answer in answers):
            started = time.monotonic()
            assert work.facture("non", pdf()).status_code == 302
            deposited.append(time.monotonic() - started)
            started = time.monotonic()
            assert honest.get("/depots/").status_code == 200
            looked.append(time.monotonic() - started)
        lasted = time.monotonic() - began
    assert {answer.result().status_code for answer in answers} == {200}
    outcomes = Counter(told(answer.result().content) for answer in answers)
    print(  # noqa: T201 - what was measured
        f"{lasted:.1f} s; told {outcomes}; {len(deposited)} honest uploads, at worst {max(deposited):.2f} s;"
        f" a page at worst {max(looked):.2f} s"
    )
    # Each of them was told something, and nobody else waited for more than a box or two.
    assert outcomes.keys() <= {problem.name for problem in SENTENCES}
    assert max(deposited) < WAIT_SECONDS
    assert max(looked) < LIGHT_SECONDS
    return outcomes


def test_twenty_of_the_worst_at_once_harm_nobody(stack: Stack, dossier: Dossier) -> None:  # noqa: F811
    hostile, honest = browser(stack, "admin_societe_prestataire"), browser(stack, "admin_etablissement")
    work = Wizard.start(honest, dossier)
    assert work.facture("non", pdf()).status_code == 302
    assert attack(hostile, honest, work, dossier)["BUSY"] > 0
    # The first time code is loaded and connections are made; from then on nothing grows.
    before = memory_of(stack)
    attack(hostile, honest, work, dossier)
    growth = {pid: after - before[pid] for pid, after in memory_of(stack).items()}
    print(f"growth in kB: {growth}")  # noqa: T201
    assert all(kilobytes < GROWTH_KB for kilobytes in growth.values())
    # Each was counted once, whatever came at the same time.
    assert stack.python(
        "from invoices.models import Allowance;"
        "print(Allowance.objects.get(person__email='admin_societe_prestataire@demo.example').uploads)"
    ).split() == [str(2 * HOSTILE)]


def test_starts_at_once_share_what_is_left(stack: Stack, dossier: Dossier) -> None:  # noqa: F811
    """Here on the embedded database too, which the tests of races elsewhere need PostgreSQL for."""
    address = f"/dossiers/{dossier.number}/factures/ajouter/"
    client = browser(stack, "resp_comptes_etablissement_prestataire")
    with ThreadPoolExecutor(10) as tabs:
        statuses = Counter(tabs.map(lambda _: client.get(address).status_code, range(DRAFTS + 10)))
    assert statuses == {302: DRAFTS, 403: 10}
