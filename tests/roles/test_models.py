"""Identifiers, and what can never be in the database (RULES.md §1, §3)."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from roles.enums import Role
from roles.models import RoleAssignment, User, validate_siren, validate_siret
from tests.constraints import Violations, refused_by, write_again
from tests.factories import CompanyFactory, EstablishmentFactory, RoleAssignmentFactory, UserFactory

pytestmark = pytest.mark.django_db

ON_A_COMPANY, ON_A_SITE = Role.ADMIN_SOCIETE_PRESTATAIRE, Role.SAISIE_PRESTATAIRE
violations = Violations()


@violations.of("establishment_siret_starts_with_siren")
def the_siret_of_another_company():
    write_again(EstablishmentFactory(), siret=EstablishmentFactory.build(company=CompanyFactory()).siret)


@violations.of("user_email_lower_case")
def an_address_with_capitals():
    User.objects.bulk_create([User(email="Camille@essai.example")])


@violations.of("role_assignment_place_fits_scope")
def a_company_role_on_an_establishment():
    RoleAssignmentFactory(role=ON_A_COMPANY)


@violations.of("role_assignment_place_fits_scope")
def an_establishment_role_on_a_company():
    RoleAssignmentFactory(role=ON_A_SITE, company=CompanyFactory(), establishment=None)


@violations.of("role_assignment_place_fits_scope")
def a_company_role_on_both():
    RoleAssignmentFactory(role=ON_A_COMPANY, company=CompanyFactory())


@violations.of("role_assignment_place_fits_scope")
def an_establishment_role_on_both():
    RoleAssignmentFactory(role=ON_A_SITE, company=CompanyFactory())


@violations.of("role_assignment_place_fits_scope")
def a_company_role_on_nothing():
    RoleAssignmentFactory(role=ON_A_COMPANY, establishment=None)


@violations.of("role_assignment_place_fits_scope")
def an_establishment_role_on_nothing():
    RoleAssignmentFactory(role=ON_A_SITE, establishment=None)


@violations.of("role_assignment_place_fits_scope")
def a_role_that_does_not_exist():
    RoleAssignmentFactory(role="DIRECTEUR")


@violations.of("role_assignment_once_a_company")
def the_same_role_twice_on_a_company():
    held = RoleAssignmentFactory(role=ON_A_COMPANY, company=CompanyFactory(), establishment=None)
    RoleAssignmentFactory(user=held.user, role=held.role, company=held.company, establishment=None)


@violations.of("role_assignment_once_an_establishment")
def the_same_role_twice_on_an_establishment():
    held = RoleAssignmentFactory(role=ON_A_SITE)
    RoleAssignmentFactory(user=held.user, role=held.role, establishment=held.establishment)


@pytest.mark.parametrize(("constraint", "write"), violations.cases)
def test_the_database_refuses(constraint, write):
    with refused_by(constraint):
        write()


def test_a_person_may_hold_two_roles_on_a_place_and_a_role_on_two_places():
    held = RoleAssignmentFactory(role=ON_A_SITE)
    RoleAssignmentFactory(user=held.user, role=Role.CONSULTATION_PRESTATAIRE, establishment=held.establishment)
    RoleAssignmentFactory(user=held.user, role=held.role)
    assert RoleAssignment.objects.filter(user=held.user).count() == 3


@pytest.mark.parametrize(
    ("make", "field"), [(CompanyFactory, "siren"), (EstablishmentFactory, "siret"), (UserFactory, "email")]
)
def test_no_two_rows_share_an_identifier(make, field):
    first = make()
    with pytest.raises(IntegrityError, match=field), transaction.atomic():
        make(**{field: getattr(first, field)} | ({"company": first.company} if field == "siret" else {}))


@pytest.mark.parametrize("value", ["732829320", "404833048", "356000000"])
def test_a_siren_is_nine_digits_with_a_right_check_digit(value):
    validate_siren(value)


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("732829321", id="wrong digit"),
        pytest.param("732 829 320", id="spaces"),
        pytest.param("732829320 ", id="space at the end"),
        pytest.param("73282932", id="too short"),
        pytest.param("7328293200", id="too long"),
        pytest.param("73282932A", id="letter"),
        pytest.param("٧٣٢٨٢٩٣٢٠", id="other digits"),
        pytest.param("", id="empty"),
    ],
)
def test_what_is_not_a_siren(value):
    with pytest.raises(ValidationError, match="SIREN n’est pas valide"):
        validate_siren(value)


@pytest.mark.parametrize(
    "value",
    [
        "73282932000074",
        "40483304800022",
        pytest.param("35600000049837", id="La Poste: its digits add up to a multiple of five"),
        pytest.param("35600000000048", id="La Poste's head office: an ordinary check digit"),
    ],
)
def test_a_siret_is_fourteen_digits_with_a_right_check_digit(value):
    validate_siret(value)


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("73282932000075", id="wrong digit"),
        pytest.param("35600000049838", id="La Poste, wrong digit"),
        pytest.param("73282932100073", id="its SIREN is wrong"),
        pytest.param("732 829 320 00074", id="spaces"),
        pytest.param("7328293200007", id="too short"),
        pytest.param("732829320000740", id="too long"),
        pytest.param("7328293200007A", id="letter"),
        pytest.param("", id="empty"),
    ],
)
def test_what_is_not_a_siret(value):
    with pytest.raises(ValidationError, match="SIRET n’est pas valide"):
        validate_siret(value)


def test_an_address_is_kept_in_lower_case_by_forms_and_commands():
    assert User.objects.create_user(" Camille@Essai.Example ", "demo").email == "camille@essai.example"
    person = User(email="ÉLODIE@essai.example", password="demo")
    person.clean()
    assert person.email == "élodie@essai.example"
