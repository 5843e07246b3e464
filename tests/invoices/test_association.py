"""« Rechercher un autre dossier à associer » (RULES.md §5.2, §7)."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dossiers.enums import DossierStatus, Product
from roles.enums import Role
from tests.factories import DossierFactory, EstablishmentFactory, give_role, person_with
from tests.wizard import Wizard

pytestmark = pytest.mark.django_db


@pytest.fixture
def started(wizard, provider, dossier) -> Wizard:
    """A provider's deposit at its second step."""
    started = wizard(provider, dossier)
    started.facture()
    return started


def associate(started: Wizard, dossier, **typed):
    return started.post("details", typed, press="associer", value=dossier.number)


def chosen(started: Wizard) -> list[int]:
    return started.draft.data["extra_data"]["dossiers"]


def buttons(page: str, name: str) -> list[str]:
    """The values of the page's buttons of this name."""
    return re.findall(rf'name="{name}"\s+value="([^"]+)"', page)


def test_found_added_shown_removed_and_sent(started, dossier):
    other = DossierFactory(training_provider=dossier.training_provider, beneficiary_last_name="Béranger")
    started.post("details", {"recherche": "beranger"}, press="rechercher")
    page = started.get("details").content.decode()
    assert buttons(page, "associer") == [other.number]
    assert associate(started, other, recherche="beranger", number="F-77").url == started.url("details")
    page = started.get("details").content.decode()
    assert buttons(page, "associer") == []
    assert buttons(page, "dissocier") == [other.number]
    assert "1 sur 10" in page
    assert 'value="F-77"' in page
    started.post("details", press="dissocier", value=other.number)
    assert chosen(started) == []
    associate(started, other)
    started.to_last_step()
    assert other.number in started.get("transmettre").content.decode()
    started.send()
    assert list(started.deposit.dossiers.all()) == [other]


def test_neither_the_origin_nor_the_chosen_are_offered(started, dossier):
    started.post("details", {"recherche": dossier.number}, press="rechercher")
    assert "Aucun dossier à associer ne correspond" in started.get("details").content.decode()
    page = associate(started, dossier).content.decode()
    assert "ne peut pas être associé" in page


def test_adding_the_same_dossier_twice_adds_it_once(started, dossier):
    other = DossierFactory(training_provider=dossier.training_provider)
    associate(started, other)
    associate(started, other)
    assert chosen(started) == [other.pk]


def test_ten_and_not_eleven(started, dossier):
    others = [DossierFactory(training_provider=dossier.training_provider) for _ in range(11)]
    for other in others[:10]:
        assert associate(started, other).status_code == 302
    assert "10 sur 10" in started.get("details").content.decode()
    page = associate(started, others[10]).content.decode()
    assert "10 dossiers au plus" in page
    assert len(chosen(started)) == 10
    started.to_last_step()
    started.send()
    assert started.deposit.links.count() == 10


@pytest.mark.parametrize(
    "forbidden",
    [
        "another training establishment",
        "another provider",
        "not subrogated",
        "En cours de saisie",
        "Refusé",
        "Annulé",
        "does not exist",
    ],
)
def test_forged_numbers_are_refused(started, provider, dossier, forbidden):
    site = dossier.training_provider
    other = DossierFactory(training_provider=site)
    if forbidden == "another training establishment":
        other.training_provider = EstablishmentFactory(company=site.company)
        give_role(provider, Role.SAISIE_PRESTATAIRE, other.training_provider)
    elif forbidden == "another provider":
        other.training_provider = EstablishmentFactory()
    elif forbidden == "not subrogated":
        other.subrogated = False
    elif forbidden == "does not exist":
        other.number = "CPRO-0000-000000"
    else:
        other.status = next(status for status in DossierStatus if status.label == forbidden)
    if forbidden != "does not exist":
        other.save()
    page = associate(started, other).content.decode()
    assert "Ce dossier ne peut pas être associé" in page
    assert chosen(started) == []


