"""The antivirus: ClamAV's real daemon, and servers that behave as it may when it is not well. It fails closed."""

import contextlib
import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from invoices import antivirus
from invoices.models import Document
from invoices.pdf import PdfProblem, PdfRefused
from portal.environment import antivirus_address
from tests import pdfs
from tests.catalogue import LIMITS
from tests.clamd import MARK, MISSING, SIGNATURE, Clamd, find
from tests.wizard import pdf

CLEAN = b"stream: OK\0"


@pytest.fixture(scope="module")
def clamd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clamd]:
    with Clamd(tmp_path_factory.mktemp("clamd"), StreamMaxLength="1M") as daemon:
        yield daemon


@pytest.fixture
def document(tmp_path: Path) -> Path:
    path = tmp_path / "facture.pdf"
    path.write_bytes(pdfs.plain_pdf())
    return path


def verdict(path: Path) -> PdfProblem | None:
    try:
        return antivirus.scan(path)
    except PdfRefused as refused:
        return refused.problem


class Daemon:
    """A server that does with each line what a function does, on a port of its own."""

    def __init__(self, behave: Callable[[socket.socket], None]) -> None:
        self._behave = behave
        self._server = socket.create_server(("127.0.0.1", 0))
        self.address: tuple[str, int] = self._server.getsockname()
        self._threads = [threading.Thread(target=self._serve)]
        self._threads[0].start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                line, _ = self._server.accept()
                thread = threading.Thread(target=self._one, args=(line,))
                self._threads.append(thread)
                thread.start()

    def _one(self, line: socket.socket) -> None:
        with line, contextlib.suppress(OSError):
            self._behave(line)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)  # what waits for the next line ends
        self._server.close()
        for thread in self._threads:
            thread.join(10)


@pytest.fixture
def daemon(settings) -> Iterator[Callable[[Callable[[socket.socket], None]], None]]:
    """Makes the antivirus behave so, with short limits of time."""
    settings.CLAMAV_CONNECT_SECONDS, settings.CLAMAV_SECONDS = 0.5, 1
    daemons = []

    def behave(how: Callable[[socket.socket], None]) -> None:
        daemons.append(Daemon(how))
        settings.CLAMAV = daemons[-1].address

    yield behave
    for each in daemons:
        each.close()


def read_stream(line: socket.socket) -> bytes:
    """What a client streams, as clamd reads it: the command, then pieces with their length, until an empty one."""
    with line.makefile("rb") as file:
        assert file.read(10) == b"zINSTREAM\0"
        content = b""
        while length := int.from_bytes(file.read(4)):
            content += file.read(length)
    return content


def answering(answer: bytes) -> Callable[[socket.socket], None]:
    def behave(line: socket.socket) -> None:
        read_stream(line)
        line.sendall(answer)

    return behave


# --- The real one ---------------------------------------------------------------------------------------------------


@pytest.mark.skipif(not find(), reason=MISSING)
class TestClamd:
    def test_clean_and_found(self, settings, clamd, document, caplog):
        settings.CLAMAV = str(clamd.socket)
        assert antivirus.ping()
        assert verdict(document) is None
        document.write_bytes(pdfs.plain_pdf() + b"%" + MARK)
        with caplog.at_level(logging.WARNING):
            assert verdict(document) == PdfProblem.MALWARE
        assert SIGNATURE in caplog.records[-1].signature

    def test_found_inside_a_compressed_stream(self, settings, clamd, document):
        settings.CLAMAV = str(clamd.socket)
        document.write_bytes(pdfs.one_page(pdfs.flate_stream(MARK * 10), page=b"/Contents 4 0 R"))
        assert MARK not in document.read_bytes()
        assert verdict(document) == PdfProblem.MALWARE

    def test_more_than_it_takes_is_no_verdict(self, settings, clamd, document):
        settings.CLAMAV = str(clamd.socket)
        document.write_bytes(pdfs.scanned_pdf(3 * 2**20))
        assert verdict(document) == PdfProblem.ANTIVIRUS_AWAY

    def test_an_upload_passes_it_or_is_not_kept(self, settings, clamd, wizard, provider, dossier):
        settings.CLAMAV = str(clamd.socket)
        started = wizard(provider, dossier)
        marked = SimpleUploadedFile("piege.pdf", pdfs.commented(pdfs.plain_pdf(), MARK))
        page = started.facture("non", marked).content.decode()
        assert PdfProblem.MALWARE.sentence(LIMITS) in page
        assert SIGNATURE not in page
        assert not Document.objects.exists()
        assert not list(settings.INCOMING_ROOT.iterdir())
        assert started.facture("non").status_code == 302
        assert Document.objects.get().name == "facture.pdf"

    def test_killed_in_the_middle_of_a_file(self, settings, tmp_path, document):
        settings.CLAMAV_SECONDS = 10
        document.write_bytes(pdfs.scanned_pdf(10 * 2**20))
        with Clamd(tmp_path / "doomed") as doomed:
            settings.CLAMAV = str(doomed.socket)
            os.killpg(doomed.process.pid, signal.SIGSTOP)  # it takes what the socket holds, and no more
            killer = threading.Timer(0.5, os.killpg, (doomed.process.pid, signal.SIGKILL))
            killer.start()
            began = time.monotonic()
            assert verdict(document) == PdfProblem.ANTIVIRUS_AWAY
            assert time.monotonic() - began < 5
            killer.join()


