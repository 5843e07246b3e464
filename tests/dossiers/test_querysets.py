"""Which dossiers a person sees, and may associate (RULES.md §3, §5.2). Every role × status stands in test_rules."""

import pytest

from dossiers.enums import DossierStatus, Product
from dossiers.models import Dossier
from roles.enums import Role, Side
from tests.factories import (
    CompanyFactory,
    DossierFactory,
    EstablishmentFactory,
    UserFactory,
    give_role,
    person_with,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def origin():
    """A dossier of a provider with two sites and an employer with two."""
    return DossierFactory(product=Product.CPRO)


@pytest.fixture
def provider(origin):
    return person_with(Role.SAISIE_PRESTATAIRE, origin.training_provider)


@pytest.fixture
def employer(origin):
    return person_with(Role.ADMIN_ETABLISSEMENT, origin.employer)


# --- Visible ----------------------------------------------------------------------------------------------------


def test_each_side_sees_the_dossier_by_its_own_establishment(origin, provider, employer):
    assert list(Dossier.objects.visible_to(provider)) == [origin]
    assert list(Dossier.objects.visible_to(employer)) == [origin]


@pytest.mark.parametrize("role", [Role.SAISIE_PRESTATAIRE, Role.ADMIN_ETABLISSEMENT])
def test_another_site_of_the_same_company_sees_nothing(origin, role):
    place = origin.training_provider if role.side == Side.PRESTATAIRE else origin.employer
    stranger = person_with(role, EstablishmentFactory(company=place.company))
    assert not Dossier.objects.visible_to(stranger).exists()


@pytest.mark.parametrize("role", [Role.ADMIN_SOCIETE_PRESTATAIRE, Role.RESP_GESTION_SOCIETE])
def test_another_company_sees_nothing(origin, role):
    assert not Dossier.objects.visible_to(person_with(role, CompanyFactory())).exists()


def test_a_role_on_the_wrong_side_of_a_dossier_sees_nothing(origin):
    assert not Dossier.objects.visible_to(person_with(Role.ADMIN_ETABLISSEMENT, origin.training_provider)).exists()
    assert not Dossier.objects.visible_to(person_with(Role.SAISIE_PRESTATAIRE, origin.employer)).exists()


def test_a_person_without_a_role_or_inactive_sees_nothing(origin, provider):
    assert not Dossier.objects.visible_to(UserFactory(is_superuser=True)).exists()
    provider.is_active = False
    assert not Dossier.objects.visible_to(provider).exists()


def test_a_dossier_reached_by_several_roles_is_listed_once(origin, provider):
    give_role(provider, Role.ADMIN_SOCIETE_PRESTATAIRE, origin.training_provider)
    give_role(provider, Role.ADMIN_ETABLISSEMENT, origin.employer)
    assert list(Dossier.objects.visible_to(provider)) == [origin]


def test_two_roles_do_not_open_each_others_products(origin, provider):
    """Alternance at one site and PDC at another: not PDC at the first."""
    other = DossierFactory(product=Product.BC, training_provider=EstablishmentFactory())
    person = person_with(Role.SAISIE_PDC_PRESTATAIRE, origin.training_provider)
    give_role(person, Role.SAISIE_ALTERNANCE_PRESTATAIRE, other.training_provider)
    assert not Dossier.objects.visible_to(person).exists()


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("product", Product)
def test_of_one_dossier_and_of_many_the_answer_is_the_same(role, product):
    dossier = DossierFactory(product=product)
    for place in (dossier.training_provider, dossier.employer, EstablishmentFactory(company=dossier.employer.company)):
        person = person_with(role, place)
        assert dossier.is_visible_to(person) == Dossier.objects.visible_to(person).exists(), place
        person.is_active = False
        person.forget_scope()
        assert not dossier.is_visible_to(person)


# --- Associable -------------------------------------------------------------------------------------------------


def associable(origin, person, side) -> list[Dossier]:
    return list(Dossier.objects.associable_with(origin, person, side))


def test_a_provider_associates_within_its_establishment_whatever_the_company(origin, provider):
    same_employer = DossierFactory(training_provider=origin.training_provider, employer=origin.employer)
    other_company = DossierFactory(training_provider=origin.training_provider)
    assert set(associable(origin, provider, Side.PRESTATAIRE)) == {same_employer, other_company}


def test_a_provider_does_not_associate_with_another_site_that_it_reaches(origin):
    person = person_with(Role.ADMIN_SOCIETE_PRESTATAIRE, origin.training_provider.company)
    other_site = DossierFactory(
        training_provider=EstablishmentFactory(company=origin.training_provider.company), employer=origin.employer
    )
    assert other_site in Dossier.objects.open_to_invoice_from(person, Side.PRESTATAIRE)
    assert associable(origin, person, Side.PRESTATAIRE) == []


def test_a_company_associates_within_its_establishment_whatever_the_provider(origin, employer):
    same_provider = DossierFactory(employer=origin.employer, training_provider=origin.training_provider)
    other_provider = DossierFactory(employer=origin.employer)
    assert set(associable(origin, employer, Side.ENTREPRISE)) == {same_provider, other_provider}


def test_a_company_does_not_associate_with_another_site_that_it_reaches(origin):
    person = person_with(Role.RESP_GESTION_SOCIETE, origin.employer.company)
    other_site = DossierFactory(
        employer=EstablishmentFactory(company=origin.employer.company), training_provider=origin.training_provider
    )
    assert other_site in Dossier.objects.open_to_invoice_from(person, Side.ENTREPRISE)
    assert associable(origin, person, Side.ENTREPRISE) == []


def test_not_subrogated_dossiers_are_left_out_for_providers_alone(origin, provider, employer):
    other = DossierFactory(training_provider=origin.training_provider, employer=origin.employer, subrogated=False)
    assert associable(origin, provider, Side.PRESTATAIRE) == []
    assert associable(origin, employer, Side.ENTREPRISE) == [other]


def test_a_cfa_with_the_api_associates_nothing_and_its_employers_do(origin, provider, employer):
    origin.training_provider.uses_convergence_api = True
    origin.training_provider.save(update_fields=["uses_convergence_api"])
    other = DossierFactory(training_provider=origin.training_provider, employer=origin.employer)
    assert associable(origin, provider, Side.PRESTATAIRE) == []
    assert associable(origin, employer, Side.ENTREPRISE) == [other]


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("EN_COURS_DE_SAISIE", False),
        ("EN_COURS_DE_VALIDATION", True),
        ("INFORMATION_MANQUANTE", True),
        ("VALIDE", True),
        ("A_FACTURER", True),
        ("EN_COURS_DE_REGLEMENT", True),
        ("TERMINE", True),
        ("REFUSE", False),
        ("ANNULE", False),
    ],
)
def test_which_statuses_may_be_associated(origin, provider, employer, status, expected):
    other = DossierFactory(
        training_provider=origin.training_provider, employer=origin.employer, status=DossierStatus(status)
    )
    assert associable(origin, provider, Side.PRESTATAIRE) == [other] * expected
    assert associable(origin, employer, Side.ENTREPRISE) == [other] * expected


