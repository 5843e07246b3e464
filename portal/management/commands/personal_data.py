"""`manage.py personal_data EMAIL`: all that the portal holds on a person, to answer their request."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from portal.personal_data import written
from roles.models import User
from trail.enums import Action
from trail.recording import record


class Command(BaseCommand):
    """The person can download the same on « Données personnelles »."""

    help = "Print all that the portal holds on the person of this e-mail address, as JSON."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")

    def handle(self, *args: Any, email: str, **options: Any) -> None:
        try:
            of = User.objects.get_by_natural_key(email)
        except User.DoesNotExist:
            raise CommandError("There is no account of this address.") from None
        record(Action.PERSONAL_DATA, on=of)
        for piece in written(of):
            self.stdout.write(piece, ending="")
