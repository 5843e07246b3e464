"""As many rows of everything that the back office lists as a few years leave: rows alone, no file is behind them.

Made in PostgreSQL by statements of one table each, from `first` to `last` deposit, so that more can follow.
"""

# Of each deposit, on average, or for so many of them one.
DOSSIERS_EACH, EVENTS_EACH, MAILS_EACH = 2, 3, 2
DEPOSITS_A_PLACE, DEPOSITS_A_PERSON, DEPOSITS_A_DRAFT, DEPOSITS_AN_IMPORT = 4, 5, 10, 100
# Of everything as many as there are deposits, up to so many.
FEWEST = 20
# The deposits are made at some of the establishments, by some of the people.
PLACES, PEOPLE = 400, 200
# An OPCO adds a few of its own to the catalogue.
OWN_TYPES = 40

COMPANIES = """
INSERT INTO roles_company (name, siren, search_name)
SELECT 'Société ' || i, lpad((100000000 + i)::text, 9, '0'), 'societe ' || i
FROM generate_series(%(first_place)s, %(last_place)s) i
"""
ESTABLISHMENTS = """
INSERT INTO roles_establishment (company_id, name, siret, uses_convergence_api, search_name)
SELECT siren, 'Établissement ' || right(siren, 8), siren || '00017', right(siren, 1) = '9', 'etablissement ' || siren
FROM roles_company WHERE right(siren, 8)::int BETWEEN %(first_place)s AND %(last_place)s
ORDER BY siren
"""
USERS = """
INSERT INTO roles_user (password, is_superuser, first_name, last_name, is_staff, is_active, date_joined, email)
SELECT '!', false, 'Zoé', 'Lefèvre ' || i, false, true, now(), 'clerc' || i || '@essai.example'
FROM generate_series(%(first_person)s, %(last_person)s) i
"""
ROLES = """
INSERT INTO roles_roleassignment (user_id, role, establishment_id)
SELECT id, 'SAISIE_PRESTATAIRE', (SELECT min(id) FROM roles_establishment) + id %% %(places)s FROM roles_user
WHERE email LIKE 'clerc%%' AND substr(split_part(email, '@', 1), 6)::int BETWEEN %(first_person)s AND %(last_person)s
"""
DOSSIERS = """
INSERT INTO dossiers_dossier (number, product, status, subrogated, employer_id, training_provider_id,
    beneficiary_first_name, beneficiary_last_name, search_beneficiary, training_title, starts_on, ends_on,
    granted_tuition, granted_ancillary)
SELECT (ARRAY['CPRO', 'CAPP', 'BC', 'VAE', 'AUTRE'])[1 + i %% 5] || '-' || lpad(i::text, 7, '0'),
    (ARRAY['CPRO', 'CAPP', 'BC', 'VAE', 'AUTRE'])[1 + i %% 5], 'VALIDE', true,
    (SELECT min(id) FROM roles_establishment) + i * 31 %% %(places)s,
    (SELECT min(id) FROM roles_establishment) + i * 17 %% %(places)s,
    'Zoé', 'Lefèvre', 'zoe lefevre', 'Formation', '2025-09-01', '2026-08-31', 4800, 600
FROM generate_series(%(first_dossier)s - 1, %(last_dossier)s - 1) i
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
        CASE WHEN i %% 50 = 7 THEN 'CANCELLED' WHEN i > %(last)s - least(500, %(last)s / 4) THEN 'PENDING'
            ELSE 'TRANSMITTED' END AS state,
        now() - interval '1 year' * (%(last)s - i + 20) / %(last)s AS at
    FROM generate_series(%(first)s, %(last)s) i
) made JOIN dossiers_dossier dossier
    ON dossier.id = (SELECT min(id) FROM dossiers_dossier) + j::bigint * 7919 %% %(last_dossier)s
"""
INVOICES = """
INSERT INTO invoices_invoice (deposit_id, number, issue_date, amount_ht, amount_ttc)
SELECT id, upper(number_key), submitted_at::date, 4000, 4800 FROM invoices_deposit
WHERE substr(reference, 5)::int BETWEEN %(first)s AND %(last)s
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
FROM generate_series(%(first)s, %(last)s) i, generate_series(0, 1) position
"""
# A fifth have two associated dossiers; of those of one in ten the company is another.
LINKS = """
INSERT INTO invoices_associateddossier (deposit_id, dossier_id, position)
SELECT deposit.id, (SELECT min(id) FROM dossiers_dossier)
    + (deposit.origin_id - 1 + %(step)s * position + (i %% 50 = 5)::int) %% %(last_dossier)s, position
FROM (SELECT i, md5(i::text)::uuid AS id FROM generate_series(%(first)s, %(last)s) i WHERE i %% 5 = 0) chosen
JOIN invoices_deposit deposit ON deposit.id = chosen.id, generate_series(1, 2) position
"""
# Of 100 one fails, of 100 one waits.
HANDOVERS = """
INSERT INTO invoices_handover (deposit_id, created_at, next_attempt_at, attempts, delivered_at, manifest_sha256,
    last_error)
SELECT id, transmitted_at, CASE WHEN i %% 100 < 2 THEN now() END, 0,
    CASE WHEN i %% 100 >= 2 THEN transmitted_at END, CASE WHEN i %% 100 >= 2 THEN repeat('0', 64) ELSE '' END,
    CASE WHEN i %% 100 = 0 THEN 'Le dossier de remise est plein.' ELSE '' END
FROM (SELECT *, substr(reference, 5)::int AS i FROM invoices_deposit WHERE state = 'TRANSMITTED') made
WHERE i BETWEEN %(first)s AND %(last)s
"""
DRAFTS = """
INSERT INTO invoices_draft (id, owner_id, origin_id, side, data, created_at, saved_at)
SELECT md5('draft' || i)::uuid, (SELECT min(id) FROM roles_user) + i %% %(people)s,
    (SELECT min(id) FROM dossiers_dossier) + i %% %(last_dossier)s, 'PRESTATAIRE', '{}', now(),
    now() - interval '1 minute' * i
FROM generate_series(%(first_draft)s, %(last_draft)s) i
"""
EVENTS = """
INSERT INTO trail_event (at, action, result, reason, person_id, email, side, subject_type, subject_id, subject_label,
    deposit, address, request_id, details)
SELECT now() - interval '1 year' * (%(last_event)s - i) / %(last_event)s,
    (ARRAY['UPLOAD', 'DEPOSIT', 'TRANSMIT'])[1 + i %% 3], CASE WHEN i %% 30 = 0 THEN 'REFUSED' ELSE 'DONE' END,
    CASE WHEN i %% 30 = 0 THEN 'too_large' ELSE '' END, i %% %(people)s, 'clerc' || i %% %(people)s || '@essai.example',
    'PRESTATAIRE', 'invoices.deposit', '', 'DEP-' || lpad((i / 3)::text, 19, '0'), md5((i / 3)::text)::uuid,
    '192.0.2.7', md5('request' || i), '{}'
FROM generate_series(%(first_event)s, %(last_event)s) i
"""
MAILS = """
INSERT INTO outbox_mail (key, recipient, subject, body, created_at, queued_at, next_attempt_at, attempts, sent_at,
    last_error)
SELECT 'mail' || i, 'clerc' || i %% %(people)s || '@essai.example', 'Dépôt transmis', 'Bonjour',
    at, at, NULL, 1, CASE WHEN i %% 1000 > 0 THEN at END, ''
FROM (SELECT i, now() - interval '1 minute' * (%(last_mail)s - i) AS at
    FROM generate_series(%(first_mail)s, %(last_mail)s) i) made
"""
IMPORTS = """
INSERT INTO exchange_import (kind, state, by_id, file, name, size, sha256, invites, created_at, ended_at, lines, line,
    created, changed, unchanged, refused, ignored, reason, progressed_at, attempts)
SELECT 'dossiers', 'DONE', (SELECT min(id) FROM roles_user) + i %% %(people)s, '', 'dossiers.csv', 1, '', false,
    now(), now(), 1, 1, 1, 0, 0, 0, '[]', '', now(), 0
FROM generate_series(%(first_import)s, %(last_import)s) i
"""
FAILED_LOG_INS = """
INSERT INTO axes_accessattempt (user_agent, ip_address, username, http_accept, path_info, attempt_time, get_data,
    post_data, failures_since_start)
SELECT 'essai', '192.0.2.7', 'clerc' || i || '@essai.example', '', '/connexion/', now(), '', '', 1
FROM generate_series(%(first_import)s, %(last_import)s) i
"""
GROUPS = "INSERT INTO auth_group (name) SELECT 'Groupe ' || i FROM generate_series(%(first_import)s, %(last_import)s) i"
TYPES = """
INSERT INTO invoices_catalogueentry (code, label, position, products, statuses, active)
SELECT 'TYPE_' || i, 'Type ' || i, 1000 + i, '["VAE"]', '["VALIDE"]', true
FROM generate_series(%(first)s, %(last_type)s) i
"""
STATEMENTS = (
    *(COMPANIES, ESTABLISHMENTS, USERS, ROLES, DOSSIERS, DEPOSITS, INVOICES, DOCUMENTS, LINKS, HANDOVERS, DRAFTS),
    *(EVENTS, MAILS, IMPORTS, FAILED_LOG_INS, GROUPS, TYPES),
)


