"""The groups of the back office in tests: there again after a test that emptied all tables, and their members."""

from typing import Any

from django.apps import apps
from django.contrib.auth.models import Group
from django.db.models.signals import post_migrate

from portal.groups import GROUPS, give
from roles.models import User
from tests.factories import UserFactory


def keep_groups() -> None:
    """From now on a database that was emptied has the groups; a migrated one has them already."""
    # Of an app that has models: Django tells of no other when it has emptied a database.
    post_migrate.connect(_make, sender=apps.get_app_config("trail"), dispatch_uid="tests.groups")


def _make(**signal: Any) -> None:
    if not Group.objects.exists():
        give(GROUPS).code(apps, None)


def staff(group: str = "") -> User:
    """Somebody of the OPCO, of this group or of none."""
    person = UserFactory(is_staff=True)
    if group:
        person.groups.add(Group.objects.get(name=group))
    return person
