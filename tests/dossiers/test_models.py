"""What can never be in the database (RULES.md §1)."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from tests.constraints import Violations, refused_by
from tests.factories import DossierFactory

pytestmark = pytest.mark.django_db

violations = Violations()


@violations.of("dossier_ends_after_it_starts")
def an_end_before_the_start():
    DossierFactory(starts_on=date(2026, 9, 2), ends_on=date(2026, 9, 1))


@violations.of("dossier_number_fits_an_address")
def a_number_with_a_slash():
    DossierFactory(number="A/2026/1")


@violations.of("dossier_number_fits_an_address")
def a_number_that_climbs():
    DossierFactory(number="..")


@violations.of("dossier_grants_not_negative")
def a_negative_grant_for_tuition():
    DossierFactory(granted_tuition=Decimal("-0.01"))


@violations.of("dossier_grants_not_negative")
def a_negative_grant_for_ancillary_costs():
    DossierFactory(granted_ancillary=Decimal("-0.01"))


@pytest.mark.parametrize(("constraint", "write"), violations.cases)
def test_the_database_refuses(constraint, write):
    with refused_by(constraint):
        write()


def test_a_training_of_one_day_and_grants_of_nothing_are_accepted():
    DossierFactory(starts_on=date(2026, 9, 1), ends_on=date(2026, 9, 1), granted_tuition=0, granted_ancillary=0)


def test_no_two_dossiers_share_a_number():
    number = DossierFactory().number
    with pytest.raises(IntegrityError, match="number"), transaction.atomic():
        DossierFactory(number=number)
