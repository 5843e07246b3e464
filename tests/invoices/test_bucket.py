"""The documents in a bucket: a person's whole job, what the bucket is told, and a bucket that is away."""

import base64
import io
import re
import time
import tracemalloc
import zipfile
from datetime import timedelta

import pytest
from django.core.exceptions import SuspiciousOperation
from django.core.files.base import ContentFile
from django.db.models.functions import Now
from django.utils import timezone

from invoices import documents, rules, transmission
from invoices.enums import DocumentType
from invoices.models import Deposit, Document, Draft, document_storage
from invoices.storage import StorageAwayError
from invoices.storage.bucket import IMPATIENT, PATIENT
from roles.enums import Role
from tests import pdfs
from tests.bucket import hung_server, keep_documents_in, url_of
from tests.catalogue import GUIDE
from tests.factories import DocumentFactory, EstablishmentFactory, make_deposit, person_with
from tests.stack import free_port
from tests.wizard import Wizard, pdf
from trail.enums import Action, Result
from trail.models import Event

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bucket")]


@pytest.fixture
def incoming(settings):
    """The files that wait on this machine: none, after each request."""
    return lambda: [path.name for path in settings.INCOMING_ROOT.glob("*")]


@pytest.fixture
def deposit(dossier, provider) -> Deposit:
    return make_deposit(dossier, provider)


@pytest.fixture
def move_to(settings, monkeypatch):
    """From now on the documents are looked for at this address."""
    return lambda url: keep_documents_in(url, settings, monkeypatch, settings.INCOMING_ROOT)


@pytest.fixture(params=["refuses connections", "is another's", "is not there"])
def away(request, move_to, bucket, s3):
    """A function after which the bucket cannot be asked."""

    def go() -> None:
        if request.param == "refuses connections":
            move_to(url_of(bucket.name, f"http://127.0.0.1:{free_port()}"))
        elif request.param == "is not there":
            bucket.remove()
        else:
            deny = (
                '{"Version": "2012-10-17", "Statement": '
                '[{"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"}]}'
            )
            s3.client.put_bucket_policy(Bucket=bucket.name, Policy=deny)

    return go


# What a hung bucket may hold these tests up for, on a busy machine; without a limit it would be a minute for each try.
BOUND_SECONDS = 15


# --- The whole job ------------------------------------------------------------------------------------------------


def test_a_persons_whole_job_with_the_documents_in_a_bucket(bucket, log_in, provider, employer, dossier, incoming):
    client = log_in(provider)
    wizard = Wizard.start(client, dossier).to_last_step()
    assert wizard.send().status_code == 302
    assert transmission.transmit_due(wizard.depot) == 0
    Deposit.objects.filter(pk=wizard.depot).update(submitted_at=Now() - timedelta(days=1), transmit_at=Now())
    assert transmission.transmit_due(wizard.depot) == 1
    rows = list(wizard.deposit.documents.all())
    assert set(bucket) == {row.file.name for row in rows}
    for row in rows:
        assert re.fullmatch(rf"\d{{4}}/\d\d/{row.pk}\.pdf", row.file.name)
        downloaded = log_in(employer).get(row.get_absolute_url())
        assert downloaded.getvalue() == bucket.files()[row.file.name]
        assert downloaded["Content-Length"] == str(row.size)
        assert downloaded["Content-Type"] == "application/pdf"
        assert downloaded["Content-Disposition"] == f'attachment; filename="{row.name}"'
        for picture in ("vignette.webp", "pages/1.webp"):
            answer = client.get(f"{row.get_absolute_url()}{picture}")
            assert (answer.status_code, answer["Content-Type"]) == (200, "image/webp")
        assert answer.content[:4] == b"RIFF"
    kept = {f"apercus/{row.file.name[:-4]}.webp" for row in rows}
    assert set(bucket) == {row.file.name for row in rows} | kept
    archive = client.get(f"/depots/{wizard.depot}/documents.zip")
    content = archive.getvalue()
    assert int(archive["Content-Length"]) == len(content)
    with zipfile.ZipFile(io.BytesIO(content)) as opened:
        assert opened.testzip() is None
        assert [opened.read(name) for name in opened.namelist()] == [bucket.files()[row.file.name] for row in rows]
    assert incoming() == []


def test_a_draft_that_is_deleted_leaves_nothing_after_the_purge(bucket, wizard, provider, dossier):
    started = wizard(provider, dossier).to_last_step()
    for row in started.draft.documents.all():
        assert started.client.get(f"{row.get_absolute_url()}vignette.webp").status_code == 200
    assert len(set(bucket)) == 4
    started.client.post(f"/depots/{started.depot}/supprimer/")
    assert documents.purge() == 0
    Document.objects.update(loose_since=Now() - timedelta(hours=7))
    assert documents.purge() == 2
    assert set(bucket) == set()
    assert not Document.objects.exists()


