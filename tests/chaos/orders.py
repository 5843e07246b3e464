"""What each client is to deposit, from the seed; and the dossiers and accounts that it takes."""

from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from hashlib import sha256
from random import Random

import factory
from django.contrib.auth.hashers import make_password
from django.core.files.uploadedfile import SimpleUploadedFile

from dossiers.enums import OPEN_TO_INVOICE, Product
from invoices.enums import DocumentType
from roles.enums import Role
from tests.factories import DossierFactory, EstablishmentFactory, UserFactory, give_role
from tests.pdfs import commented, linked_pdf, plain_pdf, scanned_pdf

PASSWORD = "demo"  # as UserFactory's words say
# Origin and associated dossiers come from the same few, so that each shows many deposits.
DOSSIERS = 12
ASSOCIATED = {0: 40, 1: 20, 2: 15, 3: 10, 5: 8, 10: 7}  # how many, how often
# Kinds of files, how often; most deposits are of small ones.
FILES = {"plain": 60, "pages": 24, "links": 10, "scan 1 MB": 4, "scan 2 MB": 2}
TUITION = 0.65
EXTRA_DOCUMENT = 0.2
PRESSED_TWICE = 0.1
LOOKED_AT_EARLY = 0.25
EARLY_TRIGGERS = DUPLICATE_TRIGGERS = 0.3
# From when a person presses « Annuler le dépôt » until the delay ends; below zero it is over. The request needs some.
CANCEL_AHEAD_SECONDS = (-0.1, 0.4)


@cache
def base_pdf(kind: str) -> bytes:
    """One PDF of each kind."""
    match kind:
        case "plain":
            return plain_pdf("Pièce d'essai")
        case "pages":
            return plain_pdf("Relevé", pages=12)
        case "links":
            return linked_pdf()
        case _:  # « scan 2 MB », a page for each quarter of one
            megabytes = float(kind.split()[1])
            return scanned_pdf(round(megabytes * 1_000_000), pages=max(1, round(4 * megabytes)))


@dataclass(frozen=True)
class Paper:
    """One PDF that a client sends. No other has its bytes."""

    type: DocumentType
    name: str
    kind: str

    @property
    def content(self) -> bytes:
        return commented(base_pdf(self.kind), self.name.encode())

    @property
    def sha256(self) -> str:
        return sha256(self.content).hexdigest()

    def upload(self) -> SimpleUploadedFile:
        """The file as a browser sends it."""
        return SimpleUploadedFile(self.name, self.content, content_type="application/pdf")


@dataclass(frozen=True)
class Order:
    """One deposit to make: what is typed, chosen and sent; and what else is to happen to it, as shares of chance.

    `cancel_ahead`: seconds before the end of the delay at which it is cancelled, or None. `look`: an associated
    dossier to look at meanwhile, and when, as a part of the delay; or None.
    """

    number: str
    origin: str
    associated: tuple[str, ...]
    covers_tuition: bool
    amount_ht: Decimal
    amount_ttc: Decimal
    invoice: Paper
    certificate: Paper
    extra: Paper | None
    pressed_twice: bool
    cancel_ahead: float | None
    look: tuple[str, float] | None
    early_trigger: bool
    duplicate_triggers: bool


@dataclass(frozen=True)
class Account:
    """A client's account, and the dossiers that it deposits on: those of one establishment."""

    email: str
    place: str
    dossiers: tuple[str, ...]


def make_accounts(count: int) -> list[Account]:
    """Accounts by turns of a provider and of an employer, each two with the same open, subrogated dossiers."""
    # Hashed once: slowness is a hash's virtue.
    password = factory.Transformer.Force(make_password(PASSWORD))
    accounts = []
    for _ in range(0, count, 2):
        provider, employer = EstablishmentFactory(), EstablishmentFactory()
        dossiers = [
            DossierFactory(
                training_provider=provider,
                employer=employer,
                product=list(Product)[rank % len(Product)],
                status=OPEN_TO_INVOICE[rank % len(OPEN_TO_INVOICE)],
            ).number
            for rank in range(DOSSIERS)
        ]
        for role, place in ((Role.SAISIE_PRESTATAIRE, provider), (Role.ADMIN_ETABLISSEMENT, employer)):
            person = UserFactory(password=password)
            give_role(person, role, place)
            accounts.append(Account(person.email, place.name, tuple(dossiers)))
    return accounts[:count]


def make_order(seed: int, rank: int, account: Account, cancels: float) -> Order:
    """The deposit of this rank: the same for the same seed."""
    dice = Random(f"{seed}:{rank}")
    origin, *others = dice.sample(account.dossiers, DOSSIERS)
    associated = tuple(others[: dice.choices(list(ASSOCIATED), list(ASSOCIATED.values()))[0]])
    cents = dice.randint(1_00, 9_999_99)
    ht = Decimal(cents) / 100
    # Half of them exempt from VAT.
    ttc = ht if dice.random() < 0.5 else Decimal(cents * 120 // 100) / 100

    def paper(type_: DocumentType) -> Paper:
        kind = dice.choices(list(FILES), list(FILES.values()))[0]
        return Paper(type_, f"{type_.lower()}-{rank:05}.pdf", kind)

    return Order(
        number=f"CHAOS-{seed}-{rank:05}",
        origin=origin,
        associated=associated,
        covers_tuition=dice.random() < TUITION,
        amount_ht=ht,
        amount_ttc=ttc,
        invoice=paper(DocumentType.FACTURE),
        certificate=paper(DocumentType.CERTIFICAT_REALISATION),
        extra=paper(DocumentType.AUTRE_DOCUMENT) if dice.random() < EXTRA_DOCUMENT else None,
        pressed_twice=dice.random() < PRESSED_TWICE,
        cancel_ahead=dice.uniform(*CANCEL_AHEAD_SECONDS) if dice.random() < cancels else None,
        look=(dice.choice(associated), dice.uniform(0.05, 1.3))
        if associated and dice.random() < LOOKED_AT_EARLY
        else None,
        early_trigger=dice.random() < EARLY_TRIGGERS,
        duplicate_triggers=dice.random() < DUPLICATE_TRIGGERS,
    )
