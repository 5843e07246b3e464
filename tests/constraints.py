"""Rows written by hand that the database itself must refuse, each against the constraint that refuses it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.apps import apps
from django.db import IntegrityError, models, transaction

APPS = ("outbox", "roles", "dossiers", "invoices", "exchange")


def all_constraints() -> dict[str, str]:
    """Every constraint that the models declare, with its columns as SQLite names them in an error."""
    return {
        constraint.name: ", ".join(
            f"{model._meta.db_table}.{model._meta.get_field(name).column}" for name in getattr(constraint, "fields", ())
        )
        for app in APPS
        for model in apps.get_app_config(app).get_models()
        for constraint in model._meta.constraints
    }


class Violations:
    """The violations of one test module: `@violations.of("constraint")` on a function that writes the row."""

    def __init__(self) -> None:
        self.cases: list = []

    def of(self, constraint: str) -> Callable:
        """Register the decorated function as one that this constraint must refuse."""

        def register(write: Callable[[], object]) -> Callable[[], object]:
            self.cases.append(pytest.param(constraint, write, id=f"{constraint}-{write.__name__}"))
            return write

        return register

    @property
    def constraints(self) -> set[str]:
        """The constraints that have a violation."""
        return {case.values[0] for case in self.cases}


@contextmanager
def refused_by(constraint: str) -> Iterator[None]:
    """Fail unless what is inside is refused by this very constraint."""
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        yield
    message = str(refusal.value)
    # SQLite names a unique constraint by its columns.
    columns = all_constraints()[constraint]
    assert constraint in message or (columns and message.endswith(f"failed: {columns}")), message


def write_again(row: models.Model, **changes: object) -> None:
    """Change a row behind the back of every form, signal and `save`."""
    assert type(row)._default_manager.filter(pk=row.pk).update(**changes) == 1
