"""`make bench`, small: it makes its data, judges shape, and leaves nothing; and what a promise is held against."""

import os
import secrets
import subprocess
import sys
from urllib.parse import urlsplit

import psycopg
import pytest
from django.conf import settings

from tests.bench.measure import Measure, Promise, Result, Unit, as_many, at_least, at_most, take_turns


def bench(*arguments: str, url: str) -> subprocess.CompletedProcess[str]:
    """Run it with these arguments, in a place of its own."""
    return subprocess.run(
        [sys.executable, "-m", "tests.bench", *arguments],
        cwd=settings.BASE_DIR,
        env=os.environ | {"DATABASE_URL": url},
        capture_output=True,
        text=True,
        timeout=600,
    )


@pytest.fixture
def place() -> str:
    """An address of which no bench has made databases so far."""
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/portal_test_{secrets.token_hex(4)}").geturl()


def databases(url: str) -> list[str]:
    with psycopg.connect(urlsplit(url)._replace(path="/postgres").geturl()) as server:
        found = server.execute(
            "SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [urlsplit(url).path.removeprefix("/")]
        )
        return [name for (name,) in found]


@pytest.mark.services
def test_a_small_run_judges_shape_and_what_it_kept_is_dropped(place: str) -> None:
    try:
        done = bench("--small", url=place)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "Every promise is kept." in done.stdout
        assert " queries" in done.stdout
        assert " ms" not in done.stdout
        assert len(databases(place)) == 1
    finally:
        dropped = bench("--small", "--drop", url=place)
    assert dropped.returncode == 0, dropped.stdout + dropped.stderr
    assert databases(place) == []


def test_without_servers_it_says_what_it_needs() -> None:
    done = bench("--small", url="sqlite://:memory:")
    assert done.returncode == 1
    assert "Name a PostgreSQL server by DATABASE_URL" in done.stderr


FOUND = {"quick": [1.0, 2.0, 9.0], "slow": [10.0, 10.0, 10.0], "start": [1.0, 1.0, 1.0]}


@pytest.mark.parametrize(
    ("promise", "figure", "kept"),
    [
        (at_most(0.2, "quick", of="slow"), 0.2, True),
        (at_most(0.19, "quick", of="slow"), 0.2, False),
        (at_least(5, "slow", of="quick"), 5, True),
        (at_least(5.1, "slow", of="quick"), 5, False),
        (at_most(2, "quick"), 2, True),
        (at_most(8, "quick", worst=True), 9, False),
        (at_most(9, "slow", less="start"), 9, True),
        (at_most(8, "slow", of="start", less="start"), 9, False),
        (as_many("slow", of="slow"), 1, True),
        (as_many("slow", of="quick"), 5, False),
    ],
)
def test_a_promise_is_held_against_the_median_of_its_rounds(promise: Promise, figure: float, kept: bool) -> None:
    assert promise.figure(FOUND) == pytest.approx(figure)
    result = Result(Measure("x", "x", [promise], lambda world: iter(()), Unit.SECONDS), FOUND)
    assert (result.broken == []) == kept


def test_contestants_take_turns_and_the_first_time_does_not_count() -> None:
    order: list[str] = []

    def contestant(label: str):
        def called() -> float:
            order.append(label)
            return float(len(order))

        return called

    found = take_turns({"a": contestant("a"), "b": contestant("b")}, 2)
    assert order == ["a", "b", "a", "b", "b", "a"]
    assert found == {"a": [3.0, 6.0], "b": [4.0, 5.0]}
