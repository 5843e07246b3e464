"""`manage.py apply_statuses FILE`: the statuses of dossiers that the OPCO's own system sends back (docs/handover/)."""

from argparse import ArgumentParser
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from dossiers import statuses


class Command(BaseCommand):
    """Prints in French, for those who send the file, what was refused and how many there were of each kind.

    Ends with 1 where a line was refused. The same file a second time changes nothing.
    """

    help = "Update the statuses of dossiers from a CSV or JSON file. A line that is refused stops no other."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--dry-run", action="store_true", help="say what would change, and change nothing")
        parser.add_argument(
            "--all-or-nothing", action="store_true", help="change nothing unless every line can be applied"
        )

    def handle(self, *args: Any, file: Path, dry_run: bool, all_or_nothing: bool, **options: Any) -> None:
        try:
            with transaction.atomic() if all_or_nothing else nullcontext():
                refused = self._apply(file, dry_run=dry_run)
                if refused and all_or_nothing and not dry_run:
                    raise CommandError("Rien n’a été modifié (--all-or-nothing).")
        except statuses.UnreadableError as error:
            raise CommandError(str(error)) from None
        except OSError as error:
            raise CommandError(f"Le fichier {file} ne peut pas être lu : {error.strerror}.") from None
        if dry_run:
            self.stdout.write("Rien n’a été modifié (--dry-run).")
        if refused:
            raise CommandError("Toutes les lignes n’ont pas été appliquées.")

    def _apply(self, file: Path, *, dry_run: bool) -> int:
        """Apply the file and say what came of it; return how many lines were refused."""
        changed = unchanged = refused = 0
        for outcome in statuses.apply(statuses.read(file), dry_run=dry_run):
            for refusal in outcome.refusals:
                self.stdout.write(f"Ligne {refusal.at} : {refusal.sentence}")
            if dry_run:
                for change in outcome.changes:
                    told = f"Ligne {change.at} : {change.number} « {change.before.label} » → « {change.after.label} »"
                    self.stdout.write(told)
            changed += len(outcome.changes)
            unchanged += outcome.unchanged
            refused += len(outcome.refusals)
        self.stdout.write(f"Modifiés : {changed}. Inchangés : {unchanged}. Refusés : {refused}.")
        return refused
