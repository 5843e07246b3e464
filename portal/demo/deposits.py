"""The deposits of the demo, one or more in every state, made by the functions that the portal uses."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from uuid import NAMESPACE_URL, UUID, uuid5

from dossiers.enums import DossierStatus, Product
from dossiers.models import Dossier
from invoices import deposits, documents, transmission
from invoices.catalogue import in_force
from invoices.enums import DepositState, DocumentType
from invoices.models import Deposit, Document, Draft
from invoices.uploads import IncomingFileHandler
from invoices.wizard.forms import INVOICE_SLOT
from invoices.wizard.storage import DraftRequest, DraftStorage
from invoices.wizard.views import DETAILS, INVOICE
from roles.enums import Side
from roles.models import User

from . import papers
from .dossiers import DEMO_DAY, Request
from .places import CFA_METIERS, DUBOIS, FORMATECH_LYON, HORIZON_LYON

CERTIFICATE = DocumentType.CERTIFICAT_REALISATION

# As good as at once. Not zero: SQLite's clock counts milliseconds.
NO_DELAY = timedelta(milliseconds=1)


@dataclass(frozen=True)
class Scene:
    """One deposit: who makes it, on which dossier, with what, and the state in which the demo leaves it."""

    account: str
    side: Side
    origin: Request
    state: DepositState
    associated: tuple[Request, ...] = ()
    number: str = ""
    issue_date: date = DEMO_DAY
    covers_tuition: bool = True
    papers: tuple[DocumentType, ...] = ()

    @property
    def deposit_id(self) -> UUID:
        """The same every time."""
        return _id(f"{self.origin}{self.number}")


def _id(name: str) -> UUID:
    return uuid5(NAMESPACE_URL, f"https://demo.example/{name}")


def _cpro(employer: str, status: DossierStatus) -> Request:
    return Request(employer, FORMATECH_LYON, Product.CPRO, status)


IN_PAYMENT = _cpro(HORIZON_LYON, DossierStatus.EN_COURS_DE_REGLEMENT)
TO_INVOICE = _cpro(HORIZON_LYON, DossierStatus.A_FACTURER)
DUBOIS_IN_PAYMENT = _cpro(DUBOIS, DossierStatus.EN_COURS_DE_REGLEMENT)
DUBOIS_TO_INVOICE = _cpro(DUBOIS, DossierStatus.A_FACTURER)

SCENES = (
    # A provider's invoice for three dossiers, of two companies.
    Scene(
        account="saisie_prestataire",
        side=Side.PRESTATAIRE,
        origin=IN_PAYMENT,
        associated=(DUBOIS_IN_PAYMENT, DUBOIS_TO_INVOICE),
        number="F2026-094",
        issue_date=date(2026, 10, 2),
        papers=(CERTIFICATE, DocumentType.FEUILLE_EMARGEMENT),
        state=DepositState.TRANSMITTED,
    ),
    # A company that paid its provider, and asks to be reimbursed.
    Scene(
        account="admin_etablissement",
        side=Side.ENTREPRISE,
        origin=Request(HORIZON_LYON, FORMATECH_LYON, Product.AUTRE, DossierStatus.TERMINE, subrogated=False),
        associated=(
            Request(
                HORIZON_LYON,
                FORMATECH_LYON,
                Product.AUTRE,
                DossierStatus.EN_COURS_DE_REGLEMENT,
                subrogated=False,
            ),
        ),
        number="F2026-071",
        issue_date=date(2026, 9, 11),
        papers=(CERTIFICATE,),
        state=DepositState.TRANSMITTED,
    ),
    # Ancillary costs of a CFA: no certificate.
    Scene(
        account="cfa",
        side=Side.PRESTATAIRE,
        origin=Request(HORIZON_LYON, CFA_METIERS, Product.CAPP, DossierStatus.VALIDE),
        number="CFA-26-0312",
        issue_date=date(2026, 10, 19),
        covers_tuition=False,
        papers=(DocumentType.PREMIER_EQUIPEMENT,),
        state=DepositState.TRANSMITTED,
    ),
    # A document without an invoice, in a dossier that is still being entered (§8).
    Scene(
        account="gestion_pdc_transmission",
        side=Side.ENTREPRISE,
        origin=Request(HORIZON_LYON, FORMATECH_LYON, Product.VAE, DossierStatus.EN_COURS_DE_SAISIE),
        papers=(DocumentType.AVIS_RECEVABILITE,),
        state=DepositState.TRANSMITTED,
    ),
    Scene(
        account="saisie_pdc_prestataire",
        side=Side.PRESTATAIRE,
        origin=Request(HORIZON_LYON, FORMATECH_LYON, Product.BC, DossierStatus.A_FACTURER),
        number="F2026-107",
        issue_date=date(2026, 11, 2),
        papers=(CERTIFICATE,),
        state=DepositState.CANCELLED,
    ),
    Scene(
        account="saisie_prestataire",
        side=Side.PRESTATAIRE,
        origin=IN_PAYMENT,
        associated=(DUBOIS_IN_PAYMENT, DUBOIS_TO_INVOICE),
        number="F2026-118",
        issue_date=date(2026, 11, 13),
        papers=(CERTIFICATE,),
        state=DepositState.PENDING,
    ),
)


def make_all(dossiers: Mapping[Request, Dossier], people: Mapping[str, User]) -> None:
    """Make the deposits and the draft; `people` by account. What is transmitted is so at the end."""
    for scene in SCENES:
        _make(scene, dossiers, people[scene.account])
    _make_draft(dossiers, people["saisie_prestataire"])
    for scene in SCENES:
        if scene.state == DepositState.TRANSMITTED:
            transmission.transmit_due(scene.deposit_id)


def _receive(content: bytes, name: str, type_: DocumentType, person: User) -> Document:
    """Keep a file as if it arrived from a browser: through the portal's own upload handler, and its check."""
    handler = IncomingFileHandler()
    handler.new_file("fichier", name, "application/pdf", len(content))
    handler.receive_data_chunk(content, 0)
    with handler.file_complete(len(content)) as incoming:
        return documents.receive(incoming, type_, person)


