"""The proof of a deposit: receipt page, PDF and mails, and the page that verifies a file (RULES.md §6, §7)."""

import re
from contextlib import contextmanager
from datetime import timedelta
from io import BytesIO

import pytest
from django.core import mail as django_mail
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import F
from django.test import Client
from pypdf import PdfReader

from dossiers.enums import DossierStatus
from invoices import deposits, tasks, transmission
from invoices.enums import DepositState, DocumentType
from invoices.models import Deposit, Document
from invoices.presentation import written
from invoices.receipts import paper
from invoices.references import new_reference, read_reference
from outbox import sending
from outbox.models import Mail
from roles.enums import Role, Side
from tests.factories import DossierFactory, UserFactory, make_deposit, person_with

pytestmark = pytest.mark.django_db

REFERENCE = re.compile(r"DEP(-[0-9A-HJKMNP-TV-Z]{4}){4}")


@pytest.fixture
def other(dossier):
    """Another dossier of the same provider, of another employer."""
    return DossierFactory(training_provider=dossier.training_provider)


@pytest.fixture
def deposit(dossier, other, provider):
    """Just submitted on `dossier`, with `other` associated."""
    return make_deposit(dossier, provider, associated=[other])


def page(client: Client, deposit: Deposit) -> str:
    response = client.get(f"/depots/{deposit.pk}/recepisse/")
    assert response.status_code == 200
    return response.content.decode()


def pdf_text(client: Client, deposit: Deposit) -> str:
    response = client.get(f"/depots/{deposit.pk}/recepisse.pdf")
    assert response.status_code == 200
    return text_of(response.content)


def text_of(pdf: bytes) -> str:
    return "\n".join(sheet.extract_text() for sheet in PdfReader(BytesIO(pdf)).pages)


def end_delay(deposit: Deposit) -> None:
    Deposit.objects.filter(pk=deposit.pk).update(
        submitted_at=deposit.submitted_at - timedelta(hours=1), transmit_at=deposit.submitted_at - timedelta(minutes=1)
    )
    assert transmission.transmit_due(deposit.pk) == 1


# --- The page and the PDF --------------------------------------------------------------------------------------


def test_page_pdf_and_mail_say_the_same(deposit, dossier, other, provider, log_in):
    client = log_in(provider)
    told = [page(client, deposit), pdf_text(client, deposit), Mail.objects.get().body]
    for text in told:
        for said in (
            deposit.reference,
            "heure de Paris (UTC+",
            "F2026-118",
            "4\u202f800,00\u00a0€",
            dossier.number,
            other.number,
            "Prestataire de formation",
            *(
                said
                for document in deposit.documents.all()
                for said in (document.name, document.sha256, "1\u00a0page", f"{document.size}\u00a0octets")
            ),
        ):
            assert said.replace("\u202f", " ").replace("\u00a0", " ") in re.sub(r"[\u202f\u00a0]", " ", text), said


def test_each_state_says_where_it_stands(deposit, dossier, provider, log_in):
    client = log_in(provider)
    pending = page(client, deposit)
    for said in ("Facture déposée", "En cours de transmission", "Déposer une autre facture", "Annuler le dépôt"):
        assert said in pending
    assert provider.email in pending
    assert "En cours de transmission" in pdf_text(client, deposit)
    end_delay(deposit)
    transmitted = page(client, deposit)
    assert "Transmis ·" in transmitted
    assert "Annuler le dépôt" not in transmitted
    assert "Transmis le" in pdf_text(client, deposit)


def test_a_cancelled_deposit_keeps_its_receipt(deposit, provider, log_in):
    client = log_in(provider)
    assert client.post(f"/depots/{deposit.pk}/annuler/").status_code == 302
    cancelled = page(client, deposit)
    assert "Dépôt annulé" in cancelled
    assert "Facture déposée" not in cancelled
    assert "Annuler le dépôt" not in cancelled
    assert "Annulé le" in pdf_text(client, deposit)


