"""Migrations since the last release leave that release working (docs/operations.md, « Upgrade without stopping »).

They run while web servers and workers of the version before still read and write, on tables that may be large. Each
operation is known to be harmless, or refused; where one is harmless for a reason that cannot be read off it, its
migration says so in an attribute `harmless_because`. django-migration-linter was looked at: it reads the SQL by
expressions, needs PostgreSQL for it, and knows no check constraint.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.postgres import operations as postgres
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.db.models import NOT_PROVIDED, Q

RELEASED = settings.BASE_DIR / "tests/released.txt"
# Nothing changes for who reads and writes the tables as they were, and no table is locked for long.
HARMLESS = (
    migrations.AlterModelManagers,
    migrations.AlterModelOptions,
    migrations.CreateModel,
    migrations.RemoveConstraint,
    migrations.RemoveIndex,
    migrations.RenameIndex,
    migrations.RunPython,
    postgres.AddConstraintNotValid,
    postgres.AddIndexConcurrently,
    postgres.CreateExtension,
    postgres.ValidateConstraint,
)


def objection(operation: Operation, app: str, state: ProjectState, created: set[str]) -> str | None:
    """What the version before would suffer from an operation; None when nothing. `created`: tables it does not know."""
    if isinstance(operation, migrations.SeparateDatabaseAndState):
        told = (objection(inner, app, state, created) for inner in operation.database_operations)
        return next(filter(None, told), None)
    model = getattr(operation, "model_name", getattr(operation, "name", "")).lower()
    if isinstance(operation, HARMLESS) or f"{app}.{model}" in created:
        return None
    if isinstance(operation, migrations.AddField):
        return to_add(operation.field)
    if isinstance(operation, migrations.AlterField):
        return to_alter(state.models[app, model].get_field(operation.name), operation.field)
    if isinstance(operation, migrations.AddIndex):
        return "locks the table while the index is made: AddIndexConcurrently"
    if isinstance(operation, migrations.AddConstraint):
        return "locks the table while every row is looked at: AddConstraintNotValid, then ValidateConstraint"
    return f"{type(operation).__name__} takes away, renames, or cannot be read"


def to_add(field: models.Field) -> str | None:
    if field.null or field.many_to_many or field.db_default is not NOT_PROVIDED:
        return None
    return "the rows of the version before lack it: null=True or db_default"


def to_alter(old: models.Field, new: models.Field) -> str | None:
    if old.null and not new.null:
        return "the version before writes null"
    if new.unique and not old.unique:
        return "the version before writes it twice, and the table is locked while every row is looked at"
    if (old.db_column, old.db_index) != (new.db_column, new.db_index):
        return "another name, or an index made while the table is locked"
    wider = isinstance(old, models.CharField) and (
        (type(new) is type(old) and new.max_length >= old.max_length) or type(new) is models.TextField
    )
    if not wider and (type(old), kind(old)) != (type(new), kind(new)):
        return "another type: the table is written anew, and the version before may not fit into it"
    return None


def kind(field: models.Field) -> tuple:
    """What its column's type is made of, besides its class."""
    return tuple(getattr(field, name, None) for name in ("max_length", "max_digits", "decimal_places"))


def objections(loader: MigrationLoader, released: set[tuple[str, str]]) -> Iterator[str]:
    """A sentence for each operation of the migrations that are not released, in the order in which they run."""
    created: set[str] = set()
    for app, name in loader.graph._generate_plan(loader.graph.leaf_nodes(), at_end=True):
        if app not in OWN or (app, name) in released:
            continue
        migration = loader.get_migration(app, name)
        state = loader.project_state((app, name), at_end=False)
        for operation in migration.operations:
            told = objection(operation, app, state, created)
            if told and not getattr(migration, "harmless_because", ""):
                yield f"{app} {name}: {operation.describe()}: {told}"
            if isinstance(operation, migrations.CreateModel):
                created.add(f"{app}.{operation.name_lower}")
            operation.state_forwards(app, state)


# The apps of this house; those of packages answer for their own.
OWN = {config.label for config in apps.get_app_configs() if Path(config.path).parent == settings.BASE_DIR}


def last_released() -> list[tuple[str, str]]:
    lines = RELEASED.read_text().splitlines()
    return [tuple(line.split()) for line in lines if line and not line.startswith("#")]  # type: ignore[misc]


@pytest.fixture
def loader() -> MigrationLoader:
    return MigrationLoader(None)