@pytest.mark.parametrize(
    ("role", "products"),
    [
        (Role.SAISIE_PRESTATAIRE, set(Product)),
        (Role.SAISIE_ALTERNANCE_PRESTATAIRE, {Product.CAPP, Product.CPRO}),
        (Role.SAISIE_PDC_PRESTATAIRE, {Product.BC, Product.VAE, Product.AUTRE}),
    ],
)
def test_the_domain_of_the_role_bounds_what_may_be_associated(origin, role, products):
    for product in Product:
        DossierFactory(product=product, training_provider=origin.training_provider)
    person = person_with(role, origin.training_provider)
    assert {d.as_product for d in associable(origin, person, Side.PRESTATAIRE)} == products


def test_the_origin_itself_is_left_out(origin, provider):
    assert origin in Dossier.objects.open_to_invoice_from(provider, Side.PRESTATAIRE)
    assert associable(origin, provider, Side.PRESTATAIRE) == []


def test_a_role_that_may_not_deposit_associates_nothing(origin):
    DossierFactory(training_provider=origin.training_provider)
    person = person_with(Role.CONSULTATION_PRESTATAIRE, origin.training_provider)
    assert associable(origin, person, Side.PRESTATAIRE) == []


def test_a_person_of_both_sides_associates_on_the_side_they_act_for(origin, provider):
    give_role(provider, Role.ADMIN_ETABLISSEMENT, origin.employer)
    mine = DossierFactory(training_provider=origin.training_provider)
    ours = DossierFactory(employer=origin.employer)
    assert associable(origin, provider, Side.PRESTATAIRE) == [mine]
    assert associable(origin, provider, Side.ENTREPRISE) == [ours]
