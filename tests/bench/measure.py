"""What is measured, what is promised of it, and the rounds in which the contestants take turns.

    @measure(
        "documents-tab",
        "« Documents » tab, 20 documents",
        at_most(3.5, "portal", of="stock list"),
        at_most(0.5, "portal", of="admin change list"),
        grows=["portal"],
    )
    def documents_tab(world):
        with Line(...) as line:
            yield {"portal": lambda: line.get(...), "stock list": ..., "admin change list": ...}

A contestant is called once a round. What it returns is its figure; where it returns nothing, the seconds that the
call took are.
"""

import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from statistics import median

from tests.bench.world import World

Contestant = Callable[[], float | None]
Preparation = Callable[[World], Iterator[Mapping[str, Contestant]]]
Figures = Mapping[str, Sequence[float]]  # of each contestant, one a round


class Sense(StrEnum):
    """How a figure is held against its bound."""

    AT_MOST = "≤"
    AT_LEAST = "≥"
    EQUAL = "="


class Unit(StrEnum):
    """What the contestants' figures count; seconds are told as milliseconds."""

    SECONDS = "ms"
    MEGABYTES = "MB"
    A_SECOND = "/s"
    RATIO = "×"
    QUERIES = "queries"
    SCANS = "scans"

    def told(self, value: float) -> str:
        """A figure with its unit: « 12.3 ms »."""
        if self is Unit.SECONDS:
            value *= 1000
        digits = 0 if value == int(value) or value >= 1000 else 1 if value >= 10 else 2
        return f"{value:,.{digits}f} {self.value}"


@dataclass(frozen=True)
class Promise:
    """That a contestant's figure, or how many times another's (`of`) it is, keeps within a bound.

    `less` names a contestant whose figure is first taken from it. `worst` asks it of every round, not of the median.
    """

    sense: Sense
    bound: float
    ours: str
    of: str | None = None
    less: str | None = None
    worst: bool = False

    def figures(self, found: Figures) -> list[float]:
        """What is held against the bound, one a round: contestants of the same round are compared, not medians."""
        ours = [
            figure - less
            for figure, less in zip(
                found[self.ours], found[self.less] if self.less else [0.0] * len(found[self.ours]), strict=True
            )
        ]
        if self.of is None:
            return ours
        return [figure / other for figure, other in zip(ours, found[self.of], strict=True)]

    def figure(self, found: Figures) -> float:
        """The one that is judged."""
        figures = self.figures(found)
        if not self.worst:
            return median(figures)
        return min(figures) if self.sense is Sense.AT_LEAST else max(figures)

    def kept(self, found: Figures) -> bool:
        """Whether it holds."""
        figure = self.figure(found)
        return {
            Sense.AT_MOST: figure <= self.bound,
            Sense.AT_LEAST: figure >= self.bound,
            Sense.EQUAL: figure == self.bound,
        }[self.sense]


def at_most(bound: float, ours: str, *, of: str | None = None, less: str | None = None, worst: bool = False) -> Promise:
    """« ≤ 3.5 × »; see Promise."""
    return Promise(Sense.AT_MOST, bound, ours, of, less, worst)


def at_least(bound: float, ours: str, *, of: str | None = None) -> Promise:
    """« ≥ 5 × »; see Promise."""
    return Promise(Sense.AT_LEAST, bound, ours, of)


def as_many(ours: str, *, of: str) -> Promise:
    """The same figure as another's."""
    return Promise(Sense.EQUAL, 1, ours, of)


@dataclass(frozen=True)
class Measure:
    """One measure: `name` for the command line, `title` for the table.

    `grows`: the contestants that are also measured in a smaller world; they may grow as a logarithm does. `shape`:
    it counts what is the same on every machine, so `--small` judges it.
    """

    name: str
    title: str
    promises: Sequence[Promise]
    prepare: Preparation
    unit: Unit = Unit.SECONDS
    grows: Sequence[str] = ()
    shape: bool = False


def measure(
    name: str,
    title: str,
    *promises: Promise,
    unit: Unit = Unit.SECONDS,
    grows: Sequence[str] = (),
    shape: bool = False,
) -> Callable[[Preparation], Measure]:
    """Make a measure of the generator that prepares its contestants, yields them, and tidies up."""

    def decorate(prepare: Preparation) -> Measure:
        return Measure(name, title, promises, prepare, unit, grows, shape)

    return decorate


@dataclass(frozen=True)
class Result:
    """What a measure found."""

    measure: Measure
    found: Figures

    @property
    def broken(self) -> list[Promise]:
        """The promises that do not hold."""
        return [promise for promise in self.measure.promises if not promise.kept(self.found)]


def run(measure: Measure, world: World, rounds: int) -> Result:
    """Let the contestants of a world take turns."""
    with prepared(measure, world) as contestants:
        return Result(measure, take_turns(contestants, rounds))


def run_growth(measure: Measure, smaller: World, world: World, rounds: int) -> Result:
    """Let the contestants that may grow take turns in both worlds, and hold what they grow by against a logarithm."""
    bound = math.log(world.dossiers) / math.log(smaller.dossiers)
    sizes = f"{smaller.dossiers:,} → {world.dossiers:,} dossiers"
    labels = {label: (f"{label}, {smaller.dossiers:,}", f"{label}, {world.dossiers:,}") for label in measure.grows}
    growth = Measure(
        f"{measure.name}-growth",
        f"{measure.title}: {sizes}",
        [
            at_least(round(1 / bound, 2), large, of=small)
            if measure.unit is Unit.A_SECOND
            else at_most(round(bound, 2), large, of=small)
            for small, large in labels.values()
        ],
        measure.prepare,
        measure.unit,
    )
    with prepared(measure, smaller) as in_smaller, prepared(measure, world) as in_world:
        contestants = {}
        for label, (small, large) in labels.items():
            contestants |= {small: in_smaller[label], large: in_world[label]}
        return Result(growth, take_turns(contestants, rounds))


@contextmanager
def prepared(measure: Measure, world: World) -> Iterator[Mapping[str, Contestant]]:
    """The contestants of a world; each asks its own world's database, whichever was asked before."""
    with ExitStack() as stack:
        world.connect()
        contestants = stack.enter_context(contextmanager(measure.prepare)(world))
        stack.callback(world.connect)
        yield {label: _in_world(contestant, world) for label, contestant in contestants.items()}


def _in_world(contestant: Contestant, world: World) -> Contestant:
    def called() -> float:
        world.connect()
        begun = time.perf_counter()
        figure = contestant()
        return time.perf_counter() - begun if figure is None else figure

    return called


def take_turns(contestants: Mapping[str, Contestant], rounds: int) -> dict[str, list[float]]:
    """Call each contestant once a round, after a first time that does not count; another one begins each round."""
    labels = list(contestants)
    found: dict[str, list[float]] = {label: [] for label in labels}
    for label in labels:
        contestants[label]()
    for rank in range(rounds):
        first = rank % len(labels)
        for label in labels[first:] + labels[:first]:
            found[label].append(float(contestants[label]() or 0))
    return found


def median_of(call: Callable[[], object], times: int) -> float:
    """The median of the seconds that so many calls take: the figure of a contestant whose call is short."""
    return median(_seconds(call) for _ in range(times))


def _seconds(call: Callable[[], object]) -> float:
    begun = time.perf_counter()
    call()
    return time.perf_counter() - begun


def wanted(measures: Iterable[Measure], names: Sequence[str]) -> list[Measure]:
    """Those of these names, all without any; KeyError for a name that none has."""
    known = {one.name: one for one in measures}
    return [known[name] for name in names] if names else list(known.values())
