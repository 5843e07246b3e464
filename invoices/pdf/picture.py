"""Pages of a PDF as pictures. The web process never opens the PDF itself: the box does, with limits."""

import logging
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from invoices.pdf.boxed import BoxEnded, Limits, run_boxed

logger = logging.getLogger(__name__)

DRAW = Path(__file__).with_name("draw.py")
# RIFF, four bytes of length, WEBP.
WEBP_HEAD, WEBP_KIND = b"RIFF", b"WEBP"
MAX_PICTURE_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True)
class Frame:
    """What a picture fits in, in pixels; it fills its width or its height."""

    width: int
    height: int


class CannotDraw(Exception):  # noqa: N818 - an outcome, not an error of ours
    """There is no picture of this page. `for_good`: there will be none at another time either."""

    def __init__(self, *, for_good: bool) -> None:
        super().__init__("for good" if for_good else "this time")
        self.for_good = for_good


def draw_page(path: Path, number: int, frame: Frame) -> bytes:
    """The page (from 1) of an accepted PDF, as WebP.

    Raises CannotDraw for a page that pdfium cannot read, or not within the limits; OSError if the file cannot
    be read or the box cannot be started.
    """
    limits = Limits(
        cpu_seconds=settings.PICTURE_CPU_SECONDS,
        wall_seconds=settings.PICTURE_WALL_SECONDS,
        memory_bytes=settings.PICTURE_MEMORY_BYTES,
        answer_bytes=MAX_PICTURE_BYTES,
    )
    # Unbuffered: the box inherits the position of this very file as its standard input.
    with path.open("rb", buffering=0) as file:
        try:
            picture = run_boxed(DRAW, number, frame.width, frame.height, file=file, limits=limits)
        except BoxEnded as ended:
            # Late: the machine was busy. A positive exit code: Python gave up, as without pypdfium2, which an
            # operator mends. A signal: a limit, or pdfium that gave itself up; it would again.
            by_signal = ended.exit_code is not None and ended.exit_code < 0
            logger.warning("No picture of page %d of %s: the box ended, %s.", number, path.name, ended)
            raise CannotDraw(for_good=by_signal) from None
    if picture[:4] != WEBP_HEAD or picture[8:12] != WEBP_KIND:
        raise CannotDraw(for_good=True)
    return picture
