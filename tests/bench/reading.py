"""What people ask for most: the « Documents » tab, the list of dossiers, searches."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from urllib.parse import quote

from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from dossiers.forms import DossierFilters
from dossiers.models import Dossier
from dossiers.views import page_of
from roles.models import User
from tests.bench.data import ABSENT_NAME, COMMON_NAME, LARGE, SMALL, STAFF, WITH_20, WITH_500
from tests.bench.line import Line
from tests.bench.measure import Contestant, Unit, as_many, at_most, measure, median_of
from tests.bench.world import World

# Of a dossier's number, what is typed: all but so much of its end.
UNTYPED = 2
# Statements of which one figure is the median.
TIMES = 3
SEARCH_INDEXES = [f"dossier_{place}_{index}" for place in ("employer", "provider") for index in ("name", "need")]


@measure(
    "documents-tab",
    "« Documents » tab, 20 documents",
    at_most(3.5, "portal", of="stock list"),
    at_most(0.5, "portal", of="admin change list"),
    grows=["portal"],
)
def documents_tab(world: World) -> Iterator[Mapping[str, Contestant]]:
    """The whole request through gunicorn, logged in."""
    admin = f"/admin/invoices/document/?q={WITH_20}"
    with (
        Line(world.portal.url, LARGE) as portal,
        Line(world.stock.url, LARGE) as stock,
        Line(world.stock.url, STAFF) as staff,
    ):
        yield {
            "portal": lambda: portal.median(f"/dossiers/{WITH_20}/documents/", expect=f"F-{WITH_20}-10"),
            "stock list": lambda: stock.median(f"/documents/{WITH_20}/", expect=f"F-{WITH_20}-10"),
            "admin change list": lambda: staff.median(admin, expect=f"F-{WITH_20}-10"),
        }


@measure(
    "documents-tab-500",
    "« Documents » tab, 500 documents, by pages",
    as_many("500 documents", of="20 documents"),
    unit=Unit.QUERIES,
    shape=True,
)
def documents_tab_500(world: World) -> Iterator[Mapping[str, Contestant]]:
    """How much is asked of the database; the one with 500 documents has a next page, and the other has not."""
    client = browser_of(LARGE)

    def queries(number: str, *, more: bool) -> int:
        content, count = asked(client, f"/dossiers/{number}/documents/")
        assert ('rel="next"' in content) == more, content
        return count

    yield {
        "500 documents": partial(queries, WITH_500, more=True),
        "20 documents": partial(queries, WITH_20, more=False),
    }


@measure(
    "dossier-list",
    "List of dossiers",
    at_most(2, "large establishment", of="50 dossiers"),
    grows=["large establishment"],
)
def dossier_list(world: World) -> Iterator[Mapping[str, Contestant]]:
    """The whole request through gunicorn, logged in: its first page."""
    with Line(world.portal.url, LARGE) as large, Line(world.portal.url, SMALL) as small:
        yield {
            "large establishment": lambda: large.median("/dossiers/", expect='rel="next"'),
            "50 dossiers": lambda: small.median("/dossiers/", expect="Page 1 sur 2"),
        }


@measure(
    "number-search",
    "Search by number",
    at_most(2, "large establishment", of="50 dossiers"),
    grows=["large establishment"],
)
def number_search(world: World) -> Iterator[Mapping[str, Contestant]]:
    """The whole request through gunicorn, logged in: the beginning of a number."""
    with Line(world.portal.url, LARGE) as large, Line(world.portal.url, SMALL) as small:

        def search(line: Line, person: str) -> Contestant:
            number = number_of(person)
            return lambda: line.median(f"/dossiers/?q={number[:-UNTYPED]}", expect=number)

        yield {"large establishment": search(large, LARGE), "50 dossiers": search(small, SMALL)}


@measure(
    "name-search",
    "Search by name, large establishment (SQL)",
    at_most(0.6, "common", of="common, no index"),
    at_most(0.1, "absent", of="absent, no index"),
    grows=["common", "absent"],
)
def name_search(world: World) -> Iterator[Mapping[str, Contestant]]:
    """What the list's page asks of the dossiers, with the indexes that a search may use and as if there were none.

    Names that are rare are found by their index; of one that is common the index of the list's order has enough soon.
    """
    contestants = {}
    for label, name in {"common": COMMON_NAME, "absent": ABSENT_NAME}.items():
        statements = statements_of_list(LARGE, name)
        contestants[label] = partial(median_of, partial(execute, statements), TIMES)
        contestants[f"{label}, no index"] = partial(without_index, statements)
    yield contestants


@measure("name-search-page", "Search by name, large establishment (page)", grows=["common", "absent"])
def name_search_page(world: World) -> Iterator[Mapping[str, Contestant]]:
    """The whole request through gunicorn, logged in."""
    with Line(world.portal.url, LARGE) as line:
        yield {
            "common": lambda: line.median(f"/dossiers/?q={COMMON_NAME}", expect=COMMON_NAME.capitalize()),
            "absent": lambda: line.median(f"/dossiers/?q={ABSENT_NAME}", expect="Aucun dossier ne correspond"),
        }


@measure(
    "list-queries",
    "List of dossiers and searches",
    *(as_many(f"{what}, large establishment", of=f"{what}, 50 dossiers") for what in ("list", "number", "name")),
    unit=Unit.QUERIES,
    shape=True,
)
def list_queries(world: World) -> Iterator[Mapping[str, Contestant]]:
    """How much is asked of the database."""
    contestants = {}
    for place, person in {"large establishment": LARGE, "50 dossiers": SMALL}.items():
        client = browser_of(person)
        some = Dossier.objects.visible_to(User.objects.get(email=person)).first()
        assert some
        for what, text in {"list": "", "number": some.number, "name": some.beneficiary_last_name}.items():
            contestants[f"{what}, {place}"] = partial(lambda *asked_: asked(*asked_)[1], client, address(text))
    yield contestants


@measure(
    "list-plans",
    "Dossiers read one by one, to the last",
    *(at_most(0, what) for what in ("list", "search by number", "common name", "absent name")),
    unit=Unit.SCANS,
    shape=True,
)
def list_plans(world: World) -> Iterator[Mapping[str, Contestant]]:
    """How often the plans of a list read the whole table: what does grows with it."""
    texts = {
        "list": "",
        "search by number": number_of(LARGE)[:-UNTYPED],
        "common name": COMMON_NAME,
        "absent name": ABSENT_NAME,
    }
    yield {what: partial(scans, statements_of_list(LARGE, text)) for what, text in texts.items()}


def address(text: str) -> str:
    """The list, searched."""
    return f"/dossiers/?q={quote(text)}"


def number_of(person: str) -> str:
    """The number of the last dossier that a person sees, by numbers."""
    last = Dossier.objects.visible_to(User.objects.get(email=person)).exclude(number__in=[WITH_20, WITH_500]).last()
    assert last
    return last.number


def browser_of(person: str) -> Client:
    """A browser within this process, in which the person is logged in."""
    client = Client(SERVER_NAME="localhost")
    client.force_login(User.objects.get(email=person), "django.contrib.auth.backends.ModelBackend")
    return client


def asked(client: Client, address: str) -> tuple[str, int]:
    """What a page says, and how many queries it takes; not those that each process makes every few seconds."""
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            answer = client.get(address)
        assert answer.status_code == 200, address
        counts.append(len(queries))
    return answer.content.decode(), min(counts)


def statements_of_list(person: str, text: str) -> list[str]:
    """What the first page of a list asks of the dossiers, searched or not."""
    user = User.objects.get(email=person)
    _ = user.scope
    with CaptureQueriesContext(connection) as queries:
        dossiers = Dossier.objects.visible_to(user).with_places().by_need()
        filters = DossierFilters({"q": text})
        list(page_of(filters.apply(dossiers), filters))
    return [query["sql"] for query in queries.captured_queries if 'FROM "dossiers_dossier"' in query["sql"]]


def execute(statements: Sequence[str]) -> None:
    """Ask them, as they are, and read what is found."""
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
            cursor.fetchall()


def without_index(statements: Sequence[str]) -> float:
    """The seconds that they take as if there were no index for searches; they are there again afterwards."""
    with undone():
        with connection.cursor() as cursor:
            cursor.execute(f"DROP INDEX {', '.join(SEARCH_INDEXES)}")
        return median_of(partial(execute, statements), TIMES)


@contextmanager
def undone() -> Iterator[None]:
    """A transaction that is rolled back at its end."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def scans(statements: Sequence[str]) -> int:
    """How many times their plans read all the dossiers."""
    with connection.cursor() as cursor:
        plans = []
        for statement in statements:
            cursor.execute(f"EXPLAIN (FORMAT JSON) {statement}")
            (plan,) = cursor.fetchone()
            plans.append(json.loads(plan) if isinstance(plan, str) else plan)
    return sum(map(_scans_in, plans))


def _scans_in(plan: object) -> int:
    if isinstance(plan, list):
        return sum(map(_scans_in, plan))
    if isinstance(plan, dict):
        read_whole = plan.get("Node Type") == "Seq Scan" and plan.get("Relation Name") == Dossier._meta.db_table
        return read_whole + sum(_scans_in(inner) for inner in plan.values() if isinstance(inner, dict | list))
    return 0


MEASURES = [
    documents_tab,
    documents_tab_500,
    dossier_list,
    number_search,
    name_search,
    name_search_page,
    list_queries,
    list_plans,
]
