"""Files of dossiers, as long as one likes, some of their lines wrong."""

import csv
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path

from dossiers.enums import DossierStatus, Product

TITLES = [
    *("Numéro", "Produit", "Statut", "Subrogé", "SIRET employeur", "SIRET formation", "Prénom du bénéficiaire"),
    *("Nom du bénéficiaire", "Intitulé de la formation", "Début de la formation", "Fin de la formation"),
    *("Frais pédagogiques accordés (HT)", "Frais annexes accordés (HT)"),
]
FIRST_NAMES = ["Zoé", "Noémie", "Loïc", "Anaïs", "François", "Élodie", "Théo"]
LAST_NAMES = ["Lefèvre", "Garçon", "Béraud", "Nuñez", "Gœtz", "L’Hôte", "Muller", "D’Hérouville", "Perrin"]
# What is wrong with a line, by turns: a column, and what it says.
FAULTS = [
    ("Statut", "En pause"),
    ("SIRET employeur", "12345678901234"),
    ("Début de la formation", "31/02/2026"),
    ("Frais pédagogiques accordés (HT)", "beaucoup"),
    ("Subrogé", "peut-être"),
]


def dossiers(sirets: Sequence[str], lines: int, *, bad: int = 0, start: int = 0) -> Iterator[dict[str, str]]:
    """The lines, `bad` of them refused, all over the file."""
    products, statuses = list(Product), list(DossierStatus)
    every = lines // bad if bad else 0
    for rank in range(start, start + lines):
        begins = date(2025, 1, 1) + timedelta(days=rank % 500)
        values = [
            f"IMP-2026-{rank:07d}",
            products[rank % len(products)].label,
            statuses[rank % len(statuses)].label,
            "oui" if rank % 5 else "non",
            sirets[rank % len(sirets)],
            sirets[(rank * 7 + 1) % len(sirets)],
            FIRST_NAMES[rank % len(FIRST_NAMES)],
            LAST_NAMES[rank % len(LAST_NAMES)],
            f"Formation n° {rank % 300}",
            f"{begins:%d/%m/%Y}",
            f"{begins + timedelta(days=365):%d/%m/%Y}",
            f"{1000 + rank % 9000},50",
            "600,00",
        ]
        line = dict(zip(TITLES, values, strict=True))
        if every and rank % every == every // 2:
            column, wrong = FAULTS[rank // every % len(FAULTS)]
            line[column] = wrong
        yield line


def write_csv(path: Path, lines: Iterator[dict[str, str]]) -> None:
    """As French Excel writes it."""
    with path.open("w", encoding="cp1252", newline="") as file:
        writer = csv.DictWriter(file, TITLES, delimiter=";")
        writer.writeheader()
        writer.writerows(lines)
