"""Files on their way in: what an upload takes, what checking it begins with, what is written, what stays in memory."""

import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from itertools import cycle, islice
from pathlib import Path
from uuid import UUID, uuid4

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from dossiers.models import Dossier
from invoices.catalogue.values import LimitsInForce
from invoices.models import Document, Draft
from invoices.pdf import check_pdf
from roles.enums import Side
from roles.models import User
from tests.bench.data import LARGE, PASSWORD, WITH_20
from tests.bench.line import Line
from tests.bench.measure import Contestant, Unit, at_most, measure, median_of
from tests.bench.rows import own_table, take_away
from tests.bench.stock.uploads import Upload
from tests.bench.world import Server, World
from tests.chaos.machines import memory
from tests.http_client import HttpClient
from tests.pdfs import plain_pdf, scanned_pdf
from tests.wizard import Wizard

MEBIBYTE = 1024 * 1024
LARGEST = 10 * MEBIBYTE
# Uploads of which one figure is the median; starts of a box, and of Python.
UPLOADS, STARTS = 3, 20
# What is sent before a process's memory is looked at again.
MANY_UPLOADS, LINES = 100, 6
SLOW_SENDERS, SLOW_SECONDS = 6, 4.0


@contextmanager
def draft(at: str = WITH_20) -> Iterator[str]:
    """The address of the first step of a draft; at its end nothing is left of it."""
    made = Draft.objects.create(
        owner=User.objects.get(email=LARGE), origin=Dossier.objects.get(number=at), side=Side.PRESTATAIRE
    )
    try:
        yield f"/depots/{made.pk}/facture/"
    finally:
        Document.objects.filter(uploaded_by=made.owner, deposit=None).delete()
        made.delete()


def invoice(line: Line, path: str, content: bytes) -> bytes:
    """The form that sends a file by itself to the first step of a draft."""
    return line.form(
        {
            f"depot-{path.split('/')[2]}-current_step": "facture",
            "recevoir": "facture",
            "facture-facture": SimpleUploadedFile("facture.pdf", content, "application/pdf"),
        }
    )


@measure(
    "upload",
    "Upload of 10 MB, with its SHA-256, check and place",
    at_most(3, "portal", of="raw receive", less="box"),
    at_most(1.3, "portal", of="ModelForm"),
    grows=["portal"],
)
def upload(world: World) -> Iterator[Mapping[str, Contestant]]:
    """The same bytes to each, through gunicorn; the portal and the raw receive see to it that they are on disk."""
    content = scanned_pdf(LARGEST)
    with (
        draft() as path,
        own_table(Upload),
        box_check(world.folder) as check,
        Line(world.portal.url, LARGE) as portal,
        Line(world.stock.url, LARGE) as stock,
        Line(world.raw.url, LARGE, at=world.portal.url) as raw,
    ):
        form = invoice(portal, path, content)
        stock_form = stock.form({"file": SimpleUploadedFile("facture.pdf", content, "application/pdf")})
        yield {
            "portal": lambda: median_of(lambda: portal.post(path, form), UPLOADS),
            "raw receive": lambda: median_of(lambda: raw.post("/", form), UPLOADS),
            "ModelForm": lambda: median_of(lambda: stock.post("/envoyer/", stock_form), UPLOADS),
            "box": lambda: median_of(check, STARTS),
        }


@contextmanager
def box_check(folder: Path) -> Iterator[Callable[[], object]]:
    """The check of a file of one page: of what it takes, all but nothing is the file's."""
    path = folder / f"{uuid4()}.pdf"
    path.write_bytes(plain_pdf())
    try:
        yield lambda: check_pdf(path, is_invoice=True, limits=LimitsInForce())
    finally:
        path.unlink()


@measure("box", "Start of the box, with the check of one page", at_most(1.5, "box", of="python -c pass"))
def box(world: World) -> Iterator[Mapping[str, Contestant]]:
    """From the call to the verdict."""
    with box_check(world.folder) as check:
        yield {
            "box": lambda: median_of(check, STARTS),
            "python -c pass": lambda: median_of(
                lambda: subprocess.run([sys.executable, "-c", "pass"], check=True), STARTS
            ),
        }


