"""Deposits in the back office: found, narrowed, shown whole; relaunched, cancelled, taken along, read; all recorded."""

import io
import re
import zipfile
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.db.models import F
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from invoices.back_office import gestures, search
from invoices.enums import DepositState, DocumentType
from invoices.flags import Flag
from invoices.models import Deposit, Document, Handover
from invoices.pdf.reading import Reading, Source, XmlProblem
from invoices.presentation import written
from invoices.transmission import transmit_due
from outbox.models import Mail
from portal.groups import ADMINISTRATOR, CLERK, SUPERVISOR
from roles.enums import Role, Side
from roles.models import User
from tests.answers import sent
from tests.factories import DossierFactory, EstablishmentFactory, make_deposit, person_with
from tests.groups import staff
from trail.enums import Action, Result
from trail.models import Event

# Django's own pages use variables that are not defined.
pytestmark = [pytest.mark.django_db, pytest.mark.ignore_template_errors]

LISTING = "/admin/invoices/deposit/"


def browser(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


@pytest.fixture
def clerk() -> User:
    return staff(CLERK)


@pytest.fixture
def supervisor() -> User:
    return staff(SUPERVISOR)


def deposit(number: str | None = "F2026-118", origin=None, **facts) -> Deposit:
    origin = origin or DossierFactory()
    return make_deposit(origin, person_with(Role.SAISIE_PRESTATAIRE, origin.training_provider), number=number, **facts)


def overdue(**facts) -> Deposit:
    made = deposit(**facts)
    long_ago = timezone.now() - timedelta(hours=2)
    Deposit.objects.filter(pk=made.pk).update(submitted_at=long_ago, transmit_at=long_ago)
    return made


def listed(client: Client, **asked: str) -> set[Deposit]:
    answer = client.get(LISTING, asked)
    assert answer.status_code == 200
    return set(answer.context["cl"].result_list)


def page_of(made: Deposit, end: str = "change/") -> str:
    return f"{LISTING}{made.pk}/{end}"


def asked_on_the_list(client: Client, action: str, *rows: Deposit, **more: str):
    return client.post(LISTING, {"action": action, "_selected_action": [row.pk for row in rows]} | more)


def events(action: Action) -> list[tuple[str, str, str]]:
    return list(Event.objects.filter(action=action).order_by("pk").values_list("email", "result", "reason"))


# --- Found ----------------------------------------------------------------------------------------------------------


def test_a_deposit_is_found_by_what_people_read_out(clerk):
    other = deposit("AUTRE-1")
    made = deposit(
        "F 2026-118", DossierFactory(number="CPRO-2026-778899"), associated=[DossierFactory(number="BC-1-9")]
    )
    Document.objects.filter(deposit=made).update(sha256="ab" * 32)
    client, site = browser(clerk), made.perimeter
    employer = made.origin.employer
    for text in (
        *("F 2026-118", "f2026-118", "F20", made.reference, made.reference.replace("-", " ").lower()),
        *("CPRO-2026-778899", "cpro-2026-7788", "BC-1-9"),
        *(site.siret, f" {site.siret[:9]} {site.siret[9:]} ", site.siret[:9], employer.siret),
        *(made.depositor.email, made.depositor.email.upper(), "AB" * 32, str(made.pk)),
    ):
        assert listed(client, q=text) == {made}, text
    assert listed(client, q="  ") == {made, other}
    for text in ("personne", "9", "CD" * 32, "nulle part", "%", "'"):
        assert listed(client, q=text) == set(), text


def test_what_is_meant_by_too_little_is_said(clerk, monkeypatch):
    monkeypatch.setattr(search, "MANY", 1)
    for rank in range(2):
        deposit(f"F-{rank}", DossierFactory(number=f"CPRO-2025-{rank}"))
    answer = browser(clerk).get(LISTING, {"q": "CPRO-2025"})
    assert "Trop de dossiers commencent ainsi" in answer.content.decode()


@pytest.mark.parametrize("model", ["invoice", "document"])
def test_invoices_and_documents_are_found_by_the_same(clerk, model):
    made, _ = deposit("F-1"), deposit("AUTRE")
    Document.objects.filter(deposit=made).update(sha256="ab" * 32)
    client = browser(clerk)
    for text in ("F-1", made.reference, made.origin.number, "ab" * 32):
        rows = client.get(f"/admin/invoices/{model}/", {"q": text}).context["cl"].result_list
        assert {row.deposit for row in rows} == {made}, text


# --- Narrowed -------------------------------------------------------------------------------------------------------


def test_deposits_are_narrowed(clerk):
    waiting, late, gone = deposit("F-1"), overdue(number="F-2"), deposit("F-3", delay=timedelta(0))
    assert transmit_due(gone.pk)
    dossier = DossierFactory(product="VAE")
    company = make_deposit(dossier, person_with(Role.ADMIN_ETABLISSEMENT, dossier.employer), Side.ENTREPRISE)
    for rank, document in enumerate(Document.objects.all()):
        Document.objects.filter(pk=document.pk).update(sha256=f"{rank:064}")
    Document.objects.filter(deposit=waiting, type=DocumentType.CERTIFICAT_REALISATION).update(flags=["xfa"])
    client = browser(clerk)
    assert listed(client, statut="en-cours") == {waiting, late, company}
    assert listed(client, statut="en-retard") == {late}
    assert listed(client, statut="transmis") == {gone}
    assert listed(client, cote="entreprise") == {company}
    assert listed(client, produit="VAE") == {company}
    assert listed(client, signalement=Flag.FLAGGED) == listed(client, signalement="tous") == {waiting}
    assert listed(client, signalement=Flag.SAME_FILE) == set()
    for nonsense in ("statut", "cote", "produit", "signalement", "du", "au"):
        assert listed(client, **{nonsense: "?"}) == {waiting, late, gone, company}, nonsense


def test_where_its_hand_over_stands_is_told_and_found_where_there_is_one(clerk, settings, tmp_path):
    handed_over, alone = deposit("REMIS"), deposit("SEUL")
    Handover.objects.create(deposit=handed_over, delivered_at=timezone.now(), manifest_sha256="a")
    client = browser(clerk)
    assert "column-handed_over" not in client.get(LISTING).content.decode()
    settings.HANDOVER_PLACE = tmp_path
    assert "column-handed_over" in client.get(LISTING).content.decode()
    assert listed(client, remise="remis") == {handed_over}
    assert listed(client, remise="attente") == set()
    assert listed(client, remise="rien") == {handed_over, alone}
    assert "Remise à l’OPCO" in client.get(page_of(handed_over)).content.decode()


def test_deposits_are_narrowed_by_day(clerk):
    made, earlier = deposit("F-1"), deposit("F-2")
    Deposit.objects.filter(pk=earlier.pk).update(submitted_at=F("submitted_at") - timedelta(days=10))
    client, today = browser(clerk), timezone.localdate()
    days = {name: (today - timedelta(days=count)).isoformat() for name, count in (("week", 6), ("long_ago", 10))}
    assert listed(client, du=days["week"]) == {made}
    assert listed(client, du=today.isoformat(), au=today.isoformat()) == {made}
    assert listed(client, au=days["week"]) == {earlier}
    assert listed(client, du=days["long_ago"], au=days["long_ago"]) == {earlier}
    page = client.get(LISTING, {"du": days["week"], "statut": "en-cours"}).content.decode()
    assert f'name="du" value="{days["week"]}"' in page
    assert '<input type="hidden" name="statut" value="en-cours">' in page


def queries(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


@pytest.mark.parametrize("asked", ["", "?signalement=tous", "?q=F-", "?statut=en-retard", "?du=2020-01-01"])
def test_the_list_costs_the_same_for_20_deposits_and_for_200(clerk, asked):
    origin, depositor = DossierFactory(), person_with(Role.SAISIE_PRESTATAIRE, EstablishmentFactory())

    def more(count: int) -> None:
        for _ in range(count):
            make_deposit(origin, depositor, number=f"F-{Deposit.objects.count()}", documents=())

    client = browser(clerk)
    more(20)
    client.get(LISTING + asked)
    few = queries(client, LISTING + asked)
    more(180)
    # Nineteen where each flag is looked up in all deposits first.
    assert queries(client, LISTING + asked) == few <= (19 if "tous" in asked else 12)


# --- On one page ----------------------------------------------------------------------------------------------------


def test_a_page_has_all_of_a_deposit(clerk):
    associated = DossierFactory()
    made = deposit("F-1", associated=[associated])
    other = deposit("F-2")
    page = browser(clerk).get(page_of(made)).content.decode()
    for shown in (
        *("Facture F-1", made.reference, made.origin.number, associated.number, made.origin.beneficiary),
        *("4\u202f000,00\u00a0€", "4\u202f800,00\u00a0€", made.perimeter.name, made.depositor.email),
        *("En cours de transmission · encore", "facture.pdf", "certificat_realisation.pdf"),
        *(document.sha256 for document in made.documents.all()),
        f"Dépôt {made.reference} reçu",
        "Dépôt d’une facture",
        # Their files are alike, and its dossiers are of two companies.
        *(Flag.SAME_FILE.label, f"Facture F-2 · {other.origin.number}", Flag.SEVERAL_COMPANIES.label),
    ):
        assert shown in page, shown
    for document in made.documents.all():
        assert reverse("admin:invoices_document_thumbnail", args=[document.pk]) in page


def test_a_page_has_what_was_read_beside_what_was_deposited(clerk):
    reading = Reading(
        source=Source.XML, number="F-1", currency="EUR", amount_ht=Decimal("4000"), amount_ttc=Decimal("4900.5")
    )
    page = browser(clerk).get(page_of(deposit("F-1", reading=reading))).content.decode()
    lines = [
        [re.sub(r"<[^>]+>|\s+", " ", cell).strip() for cell in re.findall(r"<t[hd]\b.*?</t[hd]>", row, re.DOTALL)]
        for row in re.findall(r"<tr>.*?</tr>", page.split('id="lecture"')[1].split("</table>")[0], re.DOTALL)
    ]
    today = written(timezone.localdate(), "jour").replace("\u00a0", " ")
    assert lines == [
        ["Champ", "Lu", "Proposé", "Déposé"],
        ["Numéro", "F-1", "F-1", "F-1"],
        ["Date d’émission", "–", "–", today],
        ["Montant HT", "4 000,00 €", "4 000,00", "4 000,00 €"],
        ["Montant TTC", "4 900,50 €", "4 900,50", "4 800,00 € (modifié)"],
    ]
    assert "XML de la facture électronique" in page
    assert Flag.NOT_AS_IN_XML.label in page


def test_a_page_says_why_nothing_was_read(clerk):
    several = Reading(source=Source.XML, problem=XmlProblem.SEVERAL)
    page = browser(clerk).get(page_of(deposit(reading=several))).content.decode()
    assert "Le PDF contient le XML de plusieurs factures" in page
    assert 'id="lecture"' not in browser(clerk).get(page_of(deposit("F-2"))).content.decode()


def test_a_page_shows_what_its_reader_may_see(clerk):
    made = deposit("F-1")
    person = staff()
    person.user_permissions.add(*clerk.groups.get().permissions.filter(codename="view_deposit"))
    page = browser(person).get(page_of(made)).content.decode()
    assert "Facture F-1" in page
    for hidden in (
        "vignette.webp",
        "Historique",
        "Courriels",
        "Relancer",
        "Télécharger",
        "/admin/roles/",
        "/admin/dossiers",
    ):
        assert hidden not in page, hidden


def test_what_may_be_done_with_it_is_offered(supervisor):
    client = browser(supervisor)
    waiting, late, gone = deposit("F-1"), overdue(number="F-2"), deposit("F-3", delay=timedelta(0))
    transmit_due(gone.pk)

    def offered(made: Deposit) -> list[str]:
        answer = client.get(page_of(made))
        for gesture, address in answer.context["gestures"]:
            assert address == page_of(made, f"{gesture.name}/")
            assert f'href="{address}"' in answer.content.decode()
        return [gesture.name for gesture, _ in answer.context["gestures"]]

    assert offered(waiting) == ["annuler", "telecharger"]
    assert offered(late) == ["relancer", "telecharger"]
    assert offered(gone) == ["telecharger"]


def test_nothing_of_it_is_written_by_hand(supervisor):
    made = deposit()
    client = browser(supervisor)
    assert client.post(page_of(made), {"state": "TRANSMITTED"}).status_code == 403
    assert client.get(f"{LISTING}nulle-part/change/").status_code == 302


# --- Relaunched -----------------------------------------------------------------------------------------------------


def test_a_late_deposit_is_relaunched_from_its_page(clerk):
    made, client = overdue(), browser(clerk)
    asking = client.get(page_of(made, "relancer/")).content.decode()
    assert made.title in asking
    made.refresh_from_db()
    assert made.is_pending
    assert client.post(page_of(made, "relancer/")).url == page_of(made)
    assert "Dépôt transmis" in client.get(page_of(made)).content.decode()
    made.refresh_from_db()
    assert made.state == DepositState.TRANSMITTED
    assert events(Action.RELAUNCH) == [(clerk.email, Result.DONE, "")]
    assert events(Action.TRANSMIT) == [("", Result.DONE, "")]
    # Again: it does nothing, and says so.
    client.post(page_of(made, "relancer/"))
    assert "n’a pas été transmis" in client.get(page_of(made)).content.decode()
    assert events(Action.RELAUNCH)[1:] == [(clerk.email, Result.REFUSED, "not_pending")]
    assert Mail.objects.filter(subject__contains="transmis").count() == 1


def test_of_several_only_those_that_are_due_are_transmitted(clerk):
    late, waiting, client = overdue(number="F-1"), deposit("F-2"), browser(clerk)
    asking = asked_on_the_list(client, "relaunch", late, waiting)
    asked = asking.context["asked"]
    assert [pk for pk, _ in asked.possible] == [late.pk]
    assert [told for told, _ in asked.impossible] == [f"{waiting.title} · {waiting.origin.number}"]
    assert "son délai court encore" in asking.content.decode()
    assert events(Action.RELAUNCH) == []
    asked_on_the_list(client, "relaunch", late, waiting, confirmed="oui")
    assert {row.number_key: row.state for row in Deposit.objects.all()} == {"f-1": "TRANSMITTED", "f-2": "PENDING"}
    assert set(events(Action.RELAUNCH)) == {(clerk.email, Result.DONE, ""), (clerk.email, Result.REFUSED, "not_due")}


def test_too_many_at_once_are_not_begun(clerk, monkeypatch):
    monkeypatch.setattr(gestures, "AT_ONCE", 1)
    rows, client = [overdue(number=f"F-{rank}") for rank in range(2)], browser(clerk)
    assert asked_on_the_list(client, "relaunch", *rows, confirmed="oui").status_code == 302
    assert "choisissez-en moins" in client.get(LISTING).content.decode()
    assert all(row.is_pending for row in Deposit.objects.all())


# --- Cancelled ------------------------------------------------------------------------------------------------------


def test_a_deposit_is_cancelled_and_its_depositor_told_by_whom(supervisor):
    made, client = deposit(), browser(supervisor)
    assert made.title in client.get(page_of(made, "annuler/")).content.decode()
    client.post(page_of(made, "annuler/"))
    made.refresh_from_db()
    assert (made.state, made.cancelled_by) == (DepositState.CANCELLED, supervisor)
    row = Event.objects.get(action=Action.CANCEL)
    assert (row.email, row.side, row.deposit) == (supervisor.email, "", made.pk)
    mail = Mail.objects.get(subject__contains="annulé")
    assert mail.recipient == made.depositor.email
    assert "a été annulé par l’OPCO le" in mail.body
    assert supervisor.email not in mail.body


def test_what_its_depositor_cancels_is_not_the_opcos(log_in):
    made = deposit()
    sent(log_in(made.depositor).post(f"/depots/{made.pk}/annuler/"))
    assert "a été annulé le" in Mail.objects.get(subject__contains="annulé").body


def test_it_is_too_late_once_the_delay_is_over(supervisor):
    late, client = overdue(), browser(supervisor)
    assert client.get(page_of(late, "annuler/")).context["asked"].possible == []
    client.post(page_of(late, "annuler/"))
    late.refresh_from_db()
    assert late.is_pending
    assert events(Action.CANCEL) == [(supervisor.email, Result.REFUSED, "too_late")]


def test_who_may_not_cancel_does_not_by_the_list_either(clerk):
    made = deposit()
    asked_on_the_list(browser(clerk), "cancel", made, confirmed="oui")
    made.refresh_from_db()
    assert made.is_pending
    assert events(Action.CANCEL) == []


# --- Taken along, read ----------------------------------------------------------------------------------------------


def archive_of(answer) -> zipfile.ZipFile:
    assert answer["Content-Type"] == "application/zip"
    assert "no-store" in answer["Cache-Control"]
    content = b"".join(answer.streaming_content)
    assert len(content) == int(answer["Content-Length"])
    return zipfile.ZipFile(io.BytesIO(content))


def test_one_deposit_is_taken_along(clerk):
    made, client = deposit(), browser(clerk)
    assert "2 fichiers" in client.get(page_of(made, "telecharger/")).content.decode()
    answer = client.post(page_of(made, "telecharger/"))
    assert 'filename="depot-F2026-118.zip"' in answer["Content-Disposition"]
    assert len(archive_of(answer).namelist()) == 2
    assert events(Action.DOWNLOAD_ALL) == [(clerk.email, Result.DONE, "")]


def test_several_are_taken_along_each_in_its_folder(clerk):
    rows, client = [deposit(f"F-{rank}") for rank in range(2)], browser(clerk)
    assert asked_on_the_list(client, "download", *rows).status_code == 200
    assert events(Action.DOWNLOAD_ALL) == []
    names = archive_of(asked_on_the_list(client, "download", *rows, confirmed="oui")).namelist()
    assert {name.partition("/")[0] for name in names} == {row.reference for row in rows}
    assert len(names) == 4
    assert events(Action.DOWNLOAD_ALL) == [(clerk.email, Result.DONE, "")] * 2


def test_a_file_that_is_lost_is_named(clerk):
    made, client = deposit(), browser(clerk)
    made.documents.first().file.delete(save=False)
    client.post(page_of(made, "telecharger/"))
    assert "n’est plus lisible" in client.get(page_of(made)).content.decode()
    assert events(Action.DOWNLOAD_ALL) == []


def test_each_reading_is_recorded(clerk):
    made, client = deposit(), browser(clerk)
    document = made.documents.first()
    base = f"/admin/invoices/document/{document.pk}/"
    assert document.name in client.get(f"{base}apercu/?page=99").content.decode()
    assert client.get(f"{base}vignette.webp")["Content-Type"] == "image/webp"
    assert events(Action.VIEW) == []
    page = client.get(f"{base}pages/1.webp")
    assert (page["Content-Type"], page["Cache-Control"]) == ("image/webp", "private, no-store")
    assert client.get(f"{base}pages/2.webp").status_code == 404
    assert events(Action.VIEW) == [(clerk.email, Result.DONE, "")]
    file = sent(client.get(f"{base}fichier/"))
    assert file["Content-Disposition"].startswith("attachment")
    assert Event.objects.get(action=Action.DOWNLOAD).deposit == made.pk


def test_a_group_has_what_the_one_before_it_has(supervisor):
    made = overdue()
    for group in (SUPERVISOR, ADMINISTRATOR):
        assert browser(staff(group)).get(page_of(made, "relancer/")).status_code == 200
