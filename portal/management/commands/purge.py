"""`manage.py purge`: remove what has been kept for as long as it is to be (docs/personal-data.md)."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from portal.retention import Line, purge

HEADER = ("what", "kept", "removed", "bytes", "oldest kept")


class Command(BaseCommand):
    """The workers do the same each night; by hand it does no harm at any hour."""

    help = "Remove what is over: abandoned drafts, old deposits with their files, mails, sessions, unused accounts."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="say what would go, and change nothing")

    def handle(self, *args: Any, dry_run: bool, **options: Any) -> None:
        rows = [HEADER, *(cells(line) for line in purge(dry_run=dry_run))]
        widths = [max(len(row[column]) for row in rows) for column in range(len(HEADER))]
        for row in rows:
            self.stdout.write("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
        if dry_run:
            self.stdout.write("Nothing was changed: this is what a run without --dry-run removes.")


def cells(line: Line) -> tuple[str, ...]:
    """A line of the report."""
    oldest = f"{line.oldest_kept:%Y-%m-%d}" if line.oldest_kept else "–"
    return (line.kind.name, line.kind.limit, str(line.removed.number), str(line.removed.bytes), oldest)
