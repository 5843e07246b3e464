"""What one person may send and hold: under each limit, at it, over it, and two requests at once for the last place."""

from datetime import timedelta

import pytest
from django.utils import timezone

from invoices import documents, quotas
from invoices.models import Allowance, Document, Draft
from invoices.pdf import PdfProblem, PdfRefused
from roles.enums import Role
from tests.catalogue import LIMITS
from tests.factories import DocumentFactory, DossierFactory, DraftFactory, UserFactory, make_deposit, person_with
from tests.threads import at_once
from tests.wizard import pdf

HOUR = timedelta(hours=1)


@pytest.fixture
def person(db):
    return UserFactory()


def outcome(action, *arguments) -> PdfProblem | None:
    try:
        action(*arguments)
    except PdfRefused as refused:
        return refused.problem
    return None


def hold(person, size: int, **where) -> Document:
    """A document of the person's that says it is so large."""
    return DocumentFactory(uploaded_by=person, size=size, **where)


def begun(person, ago: timedelta) -> None:
    Allowance.objects.filter(person=person).update(begun_at=timezone.now() - ago)


# --- Uploads an hour ------------------------------------------------------------------------------------------------


def test_uploads_under_at_and_over_the_limit(person, settings):
    settings.UPLOADS_PER_HOUR = 3
    for _ in range(3):
        assert quotas.why_no_upload(person) is None
        assert outcome(quotas.claim_upload, person) is None
    for _ in range(2):
        assert quotas.why_no_upload(person) == PdfProblem.TOO_MANY_UPLOADS
        assert outcome(quotas.claim_upload, person) == PdfProblem.TOO_MANY_UPLOADS
    assert Allowance.objects.get().uploads == 3
    assert outcome(quotas.claim_upload, UserFactory()) is None


@pytest.mark.parametrize(("ago", "problem"), [(59, PdfProblem.TOO_MANY_UPLOADS), (61, None)])
def test_the_hour_ends_an_hour_after_its_first_upload(person, settings, ago, problem):
    settings.UPLOADS_PER_HOUR = 1
    quotas.claim_upload(person)
    begun(person, timedelta(minutes=ago))
    assert quotas.why_no_upload(person) == problem
    assert outcome(quotas.claim_upload, person) == problem
    # And the new one has begun, with this upload for its first.
    assert outcome(quotas.claim_upload, person) == PdfProblem.TOO_MANY_UPLOADS


def test_a_day_s_work_of_a_clerk_is_within_the_limits(person, settings):
    """200 invoices with three documents each, in a morning, 20 of them in preparation at a time."""
    assert settings.UPLOADS_PER_HOUR * 4 >= 200 * 4
    assert settings.DRAFTS_PER_PERSON >= 20
    assert 20 * 4 * LIMITS.file_bytes <= settings.DRAFT_BYTES_PER_PERSON


def test_refused_files_count_too(wizard, provider, dossier, settings):
    settings.UPLOADS_PER_HOUR = 2
    started = wizard(provider, dossier)
    for _ in range(2):
        assert "n’est pas un PDF" in started.facture("non", bad()).content.decode()
    page = started.facture("non").content.decode()
    assert "facture.pdf\u00a0: Vous avez envoyé 2\u00a0fichiers en moins d’une heure" in page
    assert not Document.objects.exists()


def bad():
    file = pdf("page.html")
    file.file.write(b"<html>")
    file.file.seek(0)
    return file


@pytest.mark.services
@pytest.mark.django_db(transaction=True)
def test_two_at_once_do_not_both_get_the_last_upload(settings):
    settings.UPLOADS_PER_HOUR = 3
    person = UserFactory()
    asked = [lambda: outcome(quotas.claim_upload, person)] * 8
    assert sorted(at_once(*asked), key=str).count(None) == 3
    assert Allowance.objects.get().uploads == 3


# --- Bytes ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("held", "arriving", "problem"),
    [
        (0, 1000, None),
        (400, 599, None),
        (400, 600, None),
        (400, 601, PdfProblem.NO_ROOM),
        (0, 1001, PdfProblem.NO_ROOM),
    ],
)
def test_bytes_under_at_and_over_the_limit(person, settings, held, arriving, problem):
    settings.DRAFT_BYTES_PER_PERSON = 1000
    if held:
        hold(person, held)
    assert outcome(quotas.take_room, person, arriving) == problem


@pytest.mark.parametrize(("held", "problem"), [(999, None), (1000, PdfProblem.NO_ROOM)])
def test_once_all_room_is_taken_no_file_is_even_read(person, settings, held, problem):
    settings.DRAFT_BYTES_PER_PERSON = 1000
    hold(person, held)
    assert quotas.why_no_upload(person) == problem
    assert outcome(quotas.claim_upload, person) == problem


def test_what_is_in_drafts_and_what_was_taken_out_count_and_what_is_deposited_does_not(settings, dossier, provider):
    settings.DRAFT_BYTES_PER_PERSON = 1000
    hold(provider, 300, draft=DraftFactory(owner=provider), slot="facture")
    hold(provider, 300)
    hold(UserFactory(), 900)
    make_deposit(dossier, provider)
    assert outcome(quotas.take_room, provider, 400) is None
    assert outcome(quotas.take_room, provider, 401) == PdfProblem.NO_ROOM


