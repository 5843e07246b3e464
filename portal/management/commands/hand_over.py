"""`manage.py hand_over`: what the sweep does, by hand; with `--since`, for what was transmitted before, too."""

from argparse import ArgumentParser, ArgumentTypeError
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from invoices.handover import delivery, standing


class Command(BaseCommand):
    """Run twice, by several or beside the workers, it does no harm: it is the same function."""

    help = "Hand over what is transmitted to the place of HANDOVER_URL. Safe beside the workers."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="say how many there are, and change nothing")
        parser.add_argument(
            "--since",
            type=_day,
            metavar="YYYY-MM-DD",
            help="put in line all that was transmitted from this day on and was never handed over",
        )

    def handle(self, *args: Any, dry_run: bool, since: datetime | None, **options: Any) -> None:
        if not delivery.is_on():
            raise CommandError("HANDOVER_URL names no place to hand over to.")
        if dry_run:
            self.stdout.write(f"To be put in line: {delivery.missing(since).count()}.")
        else:
            self.stdout.write(f"Put in line: {delivery.enrol(since)}.")
            delivery.hand_over()
        left = standing.backlog()
        self.stdout.write(f"Waiting: {left.waiting}. Failing: {left.failing}. To be told of: {left.unannounced}.")
        if left.stopped:
            self.stdout.write(f"Stopped, a document is lost: {left.stopped}.")


def _day(text: str) -> datetime:
    try:
        return timezone.make_aware(datetime.strptime(text, "%Y-%m-%d"))  # noqa: DTZ007 - made aware at once
    except ValueError:
        raise ArgumentTypeError("a day reads YYYY-MM-DD") from None
