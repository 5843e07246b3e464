"""The PDF check: every verdict of RULES.md §9, and that a hostile file costs no more than its box may."""

import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.conf import settings as project_settings

from invoices.catalogue.values import LimitsInForce
from invoices.pdf import PdfFacts, PdfProblem, PdfRefused, check_pdf
from invoices.pdf.check import read_verdict
from tests import pdfs
from tests.catalogue import LIMITS
from tests.chaos.machines import children, spent_on_children
from tests.corpus.known import ACCEPTED, ADDRESSES, COSTLY, FLAGGED, REFUSED

ROOT = Path(__file__).resolve().parents[2]
MAX_BYTES = 10 * 1024 * 1024
# Besides what the box may take: starting it, on a busy machine.
MARGIN_SECONDS = 3


@pytest.fixture
def write(tmp_path: Path) -> Callable[[bytes], Path]:
    def write_it(content: bytes) -> Path:
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.pdf"
        path.write_bytes(content)
        return path

    return write_it


def verdict(path: Path, *, is_invoice: bool, limits: LimitsInForce = LIMITS) -> PdfFacts | PdfProblem:
    try:
        return check_pdf(path, is_invoice=is_invoice, limits=limits)
    except PdfRefused as refused:
        return refused.problem


@pytest.mark.parametrize(("build", "facts"), [pytest.param(*case[1:], id=case[0]) for case in ACCEPTED])
def test_accepted_whatever_it_is_for(write, build, facts):
    path = write(build())
    assert verdict(path, is_invoice=True) == facts
    assert verdict(path, is_invoice=False) == facts


@pytest.mark.parametrize(("build", "flags", "problem"), [pytest.param(*case[1:], id=case[0]) for case in FLAGGED])
def test_flagged_on_a_document_and_refused_on_an_invoice(write, build, flags, problem):
    path = write(build())
    assert verdict(path, is_invoice=True) == problem
    assert verdict(path, is_invoice=False) == PdfFacts(1, flags)


@pytest.mark.parametrize(("build", "problem"), [pytest.param(*case[1:], id=case[0]) for case in REFUSED])
def test_refused_even_on_a_document(write, build, problem):
    assert verdict(write(build()), is_invoice=False) == problem


@pytest.mark.parametrize("build", [pytest.param(case[1], id=case[0]) for case in COSTLY])
def test_costly_files_are_refused_for_what_they_cost(write, settings, build):
    settings.PDF_BOX_WALL_SECONDS = 60  # on a busy machine, too; what is late is another test's
    path = write(build())
    assert path.stat().st_size <= MAX_BYTES
    before = spent_on_children()

    assert verdict(path, is_invoice=False) == PdfProblem.TOO_COSTLY

    assert spent_on_children() - before < settings.PDF_BOX_CPU_SECONDS + 1


@pytest.mark.parametrize(("address", "opened"), ADDRESSES, ids=lambda value: str(value))
def test_links_lead_to_pages_mails_and_telephones(write, address, opened):
    expected = PdfFacts(1, ()) if opened else PdfProblem.LAUNCH_ACTION
    assert verdict(write(pdfs.link_to(address)), is_invoice=False) == expected


def test_links_have_no_base_that_makes_programs_of_them(write):
    based = pdfs.one_page(catalog=b"/URI << /Base (javascript:) >>")
    assert verdict(write(based), is_invoice=False) == PdfProblem.LAUNCH_ACTION


def test_every_problem_that_a_file_can_have_is_shown_above():
    shown = {case[-1] for case in FLAGGED + REFUSED} | {
        PdfProblem.TOO_COSTLY,
        PdfProblem.TOO_LARGE,
        PdfProblem.NOT_CHECKED,
        PdfProblem.NOT_STORED,  # tests/invoices/test_documents.py
    }
    # What is asked beside the PDF: test_antivirus.py, test_quotas.py, test_crowd.py.
    beside = {PdfProblem.MALWARE, PdfProblem.ANTIVIRUS_AWAY, PdfProblem.TOO_MANY_UPLOADS, PdfProblem.NO_ROOM}
    said_by_it = {PdfProblem.CREDIT_NOTE, PdfProblem.OTHER_CURRENCY}  # test_proposals.py
    assert shown | beside | said_by_it | {PdfProblem.BUSY} == set(PdfProblem)


def test_names_hidden_in_an_object_stream_are_not_in_the_bytes():
    assert b"Launch" not in pdfs.launch_in_object_stream()
    assert b"JavaScript" not in pdfs.script_in_object_stream()
    assert b"Launch" not in pdfs.launch_hex_escaped()


def test_ten_mebibytes_are_accepted_and_soon_and_one_byte_more_is_not(write):
    started = time.monotonic()
    assert verdict(write(pdfs.scanned_pdf(MAX_BYTES)), is_invoice=True) == PdfFacts(10, ())
    assert time.monotonic() - started < MARGIN_SECONDS
    assert verdict(write(pdfs.scanned_pdf(MAX_BYTES + 1)), is_invoice=True) == PdfProblem.TOO_LARGE


def test_honest_documents_of_many_objects_are_accepted(write):
    assert verdict(write(pdfs.plain_pdf(pages=1000)), is_invoice=True) == PdfFacts(1000, ())
    assert verdict(write(pdfs.many_objects_pdf(10_000)), is_invoice=True) == PdfFacts(1, ())


def test_a_large_file_with_many_references_to_nothing_is_accepted(write):
    lost = b" ".join(b"%d 0 R" % number for number in range(1000, 2000))
    pdf = pdfs.one_page(pdfs.stream(bytes(5_000_000)), page=b"/Annots [%s]" % lost)
    assert verdict(write(pdf), is_invoice=True) == PdfFacts(1, ())


