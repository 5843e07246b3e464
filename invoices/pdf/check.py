"""The caller's side of the PDF check: the cheap questions, then the probe, in the box."""

import json
import logging
import os
from dataclasses import dataclass, field, replace
from io import FileIO
from pathlib import Path
from typing import Any

from django.conf import settings

from invoices.catalogue.values import LimitsInForce
from invoices.pdf.boxed import BoxEnded, Limits, run_boxed
from invoices.pdf.problems import PdfProblem, PdfRefused
from invoices.pdf.reading import Reading

logger = logging.getLogger(__name__)

PROBE = Path(__file__).with_name("probe.py")
# Where a PDF must begin and end: junk before the header is how a file is two things at once.
HEADER = b"%PDF-"
END_MARKER = b"%%EOF"
END_MARKER_WITHIN_BYTES = 1024
# A verdict is shorter; and so is a reading, were each of its letters written as its number.
MAX_VERDICT_BYTES = 256
MAX_READING_BYTES = 256 * 1024

# What is accepted and flagged on a supporting document, and refused on an invoice (RULES.md §9).
REFUSED_ON_AN_INVOICE = {"javascript": PdfProblem.JAVASCRIPT, "xfa": PdfProblem.XFA}


@dataclass(frozen=True)
class PdfFacts:
    """What is known of an accepted PDF: its pages, and what the back office should know of (sorted flags).

    And what was read in it, which is not part of the verdict; None when that is nothing.
    """

    pages: int
    flags: tuple[str, ...]
    reading: Reading | None = field(default=None, compare=False)


def check_pdf(path: Path, *, is_invoice: bool, limits: LimitsInForce) -> PdfFacts:
    """Say what is in the PDF at `path`, or why it is refused within these limits (RULES.md §2, §9).

    Returns its facts; the flags of an invoice are always empty. Raises PdfRefused for a file that is not
    acceptable, OSError if the file cannot be read or the box cannot be started.
    """
    # Unbuffered: the box inherits the position of this very file as its standard input.
    with path.open("rb", buffering=0) as file:
        size = os.fstat(file.fileno()).st_size
        if size == 0:
            raise PdfRefused(PdfProblem.EMPTY)
        if size > limits.file_bytes:
            raise PdfRefused(PdfProblem.TOO_LARGE)
        if file.read(len(HEADER)) != HEADER:
            raise PdfRefused(PdfProblem.NOT_PDF)
        file.seek(max(0, size - END_MARKER_WITHIN_BYTES))
        if END_MARKER not in file.read(END_MARKER_WITHIN_BYTES):
            raise PdfRefused(PdfProblem.DAMAGED)
        file.seek(0)
        verdict, reading = run_probe(file, limits.pdf_pages, is_invoice=is_invoice)
    facts = read_verdict(verdict, limits.pdf_pages)
    if is_invoice and facts.flags:
        raise PdfRefused(REFUSED_ON_AN_INVOICE[facts.flags[0]])
    return replace(facts, reading=read_reading(reading))


def run_probe(file: FileIO, most_pages: int, *, is_invoice: bool) -> tuple[bytes, bytes]:
    """Run the probe on `file`, which may have so many pages, and return its verdict and its reading, as printed.

    Raises PdfRefused if it came to no verdict. What becomes of it after that costs the reading, and nothing else.

    What a file costs is bounded by the processor's time, far below the clock's: a probe that is late has waited for
    a machine with too much to do, and the file is not to blame.
    """
    limits = Limits(
        cpu_seconds=settings.PDF_BOX_CPU_SECONDS,
        wall_seconds=settings.PDF_BOX_WALL_SECONDS,
        memory_bytes=settings.PDF_BOX_MEMORY_BYTES,
        answer_bytes=MAX_VERDICT_BYTES + MAX_READING_BYTES,
    )
    arguments = most_pages, int(is_invoice), int(settings.PDF_READING_CPU_SECONDS * 1000)
    try:
        verdict, _, reading = run_boxed(PROBE, *arguments, file=file, limits=limits).partition(b"\n")
    except BoxEnded as ended:
        verdict, end_of_line, _ = ended.answer.partition(b"\n")
        if end_of_line:
            logger.info("The PDF box ended while it read: %s.", ended)
            return verdict, b""
        if ended.late:
            logger.warning("The PDF box was late: the machine has more to do than it can.")
            raise PdfRefused(PdfProblem.NOT_CHECKED) from None
        if ended.exit_code is not None:
            # Negative: a signal, that is, a limit. Positive: Python itself gave up, out of memory as a rule; an
            # installation without pypdf looks the same, hence the line for the operator.
            logger.warning("The PDF box ended without a verdict (exit code %d).", ended.exit_code)
        raise PdfRefused(PdfProblem.TOO_COSTLY) from None
    return verdict, reading


def read_verdict(answer: bytes, most_pages: int) -> PdfFacts:
    """Read the box's verdict, trusting none of it; PdfRefused for a refusal or for what is not a verdict."""
    try:
        verdict: Any = json.loads(answer[:MAX_VERDICT_BYTES])
    except ValueError:
        verdict = None
    match verdict:
        case {"problem": str(name)} if name in PdfProblem.__members__:
            raise PdfRefused(PdfProblem[name])
        case {"pages": int(pages), "flags": list(flags)} if (
            0 < pages <= most_pages and set(map(str, flags)) <= REFUSED_ON_AN_INVOICE.keys()
        ):
            return PdfFacts(pages=pages, flags=tuple(sorted(flags)))
    logger.error("The PDF box gave a verdict that cannot be understood.")
    raise PdfRefused(PdfProblem.DAMAGED)


def read_reading(answer: bytes) -> Reading | None:
    """Read what the box read, trusting none of it; None for nothing, and for what is not a reading."""
    try:
        reading: Any = json.loads(answer or b"null")
        return None if reading is None else Reading.from_json(reading)
    except (ValueError, TypeError, AttributeError, RecursionError):
        logger.exception("The PDF box gave a reading that cannot be understood.")
        return None