def fill(first: int, last: int) -> None:
    """Make the deposits of these ranks, and of everything else what goes with them."""
    from django.db import connection

    def ranks(name: str, each: float) -> dict[str, int]:
        """Of what there is so much for each deposit: at least as many as the first deposits."""
        return {f"first_{name}": _scaled(first - 1, each) + 1, f"last_{name}": _scaled(last, each)}

    facts = {
        **{"first": first, "last": last, "last_type": min(last, OWN_TYPES)},
        **ranks("place", 1 / DEPOSITS_A_PLACE),
        **ranks("person", 1 / DEPOSITS_A_PERSON),
        **ranks("dossier", DOSSIERS_EACH),
        **ranks("draft", 1 / DEPOSITS_A_DRAFT),
        **ranks("event", EVENTS_EACH),
        **ranks("mail", MAILS_EACH),
        **ranks("import", 1 / DEPOSITS_AN_IMPORT),
    }
    facts |= {"places": min(PLACES, facts["last_place"]), "people": min(PEOPLE, facts["last_person"])}
    # An associated dossier so far away is of the same establishments, as the rules have it.
    facts["step"] = PLACES if facts["last_dossier"] > 2 * PLACES else 7
    with connection.cursor() as cursor:
        for statement in STATEMENTS:
            cursor.execute(statement, facts)
        cursor.execute("VACUUM ANALYZE")  # as PostgreSQL does by itself, a minute later


def _scaled(deposits: int, each: float) -> int:
    return max(min(deposits, FEWEST), int(deposits * each))
