"""What the list of deposits in the back office costs with very many of them: each way of narrowing and searching it.

    DATABASE_URL=postgres://postgres@127.0.0.1:5432/x python -m tests.load.lists --deposits 100000

In a database of its own on that server, made and dropped here: rows alone, no file is behind them. Prints the queries
and the milliseconds of each page, and returns 1 where one takes longer than the limit.
"""

import argparse
import os
import sys
from statistics import median
from time import perf_counter

import django

from tests.chaos.command import say
from tests.stack import own_database

TRIES = 3
LISTS = {
    "all": "",
    "its page 100": "?p=100",
    "transmitted": "?statut=transmis",
    "late": "?statut=en-retard",
    "of a product": "?produit=VAE",
    "of a side": "?cote=entreprise",
    "of a week": "?du={monday}&au={sunday}",
    "PDF flagged": "?signalement=pdf-signale",
    "same file elsewhere": "?signalement=meme-fichier",
    "several companies": "?signalement=plusieurs-entreprises",
    "number on both sides": "?signalement=numero-des-deux-cotes",
    "any flag": "?signalement=tous",
    "any flag, of a week": "?signalement=tous&du={monday}&au={sunday}",
    "by number": "?q=F-000777",
    "by the beginning of a number": "?q=F-0",
    "by dossier": "?q=CPRO-0000500",
    "by SIRET": "?q={siret}",
    "by e-mail": "?q=personne7@essai.example",
    "by SHA-256": "?q={sha256}",
    "nothing found": "?q=introuvable",
    "one deposit": "{deposit}/change/",
}
PLACES, PEOPLE = 400, 200

DOSSIERS = """
INSERT INTO dossiers_dossier (number, product, status, subrogated, employer_id, training_provider_id,
    beneficiary_first_name, beneficiary_last_name, search_beneficiary, training_title, starts_on, ends_on,
    granted_tuition, granted_ancillary)
SELECT (ARRAY['CPRO', 'CAPP', 'BC', 'VAE', 'AUTRE'])[1 + i %% 5] || '-' || lpad(i::text, 7, '0'),
    (ARRAY['CPRO', 'CAPP', 'BC', 'VAE', 'AUTRE'])[1 + i %% 5], 'VALIDE', true,
    (SELECT min(id) FROM roles_establishment) + i * 31 %% %(places)s,
    (SELECT min(id) FROM roles_establishment) + i * 17 %% %(places)s,
    'Zoé', 'Lefèvre', 'zoe lefevre', 'Formation', '2025-09-01', '2026-08-31', 4800, 600
FROM generate_series(0, %(dossiers)s - 1) i
"""
# Each 500th shares number and dossier with the one before it, of the other side.
DEPOSITS = """
INSERT INTO invoices_deposit (id, reference, origin_id, side, perimeter_id, depositor_id, covers_tuition, number_key,
    state, submitted_at, transmit_at, transmitted_at, cancelled_at, cancelled_by_id)
SELECT md5(i::text)::uuid, 'DEP-' || lpad(i::text, 19, '0'), dossier.id, side,
    CASE side WHEN 'ENTREPRISE' THEN dossier.employer_id ELSE dossier.training_provider_id END,
    person, true, 'f-' || lpad(j::text, 6, '0'), state, at, at + interval '15 minutes',
    CASE state WHEN 'TRANSMITTED' THEN at + interval '15 minutes 5 seconds' END,
    CASE state WHEN 'CANCELLED' THEN at + interval '1 minute' END,
    CASE state WHEN 'CANCELLED' THEN person END
FROM (
    SELECT i, i - (i %% 500 = 1)::int AS j, (SELECT min(id) FROM roles_user) + i %% %(people)s AS person,
        CASE WHEN i %% 10 IN (1, 2, 3) THEN 'ENTREPRISE' ELSE 'PRESTATAIRE' END AS side,
        CASE WHEN i %% 50 = 7 THEN 'CANCELLED' WHEN i > %(deposits)s - 500 THEN 'PENDING'
            ELSE 'TRANSMITTED' END AS state,
        now() - interval '1 year' * (%(deposits)s - i + 20) / %(deposits)s AS at
    FROM generate_series(1, %(deposits)s) i
) made JOIN dossiers_dossier dossier
    ON dossier.id = (SELECT min(id) FROM dossiers_dossier) + j::bigint * 7919 %% %(dossiers)s
"""
INVOICES = """
INSERT INTO invoices_invoice (deposit_id, number, issue_date, amount_ht, amount_ttc)
SELECT id, upper(number_key), submitted_at::date, 4000, 4800 FROM invoices_deposit
"""
# Of 200 one has something to tell, of 200 one is the same file as one of the deposit before.
DOCUMENTS = """
INSERT INTO invoices_document (id, type, file, name, size, sha256, pages, flags, uploaded_by_id, uploaded_at, slot,
    deposit_id, position)
SELECT md5(i || '-' || position)::uuid, CASE position WHEN 0 THEN 'FACTURE' ELSE 'RIB' END,
    'x/' || i || '-' || position || '.pdf', 'document.pdf', 200000,
    encode(sha256(((i - (i %% 200 = 3)::int) || '-' || position)::bytea), 'hex'), 2,
    CASE WHEN i %% 200 = 9 AND position = 1 THEN '["javascript"]'::jsonb ELSE '[]'::jsonb END,
    (SELECT min(id) FROM roles_user) + i %% %(people)s, now(), '', md5(i::text)::uuid, position
FROM generate_series(1, %(deposits)s) i, generate_series(0, 1) position
"""
# A fifth have two associated dossiers; of those of one in ten the company is another.
LINKS = """
INSERT INTO invoices_associateddossier (deposit_id, dossier_id, position)
SELECT deposit.id, 1 + (deposit.origin_id - 1 + %(places)s * position + (i %% 50 = 5)::int) %% %(dossiers)s, position
FROM (SELECT i, md5(i::text)::uuid AS id FROM generate_series(5, %(deposits)s, 5) i) chosen
JOIN invoices_deposit deposit ON deposit.id = chosen.id, generate_series(1, 2) position
"""


