"""The cases that RULES.md §9 names, one by one: what is accepted, flagged, refused, and what would cost too much."""

from collections.abc import Callable

from invoices.pdf import PdfFacts, PdfProblem
from tests import pdfs

ACCEPTED: list[tuple[str, Callable[[], bytes], PdfFacts]] = [
    ("plain", pdfs.plain_pdf, PdfFacts(1, ())),
    ("2,000 pages", lambda: pdfs.pages_pdf(2000), PdfFacts(2000, ())),
    ("links and an opening page", pdfs.linked_pdf, PdfFacts(1, ())),
    ("small flaws", pdfs.flawed_pdf, PdfFacts(1, ())),
    ("in an object stream", pdfs.one_page_compressed, PdfFacts(1, ())),
    ("a few bytes after the end", lambda: pdfs.with_trailing_bytes(1000), PdfFacts(1, ())),
    ("a page that is its own parent", pdfs.circular_parent, PdfFacts(1, ())),
    ("fonts with odd names", pdfs.resources_with_odd_names, PdfFacts(1, ())),
    ("Factur-X", lambda: pdfs.embedded(pdfs.FACTUR_X_XML), PdfFacts(1, ())),
    ("Factur-X under another name", lambda: pdfs.embedded(pdfs.FACTUR_X_XML, b"x.bin"), PdfFacts(1, ())),
    ("ZUGFeRD 1", lambda: pdfs.embedded(pdfs.ZUGFERD_1_XML), PdfFacts(1, ())),
    ("UBL", lambda: pdfs.embedded(pdfs.UBL_XML), PdfFacts(1, ())),
]

# What a supporting document may have and an invoice may not: the flags of the one, the refusal of the other.
FLAGGED: list[tuple[str, Callable[[], bytes], tuple[str, ...], PdfProblem]] = [
    ("script on opening", pdfs.script_on_opening, ("javascript",), PdfProblem.JAVASCRIPT),
    ("script in the names tree", pdfs.script_in_names_tree, ("javascript",), PdfProblem.JAVASCRIPT),
    ("script in an object stream", pdfs.script_in_object_stream, ("javascript",), PdfProblem.JAVASCRIPT),
    ("script in a stream", pdfs.script_in_stream, ("javascript",), PdfProblem.JAVASCRIPT),
    ("form that is sent", pdfs.submitted_form, ("javascript",), PdfProblem.JAVASCRIPT),
    ("XFA", pdfs.xfa_form, ("xfa",), PdfProblem.XFA),
    ("XFA with a script", pdfs.xfa_form_with_script, ("javascript", "xfa"), PdfProblem.JAVASCRIPT),
]

