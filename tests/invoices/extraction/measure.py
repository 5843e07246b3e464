"""What reading costs in the box, by the clock of its processor.

    DJANGO_SETTINGS_MODULE=tests.settings python -m tests.invoices.extraction.measure

With the modules compiled beforehand, as in the image (Dockerfile); where they are not, that is 8 ms more.
"""

import compileall
import json
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from django.conf import settings

from invoices import extraction
from invoices.pdf.boxed import Limits, run_boxed
from tests.invoices.extraction.electronic import PROFILES, factur_x, invoice, xml_of
from tests.invoices.extraction.layouts import LAYOUTS, Sold, classic
from tests.invoices.extraction.producers import FpdfPaper, Paper, ReportLabPaper, written

TIMES = 5
LONG = 55
TIMED = Path(__file__).with_name("timed.py")


def seconds(path: Path, *, is_invoice: bool = True) -> float:
    """What reading the PDF took of the processor, the median of several boxes."""
    limits = Limits(
        cpu_seconds=settings.PDF_BOX_CPU_SECONDS,
        wall_seconds=60,
        memory_bytes=settings.PDF_BOX_MEMORY_BYTES,
        answer_bytes=10_000,
    )
    taken = []
    for _ in range(TIMES):
        with path.open("rb", buffering=0) as file:
            arguments = 2000, int(is_invoice), 2000
            taken.append(json.loads(run_boxed(TIMED, *arguments, file=file, limits=limits).splitlines()[1]))
    return median(taken)


def long_invoice() -> bytes:
    paper: Paper = ReportLabPaper()
    for _ in range(LONG - 1):
        classic(paper, Sold(3))
        paper.next_page()
    classic(paper, Sold(3))
    return paper.pdf()


def main() -> None:
    compileall.compile_dir(Path(extraction.__file__).parent, quiet=1)
    data = invoice(("1000.00", "20"), ("200.00", "5.5"))
    samples = {profile: factur_x(xml_of(data, profile), profile) for profile in PROFILES}
    for place, (name, draw) in enumerate(LAYOUTS.items()):
        paper = (FpdfPaper, ReportLabPaper)[place % 2]()
        draw(paper, Sold(place))
        samples[name] = paper.pdf()
    samples[f"{LONG} pages"] = long_invoice()
    with TemporaryDirectory() as folder:
        taken = {name: seconds(written(Path(folder), content)) for name, content in samples.items()}
    for name, value in taken.items():
        print(f"{name:20}{1000 * value:6.1f} ms")  # noqa: T201 - a command's output
    print(f"{'median':20}{1000 * median(taken.values()):6.1f} ms")  # noqa: T201


if __name__ == "__main__":
    main()