def fill(deposits: int) -> None:
    """Make the deposits, two dossiers for each of them, and what these belong to."""
    from django.db import connection

    from tests.factories import CompanyFactory, EstablishmentFactory, UserFactory

    for company in CompanyFactory.create_batch(PLACES // 4):
        EstablishmentFactory.create_batch(4, company=company)
    UserFactory.create_batch(PEOPLE)
    counts = {"deposits": deposits, "dossiers": 2 * deposits, "places": PLACES, "people": PEOPLE}
    with connection.cursor() as cursor:
        for statement in (DOSSIERS, DEPOSITS, INVOICES, DOCUMENTS, LINKS):
            cursor.execute(statement, counts)
        cursor.execute("VACUUM ANALYZE")  # as PostgreSQL does by itself, a minute later


def measure(limit: float) -> bool:
    """Ask for each list as a clerk does, a few times; say what it took, and return whether all kept the limit."""
    from datetime import timedelta

    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext, setup_test_environment
    from django.utils import timezone

    from invoices.models import Deposit
    from portal.groups import CLERK
    from tests.groups import staff

    setup_test_environment()  # so that an answer tells what its page was made of
    client = Client()
    client.force_login(staff(CLERK))
    some = Deposit.objects.order_by("-submitted_at")[1_000]
    day = timezone.localdate() - timedelta(days=100)
    things = {
        "monday": day.isoformat(),
        "sunday": (day + timedelta(days=6)).isoformat(),
        "siret": some.perimeter.siret,
        "sha256": some.documents.all()[0].sha256,
        "deposit": str(some.pk),
    }
    kept = True
    for name, asked in LISTS.items():
        milliseconds, slowest = [], (0.0, "")
        for _ in range(TRIES):
            began = perf_counter()
            with CaptureQueriesContext(connection) as captured:
                answer = client.get("/admin/invoices/deposit/" + asked.format(**things))
                assert answer.status_code == 200, answer.status_code
            milliseconds.append(1_000 * (perf_counter() - began))
            slowest = max((float(query["time"]), query["sql"]) for query in captured.captured_queries)
        found = f"{answer.context['cl'].result_count:>6} found" if "cl" in answer.context else " " * 12
        say(
            f"{name:<30} {found} {len(captured):>3} queries {median(milliseconds):>6.0f} ms, "
            f"of which the slowest query {1_000 * slowest[0]:.0f}"
        )
        if median(milliseconds) > limit:
            kept = False
            say(f"  over {limit:.0f} ms: {slowest[1]}")
    return kept


def main() -> int:
    """Make, measure, drop."""
    parser = argparse.ArgumentParser(prog="python -m tests.load.lists", description="Measure the back office's list.")
    parser.add_argument("--deposits", type=int, default=100_000, help="how many (100000)")
    parser.add_argument("--limit", type=float, default=1_000, help="milliseconds that no page may take (1000)")
    asked = parser.parse_args()
    with own_database(os.environ["DATABASE_URL"]) as url:
        os.environ |= {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "tests.settings"}
        django.setup()
        from django.core.management import call_command
        from django.db import connections

        call_command("migrate", verbosity=0)
        fill(asked.deposits)
        kept = measure(asked.limit)
        connections.close_all()
    say("Every page keeps the limit." if kept else "Some pages do not keep the limit.")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
