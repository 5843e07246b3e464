"""« Mes dépôts »: who finds which deposits there, searched, filtered, by pages, and exported."""

import csv
import re
from datetime import datetime, timedelta
from io import BytesIO, StringIO

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from openpyxl import load_workbook

from invoices import deposits, transmission
from invoices.enums import DocumentType
from invoices.models import Deposit
from invoices.overview.listing import DepositPaginator
from roles.enums import Role, Side
from tests.factories import DossierFactory, EstablishmentFactory, UserFactory, give_role, make_deposit, person_with

pytestmark = pytest.mark.django_db

TITLES = [
    *("Facture", "Date d’émission", "Montant HT", "Montant TTC", "Frais pédagogiques", "Documents", "Dossier"),
    *("Bénéficiaire", "Autres dossiers", "Déposé en tant que", "Établissement", "Statut", "Déposé le"),
    *("Transmis le", "Annulé le"),
]


def page(client, **parameters: str) -> str:
    response = client.get("/depots/", parameters)
    assert response.status_code == 200
    return response.content.decode()


def listed(client, **parameters: str) -> list[str]:
    """The rows' titles, in their order."""
    return re.findall(r'<th scope="row"[^>]*>\s*([^<]+?)\s*<span', page(client, **parameters))


def csv_rows(client, **parameters: str) -> list[dict[str, str]]:
    """The export's rows by title; the file is UTF-8 with its mark."""
    response = client.get("/depots/export.csv", parameters)
    assert response.status_code == 200
    content = response.getvalue()
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";"))


def sheet_of(client, **parameters: str):
    """The only sheet of the exported workbook."""
    response = client.get("/depots/export.xlsx", parameters)
    assert response.status_code == 200
    return load_workbook(BytesIO(response.getvalue())).active


def transmitted(*arguments, **more) -> Deposit:
    deposit = make_deposit(*arguments, delay=timedelta(0), **more)
    transmission.transmit_due(deposit.pk)
    return deposit


def test_an_empty_list_says_what_will_come(provider, log_in):
    client = log_in(provider)
    assert "Aucun dépôt pour l’instant" in page(client)
    assert "Aucun dépôt ne correspond" in page(client, q="absent")
    assert csv_rows(client) == []


def test_newest_first_by_pages_of_25(dossier, provider, log_in):
    for rank in range(27):
        make_deposit(dossier, provider, number=f"N-{rank:02d}", documents=())
    client = log_in(provider)
    assert len(listed(client)) == 25
    assert listed(client) + listed(client, page="2") == [f"N-{rank:02d}" for rank in range(26, -1, -1)]
    assert [row["Facture"] for row in csv_rows(client, page="2")] == [f"N-{rank:02d}" for rank in range(26, -1, -1)]


def test_a_list_of_very_many_ends_and_says_how_to_find_the_others(dossier, provider, log_in, monkeypatch):
    monkeypatch.setattr(DepositPaginator, "counted", 25)
    for rank in range(26):
        make_deposit(dossier, provider, Side.PRESTATAIRE, number=f"F-{rank}", delay=timedelta(0))
    client = log_in(provider)
    assert "Seuls les 25 premiers dépôts sont listés" in page(client)
    assert 'rel="next"' not in page(client)
    assert "Seuls les 25 premiers dépôts sont listés" in page(client, q="F-")
    assert "Seuls les" not in page(client, q="F-25")
    assert len(csv_rows(client)) == 26


def test_a_row_says_what_was_deposited_where_and_as_whom(dossier, provider, log_in):
    make_deposit(dossier, provider)
    html = page(log_in(provider))
    for shown in ("4\u202f000,00\u00a0€", "4\u202f800,00\u00a0€", dossier.beneficiary, "Prestataire de formation"):
        assert shown in html
    assert "En cours de transmission" in html
    assert f"/dossiers/{dossier.number}/documents/#depot-" in html


def test_documents_without_an_invoice_are_named_by_their_types(dossier, provider, log_in):
    make_deposit(dossier, provider, number=None, documents=(DocumentType.RIB,))
    client = log_in(provider)
    assert listed(client) == ["RIB"]
    assert [csv_rows(client)[0][title] for title in ("Facture", "Montant HT", "Documents")] == ["", "", "RIB"]


def test_everyone_finds_the_deposits_of_the_dossiers_they_see(dossier, provider, employer, log_in):
    make_deposit(dossier, provider)
    for person in (provider, employer, person_with(Role.CONSULTATION_PRESTATAIRE, dossier.training_provider)):
        assert listed(log_in(person)) == ["F2026-118"]
    for stranger in (UserFactory(), person_with(Role.SAISIE_PRESTATAIRE, EstablishmentFactory())):
        assert listed(log_in(stranger)) == []
        assert csv_rows(log_in(stranger)) == []
        assert sheet_of(log_in(stranger)).max_row == 1


