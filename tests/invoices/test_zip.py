"""A whole deposit as one ZIP: what is in it, how it is named, who gets it, and what it costs (RULES.md §7)."""

import io
import tracemalloc
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from invoices import transmission
from invoices.enums import DocumentType
from invoices.models import Document
from invoices.reading import archive
from roles.enums import Role
from tests.factories import DocumentFactory, DossierFactory, EstablishmentFactory, make_deposit, person_with

pytestmark = pytest.mark.django_db

SUPPORTING = (DocumentType.CERTIFICAT_REALISATION, DocumentType.FEUILLE_EMARGEMENT)


@pytest.fixture
def deposit(dossier, provider):
    """A pending deposit of three documents."""
    return make_deposit(dossier, provider, documents=SUPPORTING)


def url(deposit) -> str:
    return f"/depots/{deposit.pk}/documents.zip"


def unpacked(response) -> dict[str, bytes]:
    """What any program finds in the ZIP, in its order; its size is what was told."""
    content = response.getvalue()
    assert int(response["Content-Length"]) == len(content)
    with zipfile.ZipFile(io.BytesIO(content)) as opened:
        assert opened.testzip() is None
        return {name: opened.read(name) for name in opened.namelist()}


def day_of(deposit) -> str:
    deposit.refresh_from_db()
    return f"{timezone.localdate(deposit.submitted_at):%Y-%m-%d}"


def content_of(document: Document) -> bytes:
    with document.file.open() as file:
        return file.read()


def test_every_document_is_in_it_byte_for_byte_in_the_order_of_the_deposit(log_in, provider, deposit):
    response = log_in(provider).get(url(deposit))
    assert unpacked(response) == {
        "01-Facture-facture.pdf": content_of(deposit.documents.all()[0]),
        "02-Certificat de réalisation-certificat_realisation.pdf": content_of(deposit.documents.all()[1]),
        "03-Feuille d'émargement-feuille_emargement.pdf": content_of(deposit.documents.all()[2]),
    }
    assert response["Content-Type"] == "application/zip"
    assert response["Content-Disposition"] == 'attachment; filename="depot-F2026-118.zip"'
    assert set(response["Cache-Control"].split(", ")) == {"private", "no-store"}
    assert response["X-Content-Type-Options"] == "nosniff"


def test_names_with_letters_beyond_ascii_are_marked_as_utf_8(log_in, provider, deposit):
    with zipfile.ZipFile(io.BytesIO(log_in(provider).get(url(deposit)).getvalue())) as opened:
        assert [bool(info.flag_bits & 0x800) for info in opened.infolist()] == [False, True, True]


def test_a_deposit_without_an_invoice_is_named_after_its_day(log_in, provider, dossier):
    deposit = make_deposit(dossier, provider, number=None)
    response = log_in(provider).get(url(deposit))
    response.getvalue()
    assert response["Content-Disposition"] == f'attachment; filename="depot-{day_of(deposit)}.zip"'


@pytest.mark.parametrize(
    ("number", "header"),
    [
        ("F/2026:118", 'attachment; filename="depot-F-2026-118.zip"'),
        ("N° 118", "attachment; filename*=utf-8''depot-N%C2%B0%20118.zip"),
        ("..", 'attachment; filename="depot-{day}.zip"'),
    ],
)
def test_an_invoices_number_makes_a_name_that_every_system_takes(log_in, provider, dossier, number, header):
    deposit = make_deposit(dossier, provider, number=number)
    response = log_in(provider).get(url(deposit))
    response.getvalue()
    assert response["Content-Disposition"] == header.format(day=day_of(deposit))


