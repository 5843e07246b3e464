"""What holds for the whole house: imports run one way, migrations are complete, every constraint has a test."""

from io import StringIO

import pytest
from django.conf import settings
from django.core.management import call_command
from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

from tests.constraints import all_constraints
from tests.dossiers.test_models import violations as of_dossiers
from tests.invoices.test_models import violations as of_invoices
from tests.outbox.test_sending import violations as of_outbox
from tests.roles.test_models import violations as of_roles


def test_imports_run_one_way(monkeypatch, capsys):
    monkeypatch.chdir(settings.BASE_DIR)
    assert lint_imports(no_cache=True, no_logo=True) == EXIT_STATUS_SUCCESS, capsys.readouterr().out


@pytest.mark.django_db
def test_no_migration_is_missing():
    output = StringIO()
    try:
        call_command("makemigrations", check=True, dry_run=True, stdout=output)
    except SystemExit:
        pytest.fail(output.getvalue())


def test_every_constraint_has_a_row_that_it_refuses():
    tested = of_outbox.constraints | of_roles.constraints | of_dossiers.constraints | of_invoices.constraints
    assert tested == set(all_constraints())
