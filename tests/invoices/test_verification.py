"""`manage.py verify_documents`: what it finds, on a folder and in a bucket alike, and what it says of it."""

import json
import tracemalloc
import uuid
from datetime import timedelta

import pytest
import time_machine
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from django.db.models.functions import Now
from django.utils import timezone

from invoices import documents, pictures, verification
from invoices.enums import DocumentType
from invoices.models import Document, document_storage
from tests.bucket import keep_documents_in, url_of
from tests.factories import DocumentFactory, DraftFactory, make_deposit
from tests.stack import free_port

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("either_storage")]

# Beyond the hours for which a young file is left alone.
LATER = timedelta(hours=7)


@pytest.fixture
def deposit(dossier, provider):
    """Two documents, the invoice's picture kept."""
    made = make_deposit(dossier, provider)
    pictures.thumbnail(made.documents.first())
    return made


@pytest.fixture
def verify(capsys):
    """Run the command seven hours from now: whether it was content, and each line as an object, the numbers last."""

    def run(*arguments: str) -> tuple[bool, list[dict], dict]:
        content = True
        with time_machine.travel(timezone.now() + LATER):
            try:
                call_command("verify_documents", "--json", *arguments)
            except CommandError:
                content = False
        *findings, numbers = map(json.loads, capsys.readouterr().out.splitlines())
        return content, findings, numbers

    return run


def put(row: Document, content: bytes) -> None:
    """Put other bytes in the place of a document's file."""
    row.file.storage.delete(row.file.name)
    assert row.file.storage.save(row.file.name, ContentFile(content)) == row.file.name


def numbers_of(**found: int) -> dict[str, int]:
    return {outcome.value: 0 for outcome in verification.Outcome} | found


def finding(outcome: str, row: Document) -> dict[str, str | None]:
    deposit = row.deposit_id and str(row.deposit_id)
    return {"outcome": outcome, "file": row.file.name, "document": str(row.pk), "deposit": deposit}


def test_where_all_is_well_it_says_how_many(deposit, verify):
    DocumentFactory(draft=DraftFactory(), slot="facture")
    assert verify() == (True, [], numbers_of(intact=3))


def test_there_may_be_nothing_yet(verify):
    assert verify() == (True, [], numbers_of())


def test_a_file_of_a_deposit_that_is_lost(deposit, verify):
    lost = deposit.documents.first()
    lost.file.storage.delete(lost.file.name)
    assert verify() == (False, [finding("lost", lost)], numbers_of(intact=1, lost=1))


def test_a_file_of_a_draft_that_is_lost(verify):
    lost = DocumentFactory(draft=DraftFactory(), slot="facture")
    lost.file.storage.delete(lost.file.name)
    assert verify() == (False, [finding("lost", lost)], numbers_of(lost=1))


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda content: content[:-1], id="cut"),
        pytest.param(lambda content: content + b"\n", id="longer"),
        pytest.param(lambda content: content[:-1] + b"\0", id="one byte"),
        pytest.param(lambda content: b"", id="empty"),
    ],
)
def test_a_file_that_changed(deposit, verify, change):
    changed = deposit.documents.last()
    with changed.file.open() as file:
        content = file.read()
    put(changed, change(content))
    assert verify() == (False, [finding("changed", changed)], numbers_of(intact=1, changed=1))


def test_a_file_that_is_on_its_way_is_not_lost(verify):
    """Its row is there before it; whether the file ever comes, the row is loose."""
    arriving = DocumentFactory()
    arriving.file.storage.delete(arriving.file.name)
    assert verify() == (True, [], numbers_of())
    documents.put_in_draft(arriving, DraftFactory(), "facture")
    assert verify() == (False, [finding("lost", Document.objects.get())], numbers_of(lost=1))


