"""A short run of what `python -m tests.fuzz` does at length."""

import pytest

from tests.fuzz.place import make_place
from tests.fuzz.run import run

REQUESTS = 300


@pytest.mark.django_db
@pytest.mark.ignore_template_errors
def test_whatever_is_asked_is_answered():
    report = run(make_place(), requests=REQUESTS, number=1)
    assert report.faults == []
    assert report.total == REQUESTS
    # It is no run of refusals: forms are taken, pages shown, things not found.
    assert {200, 302, 400, 404} <= {status for *_, status in report.answers}
    assert {method for _, method, _ in report.answers} >= {"GET", "POST"}