def test_who_sees_an_associated_dossier_alone_finds_the_deposit_once_transmitted_and_by_that_dossier(
    dossier, provider, log_in
):
    other, third = DossierFactory.create_batch(2, training_provider=dossier.training_provider)
    employer = log_in(person_with(Role.ADMIN_ETABLISSEMENT, other.employer))
    deposit = make_deposit(dossier, provider, associated=[third, other], delay=timedelta(0))
    assert listed(employer) == []
    transmission.transmit_due(deposit.pk)
    assert listed(employer) == ["F2026-118"]
    html = page(employer)
    assert other.number in html
    assert dossier.number not in html
    assert "autre dossier" not in html
    assert [(row["Dossier"], row["Autres dossiers"]) for row in csv_rows(employer)] == [(other.number, "")]
    # A search finds nothing by what the person does not see.
    assert listed(employer, q=other.number) == ["F2026-118"]
    assert listed(employer, q=dossier.number) == listed(employer, q=third.number) == []

    client = log_in(provider)
    assert "et 2 autres dossiers" in page(client)
    assert [(row["Dossier"], row["Autres dossiers"]) for row in csv_rows(client)] == [
        (dossier.number, f"{third.number}, {other.number}")
    ]


@pytest.fixture
def four(dossier, provider, employer):
    """A: transmitted; B: cancelled; C: pending, by the company; D: pending, for another beneficiary."""
    other = DossierFactory(training_provider=dossier.training_provider, beneficiary_last_name="Œuvrard")
    transmitted(dossier, provider, number="A 2026/01")
    deposits.cancel(make_deposit(dossier, provider, number="B"), provider)
    make_deposit(dossier, employer, Side.ENTREPRISE, number="C")
    make_deposit(other, provider, number="D")
    return dossier, other


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({}, "DCBA"),
        ({"q": "a2026/"}, "A"),
        ({"q": "oeuvrard"}, "D"),
        ({"q": "absent"}, ""),
        ({"statut": "TRANSMITTED"}, "A"),
        ({"statut": "CANCELLED"}, "B"),
        ({"statut": "PENDING"}, "DC"),
        ({"cote": "ENTREPRISE"}, "C"),
        ({"cote": "PRESTATAIRE", "statut": "PENDING"}, "D"),
        ({"du": "2000-01-01"}, "DCBA"),
        ({"du": "2999-12-31"}, ""),
        ({"au": "2000-01-01"}, ""),
        ({"du": "0001-01-01", "au": "9999-12-31"}, "DCBA"),
        # What is not understood filters nothing.
        ({"statut": "XXX"}, "DCBA"),
        ({"cote": "' OR 1=1"}, "DCBA"),
        ({"du": "hier"}, "DCBA"),
        ({"q": "a\x00b"}, "DCBA"),
        ({"q": "\u200b"}, "DCBA"),
        ({"page": "deux"}, "DCBA"),
    ],
    ids=str,
)
def test_search_and_filters_add_up_in_the_list_and_in_both_exports(four, provider, log_in, parameters, expected):
    client = log_in(provider)
    assert "".join(title[0] for title in listed(client, **parameters)) == expected
    assert "".join(row["Facture"][0] for row in csv_rows(client, **parameters)) == expected
    rows = sheet_of(client, **parameters).iter_rows(min_row=2, values_only=True)
    assert "".join(row[0][0] for row in rows) == expected


def test_by_the_number_of_a_dossier(four, provider, log_in):
    dossier, other = four
    client = log_in(provider)
    assert listed(client, q=other.number) == ["D"]
    assert len(listed(client, q=dossier.number)) == 3


def test_the_period_counts_days_as_they_are_in_paris(dossier, provider, log_in):
    deposit = make_deposit(dossier, provider)
    # Half past midnight in Paris, still the day before in UTC.
    Deposit.objects.filter(pk=deposit.pk).update(
        submitted_at=datetime.fromisoformat("2026-07-13T22:30:00+00:00"),
        transmit_at=datetime.fromisoformat("2026-07-13T22:45:00+00:00"),
    )
    client = log_in(provider)
    assert listed(client, du="2026-07-14", au="2026-07-14") == ["F2026-118"]
    assert listed(client, au="2026-07-13") == listed(client, du="2026-07-15") == []


def test_the_links_keep_the_filters(dossier, provider, log_in):
    for rank in range(26):
        make_deposit(dossier, provider, number=f"N-{rank}", documents=())
    html = page(log_in(provider), statut="PENDING", page="2")
    for link in (
        "/depots/export.csv?statut=PENDING",
        "/depots/export.xlsx?statut=PENDING",
        "?statut=PENDING&amp;page=1",
    ):
        assert f'href="{link}"' in html


