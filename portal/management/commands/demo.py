"""`python manage.py demo`: the demo data, for an empty database (INTERFACE, « Demo data »)."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from dossiers.models import Dossier
from invoices.models import Deposit
from portal.demo import ACCOUNTS, PASSWORD
from portal.demo.loading import ForeignDataError, load


class Command(BaseCommand):
    """Makes the demo data, the same every time; run again, it changes nothing."""

    help = "Loads the demo data into an empty database. Run again, it changes nothing."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            made = load()
        except ForeignDataError as error:
            raise CommandError(
                f"This database holds {' and '.join(error.kinds)} that are not the demo's. "
                "Nothing was changed: the demo data go into an empty database."
            ) from None
        if not made:
            self.stdout.write(
                f"The demo data are here already: nothing changed, {Deposit.objects.count()} deposits kept."
            )
            return
        self.stdout.write(
            f"Demo data made: {Dossier.objects.count()} dossiers, {Deposit.objects.count()} deposits.\n"
            f"{len(ACCOUNTS)} accounts, from {ACCOUNTS[0].email}, password « {PASSWORD} »."
        )
