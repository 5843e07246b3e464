"""Honest files as producers of all kinds write them: each is accepted, whatever it is for."""

import io

from pypdf import PdfReader, PdfWriter

from tests import pdfs
from tests.pdfs import flate_stream, one_page, one_page_objects, plain_pdf, raw_pdf, stream

VERSIONS = ("1.0", "1.1", "1.2", "1.3", "1.4", "1.5", "1.6", "1.7", "2.0")


def of_version(version: str) -> bytes:
    return one_page(stream(b"0 0 99 99 re f"), page=b"/Contents 4 0 R").replace(b"1.7", version.encode(), 1)


def written_by_pypdf() -> bytes:
    """What a tool makes of two files that it joins: objects numbered anew, no producer's habits."""
    writer = PdfWriter()
    for text in ("Facture", "Annexe"):
        for page in PdfReader(io.BytesIO(plain_pdf(text, pages=2))).pages:
            writer.add_page(page)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def updated(pdf: bytes, number: int, body: bytes) -> bytes:
    """The same file with an object replaced by an update at its end, as signing and filling in do it."""
    before = pdf.rstrip() + b"\n"
    table_before = int(pdf[pdf.rindex(b"startxref") :].split()[1])
    changed = b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"xref\n%d 1\n%010d 00000 n \n" % (number, len(before))
    trailer = b"trailer\n<< /Size 99 /Root 1 0 R /Prev %d >>\nstartxref\n%d\n%%%%EOF\n"
    return before + changed + table + trailer % (table_before, len(before) + len(changed))


def updated_once() -> bytes:
    return updated(one_page(), 3, one_page_objects(page=b"/Rotate 90")[2])


def updated_often() -> bytes:
    pdf = one_page()
    for turn in range(30):
        pdf = updated(pdf, 3, one_page_objects(page=b"/Rotate %d" % (turn % 4 * 90))[2])
    return pdf


def linearised() -> bytes:
    """The first page's objects and table come first, for readers that show them before the rest is there."""
    head = b"%PDF-1.4\n"
    first = [
        b"4 0 obj\n<< /Linearized 1 /L 0000000000 /H [0 0] /O 3 /E 0 /N 1 /T 0 >>\nendobj\n",
        b"1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n",
        b"3 0 obj\n<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>\nendobj\n",
    ]
    pages = b"2 0 obj\n<< /Type /Pages /Kids [3 0 R] /Count 1 >>\nendobj\n"
    section = b"xref\n1 1\n%010d 00000 n \n3 2\n%010d 00000 n \n%010d 00000 n \n"
    trailer = b"trailer\n<< /Size 5 /Root 1 0 R /Prev %010d >>\nstartxref\n0\n%%%%EOF\n"
    first_table = len(head) + len(first[0])
    body = first_table + len(section % (0, 0, 0)) + len(trailer % 0)
    offsets = (body, body + len(first[1]), len(head))
    rest = body + len(first[1]) + len(first[2])
    table = rest + len(pages)
    return b"".join(
        (
            head,
            first[0],
            section % offsets,
            trailer % table,
            first[1],
            first[2],
            pages,
            b"xref\n0 1\n0000000000 65535 f \n2 1\n%010d 00000 n \n" % rest,
            b"trailer\n<< /Size 3 >>\nstartxref\n%d\n%%%%EOF\n" % first_table,
        )
    )


def signed() -> bytes:
    """A signature field with its value over a range of bytes; nobody's certificate."""
    return one_page(
        b"<< /Type /Annot /Subtype /Widget /FT /Sig /T (signature) /V 5 0 R /F 132 /Rect [0 0 0 0] /P 3 0 R >>",
        b"<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached /ByteRange [0 100 900 100]"
        b" /M (D:20260102030405+01'00') /Reason (Facture certifi\\351e) /Contents <%s> >>" % (b"3082" + b"00" * 400),
        catalog=b"/AcroForm << /Fields [4 0 R] /SigFlags 3 >>",
        page=b"/Annots [4 0 R]",
    )


def with_carriage_returns() -> bytes:
    """Lines that end with CR LF, as some producers for Windows write them; the table says where things then are."""
    objects = [body.replace(b" /", b"\r\n/") for body in one_page_objects()]
    return raw_pdf(objects)


