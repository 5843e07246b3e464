"""The receipt as a PDF, one page for most deposits.

The fonts are Roboto (Apache License 2.0, fonts/LICENSE), of which only the glyphs in use go into the PDF. They know
every Latin, Greek and Cyrillic letter; what else a name may hold is shown as a replacement character.
"""

import unicodedata
from collections.abc import Container, Sequence
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.urls import reverse
from fpdf import FPDF
from fpdf.enums import Align, MethodReturnValue, XPos, YPos
from fpdf.fonts import TTFFont

from dossiers.models import Dossier

from ..enums import DepositState
from ..models import Deposit
from ..presentation import written

FONTS = Path(__file__).parent / "fonts"
REGULAR, BOLD = FONTS / "Roboto-Regular.ttf", FONTS / "Roboto-Bold.ttf"
REPLACEMENT = "\ufffd"

INK = (22, 33, 58)
SOFT = (86, 97, 122)
LINE = (220, 217, 207)
ACCENT = (11, 107, 102)
# Background and text of each state, as on the screen (static/css/tokens.css).
TONES = {
    DepositState.PENDING: ((253, 240, 208), (122, 79, 0)),
    DepositState.TRANSMITTED: ((226, 243, 231), (29, 107, 59)),
    DepositState.CANCELLED: ((238, 240, 244), (71, 80, 103)),
}
MARGIN = 20
LABEL_WIDTH = 44
# Kept on one page: a file with a name of one line, and what stands at the end.
FILE_HEIGHT, CLOSING_HEIGHT = 20, 26


def draw(deposit: Deposit, dossiers: Sequence[Dossier], *, at: datetime) -> bytes:
    """The PDF, as of `at`, naming these dossiers; the same bytes whenever all this is the same."""
    pdf = _Sheet(deposit, at)
    pdf.add_page()
    pdf.head()
    pdf.state()
    pdf.fact("Déposé le", written(deposit.submitted_at, "instant"))
    pdf.fact("Déposé en tant que", f"{deposit.as_side.label} · {deposit.perimeter.company.name}")
    pdf.fact("Établissement", f"{deposit.perimeter.name}\nSIRET {written(deposit.perimeter.siret, 'siret')}")
    if deposit.number_key:
        invoice = deposit.invoice
        pdf.fact("Facture", f"{invoice.number}, du {written(invoice.issue_date, 'jour')}")
        pdf.fact("Montant HT", written(invoice.amount_ht, "euros"))
        pdf.fact("Montant TTC", written(invoice.amount_ttc, "euros"))
    pdf.fact(
        "Dossiers" if len(dossiers) > 1 else "Dossier",
        "\n".join(f"{dossier.number} · {dossier.beneficiary}" for dossier in dossiers),
    )
    pdf.files()
    pdf.closing()
    return bytes(pdf.output())


def printable(text: str, known: Container[int]) -> str:
    """The text in characters that a font knows: others without their marks, or as a replacement character."""
    return "".join(character if ord(character) in known else _likeness(character, known) for character in text)


def _likeness(character: str, known: Container[int]) -> str:
    if character == "\n":
        return character
    base = "".join(part for part in unicodedata.normalize("NFKD", character) if ord(part) in known)
    return base or REPLACEMENT