REFUSED: list[tuple[str, Callable[[], bytes], PdfProblem]] = [
    ("empty", bytes, PdfProblem.EMPTY),
    ("HTML", pdfs.html_named_pdf, PdfProblem.NOT_PDF),
    ("polyglot", pdfs.polyglot, PdfProblem.NOT_PDF),
    ("one byte before the header", lambda: b"\n" + pdfs.plain_pdf(), PdfProblem.NOT_PDF),
    ("truncated", pdfs.truncated, PdfProblem.DAMAGED),
    ("no end marker", pdfs.without_end_marker, PdfProblem.DAMAGED),
    ("end marker too far from the end", lambda: pdfs.with_trailing_bytes(1020), PdfProblem.DAMAGED),
    ("scrambled", pdfs.scrambled, PdfProblem.DAMAGED),
    ("password for opening", pdfs.encrypted_for_opening, PdfProblem.ENCRYPTED),
    ("password against changes", pdfs.encrypted_against_changes, PdfProblem.ENCRYPTED),
    ("no page", lambda: pdfs.pages_pdf(0), PdfProblem.NO_PAGE),
    ("2,001 pages", lambda: pdfs.pages_pdf(2001), PdfProblem.TOO_MANY_PAGES),
    ("2,001 pages that say they are one", pdfs.lying_page_count, PdfProblem.TOO_MANY_PAGES),
    ("90,000 pages", lambda: pdfs.pages_pdf(90_000), PdfProblem.TOO_MANY_PAGES),
    ("deeply nested dictionaries", pdfs.deeply_nested_dictionaries, PdfProblem.DAMAGED),
    ("circular page tree", pdfs.circular_page_tree, PdfProblem.DAMAGED),
    ("exploding page tree", pdfs.exploding_page_tree, PdfProblem.DAMAGED),
    ("launch", pdfs.launch, PdfProblem.LAUNCH_ACTION),
    ("launch, hex-escaped", pdfs.launch_hex_escaped, PdfProblem.LAUNCH_ACTION),
    ("launch in an object stream", pdfs.launch_in_object_stream, PdfProblem.LAUNCH_ACTION),
    ("launch by reference", pdfs.launch_by_reference, PdfProblem.LAUNCH_ACTION),
    ("launch that nothing refers to", pdfs.launch_unreferenced, PdfProblem.LAUNCH_ACTION),
    ("launch as the next action", pdfs.launch_as_next_action, PdfProblem.LAUNCH_ACTION),
    ("launch said twice", pdfs.launch_said_twice, PdfProblem.DAMAGED),
    ("launch after a NUL", pdfs.launch_after_nul, PdfProblem.DAMAGED),
    ("launch after a broken entry", pdfs.launch_after_broken_entry, PdfProblem.DAMAGED),
    ("launch after a null", pdfs.launch_after_null, PdfProblem.DAMAGED),
    ("GoToE", lambda: pdfs.active_action(b"/GoToE"), PdfProblem.LAUNCH_ACTION),
    ("GoToR", lambda: pdfs.active_action(b"/GoToR"), PdfProblem.LAUNCH_ACTION),
    ("ImportData", lambda: pdfs.active_action(b"/ImportData"), PdfProblem.LAUNCH_ACTION),
    ("Rendition", lambda: pdfs.active_action(b"/Rendition"), PdfProblem.LAUNCH_ACTION),
    ("RichMedia", lambda: pdfs.active_annotation(b"/RichMedia"), PdfProblem.LAUNCH_ACTION),
    ("Movie", lambda: pdfs.active_annotation(b"/Movie"), PdfProblem.LAUNCH_ACTION),
    ("Sound", lambda: pdfs.active_annotation(b"/Sound"), PdfProblem.LAUNCH_ACTION),
    ("3D", lambda: pdfs.active_annotation(b"/3D"), PdfProblem.LAUNCH_ACTION),
    ("embedded program", pdfs.embedded_program, PdfProblem.EMBEDDED_FILE),
    ("embedded program called factur-x.xml", pdfs.embedded_program_named_xml, PdfProblem.EMBEDDED_FILE),
    ("file attached to an annotation", pdfs.attached_to_an_annotation, PdfProblem.EMBEDDED_FILE),
    ("embedded file without specification", pdfs.embedded_without_specification, PdfProblem.EMBEDDED_FILE),
    ("file related to an invoice's XML", pdfs.related_file, PdfProblem.EMBEDDED_FILE),
    ("embedded XML, not an invoice", lambda: pdfs.embedded(b"<Invoice/>"), PdfProblem.EMBEDDED_FILE),
    ("embedded XML, not well-formed", lambda: pdfs.embedded(pdfs.UBL_XML + b"MZ"), PdfProblem.EMBEDDED_FILE),
    ("embedded XML with entities", pdfs.embedded_xml_bomb, PdfProblem.EMBEDDED_FILE),
    ("embedded XML of 60 MB", pdfs.embedded_flate_bomb, PdfProblem.EMBEDDED_FILE),
]

COSTLY: list[tuple[str, Callable[[], bytes]]] = [
    ("object stream of 400 MB", pdfs.flate_bomb_in_object_stream),
    ("object stream compressed twice", pdfs.nested_flate_bomb_in_object_stream),
    ("object stream of 700,000 objects", pdfs.crowded_object_stream),
    ("cross-reference stream of 72 MB", pdfs.flate_bomb_in_cross_references),
    ("400,000 objects without a table", pdfs.many_objects_without_table),
    ("objects at one place", pdfs.overlapping_objects),
    ("streams that overlap", pdfs.overlapping_streams),
    ("deeply nested arrays", pdfs.deeply_nested),
]


# What a link leads to, as it stands in the file, and whether a person may be led there.
ADDRESSES: list[tuple[bytes, bool]] = [
    (b"(https://opco.example/depots?a=1:2)", True),
    (b"(HTTP://opco.example)", True),
    (b"(www.opco.example)", True),
    (b"(www.opco.example:8080/depots)", True),
    (b"(/depots)", True),
    (b"(mailto:cfa@opco.example)", True),
    (b"(tel:+33123456789)", True),
    (b"()", True),
    (b"(javascript:alert\\(1\\))", False),
    (b"(javascript:1)", False),
    (b"( JaVa\\nScRiPt:1)", False),
    (b"<6A6176617363726970743A31>", False),
    (b"<FEFF006A006100760061007300630072006900700074003A0031>", False),
    (b"(vbscript:1)", False),
    (b"(data:text/html,1)", False),
    (b"(file:///C:/Windows/calc.exe)", False),
    (b"(C:\\\\Windows\\\\calc.exe)", False),
    (b"(\\\\\\\\server\\\\share)", False),
    (b"(ms-msdt:/id)", False),
    (b"(search-ms:query=a)", False),
]
