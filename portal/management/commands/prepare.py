"""`python manage.py prepare`: what the portal needs before `make run` serves it."""

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    """The tables, the static files and the demo data, by one process: each of them spends most of its time starting."""

    help = "Makes the tables, the static files and the demo data, as `make run` does. Run again, it changes nothing."

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("migrate", verbosity=0)
        # Anew, for what an interrupted start left half written would pass for current.
        call_command("collectstatic", clear=True, interactive=False, verbosity=0)
        call_command("demo")