class _Sheet(FPDF):
    """A4, with the parts that a receipt is made of."""

    def __init__(self, deposit: Deposit, at: datetime) -> None:
        super().__init__(format="A4")
        self.deposit, self.at = deposit, at
        self.set_creation_date(at)
        self.set_title(f"Récépissé du dépôt {deposit.reference}")
        self.set_author("Portail des dépôts")
        self.set_subject("Récépissé de dépôt")
        self.set_lang("fr-FR")
        self.add_font("Roboto", fname=REGULAR)
        self.add_font("Roboto", style="B", fname=BOLD)
        self.set_margins(MARGIN, 18, MARGIN)
        self.c_margin = 0  # text begins where lines and boxes do
        self.set_auto_page_break(True, margin=24)
        self.alias_nb_pages()

    def known(self, text: str) -> str:
        """The text as the font can write it."""
        font = self.fonts["roboto"]
        assert isinstance(font, TTFFont)  # noqa: S101 - it was added from a file
        return printable(text, font.cmap)

    def text_line(self, text: str, *, size: float, bold: bool = False, colour: tuple[int, int, int] = INK) -> None:
        """A paragraph over the whole width."""
        self.set_font("Roboto", "B" if bold else "", size)
        self.set_text_color(*colour)
        self.multi_cell(w=0, h=size * 0.5, text=self.known(text), align=Align.L, new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def height_beyond_a_line(self, text: str, *, size: float) -> float:
        """What a paragraph in bold takes more than one line, in millimetres."""
        self.set_font("Roboto", "B", size)
        line = size * 0.5
        height = self.multi_cell(
            w=0, h=line, text=self.known(text), align=Align.L, dry_run=True, output=MethodReturnValue.HEIGHT
        )
        assert isinstance(height, float)  # noqa: S101 - what was asked for
        return height - line

    def head(self) -> None:
        """What it is, and the reference by which it is found again."""
        self.set_fill_color(*ACCENT)
        self.rect(0, 0, self.w, 5, style="F")
        self.text_line("Portail des dépôts", size=10, colour=SOFT)
        self.ln(5)
        self.text_line("Récépissé de dépôt", size=22, bold=True)
        self.ln(2)
        self.text_line(self.deposit.title, size=13, colour=SOFT)
        self.ln(5)

    def state(self) -> None:
        """The reference and the state, in the colour of the state and in words."""
        deposit = self.deposit
        state = DepositState(deposit.state)
        fill, ink = TONES[state]
        since = deposit.transmitted_at or deposit.cancelled_at
        words = f"{state.label} le {written(since, 'instant')}" if since else f"{state.label} au moment de l’édition"
        top, width, height = self.get_y(), self.epw, 23
        self.set_fill_color(*fill)
        self.rect(MARGIN, top, width, height, style="F", round_corners=True, corner_radius=2.5)
        self.set_xy(MARGIN + 6, top + 4)
        self.set_font("Roboto", "B", 15)
        self.set_text_color(*INK)
        self.cell(w=width - 12, h=8, text=deposit.reference, new_x=XPos.LEFT, new_y=YPos.NEXT)
        self.set_font("Roboto", "B", 10)
        self.set_text_color(*ink)
        self.cell(w=width - 12, h=7, text=self.known(words))
        self.set_xy(MARGIN, top + height + 6)

    def fact(self, label: str, value: str) -> None:
        """A term and what it is, side by side."""
        self.set_font("Roboto", "", 9.5)
        self.set_text_color(*SOFT)
        self.cell(w=LABEL_WIDTH, h=5.6, text=label)
        self.set_font("Roboto", "", 10.5)
        self.set_text_color(*INK)
        self.multi_cell(w=0, h=5.6, text=self.known(value), align=Align.L, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.ln(1.2)

    def files(self) -> None:
        """Each file with its name, pages, size and SHA-256."""
        documents = self.deposit.all_documents
        self.ln(4)
        self.text_line("Fichiers déposés" if len(documents) > 1 else "Fichier déposé", size=13, bold=True)
        self.ln(2)
        for document in documents:
            name = f"{document.get_type_display()} : {document.name}"
            if self.will_page_break(FILE_HEIGHT + self.height_beyond_a_line(name, size=10.5)):
                self.add_page()
            self.rule(after=2.2)
            self.text_line(name, size=10.5, bold=True)
            facts = f"{written(document.pages, 'pages')} · {written(document.size, 'taille')} · SHA-256 :"
            self.text_line(facts, size=9, colour=SOFT)
            # A monospaced core font, so that two hashes compare by eye.
            self.set_font("Courier", "", 9)
            self.set_text_color(*INK)
            self.cell(w=0, h=5, text=document.sha256, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
            self.ln(2.2)

    def rule(self, *, after: float) -> None:
        """A line across the page, and this much room under it."""
        self.set_draw_color(*LINE)
        self.line(MARGIN, self.get_y(), self.w - MARGIN, self.get_y())
        self.ln(after)

    def closing(self) -> None:
        """How to verify, and what the receipt says not."""
        if self.will_page_break(CLOSING_HEIGHT):
            self.add_page()
        self.rule(after=4)
        address = f"{settings.PUBLIC_URL}{reverse('verify')}"
        self.text_line(
            "Pour vérifier qu’un fichier est bien celui qui a été déposé, sans le transmettre à personne :",
            size=9,
            colour=SOFT,
        )
        self.set_font("Roboto", "B", 9)
        self.set_text_color(*ACCENT)
        self.cell(
            w=0,
            h=5,
            text=address,
            link=f"{address}?reference={self.deposit.reference}",
            new_x=XPos.LMARGIN,
            new_y=YPos.NEXT,
        )
        self.ln(1)
        self.text_line(
            "Ce récépissé atteste la réception des fichiers ci-dessus. Il ne vaut pas accord de prise en charge.",
            size=9,
            colour=SOFT,
        )

    def footer(self) -> None:
        """Of every page: which receipt, edited when, and which page."""
        self.set_y(-15)
        self.set_font("Roboto", "", 8)
        self.set_text_color(*SOFT)
        edited = f"{self.deposit.reference} · édité le {written(self.at, 'instant')}"
        self.cell(w=140, h=5, text=edited)
        self.cell(w=0, h=5, text=f"Page {self.page_no()} sur {{nb}}", align=Align.R)
