"""`manage.py transmit_overdue`: what the sweep does, by hand, for when neither worker nor beat runs (RULES.md §6)."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand

from invoices import statistics, transmission


class Command(BaseCommand):
    """Transmits what is due and still pending, and nothing before its time.

    Run twice, by several or beside the workers, it does no harm: it is the same function (invoices/transmission.py).
    """

    help = "Transmit the deposits whose delay has ended. Safe beside the workers; nothing is transmitted early."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="say what is overdue, and change nothing")

    def handle(self, *args: Any, dry_run: bool, **options: Any) -> None:
        overdue = statistics.overdue()
        if not overdue.count:
            self.stdout.write("No deposit is overdue.")
        else:
            oldest = timedelta(seconds=round(overdue.oldest.total_seconds()))
            self.stdout.write(f"Overdue deposits: {overdue.count}, the oldest by {oldest}.")
        if dry_run:
            self.stdout.write("Nothing was changed (--dry-run).")
            return
        self.stdout.write(f"Transmitted: {transmission.transmit_due()}.")
        if left := statistics.overdue().count:
            self.stdout.write(f"Still overdue: {left}, which a worker holds at this moment. Run this again.")