# --- What may become of it ------------------------------------------------------------------------------------------


def test_without_an_antivirus_nothing_is_asked(settings, tmp_path):
    assert settings.CLAMAV is None
    assert verdict(tmp_path / "not even there") is None


def test_the_whole_file_is_sent_as_it_is(daemon, document):
    received = []

    def behave(line: socket.socket) -> None:
        received.append(read_stream(line))
        line.sendall(CLEAN)

    daemon(behave)
    document.write_bytes(pdfs.scanned_pdf(1_000_000))
    assert verdict(document) is None
    assert received == [document.read_bytes()]


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\0",
        b"stream: OK",
        b"stream: OK\nstream: X FOUND\0",
        b"OK\0",
        b"stream: \0",
        b"stream:  FOUND\0",
        b"stream: A B FOUND\0",
        b"INSTREAM size limit exceeded. ERROR\0",
        b"stream: Can't allocate memory ERROR\0",
        b"UNKNOWN COMMAND\0",
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"\xff\xfe\0",
        b"x" * 100_000,
    ],
)
def test_what_is_no_verdict_is_not_believed(daemon, document, answer):
    daemon(answering(answer))
    assert verdict(document) == PdfProblem.ANTIVIRUS_AWAY


def hang(line: socket.socket) -> None:
    time.sleep(2)


def read_and_hang(line: socket.socket) -> None:
    read_stream(line)
    time.sleep(2)


def trickle(line: socket.socket) -> None:
    read_stream(line)
    for _ in range(20):
        line.sendall(b"s")
        time.sleep(0.1)


@pytest.mark.parametrize("behave", [hang, read_and_hang, trickle])
def test_one_that_hangs_is_not_waited_for(daemon, document, behave):
    daemon(behave)
    document.write_bytes(pdfs.scanned_pdf(10 * 2**20))
    began = time.monotonic()
    assert verdict(document) == PdfProblem.ANTIVIRUS_AWAY
    assert time.monotonic() - began < 2.5


def test_one_that_is_away(settings, document, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as server:
        nobody = server.getsockname()
    for settings.CLAMAV in (nobody, str(tmp_path / "nobody.sock")):
        assert verdict(document) == PdfProblem.ANTIVIRUS_AWAY
        assert not antivirus.ping()


def test_a_file_that_is_lost_is_not_the_antivirus_s_fault(daemon, tmp_path):
    daemon(answering(CLEAN))
    with pytest.raises(FileNotFoundError):
        antivirus.scan(tmp_path / "nowhere.pdf")


@pytest.mark.django_db
def test_while_it_is_away_nothing_is_kept_and_nothing_lost(settings, wizard, provider, dossier, tmp_path):
    started = wizard(provider, dossier)
    started.facture("non", pdf("avant.pdf"))
    settings.CLAMAV = str(tmp_path / "nobody.sock")
    page = started.facture("non", pdf("apres.pdf")).content.decode()
    assert f"apres.pdf\u00a0: {PdfProblem.ANTIVIRUS_AWAY.sentence(LIMITS)}" in page
    assert started.draft.documents.get().name == "avant.pdf"


def replying(reply: bytes) -> Callable[[socket.socket], None]:
    def behave(line: socket.socket) -> None:
        assert line.recv(10) == b"zPING\0"
        line.sendall(reply)

    return behave


@pytest.mark.django_db
@pytest.mark.parametrize(("reply", "well"), [(None, None), (b"PONG\0", True), (b"PANG\0", False), (b"", False)])
def test_readiness_and_metrics_tell_of_it(settings, client, daemon, reply, well):
    if reply is not None:
        daemon(replying(reply))
    assert client.get("/sante/pret/").json()["antivirus"] is well
    settings.METRICS_TOKEN = "a-token-of-the-tests"
    metrics = client.get("/metriques/", HTTP_AUTHORIZATION=f"Bearer {settings.METRICS_TOKEN}").content.decode()
    told = [line for line in metrics.splitlines() if line.startswith("portail_antivirus_up")]
    assert told == ([] if well is None else [f"portail_antivirus_up {float(well)}"])


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("", None),
        ("tcp://clamav:3310", ("clamav", 3310)),
        ("tcp://[::1]:3310", ("::1", 3310)),
        ("unix:///run/clamav/clamd.ctl", "/run/clamav/clamd.ctl"),
    ],
)
def test_where_it_is(url, address):
    assert antivirus_address(url) == address