@measure(
    "bytes-written",
    "Bytes written for a deposit, as a share of its files",
    at_most(1.05, "portal"),
    unit=Unit.RATIO,
    shape=True,
)
def bytes_written(world: World) -> Iterator[Mapping[str, Contestant]]:
    """A whole deposit through the wizard: what the web processes write, and the database's log of it.

    The log (WAL) is the whole server's: --small, which may run beside other things, leaves it out. The database's own
    pages are written at its checkpoints, many deposits' at once, and are left out too.
    """
    files = [scanned_pdf(size * MEBIBYTE, pages=1) for size in ((1, 1) if world.small else (8, 4))]
    client = HttpClient(world.portal.url)
    client.log_in(LARGE, PASSWORD)
    dossier = Dossier.objects.get(number=WITH_20)
    sent: list[UUID] = []

    def deposit() -> float:
        before = written_by(world.portal), log_position()
        wizard = Wizard.start(client, dossier)  # type: ignore[arg-type] - it speaks as Django's client does
        sent.append(wizard.depot)
        names = "facture", "certificat"
        papers = {
            name: SimpleUploadedFile(f"{name}.pdf", content, "application/pdf")
            for name, content in zip(names, files, strict=True)
        }
        wizard.facture(file=papers["facture"])
        wizard.details(number=wizard.depot.hex)
        wizard.justificatifs(certificat=papers["certificat"])
        answer = wizard.send()
        assert answer.url.startswith("/depots/"), answer.content.decode()
        written = written_by(world.portal) - before[0]
        assert written, "nothing tells here of what is written"
        logged = 0 if world.small else log_position() - before[1]
        return (written + logged) / sum(map(len, files))

    try:
        yield {"portal": deposit}
    finally:
        take_away(sent)


def written_by(server: Server) -> int:
    """The bytes that a server's processes have sent on their way to the disk so far, as Linux tells."""
    counted = [Path(f"/proc/{pid}/io").read_text() for pid in server.machine.family()]
    return sum(int(text.partition("\nwrite_bytes: ")[2].split()[0]) for text in counted)


def log_position() -> int:
    """How many bytes the database's server has written to its log so far."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn")
        return int(cursor.fetchone()[0])


@measure(
    "memory",
    "Memory that a web process has more after 100 uploads of 10 MB",
    at_most(10, "portal", worst=True),
    unit=Unit.MEGABYTES,
)
def memory_of_uploads(world: World) -> Iterator[Mapping[str, Contestant]]:
    """Of the process that has most more than after its first uploads; the rounds follow each other, and add up."""
    content = scanned_pdf(LARGEST)
    with ExitStack() as stack:
        path = stack.enter_context(draft())
        lines = [stack.enter_context(Line(world.portal.url, LARGE)) for _ in range(LINES)]
        for line in lines:
            line.post(path, invoice(line, path, content))
        before = resident(world.portal)

        def more() -> float:
            for line in islice(cycle(lines), MANY_UPLOADS):
                line.post(path, invoice(line, path, content))
            now = resident(world.portal)
            return max(now[pid] - before[pid] for pid in before) / 1e6

        yield {"portal": more}


def resident(server: Server) -> dict[int, int]:
    """The memory that each web process has in RAM, in bytes, without what it started itself."""
    first, *others = server.machine.family()
    workers = {pid for pid in others if parent_of(pid) == first} or {first}
    return {pid: memory(pid, "VmRSS") for pid in workers}


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/status").read_text().partition("PPid:")[2].split()[0])


@measure(
    "slow-uploads",
    "A dossier’s page during 6 slow uploads of 10 MB, the slowest answer",
    at_most(0.1, "during them", worst=True),
)
def slow_uploads(world: World) -> Iterator[Mapping[str, Contestant]]:
    """For as long as they take, checks included; and as often when nothing else is asked."""
    content, page = scanned_pdf(LARGEST), f"/dossiers/{WITH_20}/"
    with ExitStack() as stack:
        reader = stack.enter_context(Line(world.portal.url, LARGE))
        senders = []
        for rank in range(SLOW_SENDERS):
            path, line = stack.enter_context(draft()), stack.enter_context(Line(world.portal.url, LARGE))
            # Not all of them end at the same moment.
            senders.append((line, path, invoice(line, path, content), SLOW_SECONDS + rank / 2))
        pool = stack.enter_context(ThreadPoolExecutor(SLOW_SENDERS))
        asked = [1]

        def during() -> float:
            sending = [pool.submit(line.post, path, form, lasting=seconds) for line, path, form, seconds in senders]
            answers = []
            while not all(one.done() for one in sending):
                answers.append(reader.get(page))
            for one in sending:
                one.result()
            asked[:] = [len(answers)]
            return max(answers)

        yield {"during them": during, "idle": lambda: max(reader.get(page) for _ in range(*asked))}


MEASURES = [upload, box, bytes_written, memory_of_uploads, slow_uploads]
