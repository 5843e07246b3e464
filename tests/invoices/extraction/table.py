"""A table of what is read in ordinary invoices, right, nothing or wrong: `python -m tests.invoices.extraction.table`.

Each layout by each producer, in two ways of writing amounts and dates.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from invoices.extraction import read
from tests.invoices.extraction.layouts import LAYOUTS, Sold, Truth
from tests.invoices.extraction.producers import ChromiumPaper, FpdfPaper, ReportLabPaper, chromium_printer

FIELDS = "number", "issue_date", "amount_ht", "amount_ttc"
OUTCOMES = "right", "nothing", "wrong"
Sample = tuple[str, str, bytes, Truth]


def drawn(producer: type, name: str, ranks: range) -> Iterator[Sample]:
    """The invoices of these producers that need no browser: producer, layout, PDF, truth."""
    for place, (layout, draw) in enumerate(LAYOUTS.items()):
        for rank in ranks:
            paper = producer()
            truth = draw(paper, Sold(place + 7 * rank))
            yield name, layout, paper.pdf(), truth


def printed(ranks: range) -> Iterator[Sample]:
    with chromium_printer() as printer:
        for place, (layout, draw) in enumerate(LAYOUTS.items()):
            for rank in ranks:
                paper = ChromiumPaper()
                truth = draw(paper, Sold(place + 7 * rank))
                yield "Chromium", layout, printer.print(paper.html()), truth


def without_browser() -> Iterator[Sample]:
    yield from drawn(FpdfPaper, "fpdf2", range(2))
    yield from drawn(ReportLabPaper, "ReportLab", range(2, 4))


def outcomes(content: bytes, truth: Truth) -> dict[str, str]:
    """Of each field: right, nothing or wrong. What is not said is rightly read as nothing."""
    said = read(content, [], is_invoice=True) or {}
    results = {}
    for field in FIELDS:
        true, value = getattr(truth, field), said.get(field)
        if not value:
            results[field] = "nothing" if true else "right"
        else:
            parse = {"issue_date": date.fromisoformat, "number": str}.get(field, Decimal)
            results[field] = "right" if parse(value) == true else "wrong"
    return results


def counted(samples: Iterator[Sample]) -> dict[tuple[str, str, str], Counter[str]]:
    """How often, by producer, layout and field."""
    counts: dict[tuple[str, str, str], Counter[str]] = {}
    for producer, layout, content, truth in samples:
        for field, outcome in outcomes(content, truth).items():
            counts.setdefault((producer, layout, field), Counter())[outcome] += 1
    return counts


def table(counts: dict[tuple[str, str, str], Counter[str]]) -> str:
    """The counts by producer, then by layout."""
    lines = ["right/nothing/wrong".ljust(20) + "".join(f"{field:>13}" for field in FIELDS)]
    for by in (0, 1):
        for name in dict.fromkeys(key[by] for key in counts):
            cells = []
            for field in FIELDS:
                total = sum((count for key, count in counts.items() if (key[by], key[2]) == (name, field)), Counter())
                cells.append("/".join(str(total[outcome]) for outcome in OUTCOMES))
            lines.append(f"{name:20}" + "".join(f"{cell:>13}" for cell in cells))
    return "\n".join(lines)


def main() -> None:
    samples = [*without_browser(), *printed(range(4, 6))]
    print(table(counted(iter(samples))))  # noqa: T201 - a command's output
    print(f"{len(samples)} invoices")  # noqa: T201


if __name__ == "__main__":
    main()