def test_the_limits_are_those_that_are_given(write):
    path, large = write(pdfs.plain_pdf(pages=3)), write(pdfs.scanned_pdf(MAX_BYTES))
    assert verdict(path, is_invoice=True, limits=LimitsInForce(pdf_pages=2)) == PdfProblem.TOO_MANY_PAGES
    assert verdict(path, is_invoice=True, limits=LimitsInForce(pdf_pages=3)) == PdfFacts(3, ())
    assert verdict(large, is_invoice=True, limits=LimitsInForce(file_megabytes=9)) == PdfProblem.TOO_LARGE


def test_a_box_that_is_late_is_ended_and_leaves_nothing_behind(write, settings):
    verdict(write(pdfs.plain_pdf()), is_invoice=True)
    settings.PDF_BOX_WALL_SECONDS = 0.2
    assert verdict(write(pdfs.many_objects_without_table()), is_invoice=True) == PdfProblem.NOT_CHECKED
    assert [box for maker in children(os.getpid()) for box in children(maker)] == []


def test_a_box_that_is_ended_by_its_limits_is_told_to_the_operator(write, settings, caplog):
    path = write(pdfs.many_objects_without_table())
    settings.PDF_BOX_CPU_SECONDS = 1
    with caplog.at_level(logging.WARNING, logger="invoices.pdf.check"):
        assert verdict(path, is_invoice=True) == PdfProblem.TOO_COSTLY
    assert "ended without a verdict" in caplog.text


def test_costly_files_take_no_memory_from_the_caller_and_a_bounded_part_of_the_box(write):
    """Asked in a fresh process, whose peak of memory is its own."""
    bombs = pdfs.flate_bomb_in_object_stream, pdfs.flate_bomb_in_cross_references, pdfs.overlapping_streams
    paths = [write(build()) for build in (*bombs, pdfs.embedded_flate_bomb)]
    script = """
import atexit, re, resource, sys
from pathlib import Path
from django.conf import settings
# At the very end: by then the makers of boxes have ended, and with them all that they know of their boxes.
atexit.register(lambda: print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))
from invoices.catalogue.values import LimitsInForce
from invoices.pdf import PdfRefused, check_pdf
settings.PDF_BOX_CPU_SECONDS  # loads the settings before measuring
def peak():
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
before = peak()
for path in sys.argv[1:]:
    try:
        check_pdf(Path(path), is_invoice=False, limits=LimitsInForce())
    except PdfRefused:
        pass
print(peak() - before)
"""
    answer = subprocess.run(
        [sys.executable, "-c", script, *map(str, paths)],
        cwd=ROOT,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings"},
        capture_output=True,
        check=True,
        text=True,
    )
    growth, largest_box = map(int, answer.stdout.split())
    assert growth < 5_000  # kB
    assert largest_box <= project_settings.PDF_BOX_MEMORY_BYTES // 1024


def test_four_checks_at_once_give_each_its_own_verdict(write, settings):
    settings.PDF_BOX_WALL_SECONDS = 60  # a machine with other tests to run may be late
    cases = [
        (write(pdfs.plain_pdf()), PdfFacts(1, ())),
        (write(pdfs.many_objects_without_table()), PdfProblem.TOO_COSTLY),
        (write(pdfs.launch()), PdfProblem.LAUNCH_ACTION),
        (write(pdfs.scanned_pdf(MAX_BYTES)), PdfFacts(10, ())),
    ]
    with ThreadPoolExecutor(4) as pool:
        verdicts = list(pool.map(lambda case: verdict(case[0], is_invoice=True), cases * 2))
    assert verdicts == [expected for _, expected in cases * 2]


def test_a_file_that_cannot_be_read_is_not_a_bad_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        check_pdf(tmp_path / "nowhere.pdf", is_invoice=True, limits=LIMITS)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\xff",
        b"null",
        b"[" * 256,
        b'{"problem": "RUIN"}',
        b'{"problem": ["EMPTY"]}',
        b'{"pages": 0, "flags": []}',
        b'{"pages": 2001, "flags": []}',
        b'{"pages": 1, "flags": ["<b>"]}',
        b'{"pages": 1, "flags": [[]]}',
        b'{"pages": 1}',
    ],
)
def test_an_answer_that_is_no_verdict_is_not_believed(answer):
    with pytest.raises(PdfRefused) as refusal:
        read_verdict(answer, LIMITS.pdf_pages)
    assert refusal.value.problem == PdfProblem.DAMAGED


def test_each_refusal_has_a_french_sentence_of_its_own():
    sentences = {problem: problem.sentence(LIMITS) for problem in PdfProblem}
    assert len(set(sentences.values())) == len(PdfProblem)
    for sentence in sentences.values():
        # What is wrong, then what to do.
        assert sentence.count(". ") >= 1
        assert sentence.endswith(".")
        assert "'" not in sentence
        assert "{" not in sentence
        assert not any(f" {mark}" in sentence for mark in ":;!?»")
    assert "10\u00a0Mo" in sentences[PdfProblem.TOO_LARGE]
    assert "2\u202f000\u00a0pages" in sentences[PdfProblem.TOO_MANY_PAGES]


def test_builders_give_the_same_bytes_every_time():
    for build in (pdfs.plain_pdf, pdfs.encrypted_for_opening, pdfs.one_page_compressed, pdfs.scrambled):
        assert build() == build()
    assert len(pdfs.scanned_pdf(100_000)) == 100_000
