"""What a bench's database holds: so many dossiers, a fifth as many deposits, and the people who look at them.

A fifth of the dossiers are of one establishment; others have 5,000 of a million, 50, and some hundreds each. Deposits
are transmitted, one in fifty is cancelled, none is pending. Rows alone: files lie behind the documents of the two
dossiers that are opened, once `put_files` has put them there.
"""

from collections.abc import Callable

from django.core.files.base import ContentFile
from django.db import connection

from dossiers.enums import BY_NEED, Product
from invoices.models import Document, document_storage
from roles.enums import Role
from roles.models import Company, Establishment, User
from tests.factories import CompanyFactory, EstablishmentFactory, person_with, small_pdf

# Those who look and deposit, by the establishment that they are of; the password of each is PASSWORD.
LARGE, MIDDLE, SMALL = "large@bench.example", "middle@bench.example", "small@bench.example"
STAFF = "staff@bench.example"
PASSWORD = "demo"
# Dossiers of the large establishment that hold so many documents, two for each deposit.
WITH_20, WITH_500 = "CPRO-BENCH-20", "CPRO-BENCH-500"
DOCUMENTS = {WITH_20: 20, WITH_500: 500}
# A name that one beneficiary in fifty has, and one that none has.
COMMON_NAME, ABSENT_NAME = "martin", "wyzyk"
SITES_A_COMPANY = 4
DEPOSITORS = 200
SMALL_DOSSIERS = 50

FIRST_NAMES = (
    "Zoé Noémie Loïc Anaïs François Camille Élodie Noël Françoise Théo Léa Hugo Chloé Lucas Manon Louis Inès Jules "
    "Sarah Arthur Jade Raphaël Alice Paul Lina Gabriel Eva Adam Nina Tom"
)
# Two syllables each make a last name; one in fifty is COMMON_NAME.
BEGINNINGS = (
    "Du Le La Mar Ber Gar Rou Per Mou Fau Che Gau Bou Gui Mer Val Ri Lam Bla Col Car Bar Dela Fer Gi Hu Jou Ker Mo No "
    "Ol Pi Qui Re Sa Tou Va Vi Chau Bre"
)
ENDINGS = (
    "bois fèvre combe chand nard nier ssel rin reau cher valier thier langer llard cier lette vière bert nchard let "
    "pentier ron croix nand rard bert dain moal rel guet ivier card nton nault lmon ssaint sseur dal vet ton"
)

