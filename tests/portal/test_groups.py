"""The groups of the back office: the table, what the migrations give, and what an OPCO gave besides."""

from importlib import import_module

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.db.migrations import RunPython
from django.db.migrations.loader import MigrationLoader

from portal import groups
from portal.groups import ADMINISTRATOR, CLERK, GROUPS, SUPERVISOR

pytestmark = pytest.mark.django_db


def migrate() -> None:
    """Run what portal's migrations do, in their order, on the database as it stands."""
    for app, name in sorted(MigrationLoader(None).disk_migrations):
        if app == "portal":
            for operation in import_module(f"portal.migrations.{name}").Migration.operations:
                assert isinstance(operation, RunPython)
                operation.code(apps, None)


def given() -> dict[str, set[str]]:
    return {
        group.name: {
            f"{app}.{codename}"
            for app, codename in group.permissions.values_list("content_type__app_label", "codename")
        }
        for group in Group.objects.all()
    }


@pytest.fixture
def none_yet() -> None:
    """As in a database that has just got its tables: Django makes the rows of permissions after all migrations."""
    Group.objects.all().delete()
    Permission.objects.all().delete()


def test_a_migrated_database_has_the_table(none_yet):
    migrate()
    assert given() == GROUPS
    # Django makes none of them a second time.
    names = [f"{row.content_type.app_label}.{row.codename}" for row in Permission.objects.select_related()]
    assert len(names) == len(set(names))


def test_again_it_changes_nothing_and_takes_nothing_away(none_yet):
    migrate()
    own = Permission.objects.get(codename="delete_company")
    clerks = Group.objects.get(name=CLERK)
    clerks.permissions.add(own)
    Group.objects.create(name="Comptabilité")
    before = given()
    migrate()
    assert given() == before
    assert before[CLERK] == GROUPS[CLERK] | {"roles.delete_company"}


def test_each_group_may_what_the_one_before_it_may():
    assert GROUPS[CLERK] < GROUPS[SUPERVISOR] < GROUPS[ADMINISTRATOR]


def test_nobody_writes_by_hand_what_is_only_looked_at():
    """Not even by mistake: deposits and what belongs to them, and the trail."""
    for names in GROUPS.values():
        assert not {
            name
            for name in names
            for model in ("deposit", "invoice", "document", "draft", "event")
            if name.endswith((f".add_{model}", f".change_{model}", f".delete_{model}"))
        }


def test_a_permission_that_no_model_declares_stops_the_migration():
    with pytest.raises(LookupError, match=r"invoices\.fly"):
        groups.give({CLERK: ["invoices.fly"]}).code(apps, None)