def test_a_document_that_was_purged_meanwhile_is_not_lost(verify, monkeypatch):
    """Between the reading of the row and of the file: here, as the file is opened."""
    row = DocumentFactory(draft=DraftFactory(), slot="facture")
    rows = verification._kept

    def overtaken(since):
        for document in rows(since):
            Document.objects.filter(pk=row.pk).update(draft=None, slot="", loose_since=Now() - LATER)
            documents.purge()
            yield document

    monkeypatch.setattr(verification, "_kept", overtaken)
    assert verify() == (True, [], numbers_of(intact=1))


def test_a_file_without_a_row_is_an_orphan(deposit, verify):
    """As a purge that was undone by a backup put back would leave it: nobody misses it."""
    name = document_storage().save(f"2026/11/{uuid.uuid4()}.pdf", ContentFile(b"%PDF-"))
    orphan = {"outcome": "orphaned", "file": name, "document": None, "deposit": None}
    assert verify() == (True, [orphan], numbers_of(intact=2, orphaned=1))
    assert verify("--strict")[0] is False


def test_a_file_that_is_purged_after_it_was_listed_is_no_orphan(verify, monkeypatch):
    """Here, just before its row is looked for."""
    row = DocumentFactory()
    Document.objects.filter(pk=row.pk).update(loose_since=Now() - LATER)
    with_a_row = verification._with_a_row

    def overtaken(names):
        assert documents.purge() == 1
        return with_a_row(names)

    monkeypatch.setattr(verification, "_with_a_row", overtaken)
    assert verify("--strict") == (True, [], numbers_of())


def test_a_file_under_a_documents_id_elsewhere_is_an_orphan(deposit, verify):
    """A row tells of one file, by its whole name."""
    name = document_storage().save(f"2020/01/{deposit.documents.first().pk}.pdf", ContentFile(b"%PDF-"))
    assert [found["file"] for found in verify()[1]] == [name]


def test_a_picture_whose_document_is_gone_is_an_orphan(deposit, verify):
    name = f"2026/11/{uuid.uuid4()}.webp"
    pictures._storage().save(name, ContentFile(b"RIFF"))
    assert [found["file"] for found in verify()[1]] == [f"apercus/{name}"]


def test_a_young_file_without_a_row_is_left_alone(deposit, capsys):
    document_storage().save(f"2026/11/{uuid.uuid4()}.pdf", ContentFile(b"%PDF-"))
    call_command("verify_documents", "--strict", "--json")
    assert json.loads(capsys.readouterr().out) == numbers_of(intact=2)


def test_what_is_loose_is_no_orphan(verify):
    DocumentFactory()
    assert verify("--strict") == (True, [], numbers_of())


def test_it_changes_nothing(deposit, verify):
    put(deposit.documents.last(), b"%PDF-")
    document_storage().save(f"2026/11/{uuid.uuid4()}.pdf", ContentFile(b"%PDF-"))
    before = {stored.name for stored in document_storage().walk()}
    assert verify() == verify()
    assert {stored.name for stored in document_storage().walk()} == before
    assert Document.objects.count() == 2


def test_only_what_was_received_lately(deposit, verify):
    old, new = deposit.documents.all()
    Document.objects.filter(pk=old.pk).update(uploaded_at=Now() - timedelta(days=3))
    for row in (old, new):
        row.file.storage.delete(row.file.name)
    assert verify("--since", "2") == (False, [finding("lost", new)], numbers_of(lost=1))
    assert verify("--since", "4")[2] == numbers_of(lost=2)


@pytest.mark.parametrize("days", ["0", "-1", "two"])
def test_a_number_of_days_that_is_none_is_refused(days):
    with pytest.raises(CommandError, match="since"):
        call_command("verify_documents", "--since", days)


