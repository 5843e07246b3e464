"""PDFs for the tests: honest ones, and one builder for each way in which a PDF can be bad.

Every builder returns the same bytes at every call. Honest files are made by a library; bad ones are written
by hand, since no library would.
"""

import random
import zlib
from datetime import UTC, datetime
from itertools import accumulate

from fpdf import FPDF

# An electronic invoice's XML, as short as the check allows: it looks at the root element only.
FACTUR_X_XML = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n<rsm:CrossIndustryInvoice '
    b'xmlns:rsm="urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100"><rsm:ExchangedDocument/>'
    b"</rsm:CrossIndustryInvoice>"
)
ZUGFERD_1_XML = b'<r:CrossIndustryDocument xmlns:r="urn:ferd:CrossIndustryDocument:invoice:1p0"/>'
UBL_XML = b'<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"><ID>1</ID></Invoice>'

# An invoice's root element, after a DOCTYPE whose entities expand to gigabytes.
XML_BOMB = FACTUR_X_XML.replace(
    b"\n",
    b'<!DOCTYPE r [<!ENTITY e0 "ha">'
    + b"".join(b'<!ENTITY e%d "%s">' % (n, b"&e%d;" % (n - 1) * 10) for n in range(1, 12))
    + b"]>",
).replace(b"<rsm:ExchangedDocument/>", b"&e11;")

LAUNCH = b"<< /Type /Action /S /Launch /F (calc.exe) >>"
SCRIPT = b"<< /Type /Action /S /JavaScript /JS (app.alert\\(1\\)) >>"

# --- Honest files -------------------------------------------------------------------------------------------


def plain_pdf(text: str = "Facture d'exemple", pages: int = 1) -> bytes:
    """A small valid PDF that shows `text` (what Latin-1 has of it) and its number on each of its pages."""
    return _fpdf(text, pages)


def _fpdf(text: str, pages: int, **encryption: str) -> bytes:
    pdf = FPDF(format="A4")
    pdf.creation_date = datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC)
    pdf.set_font("helvetica", size=12)
    if encryption:
        pdf.set_encryption(**encryption)
    for page in range(1, pages + 1):
        pdf.add_page()
        pdf.multi_cell(0, text=f"{text}\npage {page}".encode("latin-1", "replace").decode("latin-1"))
    return bytes(pdf.output())


def scanned_pdf(size: int, pages: int = 10) -> bytes:
    """A PDF of exactly `size` bytes, nearly all of them in one image a page, as a scanner makes it."""
    dice = random.Random(0)
    image_bytes = (size - 1000 * (pages + 1)) // pages
    head = b"/Type /XObject /Subtype /Image /Width 1240 /Height 1754 /BitsPerComponent 8"
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", b""]
    for _ in range(pages):
        number = len(objects) + 1
        objects += [
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] "
            b"/Resources << /XObject << /I %d 0 R >> >> /Contents %d 0 R >>" % (number + 1, number + 2),
            stream(dice.randbytes(image_bytes), head + b" /ColorSpace /DeviceRGB /Filter /DCTDecode"),
            stream(b"595 0 0 842 0 0 cm /I Do"),
        ]
    kids = b" ".join(b"%d 0 R" % number for number in range(3, len(objects) + 1, 3))
    objects[1] = b"<< /Type /Pages /Count %d /Kids [%s] >>" % (pages, kids)
    return padded(raw_pdf(objects), size)


def padded(pdf: bytes, size: int) -> bytes:
    """The same PDF, brought to exactly `size` bytes by a comment."""
    return commented(pdf, b"x" * (size - len(pdf) - 2))


def commented(pdf: bytes, comment: bytes) -> bytes:
    """The same PDF with a comment that no reader shows: another file, and another hash."""
    before, mark, after = pdf.rpartition(b"startxref")
    return before + b"%" + comment + b"\n" + mark + after


