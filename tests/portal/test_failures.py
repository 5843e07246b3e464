"""While the database is away people read that the portal is; mistakes of ours stay mistakes (portal/failures.py)."""

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from django.conf import settings as portal_settings
from django.db import DatabaseError, connection, transaction
from django.db.utils import ConnectionHandler

from portal.failures import database_is_away
from roles.enums import Role
from roles.models import User
from tests.factories import DossierFactory, person_with
from tests.stack import free_port

pytestmark = pytest.mark.django_db

# Of a process whose database is away: what it answers to each request, with what it tells proxies.
VISIT = """
import json, django
django.setup()
from django.test import Client
client = Client(raise_request_exception=False)
client.cookies["sessionid"] = "a" * 32
answers = []
for method, address in (
    ("get", "/"), ("get", "/dossiers/"), ("get", "/nulle-part/"), ("get", "/admin/"), ("post", "/connexion/"),
    ("post", "/depots/00000000-0000-0000-0000-000000000000/facture/"),
    ("get", "/documents/00000000-0000-0000-0000-000000000000/"),
):
    typed = {"username": "a@b.example", "password": "x"}
    told = getattr(client, method)(address, typed, headers={"HX-Request": "true"})
    says = "momentanément indisponible" in told.content.decode()
    answers.append((method, address, told.status_code, told.headers.get("Retry-After"), told.headers["Cache-Control"],
        "Content-Security-Policy" in told.headers, says))
print(json.dumps(answers))
print(json.dumps([client.get("/sante/").status_code, client.get("/sante/pret/").json()["base"]]))
"""


def visit(database: str) -> tuple[list[list], list, str]:
    """What a web server on this database answers to somebody who is logged in; its health; its log."""
    done = subprocess.run(
        [sys.executable, "-c", VISIT],
        env={
            **{"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "tests.settings", "DATABASE_URL": database},
            **{"ALLOWED_HOSTS": "testserver", "PUBLIC_URL": "http://testserver"},
        },
        cwd=portal_settings.BASE_DIR,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    answers, health = map(json.loads, done.stdout.splitlines())
    return answers, health, done.stderr


@pytest.mark.parametrize("kind", ["nobody listens", "no such folder", "not a file"])
def test_a_database_that_is_not_there_makes_503_everywhere(kind: str, tmp_path: Path) -> None:
    database = {
        "nobody listens": f"postgres://portail@127.0.0.1:{free_port()}/portail",
        "no such folder": f"sqlite:///{tmp_path}/nowhere/portal.sqlite3",
        "not a file": f"sqlite:///{tmp_path}",
    }[kind]
    answers, health, log = visit(database)
    for method, address, *answer in answers:
        assert answer == [503, "30", "no-store", True, True], (method, address)
    assert health == [200, False]
    lines = [json.loads(line) for line in log.splitlines()]
    told = [line.get("exception", "") for line in lines if line["event"] == "Service Unavailable"]
    assert sum("django.db.utils.OperationalError" in exception for exception in told) == len(answers)


# --- What is for want of the database, and what is a mistake -----------------------------------------------------


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """An SQLite database of one table, in no connection's hands."""
    path = tmp_path / "database.sqlite3"
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("CREATE TABLE kept (id integer PRIMARY KEY, CHECK (id > 0))")
    return path


def sqlite_error(path: Path, statement: str, **options: object) -> Exception:
    """What Django raises for a statement on this file."""
    settings = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(path), "OPTIONS": {"timeout": 0, **options}}
    other = ConnectionHandler({"default": settings})["default"]
    try:
        with pytest.raises(DatabaseError) as raised, other.cursor() as cursor:
            cursor.execute(statement)
    finally:
        other.close()
    return raised.value


def test_a_file_that_somebody_holds_is_away(file: Path) -> None:
    with closing(sqlite3.connect(file)) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        assert database_is_away(sqlite_error(file, "INSERT INTO kept DEFAULT VALUES"))
        holder.rollback()


def test_a_full_disk_is_away(file: Path) -> None:
    many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 9000) INSERT INTO kept SELECT i FROM n"
    assert database_is_away(sqlite_error(file, many, init_command="PRAGMA max_page_count = 2"))


@pytest.mark.parametrize(
    "mistake", ["SELECT * FROM missing", "SELECT missing FROM kept", "SELEKT", "INSERT INTO kept VALUES (-1)"]
)
def test_a_mistake_is_one_on_the_embedded_database(file: Path, mistake: str) -> None:
    assert not database_is_away(sqlite_error(file, mistake))


def test_what_is_no_error_of_a_database_is_a_mistake() -> None:
    assert not database_is_away(ZeroDivisionError())
    assert not database_is_away(None)


@pytest.mark.services
@pytest.mark.parametrize(
    ("statement", "away"),
    [
        ("SET LOCAL statement_timeout = 1; SELECT pg_sleep(5)", True),
        ("SELECT * FROM missing", False),
        ("SELEKT", False),
        ("SELECT 1 / 0", False),
    ],
)
def test_away_or_mistake_on_postgresql(statement: str, away: bool) -> None:
    with pytest.raises(DatabaseError) as raised, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert database_is_away(raised.value) == away


# Asked by a middleware, and by the view.
TABLES = ["django_session", "dossiers_dossier"]


@pytest.fixture
def person(db) -> User:
    """Somebody who sees a dossier."""
    return person_with(Role.SAISIE_PRESTATAIRE, DossierFactory().training_provider)


@pytest.mark.services
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("table", TABLES)
def test_a_connection_cut_in_the_middle_of_a_request_is_503_and_the_next_one_works(log_in, person, table: str) -> None:
    client = log_in(person)
    client.raise_request_exception = False
    server = urlsplit(os.environ["DATABASE_URL"])._replace(path="/postgres", query="").geturl()

    def cut(execute, sql, *arguments):
        """As when the server is restarted just before this is asked."""
        if table in sql and sql.startswith("SELECT"):
            with psycopg.connect(server, autocommit=True) as admin:
                admin.execute("SELECT pg_terminate_backend(%s)", [connection.connection.info.backend_pid])
        return execute(sql, *arguments)

    with connection.execute_wrapper(cut):
        answer = client.get("/dossiers/")
    assert (answer.status_code, answer["Retry-After"]) == (503, "30")
    connection.close()
    assert client.get("/dossiers/").status_code == 200


@pytest.mark.parametrize("table", TABLES)
def test_a_mistake_of_ours_stays_a_500(log_in, person, table: str) -> None:
    client = log_in(person)
    client.raise_request_exception = False

    def mistaken(execute, sql, *arguments):
        if table in sql and sql.startswith("SELECT"):
            sql, arguments = "SELECT * FROM missing", (None, *arguments[1:])
        return execute(sql, *arguments)

    with transaction.atomic(), connection.execute_wrapper(mistaken):
        answer = client.get("/dossiers/")
        transaction.set_rollback(True)
    assert answer.status_code == 500
    assert not answer.has_header("Retry-After")
