"""The catalogue and the limits of the tests: as the first migration writes them, unless a test changes them.

Each process keeps what it read for a while (invoices.catalogue.in_force). Here it keeps the guide's values until a test
changes a row: no test's count of queries depends on the clock.
"""

from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.db.models.signals import post_migrate

from invoices.catalogue import in_force
from invoices.catalogue.models import CatalogueEntry, Limits
from invoices.catalogue.values import Catalogue, LimitsInForce, TypeInForce

MIGRATION = import_module("invoices.migrations.0007_catalogue")
GUIDE = Catalogue(
    tuple(
        TypeInForce(code, label, frozenset(products.split()), frozenset(statuses.split()))
        for code, label, products, statuses in MIGRATION.TYPES
    )
)
LIMITS = LimitsInForce()


def as_the_guide_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """This process has just read the guide's values."""
    monkeypatch.setattr(in_force, "_read", in_force.Read(float("inf"), GUIDE, LIMITS))


def fill_again_when_emptied() -> None:
    """A test that commits empties every table at its end; these are filled again, as a new database is."""

    def fill(**signal: Any) -> None:
        if signal["app_config"].label == "invoices" and not CatalogueEntry.objects.exists():
            MIGRATION.write_the_guide(apps, SimpleNamespace(connection=connection))

    post_migrate.connect(fill, weak=False, dispatch_uid="tests.catalogue")


def change_type(code: str, **changes: Any) -> CatalogueEntry:
    """Write to a type of the catalogue, or add it, as the back office does; every process has seen it."""
    entry, _ = CatalogueEntry.objects.update_or_create(code=code, defaults=changes)
    in_force.forget()
    return entry


def change_limits(**changes: int) -> None:
    """Write to the limits; every process has seen it."""
    assert Limits.objects.update(**changes) == 1
    in_force.forget()