def linked_pdf() -> bytes:
    """A PDF with what is plain and allowed: a web link, a link to a page, and an /OpenAction to a page."""
    return one_page(
        catalog=b"/OpenAction [3 0 R /Fit]",
        page=b"/Annots [ << /Subtype /Link /Rect [0 0 9 9] /A << /S /URI /URI (https://opco.example) >> >>"
        b" << /Subtype /Link /Rect [9 9 18 18] /A << /S /GoTo /D [3 0 R /Fit] >> >> ]",
    )


def flawed_pdf() -> bytes:
    """A valid PDF with flaws that every reader mends: a wrong startxref, a reference to nothing."""
    before, mark, _ = one_page(page=b"/Annots 99 0 R").rpartition(b"startxref")
    return before + mark + b"\n12\n%%EOF\n"


def many_objects_pdf(count: int) -> bytes:
    """A valid PDF of one page with a structure tree of `count` elements, as tagged documents have."""
    kids = b" ".join(b"%d 0 R" % number for number in range(5, 5 + count))
    elements = [b"<< /Type /StructElem /S /P /P 4 0 R /Pg 3 0 R /K %d >>" % number for number in range(count)]
    root = b"<< /Type /StructTreeRoot /K [%s] >>" % kids
    return one_page(root, *elements, catalog=b"/StructTreeRoot 4 0 R")


def half_inked_pdf(rotation: int = 0) -> bytes:
    """A page whose lower half is black, shown turned by so many degrees, clockwise."""
    ink = stream(b"0 0 595 421 re f")
    return one_page(ink, page=b"/Contents 4 0 R /Rotate %d" % rotation)


def filled_form_pdf(value: str = "", *, with_appearance: bool = False) -> bytes:
    """A page with one field of a form, filled in with this value, as an official form is; no script, no XFA.

    A field may bring the appearance of its value, or leave it to the reader to make one.
    """
    typed = value.encode("latin-1")
    appearance = flate_stream(
        b"/Tx BMC q BT /Helv 40 Tf 10 10 Td (%s) Tj ET Q EMC" % typed,
        b"/Type /XObject /Subtype /Form /BBox [0 0 495 60] /Resources << /Font << /Helv 5 0 R >> >>",
    )
    return one_page(
        b"<< /Type /Annot /Subtype /Widget /FT /Tx /T (nom) /V (%s) /F 4 /Rect [50 400 545 460] /P 3 0 R"
        b" /DA (/Helv 40 Tf 0 g) %s >>" % (typed, b"/AP << /N 6 0 R >>" if with_appearance else b""),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        appearance,
        catalog=b"/AcroForm << /Fields [4 0 R] /DR << /Font << /Helv 5 0 R >> >> /DA (/Helv 40 Tf 0 g)"
        b" /NeedAppearances %s >>" % (b"false" if with_appearance else b"true"),
        page=b"/Annots [4 0 R]",
    )


def annotated_pdf() -> bytes:
    """A page that shows nothing but a comment's black square."""
    square = stream(b"0 0 200 200 re f", b"/Type /XObject /Subtype /Form /BBox [0 0 200 200]")
    return one_page(
        b"<< /Type /Annot /Subtype /Stamp /F 4 /Rect [100 100 300 300] /AP << /N 5 0 R >> >>",
        square,
        page=b"/Annots [4 0 R]",
    )


# --- Writing PDFs by hand -----------------------------------------------------------------------------------


def stream(content: bytes, entries: bytes = b"") -> bytes:
    """A stream object with these dictionary entries."""
    return b"<< %s /Length %d >>\nstream\n%s\nendstream" % (entries, len(content), content)


def flate_stream(content: bytes, entries: bytes = b"") -> bytes:
    return stream(zlib.compress(content, 9), entries + b" /Filter /FlateDecode")


