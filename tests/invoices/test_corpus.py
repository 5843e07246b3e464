"""The corpus through the check, as an invoice and as another document; what it accepts, as another reader sees it."""

import ctypes
from pathlib import Path

import pypdfium2
import pypdfium2.raw as pdfium
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from invoices.models import Document
from invoices.pdf import PdfFacts, PdfProblem, PdfRefused, check_pdf
from tests import pdfs
from tests.catalogue import LIMITS
from tests.corpus import known
from tests.corpus.honest import HONEST
from tests.corpus.hostile import FLAGGED, HARMLESS, REFUSED

ACCEPTED = HONEST | HARMLESS
CORPUS = len(ACCEPTED) + len(REFUSED) + len(FLAGGED)
KNOWN = sum(map(len, (known.ACCEPTED, known.ADDRESSES, known.COSTLY, known.FLAGGED, known.REFUSED)))
# pdfium's numbers for actions that only show a page, here or on the web.
HARMLESS_ACTIONS = {pdfium.PDFACTION_GOTO, pdfium.PDFACTION_URI}


@pytest.fixture(autouse=True)
def patience(settings) -> None:
    """A machine with other tests to run may be late; what a file may cost is in seconds of its processor."""
    settings.PDF_BOX_WALL_SECONDS = 60


def verdict(path: Path, *, is_invoice: bool) -> tuple[str, ...] | PdfProblem:
    """The flags of what is accepted, or the problem."""
    try:
        facts = check_pdf(path, is_invoice=is_invoice, limits=LIMITS)
    except PdfRefused as refused:
        return refused.problem
    assert isinstance(facts, PdfFacts)
    return facts.flags


def written(folder: Path, content: bytes) -> Path:
    path = folder / "fichier.pdf"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("name", ACCEPTED)
def test_accepted_whatever_it_is_for_and_harmless_to_another_reader(tmp_path, name):
    path = written(tmp_path, ACCEPTED[name]())
    assert verdict(path, is_invoice=True) == ()
    assert verdict(path, is_invoice=False) == ()
    assert active_for_pdfium(path) == []


@pytest.mark.parametrize("name", REFUSED)
def test_refused_whatever_it_is_for(tmp_path, name):
    build, problem = REFUSED[name]
    path = written(tmp_path, build())
    assert verdict(path, is_invoice=False) == problem
    assert problem == PdfProblem.TOO_COSTLY or verdict(path, is_invoice=True) == problem


@pytest.mark.parametrize("name", FLAGGED)
def test_flagged_on_a_document_and_refused_on_an_invoice(tmp_path, name):
    build, flags, problem = FLAGGED[name]
    path = written(tmp_path, build())
    assert verdict(path, is_invoice=False) == flags
    assert verdict(path, is_invoice=True) == problem


def active_for_pdfium(path: Path) -> list[str]:
    """What pdfium, which Chrome's viewer is made of, finds in a file that would do more than show itself."""
    try:
        document = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError:
        return []  # a reader that shows nothing runs nothing
    found = []
    try:
        if pdfium.FPDFDoc_GetJavaScriptActionCount(document.raw) > 0:
            found.append("script")
        if pdfium.FPDFDoc_GetAttachmentCount(document.raw) > 0:
            found.append("attachment")
        if pdfium.FPDF_GetFormType(document.raw) in (pdfium.FORMTYPE_XFA_FULL, pdfium.FORMTYPE_XFA_FOREGROUND):
            found.append("XFA")
        for page in document:
            position, link = ctypes.c_int(0), pdfium.FPDF_LINK()
            while pdfium.FPDFLink_Enumerate(page.raw, position, link):
                action = pdfium.FPDFLink_GetAction(link)
                if action and pdfium.FPDFAction_GetType(action) not in HARMLESS_ACTIONS:
                    found.append("action")
            page.close()
    finally:
        document.close()
    return found


@pytest.mark.parametrize("name", ["a null", "plain", "a NUL", "twice"])
def test_the_other_reader_does_see_what_pypdf_may_miss(tmp_path, name):
    """Or the comparison above would prove nothing; each of these is refused."""
    hidden = {
        "a null": pdfs.LAUNCH.replace(b"/S /Launch", b"null /S /Launch"),
        "plain": pdfs.LAUNCH,
        "a NUL": pdfs.LAUNCH.replace(b"/S /Launch", b"/S\0/Launch"),
        "twice": pdfs.LAUNCH.replace(b"/S /Launch", b"/S /URI /S /Launch"),
    }[name]
    link = b"/Annots [ << /Subtype /Link /Rect [0 0 99 99] /A 4 0 R >> ]"
    path = written(tmp_path, pdfs.one_page(hidden, page=link))
    assert active_for_pdfium(path) == ["action"]
    assert isinstance(verdict(path, is_invoice=False), PdfProblem)


def test_the_corpus_is_large_and_has_every_verdict():
    assert CORPUS >= 100
    assert CORPUS + KNOWN >= 200
    problems = {problem for _, problem in REFUSED.values()} | {problem for _, _, problem in FLAGGED.values()}
    assert {PdfProblem.DAMAGED, PdfProblem.NOT_PDF, PdfProblem.ENCRYPTED, PdfProblem.TOO_COSTLY} < problems


# Through the wizard: one of each kind.
UPLOADED = (
    "cut at 5 tenths",
    "behind ZIP",
    "locked: AES, 256 bits",
    "launch, calculating a field",
    "Launch, hex-escaped, in an object stream",
    "file: link, plain",
)


@pytest.mark.parametrize("name", UPLOADED)
def test_uploaded_it_gets_its_sentence_and_is_not_kept(wizard, provider, dossier, settings, name):
    build, problem = REFUSED[name]
    started = wizard(provider, dossier)
    page = started.facture("non", SimpleUploadedFile("essai.pdf", build())).content.decode()
    assert f"essai.pdf\u00a0: {problem.sentence(LIMITS)}" in page
    assert not Document.objects.exists()
    assert not list(settings.INCOMING_ROOT.iterdir())


@pytest.mark.parametrize("name", ["linearised", "signed", "before a small ZIP"])
def test_uploaded_an_accepted_one_is_kept_as_it_is(wizard, provider, dossier, name):
    content = ACCEPTED[name]()
    started = wizard(provider, dossier)
    assert started.facture("non", SimpleUploadedFile("essai.pdf", content)).status_code == 302
    with started.draft.documents.get().file.open() as kept:
        assert kept.read() == content
