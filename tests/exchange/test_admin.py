"""Imports in the back office: sent, looked at, confirmed, by whom they may be; lists as files."""

import csv
from io import BytesIO, StringIO

import pytest
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from dossiers.enums import DossierStatus
from dossiers.models import Dossier
from exchange import running, tasks
from exchange.enums import Kind, State
from exchange.models import Import
from invoices.catalogue.values import LARGEST_FILE_BYTES
from invoices.models import Deposit
from roles.enums import Role
from roles.models import User
from tests.exchange.conftest import checked, counts, fresh, imported
from tests.factories import (
    CompanyFactory,
    DossierFactory,
    EstablishmentFactory,
    ImportFactory,
    UserFactory,
    make_deposit,
    person_with,
    siren,
)
from trail.enums import Action
from trail.models import Event

# Django's own pages use variables that are not defined.
pytestmark = [pytest.mark.django_db, pytest.mark.ignore_template_errors]

ADD = "/admin/exchange/import/add/"


def member(*permissions: str, **options) -> Client:
    """A browser of somebody of the staff who has these permissions."""
    person, client = UserFactory(is_staff=True), Client(**options)
    for permission in permissions:
        app, codename = permission.split(".")
        person.user_permissions.add(Permission.objects.get(content_type__app_label=app, codename=codename))
    client.force_login(person)
    return client


def supervisor(**options) -> Client:
    return member("exchange.add_import", "exchange.view_import", **options)


def text_of(response) -> str:
    """What a page says, or a streamed file."""
    content = b"".join(response.streaming_content) if response.streaming else response.content
    return content.decode().replace("\u00a0", " ")


def send(client: Client, content: str | bytes, kind: str = "companies", **more):
    data = content.encode() if isinstance(content, str) else content
    file = SimpleUploadedFile("sociétés.csv", data)
    return client.post(ADD, {"kind": kind, "file": file, **more})


def test_a_file_is_sent_checked_confirmed_and_imported(django_capture_on_commit_callbacks):
    client = supervisor()
    assert "Colonnes attendues" in text_of(client.get(ADD))
    answer = send(client, f"SIREN;Nom;Note\n{siren(1)};Une;\n123;Autre;\n")
    asked = Import.objects.get()
    assert answer.url == asked.get_absolute_url()
    page = text_of(client.get(answer.url))
    assert "Vérification en cours" in page
    assert "Actualiser" in page
    tasks.run_waiting()
    page = text_of(client.get(answer.url))
    assert "À confirmer" in page
    assert "Importer (1 ligne)" in page
    assert "Ces colonnes ne sont pas lues : Note." in page
    assert "Ce numéro SIREN n’est pas valide" in page
    client.post(f"/admin/exchange/import/{asked.pk}/importer/")
    assert fresh(asked).state == State.IMPORTING
    with django_capture_on_commit_callbacks(execute=True):
        tasks.run_waiting()
    page = text_of(client.get(answer.url))
    assert "Importé" in page
    assert "Importer (" not in page
    assert counts(fresh(asked)) == (1, 0, 0, 1)
    again = client.post(f"/admin/exchange/import/{asked.pk}/importer/", follow=True)
    assert "n’attend plus de confirmation" in text_of(again)


def test_a_file_larger_than_a_document_is_taken_and_one_beyond_the_limit_is_not(settings):
    client = supervisor()
    line = "x" * 1000
    large = f"SIREN;Nom\n{siren(2)};Une\n" + f";{line}\n" * 22_000
    assert send(client, large).status_code == 302
    asked = Import.objects.get()
    assert asked.size > LARGEST_FILE_BYTES
    assert asked.file.storage.size(str(asked.file)) == asked.size
    settings.MAX_IMPORT_BYTES = 2**20
    answer = send(client, large)
    assert answer.status_code == 200
    assert "Ce fichier a plus de 1 Mo" in text_of(answer)
    assert Import.objects.count() == 1


def test_what_is_missing_is_told():
    client = supervisor()
    page = text_of(client.post(ADD, {"kind": "companies"}))
    assert "Choisissez un fichier." in page
    assert "Ce fichier est vide" in text_of(send(client, ""))


def test_a_forged_form_sends_nothing():
    client = supervisor(enforce_csrf_checks=True)
    assert send(client, "SIREN;Nom\n").status_code == 403
    asked = ImportFactory()
    for action in ("importer", "abandonner"):
        assert client.post(f"/admin/exchange/import/{asked.pk}/{action}/").status_code == 403
    token = client.get(ADD).cookies["csrftoken"].value
    assert send(client, "SIREN;Nom\n", csrfmiddlewaretoken=token).status_code == 302


