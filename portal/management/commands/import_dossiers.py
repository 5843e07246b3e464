"""`manage.py import_dossiers FILE`: what an import of the back office does, by hand (docs/imports.md)."""

import hashlib
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.files import File
from django.core.management.base import BaseCommand, CommandError

from exchange import report, running
from exchange.enums import Kind, State
from exchange.models import Import
from invoices.overview.export import written_as_csv
from roles.models import User


class Command(BaseCommand):
    """Checks a file and imports it: the same code, the same rows, the same trail.

    Killed half-way, the workers go on with it; run again, it changes nothing that is done.
    """

    help = "Import a CSV or XLSX of dossiers (or --kind); lines that are refused are told of and left out."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="CSV or XLSX, with a line of titles")
        parser.add_argument("--kind", choices=Kind.values, default=Kind.DOSSIERS.value, help="what the lines are")
        parser.add_argument("--dry-run", action="store_true", help="check it, say what it would do, and change nothing")
        parser.add_argument("--by", metavar="EMAIL", help="in whose name: the account that the trail names")
        parser.add_argument("--invite", action="store_true", help="invite new accounts by mail; needs --by")
        parser.add_argument(
            "--report", dest="into", type=Path, metavar="FILE", help="write what became of each line there, as CSV"
        )

    def handle(
        self,
        *args: Any,
        file: Path,
        kind: str,
        dry_run: bool,
        by: str | None,
        invite: bool,
        into: Path | None,
        **options: Any,
    ) -> None:
        person = User.objects.filter(email=by.strip().lower()).first() if by else None
        if by and not person:
            raise CommandError(f"There is no account {by}.")
        if invite and not person:
            raise CommandError("An invitation is sent in somebody's name: --by EMAIL.")
        asked = self._begin(file, Kind(kind), person, invite)
        asked = self._run(asked)
        self._tell("Checked", asked)
        if not dry_run:
            running.confirm(asked)
            asked = self._run(asked)
            self._tell("Imported", asked)
        self._write(asked, into)
        if dry_run:
            running.abandon(asked)
            self.stdout.write("Nothing was changed (--dry-run).")

    def _begin(self, path: Path, kind: Kind, person: User | None, invite: bool) -> Import:
        try:
            with path.open("rb") as content:
                sha256 = hashlib.file_digest(content, "sha256").hexdigest()
                content.seek(0)
                return running.begin(kind, File(content), name=path.name, sha256=sha256, by=person, invites=invite)
        except OSError as error:
            raise CommandError(f"The file cannot be read: {error}") from error

    def _run(self, asked: Import) -> Import:
        running.run(asked.pk)
        told = Import.objects.select_related("by").get(pk=asked.pk)
        if told.reason:
            raise CommandError(told.reason)
        if told.state not in (State.CHECKED, State.DONE):
            raise CommandError(f"The import {told.pk} is not done, and a worker goes on with it: {told.state}.")
        return told

    def _tell(self, what: str, asked: Import) -> None:
        counts = f"created {asked.created}, changed {asked.changed}, unchanged {asked.unchanged}"
        self.stdout.write(f"{what} {asked.done} lines: {counts}, refused {asked.refused}.")

    def _write(self, asked: Import, path: Path | None) -> None:
        """The report where it is asked for; the first refusals in any case."""
        for told in report.refused(asked):
            for title, reason in told["errors"]:
                self.stdout.write(f"  line {told['line']}, {told['key']}, {title}: {reason}")
        if asked.refused > report.SHOWN:
            self.stdout.write(f"  … of {asked.refused} refused lines.")
        if path:
            with path.open("w", encoding="utf-8", newline="") as file:
                file.writelines(written_as_csv(report.TITLES, report.rows(asked)))
