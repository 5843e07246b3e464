"""How a file arrives: streamed once, hashed on its way, bounded, and gone with its request unless it is kept."""

import errno
import gc
import hashlib
import logging
import os
import re
import tracemalloc
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http.request import UnreadablePostError
from django.test import Client

from invoices.catalogue.values import LARGEST_FILE_BYTES
from invoices.models import Document
from invoices.uploads import IncomingFileHandler
from roles.enums import Role
from tests.factories import person_with
from tests.pdfs import padded, plain_pdf, scanned_pdf
from tests.wizard import pdf

MEBIBYTE = 1024 * 1024
LIMIT = 10 * MEBIBYTE
BOUNDARY = "----frontiere"
MULTIPART = f"multipart/form-data; boundary={BOUNDARY}"


@pytest.fixture
def incoming_folder(settings) -> Path:
    return settings.INCOMING_ROOT


def part(name: str, content: bytes, filename: str, *headers: str) -> bytes:
    """One file of a multipart body, its name exactly as given."""
    lines = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"; filename="{filename}"',
        "Content-Type: application/pdf",
        *headers,
    )
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content + b"\r\n"


def field(name: str, value: str) -> bytes:
    return f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()


END = f"--{BOUNDARY}--\r\n".encode()


# --- What arrives through the wizard ------------------------------------------------------------------------------


@pytest.fixture
def started(wizard, provider, dossier):
    return wizard(provider, dossier)


def upload(started, content: bytes, filename: str = "facture.pdf"):
    """Leave the first step with this file, its name exactly as given."""
    body = b"".join(
        (
            field(f"depot-{started.depot}-current_step", "facture"),
            field("facture-covers_tuition", "oui"),
            part("facture-facture", content, filename),
            END,
        )
    )
    return started.client.post(started.url("facture"), body, content_type=MULTIPART)


def content_of(document: Document) -> bytes:
    with document.file.open() as file:
        return file.read()


def test_the_file_is_at_its_place_whole_with_its_hash(started, incoming_folder):
    content = plain_pdf("Facture")
    assert upload(started, content).status_code == 302
    document = started.draft.documents.get()
    assert content_of(document) == content
    assert document.sha256 == hashlib.sha256(content).hexdigest()
    assert document.size == len(content)
    assert list(incoming_folder.iterdir()) == []


def test_what_the_disk_does_not_take_is_not_kept(started, incoming_folder, monkeypatch):
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    assert "son espace de stockage ne répond pas" in upload(started, plain_pdf("Facture")).content.decode()
    assert not started.draft.documents.exists()
    assert list(incoming_folder.iterdir()) == []


def test_a_file_of_exactly_the_limit_is_accepted(started, incoming_folder):
    content = scanned_pdf(LIMIT)
    assert len(content) == LIMIT
    assert upload(started, content).status_code == 302
    document = started.draft.documents.get()
    assert (document.size, document.file.size) == (LIMIT, LIMIT)
    assert document.sha256 == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize("excess", [1, 3 * MEBIBYTE])
def test_a_file_over_the_limit_gets_a_sentence_and_leaves_nothing(started, incoming_folder, excess):
    response = upload(started, padded(plain_pdf(), LIMIT + excess), "énorme.pdf")
    assert response.status_code == 200
    assert "énorme.pdf\u00a0: Ce fichier dépasse 10\u00a0Mo." in response.content.decode()
    assert not Document.objects.exists()
    assert list(incoming_folder.iterdir()) == []


