"""The probe: reads one PDF from standard input, and prints a verdict as one line of JSON; then what the PDF says.

Its `main` runs in the box (box.py), for check.py; never imported by the portal. Its arguments: MAX_PAGES,
IS_INVOICE (0 or 1), READING_MILLISECONDS.

It prints {"problem": NAME} (a name of PdfProblem) or {"pages": …, "flags": […]}. It serves RULES.md §9.
Once that is told nothing changes it. Of an accepted PDF it then prints, as a second line, what a Reading
(reading.py) is made of, unless there is nothing to read or it takes more than its milliseconds of the processor.

What it looks at is what a reader of the PDF would see: the newest revision, all that the trailer leads to;
then, in case a reader finds a way that pypdf does not, every other object of the cross-reference table.
Objects that only an older revision used are not looked for.
"""

import sys

# pypdf does without these; so does the probe, which then starts sooner and runs less native code.
for absent in ("PIL", "fontTools", "cryptography", "Crypto", "brotli", "brotlicffi"):
    sys.modules[absent] = None  # type: ignore[assignment]

import json  # noqa: E402
import logging  # noqa: E402
import re  # noqa: E402
import signal  # noqa: E402
from collections.abc import Iterable  # noqa: E402
from importlib import import_module  # noqa: E402
from io import BytesIO  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402
from xml.parsers import expat  # noqa: E402

from pypdf import PdfReader, apply_configuration, overwrite_configuration  # noqa: E402
from pypdf.errors import LimitReachedError  # noqa: E402
from pypdf.generic import (  # noqa: E402
    ArrayObject,
    DictionaryObject,
    IndirectObject,
    NameObject,
    NullObject,
    StreamObject,
)

sys.path.append(str(Path(__file__).parents[2]))
from invoices import extraction  # noqa: E402

# All that a reading may need: here it is imported once for all boxes, there it would be for each.
for module in ("electronic", "mentions", "pages", "plain"):
    import_module(f"invoices.extraction.{module}")

# Values of /S (actions) and /Subtype (annotations) that open a program, another file or a player.
ACTIVE_ACTIONS = {
    "/Launch",
    "/GoToE",
    "/GoToR",
    "/ImportData",
    "/Rendition",
    "/Movie",
    "/Sound",
    "/GoTo3DView",
    "/RichMediaExecute",
}
ACTIVE_ANNOTATIONS = {"/RichMedia", "/Movie", "/Sound", "/3D"}
# Sending a form's data occurs in the same official forms as JavaScript does, and is treated alike.
SCRIPT_ACTIONS = {"/JavaScript", "/SubmitForm"}
# Where a file specification keeps its files, one key per operating system of old.
EMBEDDED_FILE_KEYS = ("/F", "/UF", "/DOS", "/Mac", "/Unix")
# Keys that lead to an action or a file. Readers differ on which value counts when a dictionary has one twice.
DECIDING_KEYS = {
    *("/S", "/Subtype", "/A", "/AA", "/Next", "/OpenAction", "/Annots", "/Names", "/AcroForm"),
    *("/JS", "/JavaScript", "/XFA", "/EF", "/RF", "/URI", "/Base", *EMBEDDED_FILE_KEYS),
}

