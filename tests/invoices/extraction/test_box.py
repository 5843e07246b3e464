"""Reading in the box: it never changes a verdict, whatever becomes of it, and costs little."""

import json
import time
from datetime import date
from decimal import Decimal
from pathlib import Path
from textwrap import indent

import pytest

from invoices.pdf import PdfFacts, PdfProblem, PdfRefused, check, check_pdf
from invoices.pdf.reading import Reading, Source
from tests import pdfs
from tests.catalogue import LIMITS
from tests.invoices.extraction.layouts import Sold, classic
from tests.invoices.extraction.producers import ReportLabPaper

VERDICT = 'print(\'{"pages": 1, "flags": []}\', flush=True)\n'


def test_an_ordinary_invoice_is_read_on_upload(read_in_box):
    paper = ReportLabPaper()
    truth = classic(paper, Sold(1))
    reading = read_in_box(paper.pdf())
    assert (reading.source, reading.number, reading.issue_date) == (Source.TEXT, truth.number, truth.issue_date)
    assert (reading.amount_ht, reading.amount_ttc) == (truth.amount_ht, truth.amount_ttc)
    assert "Camille Martin" in reading.mentions


def test_a_scan_proposes_nothing(read_in_box):
    assert read_in_box(pdfs.scanned_pdf(100_000)) is None


@pytest.fixture
def boxed(tmp_path: Path, monkeypatch, settings):
    """What the check says of a sound PDF when this is run in the probe's place."""
    path = tmp_path / "document.pdf"
    path.write_bytes(pdfs.plain_pdf())
    settings.PDF_BOX_WALL_SECONDS = 60

    def run(script: str) -> PdfFacts:
        probe = tmp_path / "probe.py"
        probe.write_text("def main():\n" + indent(script, "    "))
        monkeypatch.setattr(check, "PROBE", probe)
        return check_pdf(path, is_invoice=True, limits=LIMITS)

    return run


@pytest.mark.parametrize(
    "then",
    [
        pytest.param("import os; os.abort()", id="dies"),
        pytest.param("raise RuntimeError", id="fails"),
        pytest.param(
            "import signal\nsignal.setitimer(signal.ITIMER_PROF, 0.05)\nwhile True: pass", id="takes too long"
        ),
        pytest.param("x = bytearray(600 * 1024 * 1024)", id="takes too much memory"),
        pytest.param("print('x' * 1_000_000)", id="says too much"),
        pytest.param("print('[' * 100_000)", id="talks nonsense, deeply"),
        pytest.param('print(\'{"source": "xml", "amount_ht": "NaN"}\')', id="lies"),
        pytest.param('print(\'{"source": "xml", "unheard": "1"}\')', id="says what nobody asked"),
        pytest.param("print('[1]')", id="says something else"),
        pytest.param("", id="says nothing"),
    ],
)
def test_whatever_becomes_of_the_reading_the_verdict_stands(boxed, then):
    facts = boxed(VERDICT + then)
    assert facts == PdfFacts(1, ())
    assert facts.reading is None


def test_a_box_that_is_late_with_its_reading_has_given_its_verdict(boxed, settings):
    settings.PDF_BOX_WALL_SECONDS = 5
    facts = boxed(VERDICT + "import time; time.sleep(60)")
    assert (facts, facts.reading) == (PdfFacts(1, ()), None)


def test_half_a_verdict_is_none(boxed):
    with pytest.raises(PdfRefused) as refusal:
        boxed("import os; os.write(1, b'{\"pages\": 1'); os.abort()")
    assert refusal.value.problem == PdfProblem.TOO_COSTLY


def test_a_reading_comes_back_as_it_was_read(boxed):
    reading = Reading(
        Source.XML, number="FA-1 é", issue_date=date(2026, 10, 12), amount_ht=Decimal("1.50"), mentions=("Zoé Œil",)
    )
    assert boxed(VERDICT + f"print({json.dumps(reading.as_json())!r})").reading == reading


# Text that goes on for ever, and attachments by the thousand: honest files to the check.
COSTLY_TO_READ = {
    "a page of a million letters": pdfs.one_page(
        pdfs.flate_stream(b"BT /F1 1 Tf " + b"1 0 0 1 5 5 Tm (" + b"Total HT 1,00 " * 70_000 + b") Tj ET"),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        page=b"/Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >>",
    ),
    "many lines": pdfs.one_page(
        pdfs.flate_stream(
            b"BT /F1 1 Tf "
            + b"".join(b"1 0 0 1 5 %d Tm (Total HT %d,00) Tj " % (n % 800, n) for n in range(30_000))
            + b"ET"
        ),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        page=b"/Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >>",
    ),
}


@pytest.mark.parametrize("name", COSTLY_TO_READ)
def test_what_is_costly_to_read_is_accepted_all_the_same(read_in_box, settings, name):
    started = time.monotonic()
    reading = read_in_box(COSTLY_TO_READ[name])
    assert reading is None or (reading.amount_ht, reading.amount_ttc) == (None, None)
    assert time.monotonic() - started < settings.PDF_BOX_WALL_SECONDS