def archived() -> bytes:
    """What PDF/A has: a binary comment, metadata, an output intent, tags, a language."""
    metadata = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><pdfaid:part xmlns:pdfaid='p'>3</pdfaid:part></x:xmpmeta>"
    return one_page(
        stream(metadata, b"/Type /Metadata /Subtype /XML"),
        flate_stream(bytes(128), b"/N 3"),
        b"<< /Type /OutputIntent /S /GTS_PDFA1 /OutputConditionIdentifier (sRGB) /DestOutputProfile 5 0 R >>",
        b"<< /Type /StructTreeRoot /K [ << /Type /StructElem /S /Document /P 7 0 R >> ] >>",
        catalog=b"/Metadata 4 0 R /OutputIntents [6 0 R] /StructTreeRoot 7 0 R /Lang (fr-FR)"
        b" /MarkInfo << /Marked true >>",
    )


def with_outline() -> bytes:
    return one_page(
        b"<< /Type /Outlines /First 5 0 R /Last 5 0 R /Count 1 >>",
        b"<< /Title <FEFF00C9007400E9> /Parent 4 0 R /A << /S /GoTo /D [3 0 R /Fit] >> >>",
        catalog=b"/Outlines 4 0 R /PageMode /UseOutlines /PageLabels << /Nums [0 << /S /D >>] >>",
    )


def with_layers() -> bytes:
    return one_page(
        b"<< /Type /OCG /Name (Filigrane) >>",
        catalog=b"/OCProperties << /OCGs [4 0 R] /D << /ON [4 0 R] /Order [4 0 R] >> >>",
    )


def deep_page_tree() -> bytes:
    """A hundred levels of one child each, as some tools make of many insertions."""
    nodes = [b"<< /Type /Pages /Kids [%d 0 R] /Count 1 >>" % number for number in range(3, 103)]
    return raw_pdf([b"<< /Type /Catalog /Pages 2 0 R >>", *nodes, b"<< /Type /Page /MediaBox [0 0 9 9] >>"])


def without_types() -> bytes:
    """Pages without /Type, which readers take for pages all the same."""
    return one_page().replace(b"/Type /Page ", b"")


def with_null_values() -> bytes:
    """A null where a value stands is nothing said; only one where a key stands is not."""
    return one_page(page=b"/Annots null /AA null /Thumb null")


def image(filter_: bytes, content: bytes = b"") -> bytes:
    """A page with an image in this encoding, or said to be: the check does not decode images."""
    head = b"/Type /XObject /Subtype /Image /Width 65535 /Height 65535 /BitsPerComponent 8 /ColorSpace /DeviceGray"
    return one_page(
        stream(content or bytes(200), head + b" /Filter " + filter_),
        stream(b"595 0 0 842 0 0 cm /I Do"),
        page=b"/Resources << /XObject << /I 4 0 R >> >> /Contents 5 0 R",
    )


def wrong_length(length: int) -> bytes:
    """A stream whose length is wrong, which every reader mends by looking for its end."""
    return one_page(
        b"<< /Length %d >>\nstream\n0 0 99 99 re f\nendstream" % length,
        page=b"/Contents 4 0 R",
    )


HONEST = {
    **{f"version {version}": lambda version=version: of_version(version) for version in VERSIONS},
    "joined by pypdf": written_by_pypdf,
    "written by fpdf2, ten pages": lambda: plain_pdf(pages=10),
    "a scan": lambda: pdfs.scanned_pdf(300_000, pages=3),
    "an update": updated_once,
    "thirty updates": updated_often,
    "linearised": linearised,
    "signed": signed,
    "CR LF": with_carriage_returns,
    "PDF/A": archived,
    "outline": with_outline,
    "layers": with_layers,
    "a deep tree of pages": deep_page_tree,
    "pages without type": without_types,
    "nulls for values": with_null_values,
    "a form, filled in": lambda: pdfs.filled_form_pdf("Béraud"),
    "a form with appearances": lambda: pdfs.filled_form_pdf("Muller", with_appearance=True),
    "a stamp": pdfs.annotated_pdf,
    "a turned page": lambda: pdfs.half_inked_pdf(90),
    "tags": lambda: pdfs.many_objects_pdf(500),
    "JBIG2": lambda: image(b"/JBIG2Decode"),
    "JPEG 2000": lambda: image(b"/JPXDecode"),
    "JPEG": lambda: image(b"/DCTDecode", b"\xff\xd8\xff\xe0" + bytes(100)),
    "CCITT": lambda: image(b"/CCITTFaxDecode"),
    "filters upon filters on an image": lambda: image(b"[/ASCII85Decode /LZWDecode /RunLengthDecode /FlateDecode]"),
    "a stream said too short": lambda: wrong_length(3),
    "a stream said too long": lambda: wrong_length(9),
}
