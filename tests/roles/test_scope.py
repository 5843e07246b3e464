"""What a person reaches (RULES.md §3)."""

import pytest
from django.contrib.auth.models import AnonymousUser

from roles.enums import Domain, Role, Side
from roles.scope import PersonScope, scope_of
from tests.factories import CompanyFactory, EstablishmentFactory, UserFactory, give_role, person_with

pytestmark = pytest.mark.django_db

COMPANY, PROVIDER = Side.ENTREPRISE, Side.PRESTATAIRE
ALTERNANCE, PDC = Domain.ALTERNANCE, Domain.PDC


@pytest.fixture
def company():
    return CompanyFactory()


@pytest.fixture
def sites(company):
    """Two establishments of one company."""
    EstablishmentFactory()  # of another one
    return EstablishmentFactory.create_batch(2, company=company)


def ids(*sites) -> frozenset[int]:
    return frozenset(site.pk for site in sites)


def test_a_role_on_a_company_holds_for_all_its_establishments(company, sites):
    person = person_with(Role.ADMIN_SOCIETE_PRESTATAIRE, company)
    assert scope_of(person).establishments(PROVIDER, ALTERNANCE) == ids(*sites)


def test_a_role_on_a_company_holds_for_an_establishment_created_later(company, sites):
    person = person_with(Role.RESP_GESTION_SOCIETE, company)
    later = EstablishmentFactory(company=company)
    assert scope_of(person).establishments(COMPANY, PDC) == ids(*sites, later)


def test_a_role_on_an_establishment_holds_there_alone(sites):
    person = person_with(Role.SAISIE_PRESTATAIRE, sites[0])
    assert scope_of(person).establishments(PROVIDER, PDC) == ids(sites[0])


def test_a_role_reaches_nothing_on_the_other_side(sites):
    assert not scope_of(person_with(Role.SAISIE_PRESTATAIRE, sites[0])).establishments(COMPANY, PDC)
    assert not scope_of(person_with(Role.ADMIN_ETABLISSEMENT, sites[0])).establishments(PROVIDER, PDC)


def test_a_role_reaches_nothing_of_the_other_domain(sites):
    scope = scope_of(person_with(Role.SAISIE_ALTERNANCE_PRESTATAIRE, sites[0]))
    assert scope.establishments(PROVIDER, ALTERNANCE) == ids(sites[0])
    assert not scope.establishments(PROVIDER, PDC)


def test_roles_add_up_each_with_its_own_domain_and_side(company, sites):
    first, second = sites
    person = person_with(Role.SAISIE_ALTERNANCE_PRESTATAIRE, first)
    give_role(person, Role.SAISIE_PDC_PRESTATAIRE, second)
    give_role(person, Role.ADMIN_SOCIETE_PDC, company)
    scope = scope_of(person)
    assert scope.establishments(PROVIDER, ALTERNANCE) == ids(first)
    assert scope.establishments(PROVIDER, PDC) == ids(second)
    assert scope.establishments(COMPANY, ALTERNANCE) == ids()
    assert scope.establishments(COMPANY, PDC) == ids(first, second)


def test_roles_on_two_companies_do_not_mix(company, sites):
    other = EstablishmentFactory()
    person = person_with(Role.ADMIN_SOCIETE_PDC, company)
    give_role(person, Role.ADMIN_SOCIETE_ALTERNANCE, other)
    assert scope_of(person).establishments(COMPANY, PDC) == ids(*sites)
    assert scope_of(person).establishments(COMPANY, ALTERNANCE) == ids(other)


def test_a_role_that_may_only_look_opens_nothing_to_deposit(sites):
    first, second = sites
    person = person_with(Role.CONSULTATION_PRESTATAIRE, first)
    give_role(person, Role.SAISIE_PRESTATAIRE, second)
    assert scope_of(person).establishments(PROVIDER, PDC) == ids(first, second)
    assert scope_of(person).establishments(PROVIDER, PDC, to_deposit=True) == ids(second)


def test_another_persons_roles_open_nothing(sites):
    person_with(Role.SAISIE_PRESTATAIRE, sites[0])
    assert scope_of(UserFactory()) == PersonScope()


def test_an_inactive_or_anonymous_person_reaches_nothing(sites):
    person = person_with(Role.SAISIE_PRESTATAIRE, sites[0])
    person.is_active = False
    assert scope_of(person) == PersonScope()
    assert scope_of(AnonymousUser()) == PersonScope()


def test_the_back_office_reaches_nothing_by_being_staff(sites):
    assert scope_of(UserFactory(is_staff=True, is_superuser=True)) == PersonScope()


@pytest.mark.parametrize("companies", [1, 8])
def test_two_queries_whatever_the_number_of_roles(companies, django_assert_num_queries):
    person = UserFactory()
    for site in EstablishmentFactory.create_batch(companies):
        give_role(person, Role.ADMIN_SOCIETE_PRESTATAIRE, site)
        give_role(person, Role.SAISIE_PRESTATAIRE, site)
    with django_assert_num_queries(2):
        scope_of(person)


def test_the_scope_is_read_once_for_each_loaded_person(sites, django_assert_num_queries):
    person = person_with(Role.SAISIE_PRESTATAIRE, sites[0])
    with django_assert_num_queries(1):  # no role on a company: its establishments are not asked for
        assert person.scope is person.scope
