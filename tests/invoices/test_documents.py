"""A document's life: it arrives, a draft or a deposit takes it, what nothing keeps is purged; who sees it (§7)."""

import hashlib
import os
import re
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote

import pytest
from django.core.exceptions import SuspiciousFileOperation
from django.core.files.base import ContentFile
from django.db.models import Model
from django.db.models.functions import Now
from django.utils import timezone

from invoices import documents, transmission
from invoices.enums import DepositState, DocumentType
from invoices.models import Deposit, Document, Draft, document_storage
from invoices.pdf import PdfRefused
from invoices.reading import archive
from invoices.serving import stored_file
from invoices.uploads import IncomingFile, IncomingFileHandler
from invoices.wizard.storage import DraftRequest, DraftStorage
from roles.enums import Role
from tests import pdfs
from tests.catalogue import LIMITS
from tests.factories import (
    DocumentFactory,
    DossierFactory,
    DraftFactory,
    EstablishmentFactory,
    UserFactory,
    make_deposit,
    person_with,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def arrive() -> Iterator:
    """A file as it arrives with a request; the request ends with the test."""
    arrived = []

    def arrive(content: bytes, name: str = "facture.pdf") -> IncomingFile:
        handler = IncomingFileHandler()
        handler.new_file("facture", name, "application/pdf", None)
        handler.receive_data_chunk(content, 0)
        arrived.append(handler.file_complete(len(content)))
        return arrived[-1]

    yield arrive
    for incoming in arrived:
        incoming.close()


def files_in(folder: Path) -> set[str]:
    """Every file below a folder, by its path from there."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def content_of(document: Document) -> bytes:
    with document.file.open() as file:
        return file.read()


# --- Arriving -----------------------------------------------------------------------------------------------------


def test_a_file_that_arrives_gets_its_row_and_its_place(arrive, documents_folder):
    content, person = pdfs.plain_pdf("Facture", pages=3), UserFactory()
    incoming = arrive(content, "Facture d’été.pdf")
    document = documents.receive(incoming, DocumentType.FACTURE, person)
    incoming.close()
    document.refresh_from_db()
    assert (document.type, document.name) == (DocumentType.FACTURE, "Facture d’été.pdf")
    assert (document.size, document.pages, document.flags) == (len(content), 3, [])
    assert document.sha256 == hashlib.sha256(content).hexdigest()
    assert document.uploaded_by == person
    assert document.loose_since is not None
    assert (document.draft, document.deposit) == (None, None)
    assert re.fullmatch(rf"\d{{4}}/\d\d/{document.pk}\.pdf", document.file.name)
    assert content_of(document) == content
    assert files_in(documents_folder) == {document.file.name}


def test_what_the_back_office_should_know_is_flagged_on_a_supporting_document(arrive):
    incoming = arrive(pdfs.script_on_opening())
    assert documents.receive(incoming, DocumentType.CERFA_APPRENTISSAGE, UserFactory()).flags == ["javascript"]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        pytest.param(b"", "vide", id="empty"),
        pytest.param(b"<html></html>", "pas un PDF", id="not a PDF"),
        pytest.param(pdfs.truncated(), "endommagé", id="damaged"),
        pytest.param(pdfs.encrypted_for_opening(), "mot de passe", id="password"),
        pytest.param(pdfs.script_on_opening(), "JavaScript", id="JavaScript on an invoice"),
    ],
)
def test_nothing_is_kept_of_a_file_that_is_refused(arrive, documents_folder, content, sentence):
    incoming = arrive(content)
    with pytest.raises(PdfRefused) as refused:
        documents.receive(incoming, DocumentType.FACTURE, UserFactory())
    assert sentence in refused.value.problem.sentence(LIMITS)
    incoming.close()
    assert not Document.objects.exists()
    assert files_in(documents_folder) == set()


def test_the_row_is_there_before_the_file(arrive, documents_folder):
    """A storage that fails leaves a loose row, which the purge removes: never a file without a row."""
    (documents_folder / f"{timezone.localdate():%Y}").write_text("a file where the year's folder should be")
    with pytest.raises(PdfRefused) as refused:
        documents.receive(arrive(pdfs.plain_pdf()), DocumentType.FACTURE, UserFactory())
    assert "n’a pas pu enregistrer ce fichier" in refused.value.problem.sentence(LIMITS)
    document = Document.objects.get()
    assert document.loose_since is not None
    (documents_folder / f"{timezone.localdate():%Y}").unlink()
    age(document, hours=7)
    assert documents.purge() == 1
    assert not Document.objects.exists()


# --- In a draft ---------------------------------------------------------------------------------------------------


@pytest.fixture
def draft(provider, dossier):
    return DraftFactory(owner=provider, origin=dossier, data={"step": "facture"})


def held(draft: Draft) -> dict[str, Document]:
    """The draft's documents by field."""
    return {document.slot: document for document in draft.documents.all()}


def is_loose(document: Document) -> bool:
    document.refresh_from_db()
    return document.loose_since is not None and (document.draft, document.deposit, document.slot) == (None, None, "")


def test_a_draft_takes_a_loose_document(draft):
    document = DocumentFactory()
    documents.put_in_draft(document, draft, "facture")
    assert held(draft) == {"facture": document}
    assert not is_loose(document)


def test_a_document_takes_the_place_of_the_one_in_its_field(draft):
    former, other, new = DocumentFactory(), DocumentFactory(), DocumentFactory()
    documents.put_in_draft(former, draft, "facture")
    documents.put_in_draft(other, draft, "certificat")
    documents.put_in_draft(new, draft, "facture")
    assert held(draft) == {"facture": new, "certificat": other}
    assert is_loose(former)


def test_a_document_of_another_draft_is_not_taken_from_it(draft):
    theirs = DocumentFactory(draft=DraftFactory(), slot="facture")
    documents.put_in_draft(theirs, draft, "facture")
    assert held(draft) == {}
    assert held(theirs.draft) == {"facture": theirs}


def test_documents_are_removed_by_field(draft):
    slots = ("facture", "certificat", "piece1")
    first, second, third = (DocumentFactory(draft=draft, slot=slot) for slot in slots)
    documents.remove_from_draft(draft, "facture", "piece1", "piece9")
    assert held(draft) == {"certificat": second}
    assert is_loose(first)
    assert is_loose(third)


def test_a_deleted_draft_lets_its_documents_go_and_stays_as_a_mark(draft):
    document = DocumentFactory(draft=draft, slot="facture")
    assert documents.delete_draft(draft.pk, draft.owner)
    draft.refresh_from_db()
    assert draft.deleted_at is not None
    assert draft.data == {}
    assert is_loose(document)


def test_a_draft_is_deleted_once(draft):
    assert documents.delete_draft(draft.pk, draft.owner)
    assert not documents.delete_draft(draft.pk, draft.owner)


def test_a_draft_is_deleted_by_its_owner_alone(draft, employer):
    colleague = person_with(Role.SAISIE_PRESTATAIRE, draft.origin.training_provider)
    for person in (colleague, employer):
        assert not documents.delete_draft(draft.pk, person)
    draft.refresh_from_db()
    assert draft.deleted_at is None


def test_a_draft_on_a_dossier_that_its_owner_no_longer_sees_is_out_of_reach(draft):
    draft.owner.role_assignments.all().delete()
    assert not documents.delete_draft(draft.pk, draft.owner)


# --- The purge ----------------------------------------------------------------------------------------------------


def age(row: Model, field: str = "loose_since", **since: float) -> None:
    """Make it as if this had happened so long ago, by the database's clock."""
    assert type(row)._default_manager.filter(pk=row.pk).update(**{field: Now() - timedelta(**since)}) == 1


def left(*rows: Document) -> list[bool]:
    """Of each document, whether it is still there; its row and its file must agree."""
    there = [Document.objects.filter(pk=row.pk).exists() for row in rows]
    assert there == [row.file.storage.exists(row.file.name) for row in rows]
    return there


def test_a_loose_document_is_removed_after_six_hours_and_not_before():
    young, old = DocumentFactory(), DocumentFactory()
    age(young, hours=5, minutes=59)
    age(old, hours=6, minutes=1)
    assert documents.purge() == 1
    assert left(young, old) == [True, False]


def test_a_live_document_is_never_removed_however_old(draft, dossier, provider):
    in_draft = DocumentFactory(draft=draft, slot="facture")
    rows = [in_draft]
    for state in DepositState:
        rows += deposit_in(state, dossier, provider, number=f"F-{state}").documents.all()
    for row in rows:
        age(row, "uploaded_at", days=4000)
    assert documents.purge() == 0
    assert left(*rows) == [True] * 7


def test_a_document_taken_just_before_the_purge_stays(draft):
    document = DocumentFactory()
    age(document, hours=7)
    documents.put_in_draft(document, draft, "facture")
    assert documents.purge() == 0
    assert left(document) == [True]


def test_a_document_whose_file_is_gone_is_removed_all_the_same():
    lost = DocumentFactory()
    lost.file.storage.delete(lost.file.name)
    age(lost, hours=7)
    assert documents.purge() == 1
    assert left(lost) == [False]


def test_more_documents_than_a_batch_are_removed_in_one_purge():
    rows = DocumentFactory.create_batch(5)
    for row in rows:
        age(row, hours=7)
    assert documents.purge(batch=2) == 5
    assert left(*rows) == [False] * 5


def test_nothing_else_in_the_storage_is_touched(documents_folder):
    (documents_folder / "autre.pdf").write_bytes(b"not ours")
    age(DocumentFactory(), hours=7)
    documents.purge()
    assert files_in(documents_folder) == {"autre.pdf"}


def test_a_draft_that_nobody_touched_for_thirty_days_goes_with_its_documents(draft):
    document = DocumentFactory(draft=draft, slot="facture")
    age(draft, "saved_at", days=29, hours=23)
    documents.purge()
    assert held(draft) == {"facture": document}
    age(draft, "saved_at", days=30, minutes=1)
    documents.purge()
    draft.refresh_from_db()
    assert draft.deleted_at is not None
    assert draft.data == {}
    assert is_loose(document)
    assert left(document) == [True]  # loose only now: it goes by the same six hours as any other
    age(document, hours=7)
    assert documents.purge() == 1
    assert left(document) == [False]


def test_a_draft_in_use_for_a_month_stays(draft):
    """It is the last save that counts, not the start."""
    DraftStorage("depot", DraftRequestOf(draft)).save()
    age(draft, "created_at", days=60)
    documents.purge()
    draft.refresh_from_db()
    assert draft.deleted_at is None
    assert draft.saved_at is not None


def test_a_start_of_which_nothing_was_saved_goes_sooner(draft):
    age(draft, "created_at", days=1, hours=23)
    documents.purge()
    assert Draft.objects.filter(pk=draft.pk).exists()
    age(draft, "created_at", days=2, minutes=1)
    documents.purge()
    assert not Draft.objects.filter(pk=draft.pk).exists()


class DraftRequestOf(DraftRequest):
    """A request of the wizard for this draft."""

    def __init__(self, draft: Draft) -> None:
        super().__init__()
        self.draft = draft


def test_the_mark_of_a_deleted_draft_goes_after_thirty_more_days(draft):
    assert documents.delete_draft(draft.pk, draft.owner)
    age(draft, "deleted_at", days=29, hours=23)
    documents.purge()
    assert Draft.objects.filter(pk=draft.pk).exists()
    age(draft, "deleted_at", days=30, minutes=1)
    documents.purge()
    assert not Draft.objects.filter(pk=draft.pk).exists()


def test_uploads_cut_by_a_crash_are_removed_and_those_under_way_are_not(settings):
    settings.INCOMING_ROOT.mkdir(parents=True)
    cut, under_way = settings.INCOMING_ROOT / "cut.pdf", settings.INCOMING_ROOT / "under-way.pdf"
    for path, hours in ((cut, 6.1), (under_way, 5.9)):
        path.write_bytes(b"%PDF")
        os.utime(path, (time.time() - hours * 3600,) * 2)
    documents.purge()
    assert files_in(settings.INCOMING_ROOT) == {"under-way.pdf"}


def test_the_purge_runs_before_anything_arrived(documents_folder):
    assert documents.purge() == 0


# --- Who sees a document (RULES.md §7) ----------------------------------------------------------------------------


def deposit_in(state: DepositState, dossier, depositor, **facts) -> Deposit:
    """A deposit on the dossier by the provider's side, brought to this state."""
    deposit = make_deposit(
        dossier, depositor, delay=timedelta(0) if state == DepositState.TRANSMITTED else None, **facts
    )
    if state == DepositState.TRANSMITTED:
        assert transmission.transmit_due(deposit.pk) == 1
    if state == DepositState.CANCELLED:
        assert transmission.cancel(deposit.pk, depositor)
    deposit.refresh_from_db()
    return deposit


ORIGIN_ONLY = {"depositor", "colleague", "origin's employer"}
SEEN_BY = {
    DepositState.PENDING: ORIGIN_ONLY,
    DepositState.TRANSMITTED: ORIGIN_ONLY | {"associated employer", "associated employer, consultation"},
    DepositState.CANCELLED: ORIGIN_ONLY,
}


@pytest.mark.parametrize("state", DepositState)
def test_whoever_sees_a_dossier_sees_the_documents_filed_in_it_and_no_one_else(state, dossier, provider, employer):
    associated = DossierFactory(training_provider=dossier.training_provider)
    deposit = deposit_in(state, dossier, provider, associated=[associated])
    people = {
        "depositor": provider,
        "colleague": person_with(Role.CONSULTATION_PRESTATAIRE, dossier.training_provider),
        "origin's employer": employer,
        "associated employer": person_with(Role.ADMIN_ETABLISSEMENT, associated.employer),
        "associated employer, consultation": person_with(Role.CONSULTATION_ENTREPRISE, associated.employer),
        "associated employer, other products": person_with(Role.ADMIN_ETABLISSEMENT_PDC, associated.employer),
        "another employer there": person_with(
            Role.ADMIN_ETABLISSEMENT, DossierFactory(training_provider=dossier.training_provider).employer
        ),
        "another site": person_with(
            Role.SAISIE_PRESTATAIRE, EstablishmentFactory(company=dossier.training_provider.company)
        ),
        "a stranger": UserFactory(is_staff=True, is_superuser=True),
    }
    everything = set(deposit.documents.all())
    for name, person in people.items():
        expected = everything if name in SEEN_BY[state] else set()
        assert set(Document.objects.visible_to(person)) == expected, name
        assert set(Deposit.objects.visible_to(person)) == ({deposit} if expected else set()), name
    assert Deposit.objects.filed_in(dossier) == [deposit.pk]
    assert Deposit.objects.filed_in(associated) == ([deposit.pk] if state == DepositState.TRANSMITTED else [])


def test_a_document_filed_in_several_dossiers_of_a_person_is_listed_once(dossier, provider):
    associated = DossierFactory.create_batch(3, training_provider=dossier.training_provider)
    deposit = deposit_in(DepositState.TRANSMITTED, dossier, provider, associated=associated)
    assert list(Document.objects.visible_to(provider)) == list(deposit.documents.all())
    assert list(Deposit.objects.visible_to(provider)) == [deposit]


def test_a_document_of_a_draft_is_seen_by_its_owner_alone(draft, employer):
    document = DocumentFactory(draft=draft, slot="facture", uploaded_by=draft.owner)
    colleague = person_with(Role.SAISIE_PRESTATAIRE, draft.origin.training_provider)
    assert list(Document.objects.visible_to(draft.owner)) == [document]
    assert not Document.objects.visible_to(colleague).exists()
    assert not Document.objects.visible_to(employer).exists()
    Draft.objects.update(deleted_at=Now())
    assert not Document.objects.visible_to(draft.owner).exists()


def test_a_loose_document_is_seen_by_nobody(provider, dossier):
    DocumentFactory(uploaded_by=provider)
    assert not Document.objects.visible_to(provider).exists()


def test_a_person_who_lost_their_role_sees_nothing_any_more(draft, dossier, provider):
    DocumentFactory(draft=draft, slot="facture", uploaded_by=provider)
    deposit_in(DepositState.TRANSMITTED, dossier, provider)
    provider.role_assignments.all().delete()
    provider = type(provider).objects.get(pk=provider.pk)
    assert not Document.objects.visible_to(provider).exists()


# --- The download -------------------------------------------------------------------------------------------------


@pytest.fixture
def document(dossier, provider) -> Document:
    """The invoice's PDF of a pending deposit."""
    return deposit_in(DepositState.PENDING, dossier, provider).documents.get(type=DocumentType.FACTURE)


def test_the_file_comes_as_an_attachment_that_no_one_keeps(log_in, provider, document):
    response = log_in(provider).get(f"/documents/{document.pk}/")
    assert response.status_code == 200
    assert response.getvalue() == content_of(document)
    assert response["Content-Type"] == "application/pdf"
    assert response["Content-Length"] == str(document.size)
    assert response["Content-Disposition"] == 'attachment; filename="facture.pdf"'
    assert response["X-Content-Type-Options"] == "nosniff"
    assert set(response["Cache-Control"].split(", ")) == {"private", "no-store"}


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("Été n° 1.pdf", "attachment; filename*=utf-8''%C3%89t%C3%A9%20n%C2%B0%201.pdf"),
        ('a"b;c.pdf', 'attachment; filename="a-b;c.pdf"'),
        # A PDF by its content, and so by its name: this one would be run by Windows, line by line.
        ("facture.bat", 'attachment; filename="facture.bat.pdf"'),
        ("page.html", 'attachment; filename="page.html.pdf"'),
        ("FACTURE.PDF", 'attachment; filename="FACTURE.pdf"'),
        ("fdp\u202eexe.pdf", 'attachment; filename="fdpexe.pdf"'),
        ("a\r\nSet-Cookie: b.pdf", 'attachment; filename="aSet-Cookie- b.pdf"'),
        ("a\x1bb\x7fc.pdf", 'attachment; filename="abc.pdf"'),
        ("../../etc/passwd", 'attachment; filename="-..-etc-passwd.pdf"'),
        ("C:\\temp\\a.pdf", 'attachment; filename="C--temp-a.pdf"'),
        ("CON.pdf", 'attachment; filename="_CON.pdf"'),
        ("nul.tar.pdf", 'attachment; filename="_nul.tar.pdf"'),
        ("lpt1.pdf", 'attachment; filename="_lpt1.pdf"'),
        ("constat.pdf", 'attachment; filename="constat.pdf"'),
        (".pdf", 'attachment; filename="document.pdf"'),
        (" . .pdf", 'attachment; filename="document.pdf"'),
        ("é" * 250 + ".pdf", f"attachment; filename*=utf-8''{'%C3%A9' * 90}.pdf"),
    ],
)
def test_the_name_is_told_as_the_standard_says(log_in, provider, document, name, header):
    document.name = name
    document.save(update_fields=["name"])
    response = log_in(provider).get(document.get_absolute_url())
    response.close()
    assert response["Content-Disposition"] == header
    assert response["Content-Type"] == "application/pdf"


