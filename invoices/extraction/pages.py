"""The text of a PDF's pages, as lines of cells: what stands together, and where.

pdfium finds the text; only the few functions that are called here are bound, since pypdfium2's own import takes longer
than to read an invoice.
"""

import ctypes
import importlib.util
import sys
from collections.abc import Iterator
from ctypes import byref, c_double, c_float, c_int, c_size_t, c_uint, c_void_p
from pathlib import Path
from typing import NamedTuple

# An invoice has its number on one of its first pages, and its totals there or on the last.
FIRST_PAGES = 2
MOST_LETTERS_OF_A_PAGE = 10_000
# In heights of the text. Spaces are narrower than a gap between cells, also those of typewriters (0.6 of a height).
GAP = 0.65
SAME_LINE = 0.25
LIBRARY = {"darwin": "libpdfium.dylib", "win32": "pdfium.dll"}.get(sys.platform, "libpdfium.so")


class Cell(NamedTuple):
    """Words that stand together on a line; lengths in points, from the bottom left of the page."""

    text: str
    left: float
    right: float
    baseline: float
    height: float


Line = list[Cell]
Page = list[Line]


class _Box(ctypes.Structure):
    _fields_ = [("left", c_float), ("top", c_float), ("right", c_float), ("bottom", c_float)]


def pages(content: bytes) -> list[Page]:
    """The lines of the first pages and of the last, from top to bottom; none for what pdfium does not open."""
    pdfium = _library()
    document = pdfium.FPDF_LoadMemDocument64(content, len(content), None)
    if not document:
        return []
    last = pdfium.FPDF_GetPageCount(document) - 1
    numbers = sorted({*range(min(FIRST_PAGES, last + 1)), last} - {-1})
    return [_lines(_words(pdfium, document, number)) for number in numbers]


def _library() -> ctypes.CDLL:
    """pdfium, as pypdfium2 brings it along."""
    package = importlib.util.find_spec("pypdfium2_raw")
    if package is None or package.origin is None:
        raise ImportError("pypdfium2 is not installed")
    pdfium = ctypes.CDLL(str(Path(package.origin).with_name(LIBRARY)))
    for name, result, *arguments in (
        ("FPDF_InitLibrary", None),
        ("FPDF_LoadMemDocument64", c_void_p, ctypes.c_char_p, c_size_t, ctypes.c_char_p),
        ("FPDF_GetPageCount", c_int, c_void_p),
        ("FPDF_LoadPage", c_void_p, c_void_p, c_int),
        ("FPDFText_LoadPage", c_void_p, c_void_p),
        ("FPDFText_CountChars", c_int, c_void_p),
        ("FPDFText_GetUnicode", c_uint, c_void_p, c_int),
        ("FPDFText_GetLooseCharBox", c_int, c_void_p, c_int, c_void_p),
        ("FPDFText_GetCharOrigin", c_int, c_void_p, c_int, c_void_p, c_void_p),
    ):
        function = getattr(pdfium, name)
        function.restype, function.argtypes = result, arguments
    pdfium.FPDF_InitLibrary()
    return pdfium


def _words(pdfium: ctypes.CDLL, document: int, number: int) -> Iterator[Cell]:
    """The words of one page that lie flat, in no order."""
    page = pdfium.FPDF_LoadPage(document, number)
    text = pdfium.FPDFText_LoadPage(page) if page else None
    if not text:
        return
    count = min(pdfium.FPDFText_CountChars(text), MOST_LETTERS_OF_A_PAGE)
    letters = [_letter(pdfium.FPDFText_GetUnicode(text, index)) for index in range(count)]
    first, last = _Box(), _Box()
    x, start, end = c_double(), c_double(), c_double()
    begin = 0
    while begin < count:
        if letters[begin] == " ":
            begin += 1
            continue
        stop = begin
        while stop + 1 < count and letters[stop + 1] != " ":
            stop += 1
        pdfium.FPDFText_GetLooseCharBox(text, begin, byref(first))
        pdfium.FPDFText_GetLooseCharBox(text, stop, byref(last))
        pdfium.FPDFText_GetCharOrigin(text, begin, byref(x), byref(start))
        pdfium.FPDFText_GetCharOrigin(text, stop, byref(x), byref(end))
        height = first.top - first.bottom
        if abs(start.value - end.value) < SAME_LINE * height and first.left < last.right:
            yield Cell("".join(letters[begin : stop + 1]), first.left, last.right, start.value, height)
        begin = stop + 1


def _letter(code: int) -> str:
    """The letter, or a space for all that shows nothing."""
    letter = chr(code) if code <= sys.maxunicode else " "
    return letter if letter.isprintable() else " "


def _lines(words: Iterator[Cell]) -> Page:
    """The words that share a baseline, from left to right, with those together that stand together."""
    lines: Page = []
    for word in sorted(words, key=lambda word: (-word.baseline, word.left)):
        if lines and lines[-1][0].baseline - word.baseline < SAME_LINE * word.height:
            lines[-1].append(word)
        else:
            lines.append([word])
    return [_cells(line) for line in lines]


def _cells(words: Line) -> Line:
    cells: Line = []
    for word in sorted(words, key=lambda word: word.left):
        if cells and -word.height < word.left - cells[-1].right < GAP * word.height:
            before = cells.pop()
            word = word._replace(text=f"{before.text} {word.text}", left=before.left)
        cells.append(word)
    return cells
