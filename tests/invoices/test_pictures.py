"""Pages as pictures: that they show what the PDF shows, cost what they may, and are seen by whom it is seen by."""

import io
import os
import time
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from django.db.models.functions import Now
from PIL import Image

from invoices import documents, pictures
from invoices.enums import DocumentType
from invoices.models import Document
from invoices.pdf.picture import CannotDraw, Frame, draw_page
from invoices.pictures import PAGE, THUMBNAIL
from invoices.turns import Turns
from roles.enums import Role
from tests import pdfs
from tests.chaos.machines import spent_on_children
from tests.corpus.known import ACCEPTED, FLAGGED
from tests.factories import (
    DocumentFactory,
    DossierFactory,
    DraftFactory,
    EstablishmentFactory,
    make_deposit,
    person_with,
)

# Besides what the box may take: starting it, on a busy machine.
MARGIN_SECONDS = 3
# Large enough to find in it what is looked for, and soon drawn.
FRAME = Frame(400, 600)
SMALL = Frame(160, 226)


@pytest.fixture
def draw(tmp_path):
    """A page of a PDF, drawn, in shades of grey."""

    def drawn(content: bytes, number: int = 1, frame: Frame = FRAME) -> Image.Image:
        path = tmp_path / "drawn.pdf"
        path.write_bytes(content)
        return Image.open(io.BytesIO(draw_page(path, number, frame))).convert("L")

    return drawn


def ink(picture: Image.Image) -> float:
    """How much of a picture is dark."""
    return sum(picture.histogram()[:128]) / (picture.width * picture.height)


# --- What a picture shows -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("build", [pytest.param(case[1], id=case[0]) for case in [*ACCEPTED, *FLAGGED]])
def test_every_pdf_that_is_accepted_has_a_picture(draw, build):
    picture = draw(build(), frame=SMALL)
    assert picture.width == SMALL.width or picture.height == SMALL.height
    assert picture.width <= SMALL.width
    assert picture.height <= SMALL.height


def test_each_page_has_its_own(draw):
    pdf = pdfs.plain_pdf("Facture", pages=3)
    assert len({draw(pdf, number).tobytes() for number in (1, 2, 3)}) == 3
    with pytest.raises(CannotDraw):
        draw(pdf, 4)