def test_no_name_is_told_with_a_nul():
    """PostgreSQL stores none, and Django takes it out of what is sent; SQLite would hold it."""
    assert archive.download_name(Document(name="a\0b.pdf")) == "ab.pdf"


def test_the_other_side_of_the_dossier_downloads_it_too(log_in, employer, document):
    response = log_in(employer).get(document.get_absolute_url())
    assert response.getvalue() == content_of(document)


@pytest.mark.parametrize("accel", ["", "/protege/"])
def test_it_does_not_exist_for_a_stranger(settings, log_in, document, accel):
    settings.DOCUMENT_ACCEL_LOCATION = accel
    stranger = person_with(Role.ADMIN_SOCIETE_PRESTATAIRE, EstablishmentFactory())
    assert log_in(stranger).get(document.get_absolute_url()).status_code == 404


@pytest.mark.parametrize("accel", ["", "/protege/"])
def test_a_file_that_is_lost_is_not_found(settings, log_in, provider, document, accel):
    settings.DOCUMENT_ACCEL_LOCATION = accel
    document.file.storage.delete(document.file.name)
    assert log_in(provider).get(document.get_absolute_url()).status_code == 404


def test_behind_nginx_the_answer_names_the_file_and_says_all_the_rest(settings, log_in, provider, document):
    """Headers as when the portal sends the file itself, but for its length: that is for nginx to say."""
    document.name = "Été n° 1.pdf"
    document.save(update_fields=["name"])
    client = log_in(provider)
    streamed = client.get(document.get_absolute_url())
    assert streamed.getvalue() == content_of(document)
    settings.DOCUMENT_ACCEL_LOCATION = "/protege/"
    handed_over = client.get(document.get_absolute_url())
    assert handed_over.content == b""
    headers = dict(handed_over.items())
    assert headers.pop("X-Accel-Redirect") == f"/protege/{document.file.name}"
    assert headers == dict(streamed.items()) | {"Content-Length": "0", "X-Request-ID": headers["X-Request-ID"]}