# Each row's share of chance: whole numbers from 0, the same in every database, another for each `salt`.
DICE = "(hashint8extended(i, %d) & 2147483647)"
DOSSIERS = f"""
INSERT INTO dossiers_dossier (number, product, status, subrogated, employer_id, training_provider_id,
    beneficiary_first_name, beneficiary_last_name, search_beneficiary, training_title, starts_on, ends_on,
    granted_tuition, granted_ancillary)
SELECT product || '-2026-' || lpad(i::text, 7, '0'), product,
    (%(statuses)s::text[])[1 + {DICE % 2} %% cardinality(%(statuses)s::text[])], i %% 4 > 0,
    (%(others)s::bigint[])[1 + {DICE % 3} %% cardinality(%(others)s::bigint[])],
    CASE WHEN i %% 5 = 0 THEN %(large)s WHEN i %% 200 = 1 THEN %(middle)s
        WHEN i %% 5 = 2 AND i <= 5 * %(small_dossiers)s THEN %(small)s
        ELSE (%(others)s::bigint[])[1 + {DICE % 4} %% cardinality(%(others)s::bigint[])] END,
    first_name, last_name, normalised.name, 'Technicien de maintenance industrielle', '2025-09-01', '2026-08-31',
    4800, 600
FROM generate_series(1, %(dossiers)s::bigint) i,
    LATERAL (SELECT (%(products)s::text[])[1 + {DICE % 1} %% cardinality(%(products)s::text[])] AS product,
        (%(first_names)s::text[])[1 + {DICE % 5} %% cardinality(%(first_names)s::text[])] AS first_name,
        CASE WHEN {DICE % 6} %% 50 = 0 THEN %(common)s
            ELSE (%(beginnings)s::text[])[1 + {DICE % 7} %% cardinality(%(beginnings)s::text[])]
                || (%(endings)s::text[])[1 + {DICE % 8} %% cardinality(%(endings)s::text[])]
        END AS last_name) named,
    LATERAL (SELECT translate(lower(first_name || ' ' || last_name), 'éèëïç', 'eeeic') AS name) normalised
"""
NAMED_DOSSIERS = """
INSERT INTO dossiers_dossier (number, product, status, subrogated, employer_id, training_provider_id,
    beneficiary_first_name, beneficiary_last_name, search_beneficiary, training_title, starts_on, ends_on,
    granted_tuition, granted_ancillary)
SELECT number, 'CPRO', 'EN_COURS_DE_REGLEMENT', true, (%(others)s::bigint[])[1], %(large)s, 'Zoé', 'Gœtz', 'zoe goetz',
    'Technicienne de maintenance industrielle', '2025-09-01', '2026-08-31', 4800, 600
FROM unnest(%(numbers)s::text[]) number
"""
# The deposits of `chosen` (key, origin_id): the rows that « Transmettre » and the sweep leave behind.
DEPOSITS = """
INSERT INTO invoices_deposit (id, reference, origin_id, side, perimeter_id, depositor_id, covers_tuition, number_key,
    state, submitted_at, transmit_at, transmitted_at, cancelled_at, cancelled_by_id)
SELECT md5(key)::uuid, 'DEP-' || upper(substr(md5(key), 1, 19)), dossier.id, side,
    CASE side WHEN 'ENTREPRISE' THEN dossier.employer_id ELSE dossier.training_provider_id END,
    person, true, 'f-' || lower(key), state, at, at + interval '15 minutes',
    CASE state WHEN 'TRANSMITTED' THEN at + interval '15 minutes 5 seconds' END,
    CASE state WHEN 'CANCELLED' THEN at + interval '1 minute' END,
    CASE state WHEN 'CANCELLED' THEN person END
FROM (
    SELECT key, origin_id, (%(depositors)s::bigint[])[1 + i %% cardinality(%(depositors)s::bigint[])] AS person,
        CASE WHEN i %% 10 IN (1, 2, 3) THEN 'ENTREPRISE' ELSE 'PRESTATAIRE' END AS side,
        CASE WHEN i %% 50 = 7 THEN 'CANCELLED' ELSE 'TRANSMITTED' END AS state,
        now() - interval '1 day' - interval '1 year' * (%(rows)s - i) / %(rows)s AS at
    FROM ({chosen}) chosen
) made JOIN dossiers_dossier dossier ON dossier.id = made.origin_id
"""
SPREAD = """
SELECT i, lpad(i::text, 9, '0') AS key, (SELECT min(id) FROM dossiers_dossier) + i * 7919 %% %(dossiers)s AS origin_id
FROM generate_series(1, %(rows)s::bigint) i
"""
# With what the next one after it adds to all of them.
OF_ONE_DOSSIER = """
SELECT i, dossier.number || '-' || i AS key, dossier.id AS origin_id
FROM generate_series(1, %(rows)s::bigint) i, dossiers_dossier dossier WHERE dossier.number = %(number)s
"""
INVOICES = """
INSERT INTO invoices_invoice (deposit_id, number, issue_date, amount_ht, amount_ttc)
SELECT id, upper(number_key), submitted_at::date, 4000, 4800 FROM invoices_deposit
"""
DOCUMENTS_OF_ALL = """
INSERT INTO invoices_document (id, type, file, name, size, sha256, pages, flags, uploaded_by_id, uploaded_at, slot,
    deposit_id, position)
SELECT md5(deposit.id::text || position)::uuid,
    CASE position WHEN 0 THEN 'FACTURE' ELSE 'CERTIFICAT_REALISATION' END,
    'bench/' || deposit.id || '-' || position || '.pdf', 'document.pdf', 200000,
    encode(sha256((deposit.id::text || position)::bytea), 'hex'), 2, '[]', depositor_id, submitted_at, '',
    deposit.id, position
FROM invoices_deposit deposit, generate_series(0, 1) position
"""
# A fifth of the spread deposits have two further dossiers.
LINKS = """
INSERT INTO invoices_associateddossier (deposit_id, dossier_id, position)
SELECT deposit.id, first.id + (deposit.origin_id - first.id + position) %% %(dossiers)s, position
FROM generate_series(5, %(rows)s::bigint, 5) i
JOIN invoices_deposit deposit ON deposit.id = md5(lpad(i::text, 9, '0'))::uuid,
    generate_series(1, 2) position, (SELECT min(id) AS id FROM dossiers_dossier) first
"""