def test_more_than_a_batch(deposit, verify, monkeypatch):
    monkeypatch.setattr(verification, "BATCH", 2)
    rows = [DocumentFactory(draft=DraftFactory(), slot="facture") for _ in range(5)]
    put(rows[3], b"%PDF-")
    for _ in range(3):
        document_storage().save(f"2026/11/{uuid.uuid4()}.pdf", ContentFile(b"%PDF-"))
    assert verify()[2] == numbers_of(intact=6, changed=1, orphaned=3)


def test_lines_for_people_name_files_and_ids_and_nobody(deposit, capsys):
    lost = deposit.documents.first()
    Document.objects.filter(pk=lost.pk).update(name="Bulletin de Zoé.pdf")
    lost.file.storage.delete(lost.file.name)
    draft = DocumentFactory(draft=DraftFactory(), slot="facture")
    draft.file.storage.delete(draft.file.name)
    with pytest.raises(CommandError, match="Not every document"):
        call_command("verify_documents")
    *lines, total = capsys.readouterr().out.splitlines()
    assert sorted(lines) == sorted(
        [
            f"lost       {lost.file.name}  document {lost.pk}  deposit {deposit.pk}",
            f"lost       {draft.file.name}  document {draft.pk}  in a draft",
        ]
    )
    assert total == "1 intact, 2 lost, 0 changed, 0 unreadable, 0 orphaned."


def test_it_says_now_and_then_how_far_it_is(deposit, capsys, monkeypatch):
    from portal.management.commands import verify_documents

    monkeypatch.setattr(verify_documents, "PROGRESS_SECONDS", 0)
    call_command("verify_documents")
    told = capsys.readouterr()
    assert told.err.splitlines() == ["1 files…", "2 files…"]
    assert "files…" not in told.out


def test_files_are_read_as_streams(deposit, verify):
    big = b"%PDF" + bytes(10_000_000)
    DocumentFactory(deposit=deposit, loose_since=None, type=DocumentType.FEUILLE_EMARGEMENT, content=big)
    del big
    tracemalloc.start()
    try:
        assert verify()[2] == numbers_of(intact=3)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 6_000_000


# --- Of one storage alone -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("either_storage", ["folder"], indirect=True)
def test_a_file_that_cannot_be_read_is_said_so_and_the_others_are_verified(deposit, verify, documents_folder):
    unreadable = deposit.documents.first()
    path = documents_folder / unreadable.file.name
    path.unlink()
    path.mkdir()  # whoever runs the tests, this cannot be opened
    assert verify() == (False, [finding("unreadable", unreadable)], numbers_of(intact=1, unreadable=1))


@pytest.mark.parametrize("either_storage", ["folder"], indirect=True)
def test_what_arrives_is_no_orphan(deposit, verify, settings):
    settings.INCOMING_ROOT.mkdir(parents=True, exist_ok=True)
    (settings.INCOMING_ROOT / f"{uuid.uuid4()}.pdf").write_bytes(b"%PDF-")
    assert verify("--strict") == (True, [], numbers_of(intact=2))


@pytest.mark.parametrize("either_storage", ["bucket"], indirect=True)
def test_a_bucket_that_is_away_has_lost_nothing(deposit, bucket, settings, monkeypatch, tmp_path, capsys):
    for _ in range(verification.UNREADABLE_IN_A_ROW):
        DocumentFactory(draft=DraftFactory(), slot="facture")
    keep_documents_in(url_of(bucket.name, f"http://127.0.0.1:{free_port()}"), settings, monkeypatch, tmp_path)
    with pytest.raises(CommandError, match="does not answer"):
        call_command("verify_documents", "--json")
    outcomes = [json.loads(line)["outcome"] for line in capsys.readouterr().out.splitlines()]
    assert outcomes == ["unreadable"] * verification.UNREADABLE_IN_A_ROW


@pytest.mark.parametrize("either_storage", ["bucket"], indirect=True)
def test_a_bucket_that_is_another_is_said_to_be_away(deposit, bucket):
    bucket.remove()
    with pytest.raises(CommandError, match="does not answer"):
        call_command("verify_documents")
