"""What a run found: a table, and a plot of how far each figure is from its limit."""

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import median

import pygal

from tests.bench.measure import Promise, Result, Sense, Unit

# See portal/today/plots.py.
sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, pygal.PluginImportFixer)]

FOLDER = Path(__file__).parents[2] / "docs" / "bench"
HEADS = ("what", "figure", "against", "found (least – most)", "promised", "")
KEPT, BROKEN = "kept", "NOT KEPT"


def table(results: Sequence[Result]) -> Iterable[str]:
    """A line for each promise: medians, and in parentheses the least and the most of the rounds."""
    lines = [HEADS, *(cells for result in results for cells in _cells(result))]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        yield "  ".join(f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True)).rstrip()


def _cells(result: Result) -> Iterable[tuple[str, ...]]:
    unit, found = result.measure.unit, result.found
    for rank, promise in enumerate(result.measure.promises):
        yield (
            "" if rank else result.measure.title,
            f"{promise.ours} {unit.told(median(found[promise.ours]))}",
            f"{promise.of} {unit.told(median(found[promise.of]))}" if promise.of else "",
            _spread(promise, result),
            f"{promise.sense} {_unit(promise, result).told(promise.bound)}",
            KEPT if promise.kept(found) else BROKEN,
        )


def _unit(promise: Promise, result: Result) -> Unit:
    return Unit.RATIO if promise.of else result.measure.unit


def _spread(promise: Promise, result: Result) -> str:
    figures, unit = promise.figures(result.found), _unit(promise, result)
    return f"{unit.told(promise.figure(result.found))} ({unit.told(min(figures))} – {unit.told(max(figures))})"


def write(lines: Sequence[str], results: Sequence[Result]) -> None:
    """Leave the table and the plot in docs/bench/."""
    (FOLDER / "results.txt").write_text("\n".join(lines) + "\n")
    draw(results, FOLDER / "results.svg")


def draw(results: Sequence[Result], path: Path) -> None:
    """Write the plot as SVG: a bar for each promise, what was found as a share of its limit; 1 is the limit itself."""
    chart = pygal.HorizontalBar(
        width=1000,
        height=60 + 26 * sum(len(result.measure.promises) for result in results),
        title="What was found, as a share of what was promised (beyond 1: not kept)",
        show_legend=False,
        truncate_label=-1,
        js=(),
    )
    shares = [
        (
            f"{result.measure.title}: {promise.ours}" + (f" / {promise.of}" if promise.of else ""),
            _share(promise, result),
        )
        for result in results
        for promise in result.measure.promises
        if promise.sense is not Sense.EQUAL and promise.bound
    ]
    chart.x_labels = [label for label, _ in reversed(shares)]
    chart.add("", [share for _, share in reversed(shares)])
    path.write_bytes(chart.render())


def _share(promise: Promise, result: Result) -> float:
    figure = promise.figure(result.found)
    return promise.bound / figure if promise.sense is Sense.AT_LEAST else figure / promise.bound