def test_who_may_import():
    looks, may, accounts = member("exchange.view_import"), supervisor(), member("exchange.add_import", "roles.add_user")
    nobody, anonymous = member(), Client()
    asked, of_accounts = checked(Kind.COMPANIES, "SIREN;Nom\n"), checked(Kind.ACCOUNTS, "Adresse e-mail\n")
    for client, add, page, people in (
        (nobody, 403, 403, 403),
        (looks, 403, 200, 403),
        (may, 200, 200, 403),
        (accounts, 200, 403, 302),
        (anonymous, 302, 302, 302),
    ):
        assert client.get(ADD).status_code == add
        assert client.get(asked.get_absolute_url()).status_code == page
        assert client.get(f"/admin/exchange/import/{asked.pk}/rapport.csv").status_code == page
        answers = {client.post(f"/admin/exchange/import/{of_accounts.pk}/{one}/").status_code for one in ACTIONS}
        assert answers == {people}
        if client is looks:
            assert "Importer (" not in text_of(client.get(asked.get_absolute_url()))
    kinds = [value for value, _ in may.get(ADD).context["form"].fields["kind"].choices]
    assert kinds == ["companies", "establishments", "dossiers"]
    assert "accounts" not in kinds
    assert send(may, "Adresse e-mail\n", kind="accounts").status_code == 200
    assert fresh(of_accounts).state == State.ABANDONED, "by the one who may"


ACTIONS = ("abandonner",)


def test_nothing_but_a_post_confirms():
    asked = checked(Kind.COMPANIES, f"SIREN;Nom\n{siren(3)};Une\n")
    client = supervisor()
    for action in ("importer", "abandonner"):
        assert client.get(f"/admin/exchange/import/{asked.pk}/{action}/").url == asked.get_absolute_url()
    assert fresh(asked).state == State.CHECKED
    assert client.post(asked.get_absolute_url(), {"state": "DONE"}).status_code == 403


def test_the_report_is_a_file():
    DossierFactory(number="D-1", status=DossierStatus.VALIDE)
    asked = imported(Kind.DOSSIERS, "Numéro;Statut\nD-1;TERMINE\n=D-2;TERMINE\n")
    answer = supervisor().get(f"/admin/exchange/import/{asked.pk}/rapport.csv")
    lines = list(csv.reader(StringIO(text_of(answer).removeprefix("\ufeff")), delimiter=";"))
    assert lines[0] == ["Ligne", "Objet", "Résultat", "Colonne", "Avant", "Après", "Motif"]
    assert lines[1] == ["2", "D-1", "Modifié", "Statut", "Validé", "Terminé", ""]
    assert {(line[0], line[1], line[2]) for line in lines[2:]} == {("3", "'=D-2", "Refusé")}


def test_a_page_costs_the_same_however_many_lines():
    client = supervisor()
    costs = []
    for lines in (3, 300):
        text = "SIREN;Nom\n" + "".join(f"{siren(100 + rank)};Société {rank}\n" for rank in range(lines))
        asked = checked(Kind.COMPANIES, text)
        client.get(asked.get_absolute_url())
        with CaptureQueriesContext(connection) as captured:
            client.get(asked.get_absolute_url())
        costs.append(len(captured))
    assert costs[0] == costs[1]


# --- Lists as files -------------------------------------------------------------------------------------------------


def export(client: Client, what: str, extension: str = "csv", **query):
    return client.get(reverse("admin:exchange_export", args=[what, extension]), query)


def rows_of(response) -> list[list]:
    """The lines of an export after its titles, whichever format."""
    content = b"".join(response.streaming_content)
    if response["Content-Type"].startswith("text/csv"):
        return list(csv.reader(StringIO(content.decode("utf-8-sig")), delimiter=";"))[1:]
    return [list(row) for row in load_workbook(BytesIO(content)).active.iter_rows(min_row=2, values_only=True)]


@pytest.fixture
def back_office() -> Client:
    client = Client()
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    return client