def test_a_document_without_an_invoice_has_a_receipt_and_mails(dossier, provider, log_in):
    deposit = make_deposit(dossier, provider, number=None, documents=[DocumentType.RIB])
    assert "Document déposé" in page(log_in(provider), deposit)
    assert "Montant" not in pdf_text(log_in(provider), deposit)
    body = Mail.objects.get().body
    assert "RIB\u00a0: rib.pdf" in body
    assert "Montant" not in body


def test_another_invoice_is_offered_where_it_can_be_deposited(deposit, dossier, provider, log_in):
    dossier.status = DossierStatus.ANNULE
    dossier.save(update_fields=["status"])
    assert "Déposer une autre facture" not in page(log_in(provider), deposit)


def test_who_sees_a_receipt(deposit, dossier, other, provider, employer, log_in, client):
    colleague = person_with(Role.CONSULTATION_PRESTATAIRE, dossier.training_provider)
    elsewhere = person_with(Role.ADMIN_ETABLISSEMENT, other.employer)
    stranger = person_with(Role.SAISIE_PRESTATAIRE, DossierFactory().training_provider)

    def answers(person) -> set[int]:
        addresses = (f"/depots/{deposit.pk}/recepisse/", f"/depots/{deposit.pk}/recepisse.pdf")
        return {log_in(person).get(address).status_code for address in addresses}

    for person in (provider, colleague, employer):
        assert answers(person) == {200}
    for person in (elsewhere, stranger):
        assert answers(person) == {404}
    assert "Annuler le dépôt" not in page(log_in(colleague), deposit)
    end_delay(deposit)
    assert answers(elsewhere) == {200}
    assert answers(stranger) == {404}
    for address in (f"/depots/{deposit.pk}/recepisse/", f"/depots/{deposit.pk}/recepisse.pdf", "/recepisses/x/"):
        assert client.get(address).url.startswith("/connexion/")


def test_it_names_the_dossiers_that_the_person_sees_and_no_other(deposit, dossier, other, log_in):
    end_delay(deposit)
    for person, seen, unseen in (
        (person_with(Role.ADMIN_ETABLISSEMENT, other.employer), other, dossier),
        (person_with(Role.ADMIN_ETABLISSEMENT, dossier.employer), dossier, other),
    ):
        client = log_in(person)
        for text in (page(client, deposit), pdf_text(client, deposit)):
            assert seen.number in text
            assert unseen.number not in text
            assert unseen.beneficiary not in text


def test_the_address_in_mails_leads_to_the_receipt(deposit, provider, log_in):
    address = re.search(
        r"http://testserver(/recepisses/\S+)", Mail.objects.get().body.replace("127.0.0.1:8000", "testserver")
    )
    assert log_in(provider).get(address[1]).url == f"/depots/{deposit.pk}/recepisse/"
    assert log_in(provider).get(address[1].lower()).url == f"/depots/{deposit.pk}/recepisse/"
    assert log_in(UserFactory()).get(address[1]).status_code == 404
    assert log_in(provider).get("/recepisses/rien/").status_code == 404


def test_the_pdf_is_a_download_that_no_cache_keeps(deposit, provider, log_in):
    response = log_in(provider).get(f"/depots/{deposit.pk}/recepisse.pdf")
    assert response["Content-Type"] == "application/pdf"
    assert response["Content-Disposition"] == f'attachment; filename="recepisse-{deposit.reference}.pdf"'
    assert response["Cache-Control"] == "private, no-store"
    reader = PdfReader(BytesIO(response.content))
    assert reader.metadata.title == f"Récépissé du dépôt {deposit.reference}"
    assert reader.metadata.author == "Portail des dépôts"
    assert reader.root_object["/Lang"] == "fr-FR"
    assert len(reader.pages) == 1


def test_the_pdf_is_the_same_at_the_same_moment(deposit, dossier):
    deposit = Deposit.objects.select_related("invoice").get(pk=deposit.pk)
    first, second = (paper.draw(deposit, [dossier], at=deposit.submitted_at) for _ in range(2))
    assert first == second


