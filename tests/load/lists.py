"""What every list of the back office costs with very many rows: each of its ways of being narrowed and searched.

    DATABASE_URL=postgres://postgres@127.0.0.1:5432/x python -m tests.load.lists --deposits 100000

In a database of its own on that server, made and dropped here (rows.py). Prints of each page the queries with few rows
and with very many, and the milliseconds; returns 1 where the queries differ, or where one takes longer than the limit.
"""

import argparse
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import django

from tests.chaos.command import say
from tests.stack import own_database

TRIES = 2
# Enough for one row at least of every kind: what finds nothing is asked less.
FEW = 1_000
NUMBER = "F-000777"
# Of each list, how it is narrowed and searched: `{…}` stands for what `things` found. A list that is not named here is
# asked for as it opens.
NARROWED = {
    "invoices.deposit": {
        "its last page": "?p={last_page}",
        "transmitted": "?statut=transmis",
        "late": "?statut=en-retard",
        "of a product": "?produit=VAE",
        "of a side": "?cote=entreprise",
        "of a week": "?du={monday}&au={sunday}",
        "handed over": "?remise=remis",
        "hand-over failing": "?remise=echec",
        "PDF flagged": "?signalement=pdf-signale",
        "same file elsewhere": "?signalement=meme-fichier",
        "several companies": "?signalement=plusieurs-entreprises",
        "number on both sides": "?signalement=numero-des-deux-cotes",
        "any flag": "?signalement=tous",
        "any flag, of a week": "?signalement=tous&du={monday}&au={sunday}",
        "any flag, of a product": "?signalement=tous&produit=VAE",
        "by number": f"?q={NUMBER}",
        "by the beginning of a number": "?q=F-0",
        "by dossier": "?q=CPRO-0000500",
        "by SIRET": "?q={siret}",
        "by e-mail": "?q=clerc7@essai.example",
        "by SHA-256": "?q={sha256}",
        "nothing found": "?q=introuvable",
        "one deposit": "{deposit}/change/",
    },
    "invoices.document": {
        "of a type": "?type=RIB",
        "in a deposit": "?deposit__isempty=0",
        "in a draft": "?draft__isempty=0",
        "by SHA-256": "?q={sha256}",
        "by e-mail": "?q=clerc7@essai.example",
    },
    "invoices.invoice": {"by number": f"?q={NUMBER}", "cancelled": "?deposit__state__exact=CANCELLED"},
    "invoices.draft": {"by dossier": "?q=CPRO-0000500", "of a side": "?side__exact=PRESTATAIRE"},
    "invoices.handover": {
        "failing": "?remise=echec",
        "delivered": "?remise=remis",
        "not told": "?remise=annonce",
        "by reference": "?q=DEP-0000000000000000777",
    },
    "trail.event": {
        "of an action": "?action__exact=UPLOAD",
        "refused": "?result__exact=REFUSED",
        "of a deposit": "?deposit={deposit}",
        "by e-mail": "?q=clerc7@essai.example",
        "by IP address": "?q=192.0.2.7",
    },
    "outbox.mail": {"given up": "?etat=abandonne", "sent": "?etat=envoye", "by recipient": "?q=clerc7@essai.example"},
    "dossiers.dossier": {
        "of a product": "?product__exact=VAE",
        "of a status": "?status__exact=VALIDE",
        "by number": "?q=CPRO-00005",
        "by name": "?q=lefevre",
        "by SIRET": "?q={siret}",
        "nothing found": "?q=introuvable",
    },
    "roles.company": {"by name": "?q=societe+7", "by SIREN": "?q=10000"},
    "roles.establishment": {
        "by name": "?q=etablissement+1",
        "by SIRET": "?q={siret}",
        "with the API": "?uses_convergence_api__exact=1",
    },
    "roles.user": {
        "by e-mail": "?q=clerc7",
        "by name": "?q=lefevre",
        "of a role": "?role_assignments__role__exact=SAISIE_PRESTATAIRE",
        "staff": "?is_staff__exact=1",
    },
    "roles.roleassignment": {"of a side": "?cote=PRESTATAIRE", "by e-mail": "?q=clerc7", "by SIRET": "?q={siret}"},
    "exchange.import": {"done": "?state__exact=DONE"},
}


@dataclass(frozen=True)
class Cost:
    """What one page took."""

    queries: int
    milliseconds: float
    found: int | None
    slowest: float
    sql: str