def test_an_empty_file_gets_a_sentence(started, incoming_folder):
    response = upload(started, b"", "vide.pdf")
    assert "vide.pdf\u00a0: Ce fichier est vide." in response.content.decode()
    assert list(incoming_folder.iterdir()) == []


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("facture.pdf", "facture.pdf"),
        ("Facture d’été n° 12 – Gœtz.pdf", "Facture d’été n° 12 – Gœtz.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\Camille\\facture.pdf", "facture.pdf"),
        ("/etc/cron.d/facture.pdf", "facture.pdf"),
        pytest.param("facture\u202efdp.exe", "facturefdp.exe", id="bidi override"),
        pytest.param("fac\x00tu\x1fre\x7f.pdf", "facture.pdf", id="control characters"),
        pytest.param("fac\u200bture.pdf", "facture.pdf", id="zero-width space"),
        pytest.param("<img src=x>.pdf", "<img src=x>.pdf", id="HTML"),
        pytest.param(f"{'é' * 300}.pdf", f"{'é' * 251}.pdf", id="300 characters"),
        pytest.param("x" * 300, "x" * 255, id="300 characters without an extension"),
    ],
)
def test_the_name_is_kept_without_what_could_deceive(started, sent, kept):
    assert upload(started, plain_pdf(), sent).status_code == 302
    document = started.draft.documents.get()
    assert document.name == kept
    assert Path(document.file.name).name == f"{document.pk}.pdf"
    page = started.get("facture").content.decode()
    assert "<img src=x>" not in page


@pytest.mark.parametrize("name", ["", ".", "..", "/", "\\", "\u202e"])
def test_a_file_without_a_name_is_no_file(started, name):
    response = upload(started, plain_pdf(), name)
    assert response.status_code == 200
    assert "Choisissez le PDF de votre facture." in response.content.decode()
    assert not Document.objects.exists()


def test_two_files_of_one_request_do_not_mix(started):
    """The handler is one for the whole request; each file has its own hash and place."""
    started.facture()
    started.details()
    started.post("justificatifs", {"type": "RIB"}, press="ajouter-piece")
    contents = {"certificat": plain_pdf("Certificat"), "piece1": plain_pdf("RIB, plus long", pages=3)}
    files = {slot: SimpleUploadedFile(f"{slot}.pdf", content) for slot, content in contents.items()}
    assert started.justificatifs(**files).status_code == 302
    for slot, content in contents.items():
        document = started.draft.documents.get(slot=slot)
        assert document.name == f"{slot}.pdf"
        assert document.sha256 == hashlib.sha256(content).hexdigest()
        assert content_of(document) == content


# --- A file that is sent by itself ----------------------------------------------------------------------------------


def send_alone(started, slot: str, file=None, **typed: str):
    """What a browser does as soon as a file is chosen; `slot` names the field."""
    step = "facture" if slot == "facture" else "justificatifs"
    return started.post(step, typed, press="recevoir", value=slot, **({slot: file} if file else {}))


def test_a_file_sent_by_itself_is_kept_with_what_is_typed_and_shows_no_error(started):
    response = send_alone(started, "facture", pdf(), covers_tuition="oui")
    assert (response.status_code, response.url) == (302, started.url("facture"))
    page = started.get("facture").content.decode()
    assert "facture.pdf" in page
    assert re.search(r'value="oui"[^>]*checked', page)
    assert "data-error-summary>" not in page.partition("<template")[0]
    # And nothing else of the step is asked for yet.
    assert started.draft.data["extra_data"]["attempted"] == []


def test_a_file_sent_by_itself_and_refused_leaves_the_one_before(started):
    send_alone(started, "facture", pdf("premiere.pdf"))
    response = send_alone(started, "facture", SimpleUploadedFile("seconde.pdf", plain_pdf()[:300]))
    assert response.status_code == 200
    page = response.content.decode()
    assert "seconde.pdf\u00a0: Ce PDF est endommagé" in page
    assert started.draft.documents.get().name == "premiere.pdf"


def test_a_file_sent_by_itself_that_is_not_there_is_said(started):
    response = send_alone(started, "facture")
    assert "Le fichier n’est pas arrivé." in response.content.decode()


