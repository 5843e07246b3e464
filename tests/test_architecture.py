"""What holds for the whole house: imports run one way, migrations are complete, every constraint has a test."""

import re
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command

from tests.constraints import all_constraints
from tests.dossiers.test_models import violations as of_dossiers
from tests.exchange.test_models import violations as of_exchange
from tests.invoices.test_models import violations as of_invoices
from tests.outbox.test_sending import violations as of_outbox
from tests.roles.test_models import violations as of_roles


def test_imports_run_one_way():
    """In a process of its own: import-linter turns off every logger that is there."""
    command = [sys.executable, str(Path(sys.executable).with_name("lint-imports")), "--no-cache", "--no-logo"]
    done = subprocess.run(command, cwd=settings.BASE_DIR, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_there_is_one_way_into_a_session():
    """Whoever called Django's `login` elsewhere would let in who has a second factor without asking for it."""
    calls = re.compile(r"\b(?:auth\.login|login_user|auth_login)\(|import .*\blogin\b|post_reset_login = True")
    found = {
        f"{path.relative_to(settings.BASE_DIR)}: {line.strip()}"
        for app in ("portal", "exchange", "invoices", "dossiers", "roles", "outbox", "trail")
        for path in (settings.BASE_DIR / app).rglob("*.py")
        for line in path.read_text(encoding="utf-8").splitlines()
        if calls.search(line)
    }
    assert found == {
        "roles/entrance.py: auth.login(request, person, backend=_backend_of(person))",
        # django-otp's, which only notes that a session showed a code.
        "roles/second_factor/views.py: from django_otp import login as verify_session",
    }


@pytest.mark.django_db
def test_no_migration_is_missing():
    output = StringIO()
    try:
        call_command("makemigrations", check=True, dry_run=True, stdout=output)
    except SystemExit:
        pytest.fail(output.getvalue())


def test_every_constraint_has_a_row_that_it_refuses():
    apps = (of_outbox, of_roles, of_dossiers, of_invoices, of_exchange)
    tested = set().union(*(app.constraints for app in apps))
    assert tested == set(all_constraints())