def pages() -> Iterator[tuple[str, str]]:
    """Every page that is asked for: the home, and each list of the back office in each of its ways."""
    from django.contrib import admin

    yield "home", "/admin/"
    for model in sorted(admin.site._registry, key=lambda model: model._meta.label):
        listed = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        yield model._meta.label, listed
        for name, asked in NARROWED.get(model._meta.label_lower, {}).items():
            yield f"{model._meta.label}, {name}", listed + asked


def things() -> dict[str, str]:
    """What the addresses name: of one deposit, the same with few and with many, and a week."""
    from datetime import timedelta

    from django.utils import timezone

    from invoices.models import Deposit
    from trail.admin import LookOnlyMixin
    from trail.paging import BoundedPaginator

    rows = Deposit.objects.order_by("-submitted_at")
    some = rows.get(invoice__number=NUMBER)
    day = timezone.localdate() - timedelta(days=100)
    return {
        "monday": day.isoformat(),
        "sunday": (day + timedelta(days=6)).isoformat(),
        "siret": some.perimeter.siret,
        "sha256": some.documents.all()[0].sha256,
        "deposit": str(some.pk),
        "last_page": str(max(1, min(rows.count(), BoundedPaginator.counted) // LookOnlyMixin.list_per_page)),
    }


def cost(client: Any, address: str, tries: int) -> Cost:
    """Ask for a page as a person does, a few times."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from portal.today import home, needs

    milliseconds, queries, slowest = [], [], (0.0, "")
    for _ in range(tries):
        for kept in (home.kept_plots, needs.flagged_of_the_week):
            kept.forget()
        began = perf_counter()
        with CaptureQueriesContext(connection) as captured:
            answer = client.get(address)
            assert answer.status_code == 200, f"{address}: {answer.status_code}"
        milliseconds.append(1_000 * (perf_counter() - began))
        queries.append(len(captured))
        slowest = max((float(query["time"]), query["sql"]) for query in captured.captured_queries)
    listed = answer.context.get("cl") if answer.context else None
    # The fewest: what a process keeps for some seconds is read anew now and then.
    return Cost(min(queries), median(milliseconds), listed and listed.result_count, 1_000 * slowest[0], slowest[1])


def measure(limit: float, deposits: int) -> bool:
    """Ask for each page with few rows and with very many; say what it took, and return whether all kept the limits."""
    from django.test import Client
    from django.test.utils import setup_test_environment

    from tests.factories import UserFactory
    from tests.load.rows import fill

    setup_test_environment()  # so that an answer tells what its page was made of
    client = Client()
    client.force_login(UserFactory(email="opco@essai.example", is_staff=True, is_superuser=True))
    fill(1, FEW)
    there = things()
    few = {name: cost(client, address.format(**there), 2) for name, address in pages()}
    fill(FEW + 1, deposits)
    there = things()
    say(f"{'page':<48} {'rows':>7}   queries at {FEW} rows / {deposits}      ms  slowest query")
    kept = True
    for name, address in pages():
        many = cost(client, address.format(**there), TRIES)
        rows = "" if many.found is None else many.found
        counts = f"{few[name].queries:>8} / {many.queries:<8}"
        say(f"{name:<48} {rows:>7}   {counts} {many.milliseconds:>12.0f} {many.slowest:>10.0f}")
        if many.milliseconds > limit:
            kept = False
            say(f"  over {limit:.0f} ms: {many.sql}")
        # Where a page finds nothing it asks for less: of few rows there may be none.
        if many.queries > few[name].queries and few[name].found != 0:
            kept = False
            say(f"  {many.queries - few[name].queries} queries more than with few rows")
        if many.found == 0 and "?" not in address:
            kept = False
            say("  no row: rows.py has nothing for this list")
    return kept


def main() -> int:
    """Make, measure, drop."""
    parser = argparse.ArgumentParser(prog="python -m tests.load.lists", description="Measure the back office's lists.")
    parser.add_argument("--deposits", type=int, default=100_000, help="how many (100000)")
    parser.add_argument("--limit", type=float, default=1_000, help="milliseconds that no page may take (1000)")
    asked = parser.parse_args()
    with own_database(os.environ["DATABASE_URL"]) as url, TemporaryDirectory() as folder:
        # Somewhere to hand over to: the lists tell of it then.
        os.environ |= {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "tests.settings", "HANDOVER_URL": folder}
        os.environ["LOG_LEVEL"] = "ERROR"
        django.setup()
        from django.core.management import call_command
        from django.db import connections

        call_command("migrate", verbosity=0)
        kept = measure(asked.limit, asked.deposits)
        connections.close_all()
    say("Every page keeps the limits." if kept else "Some pages do not keep the limits.")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