@pytest.mark.parametrize("stored_name", ["100 % d’été?.pdf", "a/b#c.pdf"])
def test_the_files_name_is_escaped_for_nginx(settings, documents_folder, stored_name):
    settings.DOCUMENT_ACCEL_LOCATION = "/protege/"
    document_storage().save(stored_name, ContentFile(b"%PDF-"))
    address = stored_file(stored_name, content_type="application/pdf")["X-Accel-Redirect"]
    assert unquote(address) == f"/protege/{stored_name}"
    assert not set(address) & set(" ?#’é")


@pytest.mark.parametrize("accel", ["", "/protege/"])
def test_nothing_outside_the_storage_is_served(settings, accel):
    settings.DOCUMENT_ACCEL_LOCATION = accel
    for outside in ("../settings.py", "/etc/passwd"):
        with pytest.raises(SuspiciousFileOperation):
            stored_file(outside, content_type="application/pdf")


@pytest.mark.parametrize("accel", ["", "/protege/"])
def test_a_file_that_is_to_be_shown_is_no_attachment(settings, document, accel):
    settings.DOCUMENT_ACCEL_LOCATION = accel
    response = stored_file(document.file.name, content_type="image/webp")
    response.close()
    assert response["Content-Type"] == "image/webp"
    assert not response.get("Content-Disposition", "").startswith("attachment")


def test_an_anonymous_person_is_asked_to_log_in(client, document):
    response = client.get(document.get_absolute_url())
    assert response.url == f"/connexion/?next={document.get_absolute_url()}"


def test_reading_is_all_that_the_address_does(log_in, provider, document):
    assert log_in(provider).post(document.get_absolute_url()).status_code == 405
    assert log_in(provider).delete(document.get_absolute_url()).status_code == 405


def test_it_cannot_be_framed_or_run_by_the_browser(log_in, provider, document):
    response = log_in(provider).get(document.get_absolute_url())
    response.close()
    assert response["X-Frame-Options"] == "DENY"
    assert "default-src 'none'" in response["Content-Security-Policy"]


def test_a_documents_address_that_cannot_be_is_not_found(log_in, provider):
    for nonsense in ("1", "../../etc/passwd", "00000000-0000-0000-0000-000000000000"):
        assert log_in(provider).get(f"/documents/{nonsense}/").status_code == 404