def test_the_domain_of_the_role_limits_the_association(wizard, dossier):
    started = wizard(person_with(Role.SAISIE_ALTERNANCE_PRESTATAIRE, dossier.training_provider), dossier)
    started.facture()
    outside = DossierFactory(product=Product.BC, training_provider=dossier.training_provider)
    inside = DossierFactory(product=Product.CAPP, training_provider=dossier.training_provider)
    assert "ne peut pas être associé" in associate(started, outside).content.decode()
    assert associate(started, inside).status_code == 302


def test_a_company_associates_within_its_establishment(wizard, employer, dossier):
    started = wizard(employer, dossier)
    started.facture("non")
    elsewhere = EstablishmentFactory(company=dossier.employer.company)
    give_role(employer, Role.ADMIN_ETABLISSEMENT, elsewhere)
    same = DossierFactory(employer=dossier.employer, subrogated=False)
    other = DossierFactory(employer=elsewhere, training_provider=dossier.training_provider)
    assert associate(started, same).status_code == 302
    assert "ne peut pas être associé" in associate(started, other).content.decode()


def test_other_companies_are_allowed_to_a_provider_and_warned_about(started, dossier):
    same = DossierFactory(training_provider=dossier.training_provider, employer=dossier.employer)
    other = DossierFactory(training_provider=dossier.training_provider)
    associate(started, same)
    assert "plusieurs sociétés" not in started.get("details").content.decode()
    associate(started, other)
    page = started.get("details").content.decode()
    assert "plusieurs sociétés" in page
    assert other.employer.company.name in page


@pytest.mark.parametrize("change", ["closed", "not subrogated any more", "moved"])
def test_a_linked_dossier_closed_meanwhile_is_said_and_can_be_removed(wizard, provider, dossier, change):
    other = DossierFactory(training_provider=dossier.training_provider)
    started = wizard(provider, dossier)
    started.facture()
    associate(started, other)
    started.to_last_step()
    if change == "closed":
        other.status = DossierStatus.ANNULE
    elif change == "moved":
        other.training_provider = EstablishmentFactory()
    else:
        other.subrogated = False
    other.save()
    assert started.send().url == started.url("details")
    page = started.get("details").content.decode()
    assert f"Le dossier {other.number}" in page
    assert "ne peut plus être associé" in page
    started.post("details", {**typed_details(started)}, press="dissocier", value=other.number)
    started.send()
    assert list(started.deposit.dossiers.all()) == []


def typed_details(started: Wizard) -> dict[str, str]:
    """The second step as it stands on the page."""
    stored = started.draft.data["step_data"]["details"]
    return {name.removeprefix("details-"): values[0] for name, values in stored.items()}


def test_an_associated_dossier_may_ask_for_the_certificate(wizard):
    origin = DossierFactory(product=Product.CAPP, status=DossierStatus.VALIDE)
    asking = DossierFactory(
        product=Product.CAPP, status=DossierStatus.A_FACTURER, training_provider=origin.training_provider
    )
    started = wizard(person_with(Role.SAISIE_PRESTATAIRE, origin.training_provider), origin)
    started.facture("oui")
    started.details()
    assert "Rien n’est obligatoire" in started.get("justificatifs").content.decode()
    associate(started, asking, **typed_details(started))
    page = started.justificatifs().content.decode()
    assert "certificat de réalisation : il est obligatoire" in page


@pytest.mark.parametrize("text", ["%", "_", "' OR 1=1 --", "\\", "x" * 400, "<script>alert(1)</script>"])
def test_a_search_is_only_a_search(started, text):
    started.post("details", {"recherche": text}, press="rechercher")
    page = started.get("details").content.decode()
    assert "<script>alert" not in page
    assert 'name="associer"' not in page


