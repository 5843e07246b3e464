"""What the tests of reading share."""

from collections.abc import Callable
from pathlib import Path

import pytest

from invoices.pdf import check_pdf
from invoices.pdf.reading import Reading
from tests.catalogue import LIMITS


@pytest.fixture
def read_in_box(tmp_path: Path, settings) -> Callable[..., Reading | None]:
    """What is read in an uploaded PDF, in the box; a machine with other tests to run may be late."""
    settings.PDF_BOX_WALL_SECONDS = 60

    def read_it(content: bytes, *, is_invoice: bool = True) -> Reading | None:
        path = tmp_path / "document.pdf"
        path.write_bytes(content)
        return check_pdf(path, is_invoice=is_invoice, limits=LIMITS).reading

    return read_it