def test_any_name_prints(deposit, provider, log_in):
    known, unknown = "Œuvre n° 3 – Łódź, Đặng, Ωμέγα, Жук.pdf", "発票 🙂 فاتورة \x01\n.pdf"
    for document, name in zip(deposit.documents.all(), (known, unknown), strict=True):
        Document.objects.filter(pk=document.pk).update(name=name)
    text = pdf_text(log_in(provider), deposit)
    assert known in text
    assert "\ufffd" in text
    assert paper.printable("é発a", {ord("a"), ord("e")}) == "e\ufffda"


@pytest.mark.parametrize(
    "name", ["rib.pdf", "un nom de fichier qui prend plus d’une ligne sur le récépissé " * 3 + ".pdf"]
)
def test_many_files_take_several_pages_and_none_is_cut(dossier, provider, name):
    deposit = make_deposit(dossier, provider, documents=[DocumentType.RIB] * 30)
    deposit.documents.update(name=name)
    deposit.refresh_from_db()
    reader = PdfReader(BytesIO(paper.draw(deposit, [dossier], at=deposit.submitted_at)))
    assert 2 <= len(reader.pages) <= 6
    sheets = [sheet.extract_text() for sheet in reader.pages]
    assert sum(text.count("SHA-256") for text in sheets) == 31
    for number, text in enumerate(sheets, start=1):
        assert text.count("SHA-256") == len(re.findall(r"\b[0-9a-f]{64}\b", text))
        assert f"Page {number} sur {len(sheets)}" in text


# --- Mails -----------------------------------------------------------------------------------------------------


def subjects() -> list[str]:
    return list(Mail.objects.order_by("pk").values_list("subject", flat=True))


def test_a_mail_at_each_event_and_one_only(deposit, provider):
    end_delay(deposit)
    transmission.transmit_due()
    assert subjects() == [f"Dépôt {deposit.reference} reçu", f"Dépôt {deposit.reference} transmis"]
    transmitted = Mail.objects.last()
    deposit.refresh_from_db()
    assert transmitted.recipient == provider.email
    assert deposit.reference in transmitted.body
    assert "0000-0000" not in transmitted.body
    assert sending.send_due() == 2
    assert [message.to for message in django_mail.outbox] == [[provider.email]] * 2


def test_a_colleague_who_cancels_is_not_named(deposit, dossier, provider):
    colleague = person_with(Role.SAISIE_PRESTATAIRE, dossier.training_provider)
    colleague.first_name, colleague.last_name = "Prénom-Unique", "Nom-Unique"
    colleague.save(update_fields=["first_name", "last_name"])
    assert deposits.cancel(deposit, colleague)
    assert not deposits.cancel(deposit, colleague)
    assert subjects()[1:] == [f"Dépôt {deposit.reference} annulé"]
    cancelled = Mail.objects.last()
    assert cancelled.recipient == provider.email
    for unsaid in ("Unique", colleague.email):
        assert unsaid not in cancelled.body


def test_an_account_that_is_closed_is_written_nothing(dossier, provider):
    kept = make_deposit(dossier, provider, number="F-1")
    gone = make_deposit(dossier, provider, number="F-2")
    Mail.objects.all().delete()
    provider.is_active = False
    provider.save(update_fields=["is_active"])
    end_delay(kept)
    assert deposits.cancel(gone, UserFactory())
    make_deposit(dossier, provider, number="F-3")
    assert not Mail.objects.exists()


def test_a_deposit_that_is_refused_leaves_no_mail(deposit, dossier, provider):
    with pytest.raises(deposits.NumberTakenError):
        make_deposit(dossier, provider)
    assert Mail.objects.count() == 1