def test_the_list_says_when_there_are_more(started, dossier):
    for _ in range(9):
        DossierFactory(training_provider=dossier.training_provider, beneficiary_last_name="Dubreuil")
    started.post("details", {"recherche": "dubreuil"}, press="rechercher")
    page = started.get("details").content.decode()
    assert page.count('name="associer"') == 8
    assert "précisez la recherche" in page


# --- While one types ------------------------------------------------------------------------------------------------


def type_(started: Wizard, text: str):
    """What the field's address answers while this is typed."""
    return started.client.get(f"/depots/{started.depot}/dossiers/", {"recherche": text})


def test_typing_finds_what_the_button_finds_and_writes_nothing(started, dossier):
    other = DossierFactory(training_provider=dossier.training_provider, beneficiary_last_name="Béranger")
    DossierFactory(beneficiary_last_name="Béranger")
    before = started.draft
    answer = type_(started, "beranger")
    page = answer.content.decode()
    assert buttons(page, "associer") == [other.number]
    assert "1 dossier trouvé pour" in page
    assert other.employer.company.name in page
    assert "<form" not in page
    assert f'hx-post="{started.url("details")}"' in page
    assert answer["Cache-Control"] == "private, no-store"
    assert (started.draft.data, started.draft.saved_at) == (before.data, before.saved_at)
    assert started.client.post(f"/depots/{started.depot}/dossiers/").status_code == 405


def test_a_company_is_shown_with_whom_the_others_are(wizard, employer, dossier):
    started = wizard(employer, dossier)
    started.facture("non")
    other = DossierFactory(employer=dossier.employer, beneficiary_last_name="Béranger")
    assert other.training_provider.company.name in type_(started, "beranger").content.decode()


@pytest.mark.parametrize(("text", "told"), [("du", True), (" d ", True), ("", False), ("  ", False)])
def test_too_little_finds_nothing_yet(started, dossier, text, told):
    DossierFactory(training_provider=dossier.training_provider, beneficiary_last_name="Dubreuil")
    page = type_(started, text).content.decode()
    assert buttons(page, "associer") == []
    assert ("commence à 3 caractères" in page) == told


def test_at_ten_the_search_says_that_no_more_can_be_added(started, dossier):
    others = DossierFactory.create_batch(11, training_provider=dossier.training_provider)
    for other in others[:10]:
        associate(started, other)
    for page in (type_(started, others[10].number), started.get("details")):
        assert "10 dossiers sont associés, le maximum" in page.content.decode()
        assert buttons(page.content.decode(), "associer") == []


def test_the_fragment_has_the_rights_of_its_draft(wizard, provider, dossier, log_in):
    started = wizard(provider, dossier)
    assert type_(started, "abc").status_code == 404  # nothing saved yet: this step is not reached
    started.facture()
    assert type_(started, "abc").status_code == 200
    colleague = Wizard(log_in(person_with(Role.SAISIE_PRESTATAIRE, dossier.training_provider)), started.depot, dossier)
    assert type_(colleague, "abc").status_code == 404
    dossier.status = DossierStatus.REFUSE
    dossier.save()
    assert type_(started, "abc").status_code == 403
    dossier.status = DossierStatus.VALIDE
    dossier.save()
    started.client.post(f"/depots/{started.depot}/supprimer/")
    assert type_(started, "abc").status_code == 410
    started.client.logout()
    assert type_(started, "abc").status_code == 302


def test_typing_costs_the_same_for_2_dossiers_and_for_8(started, dossier, django_assert_num_queries):
    DossierFactory.create_batch(2, training_provider=dossier.training_provider, beneficiary_last_name="Dubreuil")
    with CaptureQueriesContext(connection) as few:
        type_(started, "dubreuil")
    DossierFactory.create_batch(6, training_provider=dossier.training_provider, beneficiary_last_name="Dubreuil")
    with django_assert_num_queries(len(few)):
        assert len(buttons(type_(started, "dubreuil").content.decode(), "associer")) == 8
