"""The dossiers of the demo: every product at every status, with dates and amounts that fit them.

Everything is drawn from one seeded generator, and dated around `DEMO_DAY`, not around today: the same
numbers, names and dates on every machine, every day.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import product as every
from random import Random

from dossiers.enums import OPEN_TO_INVOICE, DossierStatus, Product
from dossiers.models import Dossier
from roles.models import Establishment

from .names import FIRST_NAMES, LAST_NAMES
from .places import (
    CFA_CONNECT,
    CFA_METIERS,
    DUBOIS,
    FORMATECH_LYON,
    FORMATECH_PARIS,
    HORIZON_LYON,
    HORIZON_NANTES,
    RIVAGE,
)

DEMO_DAY = date(2026, 11, 16)  # a Monday

ALTERNANCE = (Product.CAPP, Product.CPRO)


TITLES = {
    Product.CAPP: (
        "CAP Électricien",
        "Bac pro Maintenance des systèmes de production connectés",
        "BTS Électrotechnique",
        "BTS Gestion de la PME",
        "BUT Génie industriel et maintenance",
        "Titre professionnel Développeur web et web mobile",
    ),
    Product.CPRO: (
        "Titre professionnel Technicien de maintenance industrielle",
        "CQPM Conducteur d’équipements industriels",
        "Titre professionnel Conseiller commercial",
        "BTS Négociation et digitalisation de la relation client",
        "Titre professionnel Gestionnaire de paie",
    ),
    Product.BC: ("Bilan de compétences, 24 heures", "Bilan de compétences, 16 heures"),
    Product.VAE: (
        "VAE · BTS Management commercial opérationnel",
        "VAE · Titre professionnel Assistant de direction",
        "VAE · Licence professionnelle Métiers de la qualité",
        "VAE · DEAES, diplôme d’État d’accompagnant éducatif et social",
    ),
    Product.AUTRE: (
        "Habilitation électrique B1V-BR",
        "CACES R489 · chariots élévateurs, catégories 3 et 5",
        "Anglais professionnel, niveau B2",
        "Tableur, perfectionnement",
        "Sauveteur secouriste du travail (SST)",
        "Management d’une équipe de proximité",
        "Prévention des risques psychosociaux",
    ),
}

# Weeks from the start to the end of the training.
LENGTHS = {
    Product.CAPP: (52, 104),
    Product.CPRO: (26, 52),
    Product.BC: (8, 12),
    Product.VAE: (20, 36),
    Product.AUTRE: (1, 2, 6),
}

# Where the training stands at each status: weeks from the demo's day to its start, or to its end (completed).
STARTS = {
    DossierStatus.EN_COURS_DE_SAISIE: (3, 10),
    DossierStatus.EN_COURS_DE_VALIDATION: (1, 6),
    DossierStatus.INFORMATION_MANQUANTE: (-3, 4),
    DossierStatus.VALIDE: (-5, 2),
    DossierStatus.A_FACTURER: (-20, -8),
    DossierStatus.EN_COURS_DE_REGLEMENT: (-40, -20),
    DossierStatus.REFUSE: (-12, 2),
    DossierStatus.ANNULE: (-26, -6),
}
ENDS_WHEN_COMPLETED = (-16, -4)


@dataclass(frozen=True)
class Request:
    """What is wanted of a dossier; the rest is drawn."""

    employer: str
    training_provider: str
    product: Product
    status: DossierStatus
    subrogated: bool = True


def requests() -> Iterator[Request]:
    """Every dossier of the demo, in the order in which they are numbered."""
    for product, status, subrogated in every(Product, DossierStatus, (True, False)):
        yield Request(HORIZON_LYON, FORMATECH_LYON, product, status, subrogated)
    for cfa, product, status in every((CFA_METIERS, CFA_CONNECT), ALTERNANCE, DossierStatus):
        yield Request(HORIZON_LYON, cfa, product, status)
    # What a provider may associate with an invoice, at another company.
    for product, status in every((Product.CPRO, Product.BC, Product.AUTRE), OPEN_TO_INVOICE):
        yield Request(DUBOIS, FORMATECH_LYON, product, status)
    for rank, (product, status) in enumerate(every(Product, (DossierStatus.VALIDE, DossierStatus.A_FACTURER))):
        yield Request(HORIZON_NANTES, FORMATECH_LYON if rank % 3 else FORMATECH_PARIS, product, status)
    for product, status in zip(Product, OPEN_TO_INVOICE, strict=False):
        yield Request(DUBOIS, FORMATECH_PARIS, product, status)
    for rank, product in enumerate((*Product, *Product)):
        yield Request(DUBOIS, RIVAGE, product, OPEN_TO_INVOICE[rank % len(OPEN_TO_INVOICE)])


def build(sites: Mapping[str, Establishment]) -> list[Dossier]:
    """The dossiers, not saved, of these establishments by name."""
    draw = Random(2026)  # noqa: S311 - drawn to be the same again, not to be a secret
    names = iter(draw.sample(list(every(FIRST_NAMES, LAST_NAMES)), k=400))
    next_number = {
        Product.CAPP: 4217,
        Product.CPRO: 1863,
        Product.BC: 742,
        Product.VAE: 318,
        Product.AUTRE: 6054,
    }
    dossiers = []
    for request in requests():
        first_name, last_name = next(names)
        starts_on, ends_on = _dates(draw, request.product, request.status)
        year = min(starts_on, DEMO_DAY).year
        tuition, ancillary = _amounts(draw, request.product, (ends_on - starts_on).days // 7 + 1)
        dossiers.append(
            Dossier(
                number=f"{request.product}-{year}-{next_number[request.product]:06d}",
                product=request.product,
                status=request.status,
                subrogated=request.subrogated,
                employer=sites[request.employer],
                training_provider=sites[request.training_provider],
                beneficiary_first_name=first_name,
                beneficiary_last_name=last_name,
                training_title=draw.choice(TITLES[request.product]),
                starts_on=starts_on,
                ends_on=ends_on,
                granted_tuition=tuition,
                granted_ancillary=ancillary,
            )
        )
        next_number[request.product] += draw.randint(3, 61)
    return dossiers


def _dates(draw: Random, product: Product, status: DossierStatus) -> tuple[date, date]:
    """From a Monday to a Friday, where the status says that the training stands."""
    weeks = draw.choice(LENGTHS[product])
    if status == DossierStatus.TERMINE:
        start = draw.randint(*ENDS_WHEN_COMPLETED) - weeks
    else:
        start = draw.randint(*STARTS[status])
    starts_on = DEMO_DAY + timedelta(weeks=start)
    return starts_on, starts_on + timedelta(weeks=weeks, days=-3)


def _amounts(draw: Random, product: Product, weeks: int) -> tuple[Decimal, Decimal]:
    """Tuition and ancillary costs granted, excluding tax, of the size usual for the product."""
    match product:
        case Product.CAPP:
            return Decimal(draw.randrange(6_200, 9_800, 10) * max(1, weeks // 52)), Decimal(500)
        case Product.CPRO:
            return Decimal(draw.randrange(280, 420, 7)) * Decimal("12.50"), Decimal(draw.choice((0, 240, 600)))
        case Product.BC:
            return Decimal(draw.randrange(1_500, 2_200, 50)), Decimal(0)
        case Product.VAE:
            return Decimal(draw.randrange(1_600, 3_000, 50)), Decimal(0)
        case Product.AUTRE:
            return Decimal(draw.randrange(450, 1_900, 25)), Decimal(draw.choice((0, 0, 180, 360)))
