import pytest

from dossiers.enums import DossierStatus, Product
from roles.enums import Role
from tests.factories import DossierFactory, person_with


@pytest.fixture
def dossier(db):
    """A subrogated CPRO dossier that takes invoices."""
    return DossierFactory(product=Product.CPRO, status=DossierStatus.EN_COURS_DE_REGLEMENT)


@pytest.fixture
def provider(dossier):
    """A person who deposits for the dossier's training provider."""
    return person_with(Role.SAISIE_PRESTATAIRE, dossier.training_provider)


@pytest.fixture
def employer(dossier):
    """A person who deposits for the dossier's employer."""
    return person_with(Role.ADMIN_ETABLISSEMENT, dossier.employer)
