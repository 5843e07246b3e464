"""The list of dossiers and one dossier's page, as a browser meets them (RULES.md §3, INTERFACE)."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dossiers.enums import DossierStatus, Product
from dossiers.models import Dossier
from dossiers.views import DossierPaginator
from roles.enums import Role
from tests.factories import DossierFactory, EstablishmentFactory, give_role, make_deposit, person_with

pytestmark = pytest.mark.django_db


@pytest.fixture
def site():
    return EstablishmentFactory()


@pytest.fixture
def client(site, log_in):
    """The browser of a person of the training establishment."""
    return log_in(person_with(Role.SAISIE_PRESTATAIRE, site))


def page(client, **parameters: str) -> str:
    response = client.get("/dossiers/", parameters)
    assert response.status_code == 200
    return response.content.decode()


def listed(client, **parameters: str) -> set[str]:
    """The numbers of the dossiers in the list."""
    return set(re.findall(r"/dossiers/([^/\"]+)/documents/", page(client, **parameters)))


def test_the_list_has_what_the_person_sees_and_nothing_else(client, site):
    mine = DossierFactory(training_provider=site)
    DossierFactory()
    assert listed(client) == {mine.number}


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({}, "ABC"),
        ({"q": "lefevre"}, "A"),
        ({"produit": "CPRO"}, "AB"),
        ({"statut": "VALIDE"}, "AC"),
        ({"subroge": "oui"}, "AB"),
        ({"subroge": "non"}, "C"),
        ({"produit": "CPRO", "statut": "VALIDE", "subroge": "oui", "q": "lefevre"}, "A"),
        ({"produit": "CPRO", "subroge": "non"}, ""),
        ({"q": "absent"}, ""),
        ({"produit": "VAE"}, ""),
    ],
)
def test_search_and_filters_add_up(client, site, parameters, expected):
    common = {"training_provider": site}
    numbers = {
        "A": DossierFactory(
            product=Product.CPRO, status=DossierStatus.VALIDE, beneficiary_last_name="Lefèvre", **common
        ),
        "B": DossierFactory(
            product=Product.CPRO, status=DossierStatus.TERMINE, beneficiary_last_name="Muller", **common
        ),
        "C": DossierFactory(
            product=Product.BC, status=DossierStatus.VALIDE, subrogated=False, beneficiary_last_name="Béraud", **common
        ),
    }
    assert listed(client, **parameters) == {numbers[letter].number for letter in expected}


@pytest.mark.parametrize(
    "nonsense",
    [
        {"produit": "XXX"},
        {"statut": "' OR 1=1"},
        {"subroge": "peut-être"},
        {"page": "0"},
        {"page": "-1"},
        {"page": "999"},
        {"page": "deux"},
        {"page": "9" * 5000},
        {"page": "1.5"},
        {"q": "a\x00b"},
        {"q": "x" * 3000},
        {"inconnu": "1"},
    ],
    ids=str,
)
def test_a_value_that_is_not_understood_filters_nothing(client, site, nonsense):
    dossier = DossierFactory(training_provider=site)
    assert listed(client, **nonsense) == {dossier.number}


def test_the_list_is_cut_in_pages_that_keep_the_filters(client, site):
    DossierFactory.create_batch(26, training_provider=site)
    first, second, beyond = (listed(client, page=number, subroge="oui") for number in ("1", "2", "3"))
    assert (len(first), len(second)) == (25, 1)
    assert not first & second
    assert beyond == second
    assert 'rel="next"' in page(client)
    link = re.search(r'href="(\?[^"]*page=2[^"]*)"', page(client, subroge="oui"))
    assert link
    assert "subroge=oui" in link[1]


def test_a_list_of_very_many_ends_and_says_how_to_find_the_others(client, site, monkeypatch):
    monkeypatch.setattr(DossierPaginator, "counted", 50)
    DossierFactory.create_batch(50, training_provider=site)
    assert "premiers dossiers sont listés" not in page(client)
    last = DossierFactory(training_provider=site, number="VAE-2026-999999")
    assert "Seuls les 50 premiers dossiers sont listés" in page(client)
    assert "Page 2 sur 2" in page(client, page="3")
    assert listed(client, q=last.number) == {last.number}


def test_what_is_searched_is_not_counted(client, site):
    """A common name among very many: a page is asked for, and whether another one follows."""
    names = [DossierFactory(training_provider=site, beneficiary_last_name="Martin").number for _ in range(51)]
    with CaptureQueriesContext(connection) as queries:
        first = page(client, q="martin")
    assert not [query for query in queries.captured_queries if "COUNT(" in query["sql"]]
    assert 'rel="next"' in first
    assert "Page 1</p>" in first
    assert "Page 3 sur 3" in page(client, q="martin", page="3")
    assert 'rel="next"' not in page(client, q="martin", page="3")
    pages = [listed(client, q="martin", page=number) for number in "123"]
    assert [len(numbers) for numbers in pages] == [25, 25, 1]
    assert set().union(*pages) == set(names)
    # Beyond the last, and what is no number.
    assert listed(client, q="martin", page="4") == pages[2]
    assert listed(client, q="martin", page="x") == pages[0]
    assert listed(client, q="martin", page="0") == pages[2]


def test_what_is_searched_ends_too(client, site, monkeypatch):
    monkeypatch.setattr(DossierPaginator, "counted", 50)
    DossierFactory.create_batch(51, training_provider=site, beneficiary_last_name="Martin")
    last = page(client, q="martin", page="2")
    assert 'rel="next"' not in last
    assert "Page 2 sur 2" in last
    assert "Seuls les 50 premiers dossiers sont listés" in last
    assert "Seuls les" not in page(client, q="martin")


def test_an_empty_list_says_what_to_do(client):
    assert "Aucun dossier pour l’instant" in page(client)
    assert "Aucun dossier ne correspond" in page(client, q="absent")


def test_names_are_escaped(client, site):
    DossierFactory(
        training_provider=site,
        beneficiary_last_name="<script>alert(1)</script>",
        employer__name='"><img src=x onerror=alert(1)>',
        training_title="<b>Gras</b>",
    )
    number = listed(client).pop()
    for text in (page(client), client.get(f"/dossiers/{number}/").content.decode()):
        assert "<script>alert" not in text
        assert "<img src=x" not in text
        assert "<b>Gras" not in text
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert 'value="&quot;&gt;&lt;i&gt;"' in page(client, q='"><i>')


@pytest.mark.parametrize("address", ["", "documents/"])
def test_a_dossier_that_is_not_visible_does_not_exist(client, site, address):
    other = DossierFactory(employer=site)  # the person is on the provider's side
    assert client.get(f"/dossiers/{other.number}/{address}").status_code == 404
    assert client.get(f"/dossiers/INCONNU/{address}").status_code == 404
    mine = DossierFactory(training_provider=site)
    assert client.get(f"/dossiers/{mine.number}/{address}").status_code == 200


@pytest.mark.parametrize("number", ["%00", "CPRO%00", "%F0%9F%98%80", "..%2F..", "%ED%A0%80", "x" * 2000])
@pytest.mark.parametrize("address", ["", "documents/", "factures/ajouter/"])
def test_a_number_that_cannot_be_is_not_found(client, number, address):
    assert client.get(f"/dossiers/{number}/{address}").status_code == 404


@pytest.mark.parametrize("address", ["/dossiers/", "/dossiers/CPRO-2026-000001/"])
def test_reading_is_all_that_the_pages_do(client, address):
    assert client.post(address).status_code == 405


def queries_of(client, address: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert client.get(address).status_code == 200
    return len(queries)


def test_the_list_asks_as_much_of_the_database_for_2_dossiers_as_for_25(client, site):
    DossierFactory.create_batch(2, training_provider=site)
    few = queries_of(client, "/dossiers/")
    DossierFactory.create_batch(23, training_provider=site)
    assert len(listed(client)) == 25
    assert queries_of(client, "/dossiers/") == few


def test_the_documents_tab_asks_as_much_of_the_database_for_2_deposits_as_for_10(site, log_in):
    dossier = DossierFactory(training_provider=site)
    others = DossierFactory.create_batch(2, training_provider=site)
    person = person_with(Role.SAISIE_PRESTATAIRE, site)
    client = log_in(give_role(person, Role.ADMIN_ETABLISSEMENT, dossier.employer).user)

    def deposit(count: int) -> None:
        for _ in range(count):
            deposited = dossier.own_deposits.count()
            number = f"F-{deposited}" if deposited % 2 else None
            make_deposit(dossier, person, number=number, associated=others if number else ())

    address = f"/dossiers/{dossier.number}/documents/"
    deposit(2)
    few = queries_of(client, address)
    deposit(8)
    assert client.get(address).content.decode().count("Annuler le dépôt") == 10
    assert queries_of(client, address) == few


def test_what_waits_for_someone_comes_first_then_the_number(client, site):
    for status in DossierStatus:
        DossierFactory.create_batch(2, training_provider=site, status=status)
    rows = re.findall(r"/dossiers/([^/\"]+)/documents/", page(client))
    shown = [Dossier.objects.get(number=number) for number in rows]
    labels = [dossier.get_status_display() for dossier in shown]
    assert (
        labels[::2]
        == labels[1::2]
        == [
            *("À facturer", "Information manquante", "En cours de règlement", "Validé", "En cours de validation"),
            *("Terminé", "En cours de saisie", "Refusé", "Annulé"),
        ]
    )
    assert all(first.number < second.number for first, second in zip(shown[::2], shown[1::2], strict=True))


@pytest.mark.services
def test_the_order_by_need_reads_an_index(site):
    """Hundreds of thousands of dossiers are not sorted for each page."""
    user = person_with(Role.SAISIE_PRESTATAIRE, site)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off; SET LOCAL enable_bitmapscan = off")
        plan = Dossier.objects.visible_to(user).by_need()[:25].explain()
    assert "dossier_provider_need" in plan
    assert "Sort" not in plan
