"""The PDFs of the demo: small French invoices, and the papers that go with them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from decimal import Decimal

from django.utils import timezone
from fpdf import FPDF
from fpdf.enums import Align, TableBordersLayout, XPos, YPos
from fpdf.fonts import FontFace

from invoices.enums import DocumentType
from portal.templatetags.french import NARROW_NO_BREAK_SPACE, NO_BREAK_SPACE, euros
from roles.models import Establishment

from .dossiers import DEMO_DAY

INK = (22, 33, 58)
SOFT = (86, 97, 122)
ACCENT = (11, 107, 102)
TINT = (226, 241, 239)
EXEMPT = "TVA non applicable, art. 261-4-4° du CGI"

# What each kind of paper says before it names the beneficiaries.
WORDING = {
    DocumentType.CERTIFICAT_REALISATION: (
        "{author} atteste que les personnes nommées ci-dessous ont suivi l’action concourant au "
        "développement des compétences à laquelle elles étaient inscrites. Les pièces qui l’établissent sont "
        "tenues à la disposition du financeur."
    ),
    DocumentType.FEUILLE_EMARGEMENT: (
        "Présences à {author}, signées par demi-journée par les stagiaires et par la personne qui les forme."
    ),
    DocumentType.PREMIER_EQUIPEMENT: (
        "{author} atteste avoir remis le premier équipement pédagogique nécessaire à la formation : "
        "vêtements de travail, chaussures de sécurité, outillage."
    ),
    DocumentType.AVIS_RECEVABILITE: (
        "Après examen du livret 1, la demande de validation des acquis de l’expérience, présentée avec "
        "l’appui de {employer}, est déclarée recevable."
    ),
}


@dataclass(frozen=True)
class InvoiceText:
    """What stands on an invoice; each line is a text and its amount, excluding tax."""

    number: str
    issued_on: str
    seller: Establishment
    client: Establishment
    lines: Sequence[tuple[str, Decimal]]


def price(amount: Decimal) -> str:
    """« 1 234,56 € », with the one no-break space that the core fonts know."""
    return euros(amount).replace(NARROW_NO_BREAK_SPACE, NO_BREAK_SPACE)


def invoice(text: InvoiceText) -> bytes:
    """An invoice of one page; training is exempt from VAT: its amounts with and without tax are equal."""
    pdf = _sheet(f"Facture {text.number}", text.seller)
    _field(pdf, "Facture à", *_address(text.client))
    _field(pdf, "Date d’émission", text.issued_on)
    pdf.set_draw_color(*TINT)
    with pdf.table(
        borders_layout=TableBordersLayout.HORIZONTAL_LINES,
        col_widths=(75, 25),
        text_align=(Align.L, Align.R),
        headings_style=FontFace(emphasis="BOLD", color=INK, fill_color=TINT),
        line_height=5.5,
        padding=(2, 1),
    ) as table:
        table.row(("Désignation", "Montant HT"))
        for label, amount in text.lines:
            table.row((label, price(amount)))
    pdf.ln(4)
    total = sum((amount for _, amount in text.lines), Decimal(0))
    for label, amount, style in (("Total HT", total, ""), ("TVA", Decimal(0), ""), ("Total TTC", total, "B")):
        pdf.set_font(style=style)
        pdf.cell(w=125, h=7, text=label, align=Align.R)
        pdf.cell(w=40, h=7, text=price(amount), align=Align.R, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    pdf.ln(6)
    _paragraphs(pdf, (EXEMPT,), size=9)
    return bytes(pdf.output())


def letter(title: str, author: Establishment, paragraphs: Iterable[str]) -> bytes:
    """A paper of one page: a title, its author, and what it says."""
    pdf = _sheet(title, author)
    _paragraphs(pdf, paragraphs, size=11)
    return bytes(pdf.output())


def _sheet(title: str, author: Establishment) -> FPDF:
    """A page with its head: who it comes from, and what it is."""
    pdf = FPDF(format="A4")
    # The core fonts know the Windows alphabet: Latin-1 with the euro, the typographic apostrophe and œ.
    pdf.core_fonts_encoding = "cp1252"
    pdf.set_creation_date(timezone.make_aware(datetime.combine(DEMO_DAY, time(9))))
    pdf.set_title(title)
    pdf.set_author(author.company.name)
    pdf.set_lang("fr-FR")
    pdf.set_margins(22, 20, 22)
    pdf.add_page()
    pdf.set_fill_color(*ACCENT)
    pdf.rect(0, 0, pdf.w, 5, style="F")
    pdf.set_fill_color(255)
    pdf.set_text_color(*SOFT)
    pdf.set_font("Helvetica", size=10)
    pdf.multi_cell(w=0, h=5, text="\n".join(_address(author)), new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    pdf.ln(10)
    pdf.set_text_color(*INK)
    pdf.set_font("Helvetica", style="B", size=20)
    pdf.multi_cell(w=0, h=10, text=title, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    pdf.ln(4)
    pdf.set_font("Helvetica", size=11)
    return pdf


def _address(site: Establishment) -> tuple[str, str]:
    siret = site.siret
    numbers = f"SIRET {siret[:3]} {siret[3:6]} {siret[6:9]} {siret[9:]}".replace(" ", NO_BREAK_SPACE)
    names = site.company.name if site.company.name == site.name else f"{site.company.name} · {site.name}"
    return names, numbers


def _field(pdf: FPDF, label: str, *lines: str) -> None:
    pdf.set_text_color(*SOFT)
    pdf.set_font(size=9)
    pdf.cell(w=0, h=5, text=label, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    pdf.set_text_color(*INK)
    pdf.set_font(size=11)
    pdf.multi_cell(w=0, h=6, text="\n".join(lines), new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    pdf.ln(4)


def _paragraphs(pdf: FPDF, paragraphs: Iterable[str], *, size: int) -> None:
    pdf.set_font(style="", size=size)
    for paragraph in paragraphs:
        pdf.multi_cell(w=0, h=size * 0.55, text=paragraph, align=Align.L, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        pdf.ln(3)