@pytest.mark.parametrize("extension", ["csv", "xlsx"])
def test_what_is_exported_can_be_imported_and_changes_nothing(back_office, extension):
    site = EstablishmentFactory(name="=Formule & <fils>", company=CompanyFactory(name="+33 Services"))
    person_with(Role.SAISIE_PRESTATAIRE, site)
    person_with(Role.ADMIN_SOCIETE_PRESTATAIRE, site)
    DossierFactory(employer=site)
    DossierFactory(subrogated=False)
    for kind in Kind:
        content = b"".join(export(back_office, kind.value, extension).streaming_content)
        asked = checked(kind, content)
        created, changed, unchanged, refused = counts(asked)
        assert (created, changed) == (0, 0), kind
        assert unchanged > 0
        # The back office's own account is refused only where it would change; it does not.
        assert refused == 0, kind


@pytest.mark.parametrize("extension", ["csv", "xlsx"])
def test_deposits_are_exported_as_the_list_filters_them(back_office, extension):
    dossier = DossierFactory()
    depositor = person_with(Role.SAISIE_PRESTATAIRE, dossier.training_provider)
    one = make_deposit(dossier, depositor, number="=F-1", associated=[DossierFactory(), DossierFactory()])
    make_deposit(dossier, depositor, number="F-2")
    make_deposit(dossier, depositor, number=None)
    assert len(rows_of(export(back_office, "deposits", extension))) == 3
    (row,) = rows_of(export(back_office, "deposits", extension, q="=F-1", state__exact="PENDING", p="7", o="1"))
    assert row[0] == one.reference
    assert row[2] == ("'=F-1" if extension == "csv" else "=F-1")
    assert row[4] == ("4000,00" if extension == "csv" else 4000)
    assert row[14] == depositor.email
    assert row[10].count(",") == 1
    assert rows_of(export(back_office, "deposits", extension, state__exact="CANCELLED")) == []
    event = Event.objects.filter(action=Action.EXPORT).first()
    assert event.details == {"format": extension, "list": "deposits"}


def test_an_export_costs_the_same_queries_for_two_deposits_and_twenty(back_office):
    def cost() -> int:
        with CaptureQueriesContext(connection) as captured:
            rows_of(export(back_office, "deposits"))
        return len(captured)

    def deposit(count: int) -> None:
        for rank in range(count):
            dossier = DossierFactory()
            depositor = person_with(Role.SAISIE_PRESTATAIRE, dossier.training_provider)
            make_deposit(dossier, depositor, number=f"F-{rank}", associated=[DossierFactory()])

    deposit(2)
    few = cost()
    deposit(18)
    assert cost() == few


def test_a_query_that_is_none_leads_back_to_the_list(back_office):
    answer = export(back_office, "deposits", state__nothing="x")
    assert answer.url == "/admin/invoices/deposit/?e=1"


def test_more_than_a_sheet_holds_is_for_csv(back_office, settings):
    settings.EXPORT_SHEET_ROWS = 1
    DossierFactory.create_batch(2)
    assert export(back_office, "dossiers", "xlsx", q="").url.startswith("/admin/dossiers/dossier/")
    assert export(back_office, "dossiers", "csv").status_code == 200


def test_a_list_is_exported_by_who_may_see_it():
    looks, nobody = member("dossiers.view_dossier"), member("exchange.view_import")
    assert export(looks, "dossiers").status_code == 200
    for what in ("companies", "accounts", "deposits"):
        assert export(looks, what).status_code == 403
    assert export(nobody, "dossiers").status_code == 403
    assert export(Client(), "dossiers").status_code == 302
    assert export(looks, "events").status_code == 404
    assert export(looks, "dossiers", "ods").status_code == 404


LISTS = [
    (Dossier, "dossiers", True),
    (Deposit, "deposits", False),
    (User, "accounts", True),
]


@pytest.mark.parametrize(("model", "what", "importable"), LISTS)
def test_each_list_offers_its_files(back_office, model, what, importable):
    listing = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    page = text_of(back_office.get(listing, {"q": "abc", "p": "1"}))
    assert f'href="/admin/exchange/import/exporter/{what}.csv?q=abc"' in page
    assert f'href="/admin/exchange/import/exporter/{what}.xlsx?q=abc"' in page
    assert (f"{ADD}?kind={what}" in page) is importable


def test_who_only_looks_is_offered_no_import():
    page = text_of(member("dossiers.view_dossier").get("/admin/dossiers/dossier/"))
    assert "dossiers.csv" in page
    assert ADD not in page


def test_running_is_told_by_the_list(back_office):
    ImportFactory()
    assert "Vérification en cours" in text_of(back_office.get("/admin/exchange/import/"))
    assert running.run_waiting() == 1