def test_a_file_for_which_there_is_no_room_is_said_and_leaves_nothing(wizard, provider, dossier, settings):
    hold(provider, 1000)
    settings.DRAFT_BYTES_PER_PERSON = 1001
    started = wizard(provider, dossier)
    page = started.facture("non").content.decode()
    assert "facture.pdf\u00a0: Vos brouillons et les fichiers retirés depuis peu occupent" in page
    assert Document.objects.count() == 1
    assert not list(settings.INCOMING_ROOT.iterdir())
    settings.DRAFT_BYTES_PER_PERSON = 1_000_000
    assert started.facture("non").status_code == 302


def test_a_file_that_the_storage_did_not_take_counts_until_the_purge_has_looked(
    wizard, provider, dossier, settings, documents_folder
):
    """It may lie there all the same: a bucket that takes each file and confirms none is not filled by one person."""
    settings.DRAFT_BYTES_PER_PERSON = pdf().size + 10
    in_the_way = documents_folder / f"{timezone.localdate():%Y}"
    in_the_way.write_text("a file where the year's folder should be")
    started = wizard(provider, dossier)
    assert "n’a pas pu enregistrer ce fichier" in started.facture("non").content.decode()
    in_the_way.unlink()
    assert "occupent" in started.facture("non").content.decode()
    Document.objects.update(loose_since=timezone.now() - (settings.LOOSE_FILE_HOURS + 1) * HOUR)
    assert documents.purge() == 1
    assert started.facture("non").status_code == 302


@pytest.mark.services
@pytest.mark.django_db(transaction=True)
def test_two_files_at_once_do_not_both_take_the_last_room(settings, wizard):
    dossier = DossierFactory()
    provider = person_with(Role.SAISIE_PRESTATAIRE, dossier.training_provider)
    started = [wizard(provider, dossier) for _ in range(2)]
    settings.DRAFT_BYTES_PER_PERSON = pdf().size + 10
    answers = at_once(*(lambda one=one: one.facture("non").status_code for one in started))
    assert sorted(answers) == [200, 302]
    assert Document.objects.count() == 1


# --- Drafts ---------------------------------------------------------------------------------------------------------


def add(client, dossier):
    return client.get(f"/dossiers/{dossier.number}/factures/ajouter/")


def test_drafts_under_at_and_over_the_limit(log_in, provider, dossier, settings):
    settings.DRAFTS_PER_PERSON = 3
    client = log_in(provider)
    DraftFactory(origin=dossier)  # somebody else's
    DraftFactory(owner=provider, origin=dossier, deleted_at=timezone.now())
    assert [add(client, dossier).status_code for _ in range(4)] == [302, 302, 302, 403]
    assert "Vous avez déjà 3\u00a0brouillons, le maximum." in add(client, dossier).content.decode()
    assert Draft.objects.filter(owner=provider, deleted_at=None).count() == 3
    documents.delete_draft(Draft.objects.filter(owner=provider, deleted_at=None).first().pk, provider)
    assert add(client, dossier).status_code == 302


def test_old_starts_of_which_nothing_was_saved_make_room_and_nothing_else_does(log_in, provider, dossier, settings):
    settings.DRAFTS_PER_PERSON = 4
    old_start, old_with_file, old_saved, new_start = DraftFactory.create_batch(4, owner=provider, origin=dossier)
    hold(provider, 10, draft=old_with_file, slot="facture")
    Draft.objects.exclude(pk=new_start.pk).update(created_at=timezone.now() - 2 * HOUR)
    Draft.objects.filter(pk=old_saved.pk).update(saved_at=timezone.now() - HOUR)
    client = log_in(provider)
    assert [add(client, dossier).status_code for _ in range(2)] == [302, 403]
    left = set(Draft.objects.values_list("pk", flat=True))
    assert old_start.pk not in left
    assert {old_with_file.pk, old_saved.pk, new_start.pk} < left


@pytest.mark.services
@pytest.mark.django_db(transaction=True)
def test_two_starts_at_once_do_not_both_get_the_last_draft(settings, log_in):
    settings.DRAFTS_PER_PERSON = 2
    dossier = DossierFactory()
    provider = person_with(Role.SAISIE_PRESTATAIRE, dossier.training_provider)
    clients = [log_in(provider) for _ in range(5)]
    answers = at_once(*(lambda one=one: add(one, dossier).status_code for one in clients))
    assert sorted(answers) == [302, 302, 403, 403, 403]


# --- Said before the transfer ---------------------------------------------------------------------------------------


def test_the_page_says_it_before_anything_is_sent(wizard, provider, dossier, settings):
    """js/uploads.js shows it instead of sending."""
    started = wizard(provider, dossier)
    assert 'data-none=""' in started.get("facture").content.decode()
    quotas.claim_upload(provider)
    settings.UPLOADS_PER_HOUR = 1
    assert f'data-none="{PdfProblem.TOO_MANY_UPLOADS.sentence(LIMITS)}"' in started.get("facture").content.decode()