def raw_pdf(objects: list[bytes], trailer: bytes = b"") -> bytes:
    """A PDF of these objects, numbered from 1, of which the first is the catalog."""
    parts = [b"%PDF-1.7\n"]
    parts += [b"%d 0 obj\n%s\nendobj\n" % (number, body) for number, body in enumerate(objects, start=1)]
    *offsets, table = accumulate(map(len, parts))
    entries = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    size = len(objects) + 1
    parts.append(b"xref\n0 %d\n0000000000 65535 f \n%s" % (size, entries))
    parts.append(b"trailer\n<< /Size %d /Root 1 0 R %s >>\nstartxref\n%d\n%%%%EOF\n" % (size, trailer, table))
    return b"".join(parts)


def one_page_objects(*more: bytes, catalog: bytes = b"", page: bytes = b"") -> list[bytes]:
    return [
        b"<< /Type /Catalog /Pages 2 0 R %s >>" % catalog,
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] %s >>" % page,
        *more,
    ]


def one_page(*more: bytes, catalog: bytes = b"", page: bytes = b"") -> bytes:
    """A PDF of one page, with these entries in its catalog and its page, and more objects from number 4."""
    return raw_pdf(one_page_objects(*more, catalog=catalog, page=page))


def one_page_compressed(*more: bytes, catalog: bytes = b"", page: bytes = b"") -> bytes:
    """The same, with all objects in a compressed object stream: their names are not in the file's bytes."""
    objects = one_page_objects(*more, catalog=catalog, page=page)
    offsets = [0, *accumulate(len(body) + 1 for body in objects)]
    index = b" ".join(b"%d %d" % (number, offset) for number, offset in enumerate(offsets[:-1], start=1))
    head = b"%PDF-1.7\n"
    container = len(objects) + 1
    packed = flate_stream(
        index + b"\n" + b"\n".join(objects), b"/Type /ObjStm /N %d /First %d" % (len(objects), len(index) + 1)
    )
    packed = b"%d 0 obj\n%s\nendobj\n" % (container, packed)
    rows = [b"\0\0\0\0\0"]
    rows += [b"\2" + container.to_bytes(3) + bytes([index]) for index in range(len(objects))]
    rows += [b"\1" + len(head).to_bytes(3) + b"\0", b"\1" + (len(head) + len(packed)).to_bytes(3) + b"\0"]
    table = flate_stream(b"".join(rows), b"/Type /XRef /Root 1 0 R /W [1 3 1] /Size %d" % len(rows))
    return b"%s%s%d 0 obj\n%s\nendobj\nstartxref\n%d\n%%%%EOF\n" % (
        head,
        packed,
        container + 1,
        table,
        len(head) + len(packed),
    )


# --- Not quite a PDF ----------------------------------------------------------------------------------------


def html_named_pdf() -> bytes:
    return b"<!DOCTYPE html><html><body>Facture</body></html>"


def polyglot() -> bytes:
    """A shell script that is a PDF too for readers that look for the header further on."""
    return b"#!/bin/sh\necho bonjour\nexit\n" + plain_pdf()


def truncated() -> bytes:
    pdf = plain_pdf(pages=3)
    return pdf[: len(pdf) // 2]


def without_end_marker() -> bytes:
    return plain_pdf().replace(b"%%EOF", b"")


def with_trailing_bytes(count: int) -> bytes:
    """A PDF followed by `count` bytes that are not its own."""
    return plain_pdf().rstrip() + b"x" * count


def scrambled() -> bytes:
    """A header and an end, with noise between."""
    return b"%PDF-1.7\n" + random.Random(1).randbytes(20_000) + b"\nstartxref\n17\n%%EOF\n"


def encrypted_for_opening() -> bytes:
    return _fpdf("secret", 1, owner_password="proprietaire", user_password="lecteur")


def encrypted_against_changes() -> bytes:
    """Opens without a password: only the owner's is set."""
    return _fpdf("secret", 1, owner_password="proprietaire")


# --- Pages --------------------------------------------------------------------------------------------------


def pages_pdf(count: int) -> bytes:
    """A PDF of `count` empty pages, each an object of its own, in few bytes."""
    kids = b" ".join(b"%d 0 R" % number for number in range(3, count + 3))
    pages = [b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] >>"] * count
    return raw_pdf(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, count),
            *pages,
        ]
    )


