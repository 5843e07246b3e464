"""`make load`, short: it measures, and every promise holds; and what breaks one."""

import re
import subprocess
import sys
from urllib.request import Request

import pytest
from django.conf import settings

from tests.chaos import postgres
from tests.chaos.verdict import Row
from tests.load import due, people, stopwatch
from tests.load.stopwatch import Action

HURRIED = ["--settings", "tests.chaos.hurried"]
with_services = [
    pytest.mark.services,
    pytest.mark.skipif(postgres.programs() is None, reason="needs PostgreSQL's programs on this machine"),
]


def measure(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run it with these arguments."""
    return subprocess.run(
        [sys.executable, "-m", "tests.load", *arguments, *HURRIED],
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        timeout=600,
    )


def broken(rows: list[Row]) -> set[str]:
    return {row.promise for row in rows if row.broken}


class TestShort:
    """A run of each kind. How quick this machine is just now is not what is tested."""

    pytestmark = with_services

    def test_people_in_the_wizard(self) -> None:
        done = measure(
            *("people", "--people", "4", "--minutes", "0.1", "--megabytes", "0.2", "--pause", "0.2"),
            *("--delay", "2", "--limit", "0"),
        )
        # Nobody is as quick as that: the one promise that is not kept, and it is told.
        assert done.returncode == 1, done.stdout + done.stderr
        assert re.findall(r"^(.*?) +\d+ +\d+   BROKEN$", done.stdout, re.M) == ["actions whose p95 is 0 s or more"]
        counted = dict(re.findall(r"^(\w[\w ,]*?) +(\d+)(?: +\d+){4} +0$", done.stdout, re.M))
        # Each of them made one deposit at least, by all four steps, and looked at its receipt and its place.
        deposits = int(counted["receipt"])
        assert deposits >= 4, done.stdout
        steps = ["start", "facture, file sent", "transmettre, sent", "documents"]
        assert [int(counted[step]) for step in steps] == [deposits] * 4, done.stdout
        assert int(counted["details, sent"]) >= deposits, done.stdout
        assert re.search(rf"^accepted, and there +{deposits} +{deposits}$", done.stdout, re.M), done.stdout

    def test_deposits_that_are_due_at_once(self) -> None:
        done = measure("due", "--deposits", "300")
        assert done.returncode == 0, done.stdout + done.stderr
        assert re.search(r"^« Transmis » +300 +300$", done.stdout, re.M), done.stdout


def test_one_slow_action_in_twenty_is_too_many() -> None:
    quick, slow = [Action("details, sent", 0.2)] * 94, [Action("details, sent", 1.2)] * 6
    assert list(stopwatch.too_slow(quick + slow, 1.0)) == ["details, sent: 1.20 s"]
    assert broken(people.judge_actions(quick + slow, [], 1.0)) == {"actions whose p95 is 1 s or more"}
    assert not broken(people.judge_actions(quick + slow[:4], [], 1.0))


def test_slow_actions_of_a_rare_kind_are_not_lost_among_the_others() -> None:
    actions = [Action("details", 0.1)] * 1000 + [Action("transmettre, sent", 1.0)] * 3
    assert list(stopwatch.too_slow(actions, 1.0)) == ["transmettre, sent: 1.00 s"]


def test_an_error_breaks_a_promise() -> None:
    assert broken(people.judge_actions([Action("start", errors=["start: status 500"])], [], 1.0)) == {"errors"}


@pytest.mark.parametrize(
    ("seconds", "memory", "in_time", "expected"),
    [
        (59.9, 299_000_000, True, set()),
        (60.0, 299_000_000, True, {"transmitted after 60 s or more"}),
        (59.9, 299_000_000, False, {"transmitted after 60 s or more"}),
        (59.9, 300_000_000, True, {"a worker of 300 MB or more"}),
    ],
)
def test_the_limits_of_what_is_due_at_once(seconds: float, memory: int, in_time: bool, expected: set[str]) -> None:
    options = due.Options(deposits=20_000, limit=60, memory=300, seed=1)
    assert broken(due.judge_limits(options, seconds, memory, in_time)) == expected


@pytest.mark.parametrize(
    ("path", "data", "kind"),
    [
        ("/dossiers/CPRO-1/factures/ajouter/", None, "start"),
        ("/depots/a-1/details/", None, "details"),
        ("/depots/a-1/details/?recherche=x", b"a=1", "details, sent"),
        ("/depots/a-1/facture/", bytes(100_000), "facture, file sent"),
        ("/documents/a-1/apercu/vignette/", None, "picture"),
        ("/dossiers/", None, "other"),
    ],
)
def test_the_kind_of_an_action(path: str, data: bytes | None, kind: str) -> None:
    assert stopwatch.kind_of(Request(f"http://127.0.0.1{path}", data)) == kind
