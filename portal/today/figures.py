"""The figures of the last weeks, as tables; portal.today.plots draws them."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise

from django.utils import timezone

from dossiers.enums import Product
from invoices import statistics
from portal.templatetags.french import NO_BREAK_SPACE, grouped, jour, taille
from roles.enums import Side

DAYS = 30

TITLES = {
    Side.PRESTATAIRE: "Dépôts par jour, côté prestataires de formation",
    Side.ENTREPRISE: "Dépôts par jour, côté entreprises",
}
LATE = ("Moins de 30 s", "De 30 s à 1 min", "De 1 à 5 min", "Plus de 5 min")


@dataclass(frozen=True)
class Row:
    """A line of the table, and a bar of the plot: one count for each series, and what the table alone tells."""

    label: str
    short: str
    counts: tuple[int, ...]
    further: tuple[str, ...] = ()

    @property
    def total(self) -> int:
        return sum(self.counts)


@dataclass(frozen=True)
class Figure:
    """One plot with its table: `rows` of what `row_header` says, a column for each of `series`."""

    slug: str
    title: str
    lead: str
    row_header: str
    series: tuple[str, ...]
    rows: tuple[Row, ...]
    further: tuple[str, ...] = ()
    totals: tuple[int, ...] = field(init=False)

    def __post_init__(self) -> None:
        columns = zip(*(row.counts for row in self.rows), strict=True)
        object.__setattr__(self, "totals", tuple(sum(column) for column in columns))

    @property
    def total(self) -> int:
        return sum(self.totals)


def of_the_last_days() -> list[Figure]:
    """All figures of the last DAYS, today included, by days of Paris."""
    days = [timezone.localdate() - timedelta(days=back) for back in reversed(range(DAYS))]
    return [*deposits(days), transmissions(days), sizes(days)]


def deposits(days: list[date]) -> list[Figure]:
    """Deposits by day and product, one figure for each side."""
    found = statistics.deposits_by_day(days[0])
    return [
        Figure(
            slug=f"depots-{side.lower()}",
            title=title,
            lead="Tous les dépôts, selon le produit du dossier d’origine, y compris ceux annulés depuis.",
            row_header="Jour",
            series=tuple(product.label for product in Product),
            rows=tuple(
                Row(jour(day), f"{day:%d/%m}", tuple(found[side].get(day, {}).get(product, 0) for product in Product))
                for day in days
            ),
        )
        for side, title in TITLES.items()
    ]


def transmissions(days: list[date]) -> Figure:
    """How late deposits were transmitted, day by day."""
    found = statistics.transmitted_by_day(days[0])
    none = statistics.Transmitted((0,) * len(LATE), timedelta(0))
    rows = []
    for day in days:
        of_day = found.get(day, none)
        longest = duration(of_day.longest) if day in found else "–"
        rows.append(Row(jour(day), f"{day:%d/%m}", of_day.counts, (longest,)))
    return Figure(
        slug="transmissions",
        title="Temps jusqu’à la transmission",
        lead="Les dépôts transmis chaque jour, selon le temps écoulé entre la fin du délai et la transmission. "
        "Au-delà d’une minute, le traitement de fond était arrêté ou débordé.",
        row_header="Jour",
        series=LATE,
        rows=tuple(rows),
        further=("Le plus tardif",),
    )


def sizes(days: list[date]) -> Figure:
    """How large the deposited documents are."""
    invoices, others = statistics.document_sizes(days[0])
    bounds = [taille(bound) for bound in statistics.SIZES]
    labels = [f"Jusqu’à {bounds[0]}", *(f"De {low} à {high}" for low, high in pairwise(bounds))]
    shorts = [f"≤ {bound}" for bound in bounds]
    return Figure(
        slug="tailles",
        title="Taille des documents",
        lead=f"Les documents des dépôts des {DAYS} derniers jours.",
        row_header="Taille",
        series=("Factures", "Pièces justificatives"),
        rows=tuple(
            Row(label, short, counts)
            for label, short, counts in zip(
                [*labels, f"Plus de {bounds[-1]}"],
                [*shorts, f"> {bounds[-1]}"],
                zip(invoices, others, strict=True),
                strict=True,
            )
        ),
    )


def duration(lasting: timedelta) -> str:
    """« 12 s », « 3 min 05 s », « 2 h 10 min »."""
    minutes, seconds = divmod(round(lasting.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    parts: tuple[str, ...]
    if hours:
        parts = (grouped(hours), "h", f"{minutes:02}", "min")
    elif minutes:
        parts = (str(minutes), "min", f"{seconds:02}", "s")
    else:
        parts = (str(seconds), "s")
    return NO_BREAK_SPACE.join(parts)
