"""Three ways in which programs write the same page: fpdf2, ReportLab, and Chromium's « print to PDF »."""

from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from io import BytesIO
from pathlib import Path
from typing import Protocol

from fpdf import FPDF
from playwright.sync_api import sync_playwright
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from tests import chromium

A4 = 210, 297
NARROW_SPACE = "\u202f"
FONTS = Path(__file__).resolve().parents[3] / "invoices" / "receipts" / "fonts"


class Paper(Protocol):
    """An A4 sheet to write on; lengths in millimetres from its top left, sizes in points."""

    def text(self, x: float, y: float, text: str, *, size: float = 10, bold: bool = False, right: bool = False) -> None:
        """Write on one line from x, or up to x (`right`), with its baseline at y."""

    def next_page(self) -> None: ...

    def pdf(self) -> bytes: ...


class FpdfPaper:
    def __init__(self) -> None:
        self._pdf = FPDF(format="A4")
        self._pdf.add_font("Roboto", fname=FONTS / "Roboto-Regular.ttf")
        self._pdf.add_font("Roboto", style="B", fname=FONTS / "Roboto-Bold.ttf")
        self._pdf.add_page()

    def text(self, x: float, y: float, text: str, *, size: float = 10, bold: bool = False, right: bool = False) -> None:
        self._pdf.set_font("Roboto", "B" if bold else "", size)
        self._pdf.text(x - (self._pdf.get_string_width(text) if right else 0), y, text)

    def next_page(self) -> None:
        self._pdf.add_page()

    def pdf(self) -> bytes:
        return bytes(self._pdf.output())


class ReportLabPaper:
    """With one of the fonts that every reader has, which know no narrow space."""

    def __init__(self) -> None:
        self._file = BytesIO()
        self._canvas = Canvas(self._file, pagesize=(A4[0] * mm, A4[1] * mm), invariant=True)

    def text(self, x: float, y: float, text: str, *, size: float = 10, bold: bool = False, right: bool = False) -> None:
        self._canvas.setFont("Helvetica-Bold" if bold else "Helvetica", size)
        draw = self._canvas.drawRightString if right else self._canvas.drawString
        draw(x * mm, (A4[1] - y) * mm, text.replace(NARROW_SPACE, "\u00a0"))

    def next_page(self) -> None:
        self._canvas.showPage()

    def pdf(self) -> bytes:
        self._canvas.save()
        return self._file.getvalue()


class ChromiumPaper:
    """A web page, which `Printer` prints."""

    def __init__(self) -> None:
        self._pages: list[list[str]] = [[]]

    def text(self, x: float, y: float, text: str, *, size: float = 10, bold: bool = False, right: bool = False) -> None:
        side = f"right: {A4[0] - x}mm" if right else f"left: {x}mm"
        style = f"{side}; bottom: {A4[1] - y}mm; font-size: {size}pt; font-weight: {700 if bold else 400}"
        self._pages[-1].append(f'<p style="{style}">{escape(text)}</p>')

    def next_page(self) -> None:
        self._pages.append([])

    def html(self) -> str:
        pages = "".join(f"<section>{''.join(texts)}</section>" for texts in self._pages)
        return f"""<!doctype html><html lang="fr"><meta charset="utf-8"><title>Facture</title><style>
            @page {{ size: A4; margin: 0 }} body {{ margin: 0; font-family: sans-serif }}
            section {{ position: relative; width: 210mm; height: 296mm; break-after: page; overflow: hidden }}
            p {{ position: absolute; margin: 0; line-height: 1; white-space: nowrap }}
            </style><body>{pages}</body></html>"""


@contextmanager
def chromium_printer() -> Iterator["Printer"]:
    executable = chromium.find()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        try:
            yield Printer(browser.new_page())
        finally:
            browser.close()


class Printer:
    def __init__(self, page) -> None:
        self._page = page

    def print(self, html: str) -> bytes:
        self._page.set_content(html)
        return self._page.pdf(prefer_css_page_size=True)


def written(folder: Path, content: bytes) -> Path:
    path = folder / "facture.pdf"
    path.write_bytes(content)
    return path