def test_a_file_is_read_as_it_is_sent(log_in, provider, deposit):
    """Seven times 10 MB of documents, and never more than a part of one in memory."""
    big = b"%PDF" + bytes(10_000_000)
    for _ in range(7):
        DocumentFactory(deposit=deposit, loose_since=None, type=DocumentType.FEUILLE_EMARGEMENT, content=big)
    del big
    client = log_in(provider)
    client.get(deposit.documents.first().get_absolute_url()).getvalue()  # what the first request makes is not measured
    response = client.get(f"/depots/{deposit.pk}/documents.zip")
    tracemalloc.start()
    try:
        sent = sum(map(len, response.streaming_content))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert sent == int(response["Content-Length"]) > 70_000_000
    assert peak < 4_000_000


def test_it_does_not_exist_for_a_stranger(log_in, deposit):
    stranger = person_with(Role.ADMIN_SOCIETE_PRESTATAIRE, EstablishmentFactory())
    address = deposit.documents.first().get_absolute_url()
    answers = [log_in(stranger).get(address + path).status_code for path in ("", "vignette.webp", "pages/1.webp")]
    assert answers == [404, 404, 404]


# --- What the bucket is told --------------------------------------------------------------------------------------


def test_the_hash_that_was_made_on_arrival_goes_with_the_file(bucket, wizard, provider, dossier):
    """A bucket then refuses a file of which a part is missing."""
    wizard(provider, dossier).facture()
    row = Document.objects.get()
    facts = bucket.facts(row.file.name)
    assert base64.b64decode(facts["ChecksumSHA256"]).hex() == row.sha256
    assert facts["ContentType"] == "application/pdf"
    assert facts["ContentLength"] == row.size


def test_nothing_in_it_is_public(bucket, s3, deposit):
    for name in bucket:
        grants = s3.client.get_object_acl(Bucket=bucket.name, Key=f"portail/documents/{name}")["Grants"]
        assert [grant["Grantee"].get("URI") for grant in grants] == [None]
    with pytest.raises(ValueError, match="not accessible via a URL"):
        document_storage().url(deposit.documents.first().file.name)


def test_nothing_outside_the_prefix_is_read_or_written(bucket, s3):
    s3.client.put_object(Bucket=bucket.name, Key="portail/secret.pdf", Body=b"%PDF-")
    storage = document_storage()
    for touch in (storage.exists, storage.open, storage.size, storage.delete):
        with pytest.raises(SuspiciousOperation):
            touch("../secret.pdf")
    with pytest.raises(SuspiciousOperation):
        storage.save("../other.pdf", ContentFile(b"%PDF-"))
    assert s3.client.head_object(Bucket=bucket.name, Key="portail/secret.pdf")
    s3.client.delete_object(Bucket=bucket.name, Key="portail/secret.pdf")


def test_a_file_is_written_whole_or_not_at_all():
    with pytest.raises(ValueError, match="written once"):
        document_storage().open("2026/11/a.pdf", "wb")


# --- A file is lost -----------------------------------------------------------------------------------------------


def test_a_file_that_is_lost_is_not_found(bucket, log_in, provider, deposit):
    lost = deposit.documents.first()
    lost.file.storage.delete(lost.file.name)
    client, address = log_in(provider), lost.get_absolute_url()
    assert [client.get(address + path).status_code for path in ("", "vignette.webp", "pages/1.webp")] == [404] * 3
    page = client.get(f"/depots/{deposit.pk}/documents.zip")
    assert page.status_code == 404
    assert lost.name in page.content.decode()


def test_a_file_lost_before_transmettre_is_asked_for_again(wizard, provider, dossier):
    started = wizard(provider, dossier).to_last_step()
    lost = started.draft.documents.get(type=DocumentType.FACTURE)
    lost.file.storage.delete(lost.file.name)
    answer = started.send()
    assert answer.url == started.url("facture")
    assert "n’est plus lisible" in started.get("facture").content.decode()
    assert not Deposit.objects.exists()


# --- The bucket is away -------------------------------------------------------------------------------------------