def test_what_was_released_is_there(loader: MigrationLoader) -> None:
    assert [node for node in last_released() if node not in loader.graph.nodes] == []


def test_the_version_before_goes_on_working(loader: MigrationLoader) -> None:
    if not last_released():
        pytest.skip("no version was released so far: tests/released.txt")
    released = {node for last in last_released() for node in loader.graph.forwards_plan(last)}
    assert list(objections(loader, released)) == []


def test_before_the_first_release_a_reference_could_be_made_required(loader: MigrationLoader) -> None:
    """What the check would have said of it."""
    node = ("invoices", "0003_deposit_reference")
    before = set(loader.graph.nodes) - {node}
    (told,) = objections(loader, before)
    assert told.startswith("invoices 0003_deposit_reference: Alter field reference on deposit: ")
    assert "writes null" in told


def test_a_table_that_the_version_before_does_not_know_may_be_anything(loader: MigrationLoader) -> None:
    """From nothing: the same migration harms nobody."""
    assert [told for told in objections(loader, set()) if told.startswith("invoices")] == []


# Of a table `invoices.deposit` as it is, for example.
CHECK = models.CheckConstraint(name="x", condition=Q(side=""))
INDEX = models.Index(fields=("side",), name="x")
OPERATIONS = [
    (True, migrations.AddField("deposit", "note", models.TextField(null=True))),
    (True, migrations.AddField("deposit", "note", models.TextField(db_default=""))),
    (True, migrations.AddField("deposit", "people", models.ManyToManyField("roles.User"))),
    (False, migrations.AddField("deposit", "note", models.TextField(default=""))),
    (False, migrations.RemoveField("deposit", "side")),
    (False, migrations.RenameField("deposit", "side", "seite")),
    (False, migrations.DeleteModel("deposit")),
    (False, migrations.RenameModel("deposit", "depot")),
    (False, migrations.AlterModelTable("deposit", "depot")),
    (False, migrations.AlterUniqueTogether("deposit", {("side", "state")})),
    (True, migrations.AlterModelOptions("deposit", {"ordering": ("pk",)})),
    (True, migrations.AlterField("deposit", "side", models.CharField("côté", max_length=20))),
    (True, migrations.AlterField("deposit", "side", models.CharField(max_length=30))),
    (True, migrations.AlterField("deposit", "side", models.TextField())),
    (True, migrations.AlterField("deposit", "side", models.CharField(max_length=20, null=True))),
    (False, migrations.AlterField("deposit", "side", models.CharField(max_length=19))),
    (False, migrations.AlterField("deposit", "side", models.IntegerField())),
    (False, migrations.AlterField("deposit", "side", models.CharField(max_length=20, unique=True))),
    (False, migrations.AlterField("deposit", "side", models.CharField(max_length=20, db_index=True))),
    (False, migrations.AlterField("deposit", "side", models.CharField(max_length=20, db_column="seite"))),
    (False, migrations.AlterField("deposit", "cancelled_at", models.DateTimeField())),
    (False, migrations.AddIndex("deposit", INDEX)),
    (True, postgres.AddIndexConcurrently("deposit", INDEX)),
    (True, migrations.RemoveIndex("deposit", "deposit_due")),
    (False, migrations.AddConstraint("deposit", CHECK)),
    (False, migrations.AddConstraint("deposit", models.UniqueConstraint(name="x", fields=("side",)))),
    (True, postgres.AddConstraintNotValid("deposit", CHECK)),
    (True, postgres.ValidateConstraint("deposit", "x")),
    (True, migrations.RemoveConstraint("deposit", "x")),
    (False, migrations.RunSQL("DROP TABLE invoices_deposit")),
    (True, migrations.RunPython(migrations.RunPython.noop)),
    (True, migrations.CreateModel("Note", [("id", models.BigAutoField(primary_key=True))])),
    (True, migrations.SeparateDatabaseAndState(state_operations=[migrations.RemoveField("deposit", "side")])),
    (False, migrations.SeparateDatabaseAndState([migrations.RemoveField("deposit", "side")])),
]


@pytest.mark.parametrize(("harmless", "operation"), OPERATIONS, ids=lambda value: getattr(value, "describe", str)())
def test_each_operation(harmless: bool, operation: Operation) -> None:
    state = ProjectState.from_apps(apps)
    assert (objection(operation, "invoices", state, set()) is None) == harmless
    model = getattr(operation, "model_name", "")
    assert not model or objection(operation, "invoices", state, {f"invoices.{model}"}) is None