# Namespace and root element of the XML of an electronic invoice: Factur-X and ZUGFeRD 2, ZUGFeRD 1, UBL.
INVOICE_XML_ROOTS = {
    "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100 CrossIndustryInvoice",
    "urn:ferd:CrossIndustryDocument:invoice:1p0 CrossIndustryDocument",
    "urn:oasis:names:specification:ubl:schema:xsd:Invoice-2 Invoice",
}
MAX_INVOICE_XML_BYTES = 5_000_000
# pypdf looks through the whole file for each object that the cross-reference table does not list. That mends
# small files whose table is wrong; in a large file it would take seconds, so such an object counts as null
# there, as ISO 32000 has it.
MAX_SEARCHED_BYTES = 100_000_000
# What a link may lead to: a page, a mail, a telephone. Any other scheme names a file, a script or a program of the
# reader's machine. What has no scheme, or is a host's name with its port, is a page.
OPENED_SCHEMES = {"http", "https", "ftp", "mailto", "tel"}
HOST_AND_PORT = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+:\d+([/?#]|$)", re.IGNORECASE)
SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)


class Refused(Exception):  # noqa: N818 - a verdict, not an error
    """The PDF is refused for the problem named."""


class Doubts(logging.Handler):
    """Listens to pypdf's warnings for dictionaries that it read otherwise than another reader may."""

    def __init__(self) -> None:
        super().__init__()
        self.any = False

    def emit(self, record: logging.LogRecord) -> None:
        if record.name == "pypdf.generic._data_structures" and isinstance(record.args, dict):
            # "exception": the rest of a dictionary was given up. "key": the first of two values was kept.
            self.any |= "exception" in record.args or record.args.get("key") in DECIDING_KEYS

    def watch_ends(self) -> None:
        """Doubt every dictionary that does not end at « >> »: at a null in a key's place pypdf drops the rest of it.

        Other readers (pdfium among them) skip the null, and see what follows.
        """
        read_stream = DictionaryObject._read_stream_data  # what comes after a dictionary's last entry

        def read_after_end(*, stream: BytesIO, **arguments: Any) -> None:
            stream.seek(-2, 1)
            self.any |= stream.read(2) != b">>"
            read_stream(stream=stream, **arguments)

        DictionaryObject._read_stream_data = staticmethod(read_after_end)  # type: ignore[assignment, method-assign]


class Content(BytesIO):
    """A file's content, to read in. pypdf searches its buffer, which would otherwise be a copy: of 10 MB, 6 ms."""

    def __init__(self, content: bytes) -> None:
        super().__init__(content)
        self._content = content

    def getbuffer(self) -> memoryview:
        return memoryview(self._content)


class Reader(PdfReader):
    """pypdf's reader, which refuses what is encrypted instead of trying an empty password."""

    @property
    def is_encrypted(self) -> bool:
        if isinstance(self.trailer.get("/Encrypt", NullObject()), NullObject):
            return False
        raise Refused("ENCRYPTED")


class Probe:
    """One look at one PDF."""

    def __init__(self, content: bytes, most_pages: int) -> None:
        # Not strict: files with small flaws are common and every reader shows them.
        self.reader = Reader(Content(content))
        self.size = len(content)
        self.most_pages = most_pages
        self.searched_bytes = 0
        self.seen: set[tuple[int, int]] = set()
        self.flags: set[str] = set()
        # The XML of invoices that is found, once each; two are as good as more.
        self.invoices: list[bytes] = []

    def follow(self, value: Any) -> Any:
        """What a value stands for once its reference is resolved; null for one that leads nowhere."""
        for _ in range(8):
            if not isinstance(value, IndirectObject):
                return value
            if not self._is_listed(value):
                self.searched_bytes += self.size
                if self.searched_bytes > MAX_SEARCHED_BYTES:
                    break
            value = self.reader.get_object(value)
        return NullObject()

    def _is_listed(self, reference: IndirectObject) -> bool:
        return reference.idnum in self.reader.xref.get(reference.generation, ()) or (
            reference.generation == 0 and reference.idnum in self.reader.xref_objStm
        )

    def count_pages(self) -> int:
        """The number of pages that the page tree really leads to, whatever its /Count says."""
        pages = 0
        nodes: set[int] = set()
        waiting = [self.reader.root_object.get("/Pages")]
        while waiting:
            node = self.follow(waiting.pop())
            if not isinstance(node, DictionaryObject) or not node:
                continue
            kids = self.follow(node.get("/Kids"))
            if isinstance(kids, ArrayObject):
                if id(node) in nodes:
                    raise Refused("DAMAGED")  # a tree has no node twice: this one goes round, or grows without end
                nodes.add(id(node))
                waiting.extend(kids)
            elif self.name_at(node, "/Type") != "/Pages":
                pages += 1
                if pages > self.most_pages:
                    raise Refused("TOO_MANY_PAGES")
        return pages

    def walk(self, start: Any) -> None:
        """Inspect every dictionary that `start` leads to, each object once."""
        waiting = [start]
        while waiting:
            item = waiting.pop()
            if isinstance(item, IndirectObject):
                key = (item.idnum, item.generation)
                if key not in self.seen:
                    self.seen.add(key)
                    waiting.append(self.follow(item))
            elif isinstance(item, DictionaryObject):
                self.inspect(item)
                waiting.extend(containers(item.values()))
            elif isinstance(item, ArrayObject):
                waiting.extend(containers(item))

    def walk_the_rest(self) -> None:
        """Inspect the objects that are listed, though nothing leads to them."""
        listed = [(number, generation) for generation, numbers in self.reader.xref.items() for number in numbers]
        listed += [(number, 0) for number in self.reader.xref_objStm]
        for number, generation in listed:
            try:
                self.walk(IndirectObject(number, generation, self.reader))
            except (Refused, MemoryError, RecursionError, LimitReachedError):
                raise
            except Exception:  # noqa: BLE001, S112 - pypdf raises anything; no reader shows this object
                continue

    def inspect(self, dictionary: DictionaryObject) -> None:
        """Refuse, or flag, what one dictionary says by itself."""
        if "\0" in "".join(dictionary):
            raise Refused("DAMAGED")  # for pypdf a part of the name, for other readers its end
        action = self.name_at(dictionary, "/S")
        if action in ACTIVE_ACTIONS or self.name_at(dictionary, "/Subtype") in ACTIVE_ANNOTATIONS:
            raise Refused("LAUNCH_ACTION")
        if not all(may_be_opened(self.follow(dictionary.get(key))) for key in ("/URI", "/Base")):
            raise Refused("LAUNCH_ACTION")
        if not self.embeds_only_invoices(dictionary):
            raise Refused("EMBEDDED_FILE")
        # Resources may bear any name: a font called /JS is no script, hence the look at what the key holds.
        if (
            action in SCRIPT_ACTIONS
            or isinstance(self.follow(dictionary.get("/JS")), (str, bytes, StreamObject))
            or isinstance(self.follow(dictionary.get("/JavaScript")), DictionaryObject)
        ):
            self.flags.add("javascript")
        if isinstance(self.follow(dictionary.get("/XFA")), (ArrayObject, StreamObject)):
            self.flags.add("xfa")

    def embeds_only_invoices(self, dictionary: DictionaryObject) -> bool:
        """Whether all that this dictionary embeds, if anything, is the XML of an invoice."""
        if isinstance(dictionary, StreamObject) and self.name_at(dictionary, "/Type") == "/EmbeddedFile":
            return self.is_invoice_xml(dictionary)
        specification = self.follow(dictionary.get("/EF"))
        if not isinstance(specification, DictionaryObject):
            return True
        files = [self.follow(specification[key]) for key in EMBEDDED_FILE_KEYS if key in specification]
        return "/RF" not in dictionary and all(self.is_invoice_xml(file) for file in files)

    def is_invoice_xml(self, stream: Any) -> bool:
        """Whether a stream is the XML of an invoice, which is noted."""
        content = invoice_xml(stream)
        if content is not None and len(self.invoices) < 2 and content not in self.invoices:
            self.invoices.append(content)
        return content is not None

    def name_at(self, dictionary: DictionaryObject, key: str) -> str:
        """The name that a dictionary has at `key`, or an empty string."""
        value = self.follow(dictionary.get(key))
        if not isinstance(value, NameObject):
            return ""
        if "\0" in value:
            raise Refused("DAMAGED")
        return value


def containers(values: Iterable[Any]) -> list[Any]:
    return [value for value in values if isinstance(value, (IndirectObject, DictionaryObject, ArrayObject))]


def may_be_opened(address: Any) -> bool:
    """Whether a link may lead there; what is not text is no address."""
    if not isinstance(address, (str, bytes)):
        return True
    # Browsers drop what cannot be seen before they look for the scheme.
    text = address.decode("latin-1") if isinstance(address, bytes) else str(address)
    text = "".join(letter for letter in text if letter > " " and letter != "\x7f")
    scheme = SCHEME.match(text)
    if text.startswith("\\\\"):
        return False  # a file of another machine, which Windows would open, and log in to
    return scheme is None or scheme[1].lower() in OPENED_SCHEMES or HOST_AND_PORT.match(text) is not None


def invoice_xml(stream: Any) -> bytes | None:
    """The XML of an invoice that a stream is, or None: by its content, whatever its name and declared type."""
    if not isinstance(stream, StreamObject):
        return None
    root: list[str] = []

    def note_root(name: str, _attributes: object) -> None:
        root.append(name)
        parser.StartElementHandler = None

    def refuse_doctype(*_arguments: object) -> None:
        raise ValueError("an invoice has no DOCTYPE")

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = note_root
    parser.StartDoctypeDeclHandler = refuse_doctype
    try:
        with apply_configuration(
            zlib_maximum_output_length=MAX_INVOICE_XML_BYTES,
            lzw_maximum_output_length=MAX_INVOICE_XML_BYTES,
            run_length_maximum_output_length=MAX_INVOICE_XML_BYTES,
        ):
            content = stream.get_data()
            parser.Parse(content, True)
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - pypdf raises anything, and what cannot be read is not an invoice
        return None
    return content if root[0] in INVOICE_XML_ROOTS else None


def probe(content: bytes, most_pages: int) -> tuple[dict[str, Any], list[bytes]]:
    """The verdict on a PDF's content, which may have so many pages, and the XML of invoices in it.

    Raises Refused, and whatever pypdf raises.
    """
    overwrite_configuration(disable_legacy_handling=True)
    log = logging.getLogger("pypdf")
    log.propagate = False
    doubts = Doubts()
    doubts.watch_ends()
    look = Probe(content, most_pages)
    log.addHandler(doubts)
    pages = look.count_pages()
    if pages == 0:
        raise Refused("NO_PAGE")
    look.walk(look.reader.trailer)
    if doubts.any:
        raise Refused("DAMAGED")
    # The XML that only an older revision used is not this invoice's.
    invoices = [*look.invoices]
    look.walk_the_rest()
    return {"pages": pages, "flags": sorted(look.flags)}, invoices


def is_costly(error: BaseException | None) -> bool:
    """Whether an error comes from a limit, its causes included: pypdf wraps even a MemoryError."""
    while error is not None:
        if isinstance(error, (MemoryError, RecursionError, LimitReachedError)):
            return True
        error = error.__cause__ or error.__context__
    return False


def reading(content: bytes, invoices: list[bytes], *, is_invoice: bool, milliseconds: int) -> dict[str, Any] | None:
    """What an accepted PDF says of itself, or None. The process ends when that takes longer than it may."""
    signal.setitimer(signal.ITIMER_PROF, milliseconds / 1000)
    return extraction.read(content, invoices, is_invoice=is_invoice)


def main() -> None:
    most_pages, is_invoice, milliseconds = map(int, sys.argv[1:4])
    content = sys.stdin.buffer.read()
    invoices: list[bytes] = []
    try:
        verdict, invoices = probe(content, most_pages)
    except Refused as refused:
        verdict = {"problem": str(refused)}
    except Exception as error:  # noqa: BLE001 - ValueError, AttributeError, UnicodeDecodeError… pypdf raises anything
        verdict = {"problem": "TOO_COSTLY" if is_costly(error) else "DAMAGED"}
    # The answer to check.py. What it refuses is not read.
    print(json.dumps(verdict), flush=True)  # noqa: T201
    if "problem" not in verdict and not (is_invoice and verdict["flags"]):
        print(json.dumps(reading(content, invoices, is_invoice=bool(is_invoice), milliseconds=milliseconds)))  # noqa: T201
