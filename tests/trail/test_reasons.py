"""Reasons on the screen: every short name that is written has words."""

import re

from django.conf import settings

from invoices.pdf import PdfProblem
from roles.accounts import guard, links
from roles.proconnect.views import REFUSALS
from trail import reasons
from trail.middleware import REASONS


def documented() -> set[str]:
    """The short names in the last column of the table of docs/trail.md."""
    lines = (settings.BASE_DIR / "docs/trail.md").read_text(encoding="utf-8").splitlines()
    last = (line.split("|")[-2] for line in lines if line.startswith("| `"))
    return {name for cell in last for name in re.findall(r"`([a-z_.]+)`", cell)}


def test_every_reason_has_words():
    written = {problem.name.lower() for problem in PdfProblem} | set(REFUSALS) | set(REASONS.values())
    written |= {guard.ACCOUNT_LOCKED, guard.ADDRESS_LOCKED, links.UNKNOWN, links.INACTIVE, links.TOO_MANY}
    assert written | {name for name in documented() if not name.endswith(".py")} == set(reasons.LABELS)


def test_what_has_no_words_stays_as_it_was_written():
    assert reasons.label_of("of_another_version") == "of_another_version"
    assert reasons.label_of("") == ""