def test_a_file_sent_to_a_field_that_was_removed_is_said(started):
    started.facture()
    started.details()
    started.post("justificatifs", {"type": "RIB"}, press="ajouter-piece")
    started.post("justificatifs", press="retirer-piece", value="piece1")
    response = send_alone(started, "piece1", pdf("rib.pdf"))
    assert "Ce document a été retiré entre-temps." in response.content.decode()
    assert not started.draft.documents.filter(slot="piece1").exists()


def test_the_invoice_s_file_can_be_taken_back(started):
    send_alone(started, "facture", pdf())
    assert started.post("facture", press="retirer-piece", value="facture").status_code == 302
    assert not started.draft.documents.exists()
    assert "facture.pdf" not in started.get("facture").content.decode()


# --- Requests that end badly --------------------------------------------------------------------------------------


@pytest.fixture
def strict_client(provider, dossier):
    """The provider's browser as it really is: checked for forgery, which reads the whole body first."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(provider)
    client.get(f"/dossiers/{dossier.number}/documents/")
    client.defaults["HTTP_X_CSRFTOKEN"] = client.cookies["csrftoken"].value
    return client


def post_file(client: Client, address: str, *, body: bytes | None = None):
    body = part("facture-facture", plain_pdf(), "facture.pdf") + END if body is None else body
    return client.post(address, body, content_type=MULTIPART)


def is_empty(folder: Path) -> bool:
    """Whether something has been written there, and nothing is left."""
    return folder.is_dir() and not any(folder.iterdir())


@pytest.mark.parametrize("address", ["/depots/{uuid}/facture/", "/dossiers/INCONNU/documents/ajouter/", "/inconnu/"])
def test_a_file_sent_to_what_does_not_exist_leaves_nothing(strict_client, incoming_folder, address):
    assert post_file(strict_client, address.format(uuid=uuid.uuid4())).status_code == 404
    assert is_empty(incoming_folder)


def test_a_file_sent_where_it_is_forbidden_leaves_nothing(strict_client, incoming_folder, dossier):
    looking = person_with(Role.CONSULTATION_PRESTATAIRE, dossier.training_provider)
    strict_client.force_login(looking)
    strict_client.defaults["HTTP_X_CSRFTOKEN"] = strict_client.cookies["csrftoken"].value
    assert post_file(strict_client, f"/dossiers/{dossier.number}/documents/ajouter/").status_code == 403
    assert is_empty(incoming_folder)


@pytest.mark.django_db
def test_a_file_sent_by_anyone_to_the_log_in_page_leaves_nothing(incoming_folder):
    client = Client(enforce_csrf_checks=True)
    client.get("/connexion/")
    assert post_file(client, "/connexion/").status_code == 403
    assert is_empty(incoming_folder)


def test_a_file_sent_with_forged_management_data_leaves_nothing(started, incoming_folder):
    response = started.client.post(
        started.url("facture"), {"facture-facture": SimpleUploadedFile("facture.pdf", plain_pdf())}
    )
    assert response.status_code == 400
    assert is_empty(incoming_folder)


def test_a_file_sent_to_a_page_that_takes_none_leaves_nothing(strict_client, incoming_folder):
    assert post_file(strict_client, "/dossiers/").status_code == 405
    assert is_empty(incoming_folder)


def test_more_files_than_a_request_may_have_leave_nothing(strict_client, incoming_folder, settings):
    settings.DATA_UPLOAD_MAX_NUMBER_FILES = 3
    body = b"".join(part(f"f{rank}", plain_pdf(), "facture.pdf") for rank in range(4)) + END
    assert post_file(strict_client, "/dossiers/", body=body).status_code == 413
    assert is_empty(incoming_folder)


def test_a_body_that_cannot_be_decoded_leaves_nothing(strict_client, incoming_folder, caplog):
    good = part("f1", plain_pdf(), "facture.pdf")
    bad = part("f2", b"JVBERi0x@@@", "facture.pdf", "Content-Transfer-Encoding: base64")
    # A record of the log would hold the traceback, and with it the request.
    with caplog.at_level(logging.CRITICAL, logger="django.request"):
        assert post_file(strict_client, "/dossiers/", body=good + bad + END).status_code == 400
    gc.collect()
    assert is_empty(incoming_folder)


def test_a_body_cut_in_the_middle_of_a_file_leaves_nothing(strict_client, incoming_folder):
    body = part("facture-facture", plain_pdf(), "facture.pdf")
    assert post_file(strict_client, "/dossiers/", body=body[: len(body) // 2]).status_code == 405
    assert is_empty(incoming_folder)


# --- The handler by itself ----------------------------------------------------------------------------------------


@pytest.fixture
def handler(db) -> IncomingFileHandler:
    handler = IncomingFileHandler()
    handler.new_file("facture", "facture.pdf", "application/pdf", None)
    return handler


def test_the_disk_never_holds_more_than_a_limit_may_allow_and_a_byte(handler):
    chunk = b"x" * MEBIBYTE
    for rank in range(25):
        assert handler.receive_data_chunk(chunk, rank * MEBIBYTE) is None
        assert handler.path.stat().st_size == min((rank + 1) * MEBIBYTE, LARGEST_FILE_BYTES + 1)
    with handler.file_complete(25 * MEBIBYTE) as incoming:
        assert incoming.size == 25 * MEBIBYTE


def test_an_interrupted_upload_leaves_nothing(handler, incoming_folder):
    handler.receive_data_chunk(b"%PDF-1.7", 0)
    handler.upload_interrupted()
    assert is_empty(incoming_folder)


def test_an_upload_interrupted_before_its_file_began_is_nothing():
    IncomingFileHandler().upload_interrupted()


def test_a_file_is_removed_when_it_is_closed_twice(handler, incoming_folder):
    incoming = handler.file_complete(0)
    assert incoming.path.exists()
    incoming.close()
    incoming.close()
    assert is_empty(incoming_folder)


class Input:
    """A body that is made as it is read, so that it is nowhere in memory; `breaks` after that many bytes."""

    def __init__(self, chunks: Iterator[bytes], breaks: int | None = None) -> None:
        self.chunks, self.rest, self.given, self.breaks = chunks, b"", 0, breaks

    def read(self, size: int) -> bytes:
        if self.breaks is not None and self.given >= self.breaks:
            raise OSError("connection reset")
        while len(self.rest) < size and (chunk := next(self.chunks, b"")):
            self.rest += chunk
        given, self.rest = self.rest[:size], self.rest[size:]
        self.given += len(given)
        return given

    readline = read  # a stream has it; a multipart body is not read by lines


def body_of(mebibytes: int) -> Iterator[bytes]:
    head, _, tail = part("facture", b"<content>", "facture.pdf").partition(b"<content>")
    yield head
    for rank in range(16 * mebibytes):
        yield bytes([rank % 256]) * (MEBIBYTE // 16)
    yield tail + END


def request_with(rf, body: Input, length: int):
    environ = {"REQUEST_METHOD": "POST", "CONTENT_TYPE": MULTIPART, "CONTENT_LENGTH": str(length), "wsgi.input": body}
    return rf.request(**environ)


def test_no_file_is_held_in_memory(rf):
    length = sum(map(len, body_of(10)))
    request = request_with(rf, Input(body_of(10)), length)
    tracemalloc.start()
    try:
        incoming = request.FILES["facture"]
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert incoming.size == LIMIT
    assert peak < 6 * MEBIBYTE
    request.close()


def test_a_connection_that_breaks_leaves_nothing(rf, incoming_folder):
    length = sum(map(len, body_of(10)))
    request = request_with(rf, Input(body_of(10), breaks=3 * MEBIBYTE), length)
    with pytest.raises(UnreadablePostError):
        request.FILES  # noqa: B018 - reading it is the act
    assert any(incoming_folder.iterdir())
    request.close()
    del request
    gc.collect()
    assert is_empty(incoming_folder)