def _make(scene: Scene, dossiers: Mapping[Request, Dossier], person: User) -> Deposit:
    origin, associated = dossiers[scene.origin], [dossiers[request] for request in scene.associated]
    every = [origin, *associated]
    files, invoice = [], None
    if scene.number:
        lines = _lines(every, covers_tuition=scene.covers_tuition)
        amount = sum((price for _, price in lines), Decimal(0))
        invoice = deposits.InvoiceFacts(
            scene.number, scene.issue_date, amount, amount, covers_tuition=scene.covers_tuition
        )
        files.append(_receive_invoice(scene.number, scene.issue_date, every, lines, person))
    files += [_receive_paper(type_, every, person) for type_ in scene.papers]
    deposit = deposits.submit(
        deposit_id=scene.deposit_id,
        origin=origin,
        side=scene.side,
        depositor=person,
        documents=files,
        invoice=invoice,
        associated=associated,
        delay=NO_DELAY if scene.state == DepositState.TRANSMITTED else None,
    )
    if scene.state == DepositState.CANCELLED:
        deposits.cancel(deposit, person)
    return deposit


def _make_draft(dossiers: Mapping[Request, Dossier], person: User) -> None:
    """A deposit left half-way: the first step is done, the amounts of the second are missing."""
    origin, associated = dossiers[TO_INVOICE], dossiers[DUBOIS_TO_INVOICE]
    every = [origin, associated]
    draft = Draft.objects.create(id=_id("brouillon"), owner=person, origin=origin, side=Side.PRESTATAIRE)
    file = _receive_invoice("F2026-121", DEMO_DAY, every, _lines(every, covers_tuition=True), person)
    documents.put_in_draft(file, draft, INVOICE_SLOT)
    request = DraftRequest()
    request.draft = draft
    storage = DraftStorage("demo", request)
    storage.current_step = DETAILS
    storage.extra_data = storage.extra_data | {"dossiers": [associated.pk], "attempted": [INVOICE]}
    storage.set_step_data(INVOICE, {f"{INVOICE}-covers_tuition": ["oui"]})
    storage.set_step_data(
        DETAILS, {f"{DETAILS}-number": ["F2026-121"], f"{DETAILS}-issue_date": [f"{DEMO_DAY:%d/%m/%Y}"]}
    )
    storage.save()


def _lines(dossiers: Sequence[Dossier], *, covers_tuition: bool) -> list[tuple[str, Decimal]]:
    """A line for each dossier: a quarter of the tuition granted, or all the ancillary costs."""
    return [
        (
            f"{dossier.number} · {dossier.beneficiary}\n{dossier.training_title}",
            round(dossier.granted_tuition / 4, 2) if covers_tuition else dossier.granted_ancillary,
        )
        for dossier in dossiers
    ]


def _receive_invoice(
    number: str, issue_date: date, dossiers: Sequence[Dossier], lines: list[tuple[str, Decimal]], person: User
) -> Document:
    text = papers.InvoiceText(
        number, f"{issue_date:%d/%m/%Y}", dossiers[0].training_provider, dossiers[0].employer, lines
    )
    name = f"facture_{number}.pdf"
    return _receive(papers.invoice(text), name, DocumentType.FACTURE, person)


def _receive_paper(type_: DocumentType, dossiers: Sequence[Dossier], person: User) -> Document:
    origin = dossiers[0]
    sentence, author = papers.WORDING[type_], origin.training_provider
    paragraphs = [
        sentence.format(author=author.name, employer=origin.employer.name),
        *(
            f"{dossier.beneficiary} (dossier {dossier.number})\n{dossier.training_title}, "
            f"du {dossier.starts_on:%d/%m/%Y} au {dossier.ends_on:%d/%m/%Y}"
            for dossier in dossiers
        ),
        f"Fait pour servir et valoir ce que de droit, le {DEMO_DAY:%d/%m/%Y}.",
    ]
    name = f"{type_.lower()}_{origin.number}.pdf"
    return _receive(papers.letter(in_force.type_label(type_), author, paragraphs), name, type_, person)
