"""What tests are made of: real rows, valid identifiers, real small PDFs in the document storage.

A deposit is never built by hand: `make_deposit` sends it through `invoices.deposits.submit`, as the
portal does.
"""

import hashlib
import uuid
from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from functools import cache

import factory
from django.core.files.base import ContentFile
from django.utils import timezone
from fpdf import FPDF
from stdnum import luhn

from dossiers.enums import DossierStatus, Product
from dossiers.models import Dossier
from exchange.enums import Kind
from exchange.models import Import, import_storage
from invoices import deposits
from invoices.enums import DocumentType
from invoices.models import Deposit, Document, Draft, document_storage
from invoices.pdf.reading import Reading
from invoices.proposals.kept import to_keep
from roles.enums import Role, RoleScope, Side
from roles.models import Company, Establishment, RoleAssignment, User


def siren(rank: int) -> str:
    """A valid SIREN, another one for each rank."""
    stem = f"{90_000_000 + rank:08d}"
    return stem + luhn.calc_check_digit(stem)


def siret(siren: str, rank: int) -> str:
    """A valid SIRET of this SIREN, another one for each rank below 10,000."""
    stem = f"{siren}{rank % 10_000:04d}"
    return stem + luhn.calc_check_digit(stem)


@cache
def small_pdf(text: str = "Document d'essai") -> bytes:
    """One page with this text on it."""
    pdf = FPDF()
    pdf.set_creation_date(timezone.now())
    pdf.add_page()
    pdf.set_font("Helvetica", size=12)
    pdf.cell(text=text)
    return bytes(pdf.output())


class CompanyFactory(factory.django.DjangoModelFactory):
    """« Société »."""

    class Meta:
        model = Company

    name = factory.Sequence(lambda n: f"Société {n}")
    siren = factory.Sequence(siren)


class EstablishmentFactory(factory.django.DjangoModelFactory):
    """« Établissement », of a company of its own unless one is given."""

    class Meta:
        model = Establishment

    company = factory.SubFactory(CompanyFactory)
    name = factory.Sequence(lambda n: f"Établissement {n}")
    siret = factory.LazyAttributeSequence(lambda site, n: siret(site.company.siren, n))


class UserFactory(factory.django.DjangoModelFactory):
    """A person without any role; the password is « demo »."""

    class Meta:
        model = User

    email = factory.Sequence(lambda n: f"personne{n}@essai.example")
    first_name = factory.Iterator(["Camille", "Élodie", "Noël", "Françoise", "Théo"])
    last_name = factory.Iterator(["Perrin", "Lefèvre", "Béranger", "Muñoz", "D’Hérouville", "Gœtz"])
    password = factory.django.Password("demo")


class RoleAssignmentFactory(factory.django.DjangoModelFactory):
    """A role on an establishment; for a role on a company give `role`, `company` and `establishment=None`."""

    class Meta:
        model = RoleAssignment

    user = factory.SubFactory(UserFactory)
    role = Role.SAISIE_PRESTATAIRE
    company = None
    establishment = factory.SubFactory(EstablishmentFactory)


def give_role(user: User, role: Role, place: Company | Establishment) -> RoleAssignment:
    """Grant a role; an establishment given for a role on companies stands for its company."""
    if role.scope == RoleScope.COMPANY:
        company = place if isinstance(place, Company) else place.company
        return RoleAssignmentFactory(user=user, role=role, company=company, establishment=None)
    return RoleAssignmentFactory(user=user, role=role, establishment=place)


def person_with(role: Role, place: Company | Establishment) -> User:
    """A new person who holds this role there; see `give_role`."""
    user = UserFactory()
    give_role(user, role, place)
    return user


