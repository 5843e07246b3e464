"""What the home of the back office costs with many deposits, in a database of its own that is removed afterwards:

DATABASE_URL=postgres://… python -m tests.portal.today.crowd 200000
"""

import argparse
import sys
import time
import uuid
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from hashlib import sha256
from random import Random
from typing import Any

DAYS = 30
ROWS_AT_ONCE = 5_000


def fill(deposits: int, *, dossiers: int = 500, seed: int = 1) -> None:
    """Transmitted deposits of the last DAYS, each with an invoice and two further documents; no file is behind them."""
    from django.utils import timezone

    from dossiers.enums import Product
    from invoices import rules
    from invoices.enums import DepositState, DocumentType
    from invoices.models import Deposit, Document, Invoice
    from roles.enums import Side
    from tests.factories import DossierFactory, EstablishmentFactory, UserFactory

    dice, now, person = Random(seed), timezone.now(), UserFactory()
    sites = EstablishmentFactory.create_batch(20)
    origins = [
        DossierFactory(
            product=dice.choice(list(Product)), employer=dice.choice(sites), training_provider=dice.choice(sites)
        )
        for _ in range(dossiers)
    ]
    for first in range(0, deposits, ROWS_AT_ONCE):
        made, invoices, documents = [], [], []
        for rank in range(first, min(first + ROWS_AT_ONCE, deposits)):
            number, origin, side = f"F-{rank}", dice.choice(origins), dice.choice(list(Side))
            sent = now - timedelta(seconds=dice.randrange(1000, DAYS * 86_400))
            deposit = Deposit(
                id=uuid.UUID(int=dice.getrandbits(128)),
                origin=origin,
                side=side,
                perimeter=origin.perimeter(side),
                depositor=person,
                covers_tuition=True,
                number_key=rules.number_key(number),
                state=DepositState.TRANSMITTED,
                submitted_at=sent,
                transmit_at=sent + timedelta(minutes=15),
                transmitted_at=sent + timedelta(minutes=15, seconds=dice.expovariate(1 / 15)),
            )
            made.append(deposit)
            invoices.append(
                Invoice(
                    deposit=deposit,
                    number=number,
                    issue_date=sent.date(),
                    amount_ht=Decimal("4000.00"),
                    amount_ttc=Decimal("4800.00"),
                )
            )
            documents += [
                Document(
                    type=DocumentType.AUTRE_DOCUMENT if position else DocumentType.FACTURE,
                    file=f"foule/{deposit.pk}-{position}.pdf",
                    name="document.pdf",
                    size=min(int(dice.expovariate(1 / 600_000)) + 1, 10_000_000),
                    # One file in a thousand is another deposit's too.
                    sha256=sha256(f"{rank // 2 if rank % 1000 < 2 else rank} {position}".encode()).hexdigest(),
                    pages=3,
                    flags=["javascript"] if dice.random() < 0.001 else [],
                    uploaded_by=person,
                    deposit=deposit,
                    position=position,
                )
                for position in range(3)
            ]
        Deposit.objects.bulk_create(made)
        Invoice.objects.bulk_create(invoices)
        Document.objects.bulk_create(documents)


def measure() -> dict[str, float]:
    """The milliseconds that each part of the home takes when nothing of it is kept."""
    from django.urls import reverse
    from django.utils import timezone

    from portal.today import figures, home, needs

    days = [timezone.localdate() - timedelta(days=back) for back in reversed(range(figures.DAYS))]
    parts: dict[str, Callable[[], Any]] = {
        "deposits by day": lambda: figures.deposits(days),
        "time to transmission": lambda: figures.transmissions(days),
        "sizes": lambda: figures.sizes(days),
        "all of them, with their plots": home.drawn,
        **{need.title: lambda need=need: list(need.look()) for need in needs.NEEDS},
    }
    needs.flagged_of_the_week.forget()
    reverse("admin:index")  # reads every address of the portal, once
    return {name: _milliseconds(part) for name, part in parts.items()}


def _milliseconds(part: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    part()
    return (time.perf_counter() - begun) * 1000


def main() -> None:
    """Fill, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m tests.portal.today.crowd")
    parser.add_argument("deposits", type=int, nargs="?", default=200_000)
    deposits = parser.parse_args().deposits
    import django

    django.setup()
    from django.db import connection
    from django.test.utils import setup_test_environment

    setup_test_environment()
    name = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        fill(deposits)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        for part, milliseconds in measure().items():
            sys.stdout.write(f"{part:<45} {milliseconds:8.0f} ms\n")
    finally:
        connection.creation.destroy_test_db(name, verbosity=0)


if __name__ == "__main__":
    import os

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    main()
