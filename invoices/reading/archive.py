"""All the documents of a deposit as one ZIP: streamed, its size told beforehand, nothing of it kept."""

import re
import unicodedata
from collections.abc import Iterable, Iterator

from django.utils import timezone
from zipstream import ZIP_STORED, ZipStream

from ..deposits import FileLostError
from ..models import Deposit, Document

# Of a name, without its rank and extension: with them it stays below what file systems take, whatever its letters.
NAME_BYTES = 180
# What Windows refuses in a name, the separators of paths among it.
RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)
REFUSED = re.compile(r'[\\/:*?"<>|]')


def of_deposit(deposit: Deposit) -> ZipStream:
    """The deposit's documents in their order, not compressed: PDFs are already.

    `len()` is its size in bytes; iterating over it reads the files. Raises FileLostError, for a
    file that is lost or not whole, before anything is read; StorageAwayError.
    """
    return _archive([(deposit, "")])


def of_deposits(deposits: Iterable[Deposit]) -> ZipStream:
    """The documents of several, each deposit's in a folder named after its reference; as `of_deposit`."""
    return _archive((deposit, f"{deposit.reference}/") for deposit in deposits)


def _archive(deposits: Iterable[tuple[Deposit, str]]) -> ZipStream:
    archive = ZipStream(compress_type=ZIP_STORED, sized=True)
    for deposit, folder in deposits:
        for rank, document in enumerate(deposit.all_documents, start=1):
            if not _is_whole(document):
                raise FileLostError(document)
            archive.add(_content(document), f"{folder}{entry_name(rank, document)}", size=document.size)
    return archive


def _is_whole(document: Document) -> bool:
    try:
        return document.file.storage.size(str(document.file)) == document.size
    except FileNotFoundError:
        return False


def _content(document: Document) -> Iterator[bytes]:
    """What the file holds, opened when it is its turn."""
    with document.file.storage.open(str(document.file)) as file:
        yield from file.chunks()


def entry_name(rank: int, document: Document) -> str:
    """« 01-Facture-facture_F2026-118.pdf »: in the deposit's order, and unlike any other, thanks to its rank."""
    stem = re.sub(r"\.pdf$", "", document.name, flags=re.IGNORECASE)
    words = [safe(document.get_type_display()), safe(stem)]
    return f"{rank:02}-{_cut('-'.join(filter(None, words)))}.pdf"


def archive_name(deposit: Deposit) -> str:
    """« depot-F2026-118.zip », or the day of a deposit without an invoice: « depot-2026-11-23.zip »."""
    number = safe(deposit.invoice.number) if deposit.number_key else ""
    return f"depot-{number or timezone.localtime(deposit.submitted_at).date().isoformat()}.zip"


def safe(text: str) -> str:
    """A text as a part of a file's name on any system: nothing that separates, hides, or turns the direction."""
    shown = "".join(
        " " if unicodedata.category(letter)[0] == "Z" else letter
        for letter in unicodedata.normalize("NFC", text)
        if unicodedata.category(letter)[0] != "C"
    )
    return re.sub(r"\s+", " ", REFUSED.sub("-", shown)).strip(" .")


def download_name(document: Document) -> str:
    """The name under which a browser saves a document: as it came, safe on any system, and a PDF's.

    By its content a file is a PDF; by its name it could be a program too (« facture.bat »), for whoever opens it.
    """
    stem = re.sub(r"\.pdf$", "", document.name, flags=re.IGNORECASE)
    words = _cut(safe(stem)) or "document"
    # A device of Windows, whatever follows its name.
    return f"{'_' if RESERVED.match(words) else ''}{words}.pdf"


def _cut(name: str) -> str:
    return name.encode()[:NAME_BYTES].decode(errors="ignore").rstrip(" .")