@pytest.mark.parametrize(
    ("name", "entry"),
    [
        ("facture.PDF", "07-Facture-facture.pdf"),
        ("../../etc/passwd.pdf", "07-Facture--..-etc-passwd.pdf"),
        ("C:\\temp\\a.pdf", "07-Facture-C--temp-a.pdf"),
        ("fdp\u202eexe.pdf", "07-Facture-fdpexe.pdf"),
        ("a\0b\nc\x7fd.pdf", "07-Facture-abcd.pdf"),
        ("Été\u00a0n°\u00a01.pdf", "07-Facture-Été n° 1.pdf"),
        ("e\u0301te\u0301.pdf", "07-Facture-été.pdf"),
        ("con?*<>|.pdf", "07-Facture-con-----.pdf"),
        (".pdf", "07-Facture.pdf"),
        (" . .pdf", "07-Facture.pdf"),
        ("page.html", "07-Facture-page.html.pdf"),
        ("é" * 250 + ".pdf", "07-Facture-" + "é" * 86 + ".pdf"),
    ],
)
def test_what_a_file_was_called_cannot_lead_outside_nor_deceive(name, entry):
    assert archive.entry_name(7, Document(type=DocumentType.FACTURE, name=name)) == entry


def test_two_files_of_the_same_name_are_both_there(log_in, provider, deposit):
    deposit.documents.exclude(type=DocumentType.FACTURE).update(name="Scan.pdf", type=SUPPORTING[0])
    assert list(unpacked(log_in(provider).get(url(deposit))))[1:] == [
        "02-Certificat de réalisation-Scan.pdf",
        "03-Certificat de réalisation-Scan.pdf",
    ]


def test_a_file_that_is_lost_is_named_and_no_zip_begins(log_in, provider, deposit):
    lost = deposit.documents.all()[1]
    lost.file.storage.delete(lost.file.name)
    response = log_in(provider).get(url(deposit))
    assert response.status_code == 404
    page = response.content.decode()
    assert lost.name in page
    assert "n’est plus lisible" in page
    assert f"/dossiers/{deposit.origin.number}/documents/#depot-{deposit.pk}" in page


def test_a_file_that_was_cut_is_as_good_as_lost(log_in, provider, deposit):
    cut = deposit.documents.all()[2]
    with Path(cut.file.path).open("r+b") as file:
        file.truncate(10)
    assert log_in(provider).get(url(deposit)).status_code == 404


def test_it_is_for_whoever_sees_a_dossier_that_shows_the_deposit(client, log_in, dossier, provider, employer):
    associated = DossierFactory(training_provider=dossier.training_provider)
    deposit = make_deposit(dossier, provider, associated=[associated], delay=timedelta(0))
    other_company = person_with(Role.ADMIN_ETABLISSEMENT, associated.employer)
    stranger = person_with(Role.ADMIN_SOCIETE_PRESTATAIRE, EstablishmentFactory())

    def answers() -> list[int]:
        people = (provider, employer, other_company, stranger)
        responses = [log_in(person).get(url(deposit)) for person in people]
        return [response.status_code for response in responses if response.getvalue()]

    assert answers() == [200, 200, 404, 404]
    assert transmission.transmit_due() == 1
    assert answers() == [200, 200, 200, 404]
    assert client.get(url(deposit)).url == f"/connexion/?next={url(deposit)}"
    assert log_in(provider).post(url(deposit)).status_code == 405


def test_the_tab_offers_it_where_there_is_more_than_one_document(log_in, provider, dossier, deposit):
    alone = make_deposit(dossier, provider, number=None)
    page = log_in(provider).get(f"/dossiers/{dossier.number}/documents/").content.decode()
    assert url(deposit) in page
    assert url(alone) not in page


def test_the_files_are_read_as_they_are_sent(log_in, provider, deposit):
    """Seven times 10 MB of documents, and never more than a part of one in memory."""
    big = b"%PDF" + bytes(10_000_000)
    for _ in range(7):
        DocumentFactory(deposit=deposit, loose_since=None, type=SUPPORTING[0], content=big)
    response = log_in(provider).get(url(deposit))
    tracemalloc.start()
    try:
        sent = sum(map(len, response.streaming_content))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert sent == int(response["Content-Length"]) > 70_000_000
    assert peak < 2_000_000
