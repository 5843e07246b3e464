"""`manage.py verify_documents`: is every document's file there, and as it arrived?"""

import json
import time
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from itertools import chain
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from invoices.verification import Finding, Outcome, find_orphans, verify_files

PROGRESS_SECONDS = 5
# For what someone would miss. Orphans are disorder: nobody does.
FAILURES = {Outcome.LOST, Outcome.CHANGED, Outcome.UNREADABLE}


class Command(BaseCommand):
    """Prints a line for each file that is not as it should be, and a table at the end; changes nothing.

    Ends with 1 when something is lost, changed or unreadable, or when the storage did not answer.
    """

    help = "Read every document's file, compare it with its row, and find files without a row. Changes nothing."
    requires_migrations_checks = True

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--since", type=_days, metavar="DAYS", help="read only what was received in these days")
        parser.add_argument("--strict", action="store_true", help="end with 1 for orphans too")
        parser.add_argument(
            "--json", action="store_true", dest="as_json", help="print one JSON object a line, the numbers last"
        )

    def handle(self, *args: Any, since: timedelta | None, strict: bool, as_json: bool, **options: Any) -> None:
        numbers = Counter({outcome.value: 0 for outcome in Outcome})
        try:
            for finding in self._with_progress(chain(verify_files(since), find_orphans())):
                numbers[finding.outcome.value] += 1
                if finding.outcome != Outcome.INTACT:
                    self.stdout.write(_line(finding, as_json=as_json))
        except OSError as error:
            raise CommandError(f"The storage does not answer, the rest was not verified: {error}") from None
        self.stdout.write(_total(numbers, as_json=as_json))
        if any(numbers[outcome.value] for outcome in FAILURES | ({Outcome.ORPHANED} if strict else set())):
            raise CommandError("Not every document is as it should be.")

    def _with_progress(self, findings: Iterator[Finding]) -> Iterator[Finding]:
        """The same findings; now and then a line on the error output says how many there were."""
        next_line = time.monotonic() + PROGRESS_SECONDS
        for number, finding in enumerate(findings, start=1):
            if time.monotonic() >= next_line:
                self.stderr.write(f"{number} files…")
                next_line = time.monotonic() + PROGRESS_SECONDS
            yield finding


def _days(text: str) -> timedelta:
    days = timedelta(days=int(text))
    if days <= timedelta(0):
        raise ValueError
    return days


def _line(finding: Finding, *, as_json: bool) -> str:
    if as_json:
        return json.dumps(finding.as_json())
    words = [f"{finding.outcome.value:<10} {finding.file}"]
    if finding.document:
        words.append(f"document {finding.document}")
        words.append(f"deposit {finding.deposit}" if finding.deposit else "in a draft")
    return "  ".join(words)


def _total(numbers: Counter[str], *, as_json: bool) -> str:
    if as_json:
        return json.dumps(numbers)
    return ", ".join(f"{number} {outcome}" for outcome, number in numbers.items()) + "."