def fill(dossiers: int, say: Callable[[str], None]) -> None:
    """Put so many dossiers, and all that goes with them, into an empty database whose tables are made."""
    large, middle, small, *others = _establishments(max(20, dossiers // 500))
    for email, site in {LARGE: large, MIDDLE: middle, SMALL: small}.items():
        person = person_with(Role.SAISIE_PRESTATAIRE, site)
        User.objects.filter(pk=person.pk).update(email=email)
    User.objects.create_superuser(STAFF, PASSWORD)
    depositors = User.objects.bulk_create(
        User(email=f"depositor{rank}@bench.example", password="!") for rank in range(DEPOSITORS)
    )
    asked = {
        "dossiers": dossiers,
        "statuses": [status.value for status in BY_NEED],
        "products": [product.value for product in Product],
        "first_names": FIRST_NAMES.split(),
        "beginnings": BEGINNINGS.split(),
        "endings": ENDINGS.split(),
        "common": COMMON_NAME.capitalize(),
        "large": large.pk,
        "middle": middle.pk,
        "small": small.pk,
        "small_dossiers": SMALL_DOSSIERS,
        "others": [site.pk for site in others],
        "depositors": [person.pk for person in depositors],
        "numbers": list(DOCUMENTS),
    }
    with connection.cursor() as cursor:

        def put(what: str, statement: str, **further: object) -> None:
            cursor.execute(statement, asked | further)
            say(f"  {cursor.rowcount:>9,} {what}")

        put("dossiers", DOSSIERS)
        put("deposits", DEPOSITS.format(chosen=SPREAD), rows=dossiers // 5)
        put("associated dossiers", LINKS, rows=dossiers // 5)
        put("dossiers by their numbers", NAMED_DOSSIERS)
        for number, documents in DOCUMENTS.items():
            put(f"deposits on {number}", DEPOSITS.format(chosen=OF_ONE_DOSSIER), number=number, rows=documents // 2)
        put("invoices", INVOICES)
        put("documents", DOCUMENTS_OF_ALL)
        cursor.execute("VACUUM ANALYZE")  # as PostgreSQL does by itself, a minute later


def _establishments(many: int) -> list[Establishment]:
    """So many, some for each company."""
    companies = CompanyFactory.build_batch(many // SITES_A_COMPANY + 1)
    Company.objects.bulk_create(companies)
    return Establishment.objects.bulk_create(
        EstablishmentFactory.build(company=companies[rank // SITES_A_COMPANY]) for rank in range(many)
    )


def put_files() -> None:
    """Let real PDFs lie behind the documents of the dossiers that are opened."""
    storage = document_storage()
    for name in Document.objects.filter(deposit__origin__number__in=DOCUMENTS).values_list("file", flat=True):
        if not storage.exists(name):
            storage.save(name, ContentFile(small_pdf()))