def test_an_upload_that_cannot_be_stored_gets_a_sentence_and_the_draft_stays(away, wizard, provider, dossier, incoming):
    started = wizard(provider, dossier)
    started.facture()
    before = Document.objects.get()
    away()
    answer = started.facture(file=pdf("autre.pdf", "Autre"))
    assert answer.status_code == 200
    page = answer.content.decode()
    assert "autre.pdf\u00a0: Le portail n’a pas pu enregistrer ce fichier" in page
    assert set(started.draft.documents.all()) == {before}
    left = Document.objects.exclude(pk=before.pk).get()
    assert left.loose_since is not None
    assert incoming() == []
    told = Event.objects.filter(action=Action.UPLOAD).order_by("pk").values_list("result", "reason", "deposit")
    draft = started.draft.pk
    assert list(told) == [(Result.DONE, "", draft), (Result.REFUSED, "not_stored", draft)]


def test_a_document_by_itself_that_cannot_be_stored_gets_a_sentence(away, log_in, provider, dossier):
    client, type_ = log_in(provider), next(iter(rules.document_types(dossier, GUIDE)))
    away()
    address = f"/dossiers/{dossier.number}/documents/"
    page = client.get(address, {"type": type_}).content.decode()
    depot = re.search(r'name="depot" value="([^"]+)"', page)[1]
    typed = {"depot": depot, "type": type_, "fichier": pdf("convention.pdf")}
    answer = client.post(f"{address}ajouter/", typed)
    assert answer.status_code == 200
    assert "convention.pdf\u00a0: Le portail n’a pas pu enregistrer ce fichier" in answer.content.decode()
    assert not Deposit.objects.exists()


def test_transmettre_sends_nothing_and_loses_nothing(away, bucket, move_to, wizard, provider, dossier):
    started = wizard(provider, dossier).to_last_step()
    held = set(started.draft.documents.all())
    shown = started.shown()
    away()
    answer = started.send(shown)
    assert (answer.status_code, answer["Retry-After"]) == (503, "30")
    page = answer.content.decode()
    assert "Rien n’a été transmis ni perdu" in page
    assert f'href="{started.url("transmettre")}"' in page
    assert not Deposit.objects.exists()
    assert set(started.draft.documents.all()) == held


def test_what_cannot_be_read_now_is_said_to_be_away_and_never_lost(away, log_in, provider, deposit, incoming):
    client, address = log_in(provider), deposit.documents.first().get_absolute_url()
    away()
    for path in (address, f"/depots/{deposit.pk}/documents.zip"):
        answer = client.get(path)
        assert answer.status_code == 503
        assert "Documents momentanément inaccessibles" in answer.content.decode()
        assert f'href="{path}"' in answer.content.decode()
    for picture in ("vignette.webp", "pages/1.webp"):
        answer = client.get(address + picture)
        assert (answer.status_code, answer["Retry-After"]) == (503, "2")
    assert client.get(f"/dossiers/{deposit.origin.number}/documents/").status_code == 200
    assert incoming() == []


def test_the_purge_keeps_the_row_of_a_file_that_it_could_not_remove(away):
    row = DocumentFactory()
    Document.objects.update(loose_since=Now() - timedelta(hours=7))
    away()
    with pytest.raises(StorageAwayError):
        documents.purge()
    assert Document.objects.filter(pk=row.pk).exists()


def test_a_bucket_that_hangs_is_given_up(move_to, bucket, wizard, provider, dossier, deposit, log_in, monkeypatch):
    """After two tries where a person waits for it, after one where a picture is asked for; here soon, for the tests."""
    monkeypatch.setitem(PATIENT, "read_timeout", 1)
    monkeypatch.setitem(IMPATIENT, "read_timeout", 1)
    client, address = log_in(provider), deposit.documents.first().get_absolute_url()
    started = wizard(provider, dossier, client=client)
    with hung_server() as endpoint:
        move_to(url_of(bucket.name, endpoint))
        asked = time.monotonic()
        assert client.get(f"{address}vignette.webp").status_code == 503
        assert 1 < time.monotonic() - asked < BOUND_SECONDS
        asked = time.monotonic()
        assert "n’a pas pu enregistrer" in started.facture().content.decode()
        assert time.monotonic() - asked < BOUND_SECONDS
    assert Draft.objects.get(pk=started.depot).documents.count() == 0


def test_a_file_that_ends_too_soon_is_no_whole_answer(bucket, deposit):
    """A connection cut halfway is an error, not a shorter file."""
    row = deposit.documents.first()
    with row.file.storage.open(row.file.name) as file:
        file.body._content_length = str(row.size + 1)  # as when the rest did not come
        with pytest.raises(StorageAwayError):
            b"".join(file.chunks())


def test_the_files_are_kept_apart_by_month(bucket, wizard, provider, dossier):
    wizard(provider, dossier).facture()
    assert [name.rpartition("/")[0] for name in bucket] == [f"{timezone.localdate():%Y/%m}"]
    assert pdfs.plain_pdf("Facture") in bucket.files().values()
