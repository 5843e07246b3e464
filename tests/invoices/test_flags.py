"""What somebody of the OPCO should look at: each flag on what bears it, and on nothing beside it."""

from decimal import Decimal

import pytest

from invoices import flags, transmission
from invoices.enums import DocumentType
from invoices.flags import Flag
from invoices.models import Deposit, Document
from invoices.pdf.reading import Reading, Source
from roles.enums import Side
from tests.factories import DossierFactory, EstablishmentFactory, UserFactory, make_deposit

pytestmark = pytest.mark.django_db


def deposit(origin=None, **facts) -> Deposit:
    """One whose files are like no other's."""
    made = make_deposit(origin or DossierFactory(), UserFactory(), **facts)
    for document in made.documents.all():
        Document.objects.filter(pk=document.pk).update(sha256=document.pk.hex * 2)
    return made


def bearing(flag: Flag) -> set[Deposit]:
    """Those found by the flag, which must be those that say so of themselves."""
    found = set(flags.WITH[flag](Deposit.objects.all()))
    assert {pk for pk, told in flags.flags_of(Deposit.objects.all()).items() if flag in told} == {
        row.pk for row in found
    }
    assert found <= set(flags.to_look_at(Deposit.objects.all()))
    assert flags.everywhere(flag) == {row.pk for row in found} <= flags.everywhere(*Flag)
    return found


def cancel(made: Deposit) -> None:
    assert transmission.cancel(made.pk, made.depositor)


def test_a_deposit_like_any_other_bears_none():
    origin = DossierFactory()
    deposit(origin, associated=[DossierFactory(employer=origin.employer)])
    deposit(origin, number=None)
    assert not flags.to_look_at(Deposit.objects.all())
    assert list(flags.flags_of(Deposit.objects.all()).values()) == [[], []]


def test_a_pdf_of_which_the_check_had_something_to_tell():
    made, _ = deposit(), deposit(number="AUTRE")
    made.documents.filter(type=DocumentType.CERTIFICAT_REALISATION).update(flags=["javascript"])
    assert bearing(Flag.FLAGGED) == {made}
    cancel(made)
    assert bearing(Flag.FLAGGED) == set()


def test_the_same_file_in_two_deposits():
    made = [deposit(number=f"F-{rank}") for rank in range(3)]
    one, other = (row.documents.first() for row in made[:2])
    Document.objects.filter(pk=other.pk).update(sha256=one.sha256)
    assert bearing(Flag.SAME_FILE) == set(made[:2])
    cancel(made[0])
    assert bearing(Flag.SAME_FILE) == set()


def test_the_same_file_twice_in_one_deposit_is_no_clash():
    made = deposit()
    made.documents.update(sha256="0" * 64)
    assert bearing(Flag.SAME_FILE) == set()


@pytest.mark.parametrize(
    ("side", "other_place"), [(Side.PRESTATAIRE, "employer"), (Side.ENTREPRISE, "training_provider")]
)
def test_dossiers_of_several_companies_on_the_other_side(side, other_place):
    origin = DossierFactory()
    own = {"employer", "training_provider"} - {other_place}
    shared = {name: getattr(origin, name) for name in own}
    sibling = EstablishmentFactory(company=getattr(origin, other_place).company)
    deposit(origin, side=side, number="F-1", associated=[DossierFactory(**shared, **{other_place: sibling})])
    made = deposit(origin, side=side, number="F-2", associated=[DossierFactory(**shared)])
    assert bearing(Flag.SEVERAL_COMPANIES) == {made}


def test_a_number_used_on_both_sides():
    origin = DossierFactory()
    provider = deposit(origin, number="F 2026-118")
    # Another provider's invoice of that number, and another number of this one.
    deposit(DossierFactory(), side=Side.ENTREPRISE, number="F2026-118")
    deposit(origin, side=Side.ENTREPRISE, number="F2026-119")
    assert bearing(Flag.BOTH_SIDES) == set()
    elsewhere = DossierFactory(training_provider=EstablishmentFactory(company=origin.training_provider.company))
    company = deposit(elsewhere, side=Side.ENTREPRISE, number="f2026-118")
    assert bearing(Flag.BOTH_SIDES) == {provider, company}
    cancel(company)
    assert bearing(Flag.BOTH_SIDES) == set()


def test_another_amount_than_the_xml_says():
    deposit(number="F-1", reading=Reading(source=Source.XML, number="f-1", amount_ttc=Decimal("4800")))
    deposit(number="F-2", reading=Reading(source=Source.TEXT, amount_ttc=Decimal("4900")))
    made = deposit(number="F-3", reading=Reading(source=Source.XML, amount_ttc=Decimal("4900")))
    assert bearing(Flag.NOT_AS_IN_XML) == {made}
    cancel(made)
    assert bearing(Flag.NOT_AS_IN_XML) == set()


def test_each_flag_is_explained():
    assert set(flags.EXPLANATIONS) == set(Flag) == set(flags.WITH)
