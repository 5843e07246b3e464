"""What can never be in the database (RULES.md §2, §5, §6)."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, models, transaction
from django.db.models import F
from django.utils import timezone

from invoices import transmission
from invoices.catalogue.models import CatalogueEntry, Limits
from invoices.catalogue.values import BOUNDS, LARGEST_FILE_BYTES
from invoices.enums import DepositState, DocumentType
from invoices.models import AssociatedDossier, Deposit, Document, Handover, Invoice
from roles.enums import Side
from tests.constraints import Violations, refused_by, write_again
from tests.factories import DocumentFactory, DossierFactory, DraftFactory, UserFactory, make_deposit

pytestmark = pytest.mark.django_db

violations = Violations()


def pending(**facts) -> Deposit:
    return make_deposit(DossierFactory(), UserFactory(), **facts)


def transmitted() -> Deposit:
    deposit = pending(delay=timedelta(0))
    assert transmission.transmit_due(deposit.pk) == 1
    return deposit


def cancelled() -> Deposit:
    deposit = pending()
    assert transmission.cancel(deposit.pk, UserFactory())
    return deposit


# --- A deposit's state and its times ------------------------------------------------------------------------------


@violations.of("deposit_state_and_times_agree")
def pending_and_already_transmitted():
    write_again(pending(), transmitted_at=F("transmit_at"))


@violations.of("deposit_state_and_times_agree")
def pending_and_already_cancelled():
    write_again(pending(), cancelled_at=F("submitted_at"))


@violations.of("deposit_state_and_times_agree")
def pending_and_cancelled_by_someone():
    write_again(pending(), cancelled_by=UserFactory())


@violations.of("deposit_state_and_times_agree")
def transmitted_without_a_time():
    write_again(transmitted(), transmitted_at=None)


@violations.of("deposit_state_and_times_agree")
def transmitted_and_cancelled_by_someone():
    write_again(transmitted(), cancelled_by=UserFactory())


@violations.of("deposit_state_and_times_agree")
def cancelled_without_a_time():
    write_again(cancelled(), cancelled_at=None)


@violations.of("deposit_state_and_times_agree")
def cancelled_by_nobody():
    write_again(cancelled(), cancelled_by=None)


@violations.of("deposit_state_and_times_agree")
def cancelled_and_transmitted():
    write_again(cancelled(), transmitted_at=F("transmit_at"))


@violations.of("deposit_state_and_times_agree")
def a_state_that_does_not_exist():
    write_again(pending(), state="LOST")


@violations.of("deposit_never_transmitted_early")
def transmitted_before_its_delay_ended():
    write_again(transmitted(), transmitted_at=F("transmit_at") - timedelta(milliseconds=1))


@violations.of("deposit_cancelled_before_its_delay_ends")
def cancelled_as_its_delay_ended():
    write_again(cancelled(), cancelled_at=F("transmit_at"))


@violations.of("deposit_transmit_after_submit")
def due_before_it_was_made():
    write_again(pending(), transmit_at=F("submitted_at") - timedelta(milliseconds=1))


@violations.of("deposit_tuition_known_with_an_invoice")
def an_invoice_that_does_not_say_whether_it_covers_tuition():
    write_again(pending(), covers_tuition=None)


@violations.of("deposit_tuition_known_with_an_invoice")
def tuition_without_an_invoice():
    write_again(pending(number=None), covers_tuition=True)


# --- A hand-over ---------------------------------------------------------------------------------------------------


@violations.of("handover_in_line_until_delivered_or_out_of_it")
def neither_delivered_nor_in_line():
    Handover.objects.create(deposit=transmitted(), next_attempt_at=None)


@violations.of("handover_in_line_until_delivered_or_out_of_it")
def stopped_and_still_in_line():
    Handover.objects.create(deposit=transmitted(), stopped_at=timezone.now())


@violations.of("handover_in_line_until_delivered_or_out_of_it")
def stopped_and_given_up():
    now = timezone.now()
    Handover.objects.create(deposit=transmitted(), next_attempt_at=None, stopped_at=now, abandoned_at=now)


@violations.of("handover_delivered_with_its_manifest")
def delivered_without_a_manifest():
    Handover.objects.create(deposit=transmitted(), delivered_at=timezone.now())


@violations.of("handover_delivered_with_its_manifest")
def a_manifest_and_not_delivered():
    Handover.objects.create(deposit=transmitted(), manifest_sha256="0" * 64)


@violations.of("handover_announced_once_delivered")
def announced_and_not_delivered():
    Handover.objects.create(deposit=transmitted(), announced_at=timezone.now())


@violations.of("handover_announced_once_delivered")
def announced_and_still_in_line():
    delivered = {"delivered_at": timezone.now(), "manifest_sha256": "0" * 64}
    Handover.objects.create(deposit=transmitted(), announced_at=timezone.now(), **delivered)


# --- The invoice and its number -----------------------------------------------------------------------------------


@violations.of("deposit_number_once_a_perimeter")
def a_number_that_another_deposit_holds():
    first = pending(number="F2026-118")
    second = make_deposit(first.origin, first.depositor, number="F2026-119")
    write_again(second, number_key=first.number_key)


@violations.of("deposit_number_once_a_perimeter")
def a_number_that_a_transmitted_deposit_holds():
    first = transmitted()
    second = make_deposit(first.origin, first.depositor, number="F2026-119")
    write_again(second, number_key=first.number_key)


@violations.of("invoice_amounts_above_zero")
def an_amount_of_nothing():
    write_again(pending().invoice, amount_ht=0)


@violations.of("invoice_amounts_above_zero")
def a_negative_amount():
    write_again(pending().invoice, amount_ht=Decimal("-4000.00"))


@violations.of("invoice_ttc_not_below_ht")
def an_amount_with_tax_below_the_one_without():
    write_again(pending().invoice, amount_ht=Decimal("4000.00"), amount_ttc=Decimal("3999.99"))


@violations.of("invoice_number_not_empty")
def an_invoice_without_a_number():
    write_again(pending().invoice, number="")


# --- Associated dossiers ------------------------------------------------------------------------------------------


def associate(deposit: Deposit, position: int) -> AssociatedDossier:
    return AssociatedDossier.objects.create(deposit=deposit, dossier=DossierFactory(), position=position)


@violations.of("associated_dossier_once")
def a_dossier_associated_twice():
    link = associate(pending(), 1)
    AssociatedDossier.objects.create(deposit=link.deposit, dossier=link.dossier, position=2)


@violations.of("associated_dossier_position_once")
def two_dossiers_in_one_place():
    link = associate(pending(), 1)
    associate(link.deposit, link.position)


@violations.of("associated_dossier_position_in_bounds")
def a_dossier_beyond_what_any_limit_allows():
    associate(pending(), BOUNDS["associated_dossiers"].highest + 1)


@violations.of("associated_dossier_position_in_bounds")
def a_dossier_before_the_first():
    associate(pending(), 0)


# --- Documents ----------------------------------------------------------------------------------------------------


def deposited() -> Document:
    return pending().documents.first()


@violations.of("document_loose_or_in_a_draft_or_deposited")
def loose_without_a_time():
    DocumentFactory(loose_since=None)


@violations.of("document_loose_or_in_a_draft_or_deposited")
def in_a_draft_and_loose():
    DocumentFactory(draft=DraftFactory(), slot="facture", loose_since=timezone.now())


@violations.of("document_loose_or_in_a_draft_or_deposited")
def deposited_and_loose():
    write_again(deposited(), loose_since=timezone.now())


@violations.of("document_loose_or_in_a_draft_or_deposited")
def deposited_and_in_a_draft():
    write_again(deposited(), draft=DraftFactory())


@violations.of("document_one_file_a_field")
def two_files_in_one_field():
    first = DocumentFactory(draft=DraftFactory(), slot="facture")
    DocumentFactory(draft=first.draft, slot="facture")


@violations.of("document_one_invoice_a_deposit")
def two_invoices_in_one_deposit():
    write_again(pending().documents.exclude(type=DocumentType.FACTURE).get(), type=DocumentType.FACTURE)


@violations.of("document_size_in_bounds")
def an_empty_file():
    DocumentFactory(size=0)


@violations.of("document_size_in_bounds")
def a_file_one_byte_too_large():
    DocumentFactory(size=LARGEST_FILE_BYTES + 1)


@violations.of("document_has_pages")
def a_document_without_pages():
    DocumentFactory(pages=0)


# --- The catalogue and the limits ---------------------------------------------------------------------------------


@violations.of("catalogue_fixed_types_stay")
def an_inactive_certificate():
    CatalogueEntry.objects.filter(code="CERTIFICAT_REALISATION").update(active=False)


@violations.of("catalogue_fixed_types_stay")
def an_inactive_invoice():
    CatalogueEntry.objects.filter(code="FACTURE").update(active=False)


@violations.of("catalogue_code_and_label_not_empty")
def a_type_without_a_code():
    CatalogueEntry.objects.create(code="", label="Sans code")


@violations.of("catalogue_code_and_label_not_empty")
def a_type_without_a_label():
    CatalogueEntry.objects.create(code="SANS_LIBELLE", label="")


@violations.of("limits_one_row")
def a_second_row_of_limits():
    Limits.objects.create(id=2)


def beyond(name: str, value: int) -> Callable[[], object]:
    def a_limit_out_of_its_bounds():
        Limits.objects.update(**{name: value})

    return a_limit_out_of_its_bounds


for limit, bounds in BOUNDS.items():
    for value in (bounds.lowest - 1, bounds.highest + 1):
        violations.of(f"limits_{limit}_in_bounds")(beyond(limit, value))


@pytest.mark.parametrize(("constraint", "write"), violations.cases)
def test_the_database_refuses(constraint, write):
    with refused_by(constraint):
        write()


# --- And what it accepts ------------------------------------------------------------------------------------------


def test_a_place_is_taken_once_and_there_are_so_many():
    """No row can be added to a deposit that has as many as any limit allows, whatever its place."""
    most = BOUNDS["associated_dossiers"].highest
    deposit = pending()
    AssociatedDossier.objects.bulk_create(
        AssociatedDossier(deposit=deposit, dossier=dossier, position=position)
        for position, dossier in enumerate(DossierFactory.create_batch(most), start=1)
    )
    for position in (0, 1, most, most + 1):
        with pytest.raises(IntegrityError), transaction.atomic():
            associate(deposit, position)
    assert deposit.links.count() == most


def test_a_number_may_be_used_again_on_the_other_side():
    first = pending(number="F2026-118")
    dossier = DossierFactory(employer=first.perimeter)
    assert make_deposit(dossier, first.depositor, Side.ENTREPRISE, number="F2026-118").perimeter == first.perimeter


def test_a_number_may_be_used_again_at_another_establishment():
    assert pending(number="F2026-118").number_key == pending(number="F2026-118").number_key


def test_a_cancelled_deposit_frees_its_number():
    first = cancelled()
    second = make_deposit(first.origin, first.depositor, number=first.invoice.number)
    assert first.number_key == second.number_key


def test_a_cancelled_deposit_does_not_come_back_to_a_number_taken_meanwhile():
    first = cancelled()
    make_deposit(first.origin, first.depositor, number=first.invoice.number)
    with refused_by("deposit_number_once_a_perimeter"):
        write_again(first, state=DepositState.PENDING, cancelled_at=None, cancelled_by=None)


def test_deposits_without_an_invoice_do_not_clash():
    first = pending(number=None)
    make_deposit(first.origin, first.depositor, number=None)


def test_a_deposit_has_one_invoice_at_most():
    invoice = pending().invoice
    with pytest.raises(IntegrityError, match="deposit_id"), transaction.atomic():
        Invoice.objects.create(
            deposit=invoice.deposit, number="F2", issue_date=invoice.issue_date, amount_ht=1, amount_ttc=1
        )


def test_equal_amounts_are_accepted():
    write_again(pending().invoice, amount_ht=Decimal("0.01"), amount_ttc=Decimal("0.01"))


def test_a_file_of_the_greatest_size_that_a_limit_may_allow_is_accepted():
    DocumentFactory(size=LARGEST_FILE_BYTES)


def test_the_same_field_of_two_drafts_holds_a_file_each():
    DocumentFactory(draft=DraftFactory(), slot="facture")
    DocumentFactory(draft=DraftFactory(), slot="facture")


@pytest.mark.parametrize("make", [pending, transmitted, cancelled])
def test_nothing_that_was_deposited_can_be_deleted_with_its_dossier_or_person(make):
    deposit = make()
    for row in (deposit.origin, deposit.depositor, deposit.perimeter):
        with pytest.raises(models.ProtectedError):
            row.delete()
