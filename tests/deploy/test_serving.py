"""Django behind the real nginx: documents that nginx sends, uploads that come through it (RULES.md §7, §9)."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from invoices.models import Document
from roles.enums import Role
from roles.models import User
from tests.factories import DossierFactory, EstablishmentFactory, make_deposit, person_with
from tests.http_client import HttpClient
from tests.nginx import Proxy
from tests.pdfs import plain_pdf, scanned_pdf
from tests.wizard import Wizard

PASSWORD = "only-for-these-tests"
MIB = 2**20
# What two answers to the same question need not have in common, and what nginx adds to a file.
OF_THE_MOMENT = {"connection", "date", "server", "x-request-id"}
OF_A_FILE = {"accept-ranges", "etag", "last-modified"}


@pytest.fixture
def proxy(settings, live_server, documents_folder: Path, tmp_path: Path) -> Iterator[Proxy]:
    """nginx before the portal, which hands documents over to it."""
    settings.DOCUMENT_ACCEL_LOCATION = "/protege/"
    settings.ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
    upstream = live_server.url.removeprefix("http://").replace("localhost", "127.0.0.1")
    with Proxy(tmp_path, upstream=upstream, PORTAL_DOCUMENTS=str(documents_folder)) as proxy:
        yield proxy


@pytest.fixture
def dossier(transactional_db):
    return DossierFactory()


@pytest.fixture
def provider(dossier) -> User:
    return person_with(Role.SAISIE_PRESTATAIRE, dossier.training_provider)


@pytest.fixture
def document(dossier, provider) -> Document:
    deposit = make_deposit(dossier, provider)
    document = deposit.documents.first()
    document.name = "Été n° 1.pdf"
    document.save(update_fields=["name"])
    return document


def browser(url: str, person: User) -> HttpClient:
    """The person's browser, logged in by the page; like real ones it says where its forms come from."""
    person.set_password(PASSWORD)
    person.save(update_fields=["password"])
    client = HttpClient(url, {"Origin": url})
    client.log_in(person.email, PASSWORD)
    return client


def stored(document: Document) -> bytes:
    with document.file.open() as file:
        return file.read()


@pytest.mark.parametrize(
    "name", ["Été n° 1.pdf", "facture.bat", "a\r\nX-Evil: 1.pdf", "fdp\u202eexe.pdf", "../../a", "con"]
)
def test_a_document_arrives_as_if_the_portal_had_sent_it(
    settings, proxy, live_server, provider, document, name
) -> None:
    """Byte for byte, and with the same headers, each of them once, whatever its name."""
    document.name = name
    document.save(update_fields=["name"])
    through_nginx = browser(proxy.url, provider).get(document.get_absolute_url())
    settings.DOCUMENT_ACCEL_LOCATION = ""
    direct = browser(live_server.url, provider).get(document.get_absolute_url())
    assert through_nginx.status_code == direct.status_code == 200
    assert through_nginx.content == direct.content == stored(document)
    names = [name.lower() for name in through_nginx.headers]
    assert len(names) == len(set(names))

    def kept(headers) -> dict[str, str]:
        return {name.lower(): value for name, value in headers.items() if name.lower() not in OF_THE_MOMENT | OF_A_FILE}

    assert kept(through_nginx.headers) == kept(direct.headers)
    assert "attachment" in through_nginx.headers["Content-Disposition"]
    assert "default-src 'none'" in through_nginx.headers["Content-Security-Policy"]
    assert through_nginx.headers["X-Content-Type-Options"] == "nosniff"
    assert "x-accel-redirect" not in names
    assert "x-evil" not in names
    assert through_nginx.headers["Content-Type"] == "application/pdf"
    assert set(through_nginx.headers["Cache-Control"].split(", ")) == {"private", "no-store"}
    assert through_nginx.headers["Content-Disposition"].rstrip('"').endswith(".pdf")


def test_a_download_can_be_resumed(proxy, provider, document) -> None:
    client = browser(proxy.url, provider)
    rest = client.get(document.get_absolute_url(), Range="bytes=100-")
    assert (rest.status_code, rest.content) == (206, stored(document)[100:])
    assert "default-src 'none'" in rest.headers["Content-Security-Policy"]
    beyond = client.get(document.get_absolute_url(), Range=f"bytes={document.size}-")
    assert beyond.status_code == 416


def test_nobody_else_has_it(proxy, provider, document) -> None:
    stranger = person_with(Role.ADMIN_SOCIETE_PRESTATAIRE, EstablishmentFactory())
    for client, status in ((browser(proxy.url, stranger), 404), (HttpClient(proxy.url), 302)):
        for range_ in ({}, {"Range": "bytes=0-9"}):
            answer = client.get(document.get_absolute_url(), **range_)
            assert answer.status_code == status
            assert b"%PDF" not in answer.content
        assert client.get(f"/protege/{document.file.name}").status_code == 404


def test_a_lost_file_and_an_internal_address_are_the_portals_404(proxy, provider, document) -> None:
    client = browser(proxy.url, provider)
    name = document.file.name
    assert "Page introuvable" in client.get(f"/protege/{name}").content.decode()
    document.file.storage.delete(name)
    lost = client.get(document.get_absolute_url())
    assert lost.status_code == 404
    assert "Page introuvable" in lost.content.decode()


def test_uploads_come_through_and_get_the_portals_own_sentences(proxy, provider, dossier) -> None:
    wizard = Wizard.start(browser(proxy.url, provider), dossier)
    too_large = SimpleUploadedFile("grande.pdf", plain_pdf() + bytes(11 * MIB))
    refused = wizard.facture("non", too_large)
    assert refused.status_code == 200
    assert re.search(r"grande\.pdf.{3}.*10\xa0Mo", refused.content.decode())
    largest = scanned_pdf(10 * MIB)
    assert wizard.facture("non", SimpleUploadedFile("scan.pdf", largest)).status_code == 302
    assert stored(wizard.draft.documents.get()) == largest