# --- The files --------------------------------------------------------------------------------------------------


def test_the_csv_is_read_by_french_excel(dossier, provider, log_in):
    deposit = transmitted(dossier, provider)
    response = log_in(provider).get("/depots/export.csv")
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Content-Disposition"] == f'attachment; filename="mes-depots-{timezone.localdate():%Y-%m-%d}.csv"'
    assert response["Cache-Control"] == "private, no-store"
    assert response.streaming
    titles, first = response.getvalue().decode("utf-8-sig").split("\r\n")[:2]
    assert titles.split(";") == TITLES
    deposit.refresh_from_db()
    submitted, sent = (
        f"{timezone.localtime(moment):%d/%m/%Y %H:%M}" for moment in (deposit.submitted_at, deposit.transmitted_at)
    )
    assert first.split(";") == [
        *("F2026-118", f"{timezone.localdate():%d/%m/%Y}", "4000,00", "4800,00", "Oui"),
        *("Facture, Certificat de réalisation", dossier.number, dossier.beneficiary, ""),
        *("Prestataire de formation", dossier.training_provider.name, "Transmis", submitted, sent, ""),
    ]


def test_the_workbook_has_dates_amounts_and_words(dossier, provider, log_in):
    transmitted(dossier, provider)
    sheet = sheet_of(log_in(provider))
    assert [cell.value for cell in sheet[1]] == TITLES
    row = dict(zip(TITLES, sheet[2], strict=True))
    assert row["Date d’émission"].value == datetime.combine(timezone.localdate(), datetime.min.time())
    assert (row["Montant HT"].value, row["Montant TTC"].value) == (4000, 4800)
    assert "€" in row["Montant TTC"].number_format
    assert row["Dossier"].value == dossier.number
    submitted = timezone.localtime(Deposit.objects.get().submitted_at)
    assert row["Déposé le"].value == submitted.replace(tzinfo=None, microsecond=0)
    assert row["Annulé le"].value is None


@pytest.mark.parametrize(
    "typed", ["=1+1", "+33", "-1", "@SUM(A1)", '=HYPERLINK("http://x.example";"y")', "\t=1", "＝1+1", " =1"]
)
def test_nothing_typed_becomes_a_formula(dossier, provider, log_in, typed):
    make_deposit(dossier, provider, number=typed)
    client = log_in(provider)
    assert csv_rows(client)[0]["Facture"] == f"'{typed.strip()}"
    cell = sheet_of(client)["A2"]
    assert (cell.data_type, cell.value) == ("s", typed.strip())


def test_what_is_typed_stays_in_its_cell(dossier, provider, log_in):
    dossier.beneficiary_last_name = 'L’"Hôte";\r\n=1+1\x0b'
    dossier.save(update_fields=["beneficiary_last_name"])
    make_deposit(dossier, provider)
    client = log_in(provider)
    expected = f'{dossier.beneficiary_first_name} L’"Hôte"; =1+1'
    assert [row["Bénéficiaire"] for row in csv_rows(client)] == [expected]
    assert sheet_of(client)["H2"].value == expected


def test_too_many_for_a_workbook_leads_back_to_the_list(dossier, provider, log_in, settings):
    settings.EXPORT_XLSX_ROWS = 1
    client = log_in(provider)
    make_deposit(dossier, provider, number="F-1")
    assert sheet_of(client).max_row == 2
    make_deposit(dossier, provider, number="F-2")
    response = client.get("/depots/export.xlsx", {"cote": "PRESTATAIRE"}, follow=True)
    assert response.redirect_chain == [("/depots/?cote=PRESTATAIRE", 302)]
    assert "limité à 1 dépôts" in response.content.decode()
    assert len(csv_rows(client)) == 2


# --- What it costs ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["/depots/", "/depots/export.csv", "/depots/export.xlsx"])
def test_as_many_queries_for_2_deposits_as_for_20(dossier, provider, log_in, address):
    others = DossierFactory.create_batch(2, training_provider=dossier.training_provider)
    client = log_in(give_role(provider, Role.ADMIN_ETABLISSEMENT, dossier.employer).user)

    def deposit(count: int) -> None:
        for _ in range(count):
            made = Deposit.objects.count()
            number = f"F-{made}" if made % 2 else None
            make_deposit(dossier, provider, number=number, associated=others if number else ())

    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            response = client.get(address, {"q": dossier.number})
            assert response.status_code == 200
            assert response.getvalue() if response.streaming else response.content
        return len(asked)

    deposit(2)
    few = queries()
    deposit(18)
    assert len(csv_rows(client)) == 20
    assert queries() == few
