"""The trail between two tests: emptied like every other table, which the database otherwise refuses."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from django.test import TransactionTestCase

EMPTY = TransactionTestCase._fixture_teardown


def let_tests_empty_tables() -> None:
    """From now on a test that commits leaves an empty trail too; within a test it is as closed as ever."""

    def emptied(case: TransactionTestCase) -> None:
        with trail_open():
            EMPTY(case)

    TransactionTestCase._fixture_teardown = emptied


@contextmanager
def trail_open() -> Iterator[None]:
    """Within it the database refuses nothing on the trail's table."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("ALTER TABLE trail_event DISABLE TRIGGER USER")
            yield
            cursor.execute("ALTER TABLE trail_event ENABLE TRIGGER USER")
            return
        cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'trail_event'")
        triggers = cursor.fetchall()
        for name, _ in triggers:
            cursor.execute(f"DROP TRIGGER {name}")
        yield
        for _, sql in triggers:
            cursor.execute(sql)