def lying_page_count() -> bytes:
    """2,001 pages that say they are one."""
    return pages_pdf(2001).replace(b"/Count 2001", b"/Count 1")


def circular_page_tree() -> bytes:
    nodes = [b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>", b"<< /Type /Pages /Kids [2 0 R] /Count 1 >>"]
    return raw_pdf([b"<< /Type /Catalog /Pages 2 0 R >>", *nodes])


def exploding_page_tree() -> bytes:
    """Each node has the next one twice: 2 to the 40 pages in 40 objects."""
    nodes = [b"<< /Type /Pages /Kids [%d 0 R %d 0 R] /Count 2 >>" % (n, n) for n in range(3, 43)]
    return raw_pdf([b"<< /Type /Catalog /Pages 2 0 R >>", *nodes, b"<< /Type /Page /MediaBox [0 0 9 9] >>"])


def circular_parent() -> bytes:
    """A page that is its own parent; readers only go down the tree, and show it."""
    return one_page().replace(b"/Parent 2 0 R", b"/Parent 3 0 R")


# --- Active content -----------------------------------------------------------------------------------------


def launch() -> bytes:
    return one_page(LAUNCH, catalog=b"/OpenAction 4 0 R")


def launch_hex_escaped() -> bytes:
    return one_page(LAUNCH.replace(b"/S /Launch", b"/#53 /#4Cau#6e#63h"), catalog=b"/OpenAction 4 0 R")


def launch_in_object_stream() -> bytes:
    return one_page_compressed(LAUNCH, catalog=b"/OpenAction 4 0 R")


def launch_by_reference() -> bytes:
    """The action's type is an object of its own."""
    return one_page(b"<< /S 5 0 R /F (calc.exe) >>", b"/Launch", catalog=b"/OpenAction 4 0 R")


def launch_unreferenced() -> bytes:
    return one_page(LAUNCH)


def launch_as_next_action() -> bytes:
    return one_page(
        page=b"/Annots [ << /Subtype /Link /Rect [0 0 9 9] /A << /S /GoTo /D [3 0 R] /Next [ %s ] >> >> ]" % LAUNCH
    )


def launch_said_twice() -> bytes:
    """pypdf keeps the first /S, other readers the last."""
    return one_page(LAUNCH.replace(b"/S /Launch", b"/S /URI /S /Launch"), catalog=b"/OpenAction 4 0 R")


def launch_after_nul() -> bytes:
    """A NUL ends a name, except for pypdf, which makes it a part of the name."""
    return one_page(LAUNCH.replace(b"/S /Launch", b"/S\0/Launch"), catalog=b"/OpenAction 4 0 R")


def launch_after_broken_entry() -> bytes:
    """pypdf gives up the dictionary at the broken value; other readers skip it."""
    return one_page(LAUNCH.replace(b"/S /Launch", b"/X } /S /Launch"), catalog=b"/OpenAction 4 0 R")


def launch_after_null() -> bytes:
    """At a null in a key's place pypdf drops the rest of the dictionary; other readers skip the null."""
    return one_page(LAUNCH.replace(b"/S /Launch", b"null /S /Launch"), catalog=b"/OpenAction 4 0 R")


def link_to(address: bytes) -> bytes:
    """A link to this address, a string as it stands in the file."""
    return one_page(page=b"/Annots [ << /Subtype /Link /Rect [0 0 9 9] /A << /S /URI /URI %s >> >> ]" % address)


def active_action(name: bytes) -> bytes:
    """A link whose action is of this type, in the file as `name`."""
    return one_page(page=b"/Annots [ << /Subtype /Link /Rect [0 0 9 9] /A << /S %s /F (x.pdf) >> >> ]" % name)


def active_annotation(name: bytes) -> bytes:
    return one_page(page=b"/Annots [ << /Type /Annot /Subtype %s /Rect [0 0 9 9] >> ]" % name)


def script_on_opening() -> bytes:
    return one_page(SCRIPT, catalog=b"/OpenAction 4 0 R")


def script_in_names_tree() -> bytes:
    return one_page(SCRIPT, catalog=b"/Names << /JavaScript << /Names [ (a) 4 0 R ] >> >>")


def script_in_object_stream() -> bytes:
    return one_page_compressed(SCRIPT, catalog=b"/AcroForm << /Fields [ << /T (a) /AA << /K 4 0 R >> >> ] >>")


def script_in_stream() -> bytes:
    return one_page(flate_stream(b"app.alert(1)"), catalog=b"/OpenAction << /S /Other /JS 4 0 R >>")


def submitted_form() -> bytes:
    return active_action(b"/SubmitForm")


def xfa_form() -> bytes:
    return one_page(flate_stream(b"<xdp/>"), catalog=b"/AcroForm << /Fields [] /XFA 4 0 R >>")


def xfa_form_with_script() -> bytes:
    """What an official Cerfa form looks like."""
    return one_page(
        flate_stream(b"<xdp/>"),
        SCRIPT,
        catalog=b"/AcroForm << /Fields [] /XFA [ (x) 4 0 R ] >> /OpenAction 5 0 R",
    )


def resources_with_odd_names() -> bytes:
    """Fonts may bear any name, and be no script, form or file for it."""
    return one_page(
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        page=b"/Resources << /Font << /JS 4 0 R /XFA 4 0 R /EF 4 0 R /S 4 0 R >> >>",
    )


# --- Embedded files -----------------------------------------------------------------------------------------


def embedded(content: bytes, name: bytes = b"factur-x.xml", entries: bytes = b"") -> bytes:
    """A PDF with one file in its names tree of embedded files."""
    return one_page(
        b"<< /Type /Filespec /F (%s) /UF (%s) /EF << /F 5 0 R /UF 5 0 R >> >>" % (name, name),
        flate_stream(content, entries),
        catalog=b"/Names << /EmbeddedFiles << /Names [ (%s) 4 0 R ] >> >> /AF [4 0 R]" % name,
    )


def embedded_twice(one: bytes, other: bytes) -> bytes:
    """A PDF with two files."""
    return one_page(
        b"<< /Type /Filespec /F (factur-x.xml) /EF << /F 5 0 R >> >>",
        flate_stream(one),
        b"<< /Type /Filespec /F (zugferd-invoice.xml) /EF << /F 7 0 R >> >>",
        flate_stream(other),
        catalog=b"/Names << /EmbeddedFiles << /Names [ (factur-x.xml) 4 0 R (zugferd-invoice.xml) 6 0 R ] >> >>",
    )


def embedded_program() -> bytes:
    return embedded(b"MZ" + bytes(500), b"facture.exe")


def embedded_program_named_xml() -> bytes:
    return embedded(b"MZ" + bytes(500), entries=b"/Type /EmbeddedFile /Subtype /text#2Fxml")


def attached_to_an_annotation() -> bytes:
    return one_page(
        stream(b"MZ" + bytes(50)),
        page=b"/Annots [ << /Subtype /FileAttachment /Rect [0 0 9 9] /FS << /EF << /F 4 0 R >> >> >> ]",
    )


def embedded_without_specification() -> bytes:
    return one_page(stream(b"MZ" + bytes(50), b"/Type /EmbeddedFile"))


def related_file() -> bytes:
    """An invoice's XML with a second file in tow."""
    return one_page(
        b"<< /Type /Filespec /F (a.xml) /EF << /F 5 0 R >> /RF << /F [ (b.exe) 6 0 R ] >> >>",
        flate_stream(FACTUR_X_XML),
        stream(b"MZ" + bytes(50)),
        catalog=b"/AF [4 0 R]",
    )


def embedded_xml_bomb() -> bytes:
    return embedded(XML_BOMB)


def embedded_flate_bomb() -> bytes:
    return embedded(FACTUR_X_XML + b" " * 60_000_000)


# --- Costly -------------------------------------------------------------------------------------------------


def flate_bomb_in_object_stream() -> bytes:
    """An object stream of 400 MB, in 400 kB."""
    packed = zlib.compressobj(9)
    head = packed.compress(b"6 0\n")
    content = head + b"".join(packed.compress(b" " * 2_000_000) for _ in range(200)) + packed.flush()
    return one_page_with_object_stream(stream(content, b"/Type /ObjStm /N 1 /First 4 /Filter /FlateDecode"))


def nested_flate_bomb_in_object_stream() -> bytes:
    """The same, compressed twice: 70 MB in a few hundred bytes."""
    content = zlib.compress(zlib.compress(b"6 0\n" + b"[" * 70_000_000, 9), 9)
    return one_page_with_object_stream(
        stream(content, b"/Type /ObjStm /N 1 /First 4 /Filter [/FlateDecode /FlateDecode]")
    )


def crowded_object_stream() -> bytes:
    """An object stream of 700,000 objects."""
    count = 700_000
    index = b" ".join(b"%d %d" % (number + 10, number * 2) for number in range(count))
    entries = b"/Type /ObjStm /N %d /First %d" % (count, len(index) + 1)
    return one_page_with_object_stream(flate_stream(index + b"\n" + b"1 " * count, entries))


def one_page_with_object_stream(container: bytes) -> bytes:
    """A page that refers to object 6, said to be in the object stream `container`, object 4."""
    objects = one_page_objects(container, page=b"/Annots 6 0 R")
    pdf = raw_pdf(objects)
    before, _, _ = pdf.rpartition(b"startxref")
    rows = b"\2" + (4).to_bytes(4) + b"\0"
    table = stream(rows, b"/Type /XRef /Root 1 0 R /W [1 4 1] /Index [6 1] /Size 7 /Prev %d" % pdf.rindex(b"xref\n0"))
    return b"%s7 0 obj\n%s\nendobj\nstartxref\n%d\n%%%%EOF\n" % (before, table, len(before))


def flate_bomb_in_cross_references() -> bytes:
    """A cross-reference stream of 70 MB, in 70 kB."""
    table = flate_stream(
        b"\1\0\0\0\1\0" * 12_000_000, b"/Type /XRef /Root 1 0 R /W [1 4 1] /Index [1 12000000] /Size 12000001"
    )
    return b"%%PDF-1.7\n1 0 obj\n%s\nendobj\nstartxref\n9\n%%%%EOF\n" % table


def many_objects_without_table() -> bytes:
    """400,000 objects, and a startxref that leads nowhere."""
    objects = b"".join(b"%d 0 obj<<>>endobj\n" % number for number in range(4, 400_000))
    before, _, _ = one_page().rpartition(b"xref\n0")
    return before + objects + b"trailer\n<< /Root 1 0 R >>\nstartxref\n1\n%%EOF\n"


def deeply_nested() -> bytes:
    return one_page(b"[" * 100_000 + b"]" * 100_000, page=b"/Annots 4 0 R")


def deeply_nested_dictionaries() -> bytes:
    return one_page(b"<< /A " * 100_000 + b"1" + b" >>" * 100_000, page=b"/Annots 4 0 R")


def overlapping_objects() -> bytes:
    """3,000 objects, all at the same place of a file of eight million bytes."""
    pdf = one_page(stream(bytes(8_000_000)))
    before, _, _ = pdf.rpartition(b"xref\n0")
    offsets = [pdf.index(b"\n%d 0 obj" % number) + 1 for number in (1, 2, 3)] + [pdf.index(b"\n4 0 obj") + 1] * 3000
    rows = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    table = b"xref\n0 %d\n0000000000 65535 f \n%s" % (len(offsets) + 1, rows)
    return before + table + b"trailer\n<< /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % len(before)


def overlapping_streams() -> bytes:
    """200 streams, each of which begins in the one before and ends where all do: 1.6 GB in 8 MB."""
    count, filling = 200, 8_000_000
    head = b"%d 0 obj\n<< /Length %08d >>\nstream\n"
    head_bytes = len(head % (100, 0))
    heads = b"".join(
        head % (number, (count - number + 99) * head_bytes + filling) for number in range(100, 100 + count)
    )
    before, _, _ = one_page(
        page=b"/Annots [%s]" % b" ".join(b"%d 0 R" % n for n in range(100, 100 + count))
    ).rpartition(b"xref\n0")
    pdf = before + heads + bytes(filling) + b"\nendstream\nendobj\n"
    rows = [b"%010d 00000 n \n" % (pdf.index(b"\n%d 0 obj" % number) + 1) for number in (1, 2, 3)]
    late = [b"%010d 00000 n \n" % (len(before) + n * head_bytes) for n in range(count)]
    table = b"xref\n0 4\n0000000000 65535 f \n%s100 %d\n%s" % (b"".join(rows), count, b"".join(late))
    return pdf + table + b"trailer\n<< /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % len(pdf)


# --- Costly to draw -----------------------------------------------------------------------------------------


def page_of(width: int, height: int) -> bytes:
    """A black page of this size, in points."""
    box = b"/MediaBox [0 0 %d %d]" % (width, height)
    pdf = one_page(stream(b"0 0 %d %d re f" % (width, height)), page=b"/Contents 4 0 R")
    return pdf.replace(b"/MediaBox [0 0 595 842]", box)


def huge_image() -> bytes:
    """An image of 12,000 by 12,000 dots in half a megabyte: 430 MB once it is read, and as much again to show it."""
    packed = zlib.compressobj(1)
    content = b"".join(packed.compress(bytes(36_000_000)) for _ in range(12)) + packed.flush()
    head = b"/Type /XObject /Subtype /Image /Width 12000 /Height 12000 /BitsPerComponent 8 /ColorSpace /DeviceRGB"
    return one_page(
        stream(content, head + b" /Filter /FlateDecode"),
        stream(b"595 0 0 842 0 0 cm /I Do"),
        page=b"/Resources << /XObject << /I 4 0 R >> >> /Contents 5 0 R",
    )


def exploding_drawing() -> bytes:
    """Each of 12 drawings shows the next one ten times: a million million squares, in three kilobytes."""
    head = b"/Type /XObject /Subtype /Form /BBox [0 0 595 842]"
    drawings = [
        stream(b"/D Do " * 10, head + b" /Resources << /XObject << /D %d 0 R >> >>" % number) for number in range(6, 18)
    ]
    last = stream(b"0 0 99 99 re f", head)
    page = b"/Resources << /XObject << /D 5 0 R >> >> /Contents 4 0 R"
    return one_page(stream(b"/D Do"), *drawings, last, page=page)


def many_strokes() -> bytes:
    """A page of three million curves, in few bytes."""
    return one_page(flate_stream(b"0 0 m 9 99 99 9 595 842 c S " * 3_000_000), page=b"/Contents 4 0 R")


def endless_pattern() -> bytes:
    """A page filled with a pattern whose steps are a thousandth of a point."""
    pattern = stream(
        b"0 0 1 1 re f",
        b"/Type /Pattern /PatternType 1 /PaintType 1 /TilingType 1 /BBox [0 0 1 1] /XStep 0.001 /YStep 0.001"
        b" /Resources << >>",
    )
    return one_page(
        pattern,
        stream(b"/Pattern cs /P scn 0 0 595 842 re f"),
        page=b"/Resources << /Pattern << /P 4 0 R >> >> /Contents 5 0 R",
    )
