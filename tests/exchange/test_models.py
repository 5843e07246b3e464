"""What can never be in the database."""

import pytest
from django.utils import timezone

from exchange.enums import State
from exchange.models import ImportPart
from tests.constraints import Violations, refused_by, write_again
from tests.factories import ImportFactory

pytestmark = pytest.mark.django_db

violations = Violations()


@violations.of("import_keeps_its_file_until_it_is_over")
def one_to_be_checked_without_its_file():
    write_again(ImportFactory(), file="")


@violations.of("import_keeps_its_file_until_it_is_over")
def one_that_is_done_with_its_file():
    write_again(ImportFactory(), state=State.DONE, ended_at=timezone.now())


@violations.of("import_keeps_its_file_until_it_is_over")
def one_that_is_over_and_never_ended():
    write_again(ImportFactory(), state=State.ABANDONED, file="")


@violations.of("import_part_once")
def the_same_lines_twice():
    asked = ImportFactory()
    for _ in range(2):
        ImportPart.objects.create(of=asked, first_line=2, changed=0, refused=0)


@pytest.mark.parametrize(("constraint", "write"), violations.cases)
def test_the_database_refuses(constraint, write):
    with refused_by(constraint):
        write()