class DossierFactory(factory.django.DjangoModelFactory):
    """A subrogated dossier that takes invoices."""

    class Meta:
        model = Dossier

    number = factory.LazyAttributeSequence(lambda dossier, n: f"{dossier.product}-2026-{4217 + 37 * n:06d}")
    product = Product.CPRO
    status = DossierStatus.EN_COURS_DE_REGLEMENT
    subrogated = True
    employer = factory.SubFactory(EstablishmentFactory)
    training_provider = factory.SubFactory(EstablishmentFactory)
    beneficiary_first_name = factory.Iterator(["Zoé", "Noémie", "Loïc", "Anaïs", "François"])
    beneficiary_last_name = factory.Iterator(["Lefèvre", "Garçon", "Béraud", "Nuñez", "Gœtz", "L’Hôte", "Muller"])
    training_title = "Technicien de maintenance industrielle"
    starts_on = date(2025, 9, 1)
    ends_on = date(2026, 8, 31)
    granted_tuition = Decimal("4800.00")
    granted_ancillary = Decimal("600.00")


class DraftFactory(factory.django.DjangoModelFactory):
    """A draft in which nothing is saved yet."""

    class Meta:
        model = Draft

    owner = factory.SubFactory(UserFactory)
    origin = factory.SubFactory(DossierFactory)
    side = Side.PRESTATAIRE


class DocumentFactory(factory.django.DjangoModelFactory):
    """A document with its file in the storage; loose unless `draft` and `slot` are given."""

    class Meta:
        model = Document

    class Params:
        content = factory.LazyFunction(small_pdf)

    type = DocumentType.FACTURE
    name = "facture.pdf"
    size = factory.LazyAttribute(lambda document: len(document.content))
    sha256 = factory.LazyAttribute(lambda document: hashlib.sha256(document.content).hexdigest())
    file = factory.LazyAttribute(
        lambda document: document_storage().save(f"essais/{uuid.uuid4()}.pdf", ContentFile(document.content))
    )
    pages = 1
    uploaded_by = factory.SubFactory(UserFactory)
    draft = None
    loose_since = factory.LazyAttribute(lambda document: None if document.draft else timezone.now())


class ImportFactory(factory.django.DjangoModelFactory):
    """A file of companies, to be checked."""

    class Meta:
        model = Import

    class Params:
        content = b"SIREN;Nom\r\n"

    kind = Kind.COMPANIES
    by = factory.SubFactory(UserFactory)
    name = "sociétés.csv"
    size = factory.LazyAttribute(lambda asked: len(asked.content))
    sha256 = factory.LazyAttribute(lambda asked: hashlib.sha256(asked.content).hexdigest())
    file = factory.LazyAttribute(lambda asked: import_storage().save(f"{uuid.uuid4()}.csv", ContentFile(asked.content)))


def make_deposit(
    origin: Dossier,
    depositor: User,
    side: Side = Side.PRESTATAIRE,
    *,
    number: str | None = "F2026-118",
    associated: Iterable[Dossier] = (),
    delay: timedelta | None = None,
    documents: Iterable[DocumentType] = (DocumentType.CERTIFICAT_REALISATION,),
    covers_tuition: bool = True,
    reading: Reading | None = None,
) -> Deposit:
    """Send a deposit: a file for the invoice, with what was read in it, and one for each supporting document, in order.

    `number=None` makes it a deposit of documents alone (RULES.md §8). It is pending until
    `transmission.transmit_due` finds its delay ended (`delay=timedelta(0)`: at once).
    Raises what `deposits.submit` raises.
    """
    types = [*([DocumentType.FACTURE] if number else []), *documents]
    rows = [DocumentFactory(type=type_, name=f"{type_.lower()}.pdf", uploaded_by=depositor) for type_ in types]
    if number:
        rows[0].reading = to_keep(reading)
        rows[0].save(update_fields=["reading"])
    invoice = number and deposits.InvoiceFacts(
        number=number,
        issue_date=timezone.localdate(),
        amount_ht=Decimal("4000.00"),
        amount_ttc=Decimal("4800.00"),
        covers_tuition=covers_tuition,
    )
    return deposits.submit(
        deposit_id=uuid.uuid4(),
        origin=origin,
        side=side,
        depositor=depositor,
        documents=rows,
        invoice=invoice or None,
        associated=list(associated),
        delay=delay,
    )