@contextmanager
def no_mail_can_be_written():
    """The database refuses: their table is not there."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE outbox_mail RENAME TO elsewhere")
        try:
            yield
        finally:
            cursor.execute("ALTER TABLE elsewhere RENAME TO outbox_mail")


@pytest.fixture
def untold(deposit):
    """Transmitted while no mail could be written."""
    with no_mail_can_be_written():
        end_delay(deposit)
    deposit.refresh_from_db()
    return deposit


def test_a_mail_that_cannot_be_written_does_not_hold_up_the_transmission(untold):
    assert untold.state == DepositState.TRANSMITTED
    assert subjects() == [f"Dépôt {untold.reference} reçu"]


def test_a_mail_that_could_not_be_written_with_the_transmission_is_written_later_and_once(
    untold, dossier, provider, caplog
):
    told = make_deposit(dossier, provider, number="TOLD", delay=timedelta(0))
    make_deposit(dossier, provider, number="PENDING")
    deposits.cancel(make_deposit(dossier, provider, number="CANCELLED"), provider)
    transmission.transmit_due()
    assert Mail.objects.filter(key__endswith=":transmitted").get().subject == f"Dépôt {told.reference} transmis"
    assert [tasks.tell_untold(), tasks.tell_untold()] == [1, 0]
    mail = Mail.objects.get(key=f"deposit:{untold.reference}:transmitted")
    assert written(untold.transmitted_at, "instant") in mail.body
    assert mail.recipient == provider.email
    assert "1 mails written" in caplog.text


def test_those_of_several_sweeps_each_tell_their_own_moment(dossier, provider, monkeypatch):
    monkeypatch.setattr(transmission, "BATCH", 2)
    rows = [make_deposit(dossier, provider, number=f"F-{n}", delay=timedelta(0)) for n in range(5)]
    with no_mail_can_be_written():
        assert transmission.transmit_due() == 5
    for hours, deposit in enumerate(rows):
        move(deposit, timedelta(hours=hours))
    assert tasks.tell_untold() == 5
    for deposit in rows:
        deposit.refresh_from_db()
        body = Mail.objects.get(key=f"deposit:{deposit.reference}:transmitted").body
        assert written(deposit.transmitted_at, "instant") in body


def move(deposit: Deposit, duration: timedelta) -> None:
    """Let the deposit's whole life have been that much earlier."""
    moved = {name: F(name) - duration for name in ("submitted_at", "transmit_at", "transmitted_at")}
    Deposit.objects.filter(pk=deposit.pk).update(**moved)


@pytest.mark.parametrize(("retention", "hours", "told"), [(30, 71, 1), (30, 73, 0), (1, 11, 1), (1, 13, 0)])
def test_a_mail_that_may_have_been_sent_and_removed_is_not_written_anew(untold, settings, retention, hours, told):
    """For three days, and for half of what mails are kept for: so long, a mail that was written is there."""
    settings.MAIL_RETENTION_DAYS = retention
    move(untold, timedelta(hours=hours))
    assert tasks.tell_untold() == told


def test_who_has_no_account_any_more_stays_untold(untold, provider):
    provider.is_active = False
    provider.save(update_fields=["is_active"])
    assert tasks.tell_untold() == 0


def test_looking_for_the_untold_is_one_query_over_what_was_transmitted_lately(untold, django_assert_num_queries):
    tasks.tell_untold()
    with django_assert_num_queries(1) as queries:
        tasks.tell_untold()
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":  # a table of one row is read sooner than its index
            cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {'QUERY PLAN' if connection.vendor == 'sqlite' else ''} {queries[0]['sql']}")
        assert "deposit_transmitted_at" in str(cursor.fetchall())


def test_a_sweep_writes_all_its_mails_at_once(dossier, provider, django_assert_num_queries):
    def sweep(count: int) -> int:
        for rank in range(count):
            make_deposit(dossier, provider, number=f"F-{count}-{rank}", delay=timedelta(0))
        with django_assert_num_queries(9, exact=False):
            assert transmission.transmit_due() == count
        return Mail.objects.filter(key__endswith=":transmitted").count()

    assert sweep(2) == 2
    assert sweep(20) == 22


# --- The reference ---------------------------------------------------------------------------------------------


def test_a_reference_reads_like_one():
    references = {new_reference() for _ in range(200)}
    assert len(references) == 200
    assert all(REFERENCE.fullmatch(reference) for reference in references)