def test_a_page_is_shown_the_way_round_that_it_says(draw):
    """A page whose lower half is black: turned clockwise by a quarter, its left half is."""
    upright, turned = draw(pdfs.half_inked_pdf()), draw(pdfs.half_inked_pdf(90))
    assert upright.height > upright.width
    assert turned.height < turned.width
    width, height = upright.size
    assert ink(upright.crop((0, 0, width, height // 2 - 2))) == 0
    assert ink(upright.crop((0, height // 2 + 2, width, height))) == 1
    width, height = turned.size
    assert ink(turned.crop((0, 0, width // 2 - 2, height))) == 1
    assert ink(turned.crop((width // 2 + 2, 0, width, height))) == 0


@pytest.mark.parametrize("with_appearance", [False, True])
def test_what_is_filled_in_in_a_form_is_shown(draw, with_appearance):
    assert ink(draw(pdfs.filled_form_pdf())) == 0
    filled = draw(pdfs.filled_form_pdf("DUPONT", with_appearance=with_appearance))
    other = draw(pdfs.filled_form_pdf("MARTIN", with_appearance=with_appearance))
    assert ink(filled) > 0.001
    assert filled.tobytes() != other.tobytes()


def test_annotations_are_shown(draw):
    assert ink(draw(pdfs.annotated_pdf())) > 0.05


def test_nothing_shows_through_a_page_that_has_no_ground(draw):
    assert draw(pdfs.one_page()).getextrema()[0] > 250


# --- What it costs ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("width", "height", "size"),
    [
        pytest.param(10**9, 10**9, (160, 160), id="larger than a country"),
        pytest.param(14_400, 14_400, (160, 160), id="200 inches"),
        pytest.param(100_000, 1, (160, 1), id="a sliver"),
        pytest.param(1, 100_000, (1, 226), id="an upright sliver"),
        pytest.param(3, 4, (160, 214), id="a stamp"),
    ],
)
def test_a_picture_is_as_large_as_its_frame_whatever_size_the_page_says(draw, width, height, size):
    picture = draw(pdfs.page_of(width, height), frame=SMALL)
    assert picture.size == size
    assert ink(picture) == 1


HOSTILE = [
    ("an image of 430 MB", pdfs.huge_image),
    ("drawings in drawings", pdfs.exploding_drawing),
    ("three million curves", pdfs.many_strokes),
    ("an endless pattern", pdfs.endless_pattern),
    # Refused on arrival; drawn all the same here, in case another way in is ever found.
    ("object stream of 400 MB", pdfs.flate_bomb_in_object_stream),
    ("streams that overlap", pdfs.overlapping_streams),
    ("scrambled", pdfs.scrambled),
    ("protected by a password", pdfs.encrypted_for_opening),
    ("a page tree that goes round", pdfs.circular_page_tree),
]


@pytest.mark.parametrize("build", [pytest.param(case[1], id=case[0]) for case in HOSTILE])
def test_a_hostile_page_costs_no_more_than_its_box_may(draw, settings, build):
    settings.PICTURE_CPU_SECONDS = 1
    content = build()
    before = spent_on_children()
    started = time.monotonic()
    with suppress(CannotDraw):
        assert draw(content, frame=SMALL).width <= SMALL.width
    assert time.monotonic() - started < settings.PICTURE_WALL_SECONDS + MARGIN_SECONDS
    assert spent_on_children() - before < settings.PICTURE_CPU_SECONDS + 1


def test_a_box_that_is_late_says_nothing_about_the_page(draw, settings):
    settings.PICTURE_WALL_SECONDS = 0.01
    with pytest.raises(CannotDraw) as cannot:
        draw(pdfs.plain_pdf())
    assert not cannot.value.for_good


def test_a_full_page_of_text_makes_a_small_thumbnail(draw, tmp_path):
    path = tmp_path / "text.pdf"
    path.write_bytes(pdfs.plain_pdf("Facture de formation professionnelle " * 110))
    assert len(draw_page(path, 1, THUMBNAIL)) < 4_500
    assert len(draw_page(path, 1, PAGE)) < 400_000


# --- What is kept -------------------------------------------------------------------------------------------------


@pytest.fixture
def draft(provider, dossier):
    return DraftFactory(owner=provider, origin=dossier, data={"step": "justificatifs"})


@pytest.fixture
def document(draft) -> Document:
    """In a draft of the provider's."""
    return DocumentFactory(draft=draft, slot="facture", content=pdfs.plain_pdf("Facture", pages=3), pages=3)


def files_in(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def kept(document: Document) -> str:
    return f"apercus/{document.file.name.removesuffix('.pdf')}.webp"


@pytest.mark.django_db
def test_a_thumbnail_is_drawn_once_and_kept_under_its_documents_name(document, documents_folder):
    picture = pictures.thumbnail(document)
    assert files_in(documents_folder) == {document.file.name, kept(document)}
    assert (documents_folder / kept(document)).read_bytes() == picture
    assert (documents_folder / kept(document)).stat().st_mode & 0o777 == 0o640
    document.file.storage.delete(document.file.name)
    assert pictures.thumbnail(document) == picture


@pytest.mark.django_db
def test_pages_are_not_kept(document, documents_folder):
    pictures.page(document, 2)
    assert files_in(documents_folder) == {document.file.name}


@pytest.mark.django_db
def test_that_there_can_be_no_picture_is_kept_too(draft, documents_folder):
    document = DocumentFactory(draft=draft, slot="facture", content=pdfs.scrambled())
    with pytest.raises(CannotDraw):
        pictures.thumbnail(document)
    assert kept(document) in files_in(documents_folder)
    document.file.storage.delete(document.file.name)  # would be FileNotFoundError if it were drawn
    with pytest.raises(CannotDraw):
        pictures.thumbnail(document)


@pytest.mark.django_db
def test_a_busy_machine_spoils_no_thumbnail(settings, document, documents_folder):
    settings.PICTURE_WALL_SECONDS = 0.01
    with pytest.raises(CannotDraw):
        pictures.thumbnail(document)
    assert files_in(documents_folder) == {document.file.name}
    settings.PICTURE_WALL_SECONDS = 10
    assert pictures.thumbnail(document)


@pytest.mark.django_db
def test_a_picture_that_was_lost_or_emptied_is_drawn_again(document, documents_folder):
    picture = pictures.thumbnail(document)
    (documents_folder / kept(document)).write_bytes(b"")
    assert pictures.thumbnail(document) == picture
    (documents_folder / kept(document)).unlink()
    assert pictures.thumbnail(document) == picture


@pytest.mark.django_db
def test_a_picture_that_cannot_be_kept_is_shown_all_the_same(document, documents_folder):
    (documents_folder / "apercus").write_text("not a folder")
    assert pictures.thumbnail(document)
    assert files_in(documents_folder) == {document.file.name, "apercus"}


@pytest.mark.django_db
def test_the_purge_takes_the_picture_with_the_document_and_no_other(document, documents_folder):
    loose = DocumentFactory()
    for row in (document, loose):
        pictures.thumbnail(row)
    Document.objects.filter(pk=loose.pk).update(loose_since=Now() - timedelta(hours=7))
    assert documents.purge() == 1
    assert files_in(documents_folder) == {document.file.name, kept(document)}


@pytest.mark.django_db
def test_the_picture_goes_before_the_row(document, documents_folder):
    """Whatever fails meanwhile, a picture never outlives its row."""
    loose = DocumentFactory()
    pictures.thumbnail(loose)
    Document.objects.filter(pk=loose.pk).update(loose_since=Now() - timedelta(hours=7))
    stubborn = documents_folder / loose.file.name
    stubborn.unlink()
    stubborn.mkdir()  # os.remove fails on a folder that is not empty, as Django's storage does
    (stubborn / "x").touch()
    with pytest.raises(OSError):
        documents.purge()
    assert Document.objects.filter(pk=loose.pk).exists()
    assert not (documents_folder / kept(loose)).exists()


@pytest.mark.django_db
def test_what_a_crash_left_while_a_picture_was_written_is_removed(settings):
    settings.INCOMING_ROOT.mkdir(parents=True)
    cut = settings.INCOMING_ROOT / "cut.webp"
    cut.write_bytes(b"RIFF")
    os.utime(cut, (time.time() - 7 * 3600,) * 2)
    documents.purge()
    assert not cut.exists()


# --- Who sees it (RULES.md §7) ------------------------------------------------------------------------------------


def addresses(document: Document) -> list[str]:
    base = document.get_absolute_url()
    return [f"{base}vignette.webp", f"{base}apercu/", f"{base}pages/1.webp"]


def answers(client, document: Document) -> set[int]:
    return {client.get(address).status_code for address in addresses(document)}


@pytest.mark.django_db
def test_whoever_may_download_a_document_sees_its_pictures_and_no_one_else(client, log_in, dossier, provider, employer):
    associated = DossierFactory(training_provider=dossier.training_provider)
    deposit = make_deposit(dossier, provider, associated=[associated], delay=timedelta(hours=1))
    document = deposit.documents.get(type=DocumentType.FACTURE)
    assert answers(log_in(provider), document) == {200}
    assert answers(log_in(employer), document) == {200}
    # Before the end of the delay it is filed in the origin alone.
    assert answers(log_in(person_with(Role.ADMIN_ETABLISSEMENT, associated.employer)), document) == {404}
    assert answers(log_in(person_with(Role.ADMIN_SOCIETE_PRESTATAIRE, EstablishmentFactory())), document) == {404}
    for address in addresses(document):
        assert client.get(address).url == f"/connexion/?next={address}"
        assert log_in(provider).post(address).status_code == 405


@pytest.mark.django_db
def test_a_draft_is_seen_by_its_owner_alone_and_a_loose_document_by_nobody(log_in, provider, dossier, document):
    assert answers(log_in(provider), document) == {200}
    colleague = person_with(Role.SAISIE_PRESTATAIRE, dossier.training_provider)
    assert answers(log_in(colleague), document) == {404}
    assert answers(log_in(provider), DocumentFactory(uploaded_by=provider)) == {404}


@pytest.mark.django_db
def test_a_browser_keeps_the_thumbnail_and_asks_whether_it_may_still_show_it(log_in, provider, document):
    client, address = log_in(provider), addresses(document)[0]
    response = client.get(address)
    assert response["Content-Type"] == "image/webp"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert set(response["Cache-Control"].split(", ")) == {"private", "no-cache"}
    again = client.get(address, headers={"if-none-match": response["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    provider.role_assignments.all().delete()
    assert client.get(address, headers={"if-none-match": response["ETag"]}).status_code == 404


@pytest.mark.django_db
def test_what_can_be_read_is_kept_nowhere(log_in, provider, document):
    for address in addresses(document)[1:]:
        response = log_in(provider).get(address)
        assert set(response["Cache-Control"].split(", ")) == {"private", "no-store"}
        assert "ETag" not in response


@pytest.mark.django_db
def test_a_page_picture_is_large_enough_to_be_read(log_in, provider, document):
    response = log_in(provider).get(f"{document.get_absolute_url()}pages/3.webp")
    assert response["Content-Type"] == "image/webp"
    assert Image.open(io.BytesIO(response.content)).width == PAGE.width


@pytest.mark.django_db
def test_a_page_that_there_is_not_is_not_found(log_in, provider, document):
    for number in ("0", "4", "99999999999999999999"):
        assert log_in(provider).get(f"{document.get_absolute_url()}pages/{number}.webp").status_code == 404


@pytest.mark.django_db
def test_a_document_that_cannot_be_drawn_shows_a_plain_picture(log_in, provider, draft):
    document = DocumentFactory(draft=draft, slot="facture", content=pdfs.scrambled())
    client = log_in(provider)
    for address in (addresses(document)[0], addresses(document)[2]):
        assert client.get(address).url == "/static/img/no-preview.svg"
    assert "téléchargez-le pour la lire" in client.get(addresses(document)[1]).content.decode()


@pytest.mark.django_db
def test_a_document_whose_file_is_lost_has_no_picture(log_in, provider, document):
    document.file.storage.delete(document.file.name)
    assert [log_in(provider).get(address).status_code for address in addresses(document)] == [404, 200, 404]


@pytest.mark.django_db
def test_when_too_many_are_drawn_an_image_is_to_be_asked_for_later(log_in, provider, document, monkeypatch):
    monkeypatch.setattr(pictures, "drawing", Turns(at_once=1, waiting=0, wait_seconds=0))
    client = log_in(provider)
    with pictures.drawing.turn():
        for address in (addresses(document)[0], addresses(document)[2]):
            response = client.get(address)
            assert (response.status_code, response["Retry-After"]) == (503, "2")
        assert client.get(addresses(document)[1]).status_code == 200
    assert answers(client, document) == {200}


# --- The preview page ---------------------------------------------------------------------------------------------


def preview(client, document: Document, page: str = "") -> str:
    return client.get(f"{document.get_absolute_url()}apercu/", {"page": page} if page else {}).content.decode()


@pytest.mark.django_db
def test_the_pages_follow_each_other(log_in, provider, document):
    client = log_in(provider)
    first, second, last = (preview(client, document, page) for page in ("", "2", "3"))
    assert "Page 1 sur 3" in first
    assert 'rel="prev"' not in first
    assert 'rel="next"' in first
    assert "Page 2 sur 3" in second
    assert f"{document.get_absolute_url()}pages/2.webp" in second
    assert 'href="?page=1"' in second
    assert 'href="?page=3"' in second
    assert 'rel="next"' not in last
    assert f'href="{document.get_absolute_url()}"' in first
    assert "Page 3 sur 3" in preview(client, document, "99")
    assert "Page 1 sur 3" in preview(client, document, "x")


@pytest.mark.django_db
def test_the_way_back_leads_to_where_the_document_is(log_in, dossier, provider, document):
    assert f'href="/depots/{document.draft_id}/justificatifs/"' in preview(log_in(provider), document)
    associated = DossierFactory(training_provider=dossier.training_provider)
    deposit = make_deposit(dossier, provider, associated=[associated], delay=timedelta(0))
    type(deposit).objects.update(state="TRANSMITTED", transmitted_at=Now())
    filed = deposit.documents.all()[0]
    assert f'href="/dossiers/{dossier.number}/documents/#depot-{deposit.pk}"' in preview(log_in(provider), filed)
    there = person_with(Role.ADMIN_ETABLISSEMENT, associated.employer)
    assert f'href="/dossiers/{associated.number}/documents/#depot-{deposit.pk}"' in preview(log_in(there), filed)


@pytest.mark.django_db
def test_the_documents_tab_and_the_wizard_show_thumbnails(log_in, provider, wizard, dossier):
    deposit = make_deposit(dossier, provider)
    tab = log_in(provider).get(f"/dossiers/{dossier.number}/documents/").content.decode()
    for row in deposit.documents.all():
        assert f'src="{row.get_absolute_url()}vignette.webp"' in tab
        assert tab.count(f'href="{row.get_absolute_url()}apercu/"') == 2
    started = wizard(provider, dossier).to_last_step(number="F-2")
    for step in ("facture", "transmettre"):
        assert 'vignette.webp"' in started.get(step).content.decode()