@pytest.mark.parametrize(
    "typed",
    [
        "DEP-7K3M-Q9TW-05XB-Z1H2",
        " dep 7k3m q9tw o5xb zlh2 ",
        "7K3MQ9TWO5XBZIH2",
        "Dep\u20117K3M\u00a0Q9TW–05xb—z1h2",
    ],
)
def test_a_reference_is_read_however_it_is_typed(typed):
    assert read_reference(typed) == "DEP-7K3M-Q9TW-05XB-Z1H2"


@pytest.mark.parametrize(
    "typed", ["", "DEP", "DEP-7K3M-Q9TW-05XB-Z1H", "DEP-7K3M-Q9TW-05XB-Z1H22", "DEP-7K3M-Q9TW-05XB-ZÉH2", "U" * 16]
)
def test_what_cannot_be_a_reference_is_none(typed):
    assert read_reference(typed) is None


@pytest.mark.django_db(transaction=True)
def test_deposits_that_are_there_already_get_a_reference(dossier, provider):
    """The migration, back and forth, on a database with data."""
    made = [make_deposit(dossier, provider, number=f"F-{rank}") for rank in range(3)]
    try:
        MigrationExecutor(connection).migrate([("invoices", "0001_initial")])
    finally:
        call_command("migrate", verbosity=0)
    references = list(Deposit.objects.values_list("reference", flat=True))
    assert len(set(references)) == len(made)
    assert all(REFERENCE.fullmatch(reference) for reference in references)


# --- « Vérifier un dépôt » -------------------------------------------------------------------------------------


def verify(reference: str) -> str:
    response = Client().get("/verifier/", {"reference": reference})
    assert response.status_code == 200
    return response.content.decode()


def test_anyone_with_the_reference_is_told_the_hashes_and_no_name(deposit, dossier, provider):
    shown = verify(deposit.reference.lower())
    assert deposit.reference in shown
    assert "En cours de transmission" in shown
    assert "heure de Paris (UTC+" in shown
    for document in deposit.documents.all():
        assert document.sha256 in shown
        assert document.name not in shown.replace("facture.pdf</code>", "")
    for unsaid in (
        "F2026-118",
        dossier.number,
        dossier.beneficiary_last_name,
        provider.email,
        provider.last_name,
        dossier.training_provider.name,
        str(deposit.pk),
    ):
        assert unsaid not in shown
    end_delay(deposit)
    assert "Transmis le" in verify(deposit.reference)


def test_a_cancelled_deposit_says_so(deposit, provider):
    deposits.cancel(deposit, provider)
    shown = verify(deposit.reference)
    assert "Annulé le" in shown
    assert "Le dépôt a ensuite été annulé." in shown


@pytest.mark.parametrize("reference", ["DEP-7K3M-Q9TW-05XB-Z1H2", "n’importe quoi", "\x00", "<script>"])
def test_an_unknown_reference_and_a_malformed_one_get_the_same_answer(deposit, reference):
    shown = verify(reference)
    assert "Aucun dépôt n’a cette référence" in shown
    assert "SHA-256 de votre fichier" not in shown
    assert "<script>" not in shown.replace("<script src", "")


def test_without_a_reference_nothing_is_wrong(client):
    shown = client.get("/verifier/").content.decode()
    assert "Aucun dépôt" not in shown
    assert 'name="reference"' in shown


def test_every_page_leads_to_it_and_the_documents_to_their_receipt(deposit, dossier, provider, log_in):
    client = log_in(provider)
    for address in (f"/dossiers/{dossier.number}/documents/", "/depots/"):
        shown = client.get(address).content.decode()
        assert f'href="/depots/{deposit.pk}/recepisse/"' in shown
        assert 'href="/verifier/"' in shown


def test_both_sides_have_a_receipt(dossier, employer, log_in):
    deposit = make_deposit(dossier, employer, Side.ENTREPRISE)
    assert dossier.employer.name in page(log_in(employer), deposit)
