"""Ordinary French invoices of our own making, honest and nasty, with what they truly say beside them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from tests.invoices.extraction.producers import Paper

MONTHS = [
    *("janvier", "février", "mars", "avril", "mai", "juin"),
    *("juillet", "août", "septembre", "octobre", "novembre", "décembre"),
]
CENT = Decimal("0.01")


@dataclass(frozen=True)
class Truth:
    """What a person would type; an empty string or None is what the person must find out otherwise."""

    number: str
    issue_date: date | None
    amount_ht: Decimal | None
    amount_ttc: Decimal | None


@dataclass(frozen=True)
class Sold:
    """What an invoice is about: `rank` makes it another one, written another way."""

    rank: int
    rate: Decimal = Decimal(20)

    @property
    def day(self) -> date:
        return date(2026, 1, 5) + timedelta(days=23 * self.rank)

    @property
    def due(self) -> date:
        return self.day + timedelta(days=30)

    @property
    def unit(self) -> Decimal:
        return Decimal("312.40") + Decimal("87.35") * self.rank

    @property
    def lines(self) -> list[tuple[str, int, Decimal]]:
        return [
            ("Formation « Conduite de réunion », 2 jours", 2, self.unit),
            ("Bilan intermédiaire (session du 12/03/2026)", 1, Decimal("95.00")),
            ("Supports, réf. CPRO-2026-00421" + str(self.rank % 10), 3, Decimal("18.50")),
        ]

    @property
    def ht(self) -> Decimal:
        return sum(quantity * unit for _, quantity, unit in self.lines)

    @property
    def vat(self) -> Decimal:
        return (self.ht * self.rate / 100).quantize(CENT)

    @property
    def ttc(self) -> Decimal:
        return self.ht + self.vat

    @property
    def number(self) -> str:
        forms = "FA-2026-{:04d}", "2026{:05d}", "F2026/{:03d}", "FC {:05d}", "FACT.26.{:03d}", "{:06d}"
        return forms[self.rank % len(forms)].format(self.rank * 7 + 101)

    def truth(self, **others: object) -> Truth:
        said = {"number": self.number, "issue_date": self.day, "amount_ht": self.ht, "amount_ttc": self.ttc}
        return Truth(**(said | others))

    # --- As the program that wrote it writes ---

    def money(self, value: Decimal) -> str:
        """With a narrow space, a no-break space, dots, as in English, or without a mark for thousands."""
        style = self.rank % 5
        english = f"{value:,.2f}"
        if style == 3:
            return f"{english.replace(',', ' ')} EUR"
        thousands = ("\u202f", "\u00a0", ".", "", "")[style]
        french = english.replace(",", "_").replace(".", ",").replace("_", thousands)
        return f"{french}\u00a0€" if style != 4 else french

    def date(self, day: date) -> str:
        style = self.rank % 4
        if style == 1:
            return f"{day.day}{'er' if day.day == 1 else ''} {MONTHS[day.month - 1]} {day.year}"
        return day.strftime(("%d/%m/%Y", "", "%d-%m-%Y", "%d.%m.%Y")[style])


# --- Parts that layouts share --------------------------------------------------------------------------------------


def seller(paper: Paper, x: float = 15, y: float = 18) -> None:
    lines = (
        "Formatech Lyon",
        "12 rue de la République",
        "CS 40012",
        "69002 LYON CEDEX 02",
        "Tél. 04 72 00 00 12",
        "N° de déclaration d’activité : 82 69 01234 69",
    )
    for rank, line in enumerate(lines):
        paper.text(x, y + 5 * rank, line, size=11 if rank == 0 else 9, bold=rank == 0)


def buyer(paper: Paper, x: float = 120, y: float = 48) -> None:
    for rank, line in enumerate(
        ("Groupe Horizon", "À l’attention de Camille Martin", "3 quai du Port", "44000 NANTES")
    ):
        paper.text(x, y + 5 * rank, line, size=10)


def footer(paper: Paper) -> None:
    paper.text(20, 280, "Formatech, SAS au capital de 10 000 € · RCS Lyon 732 829 320 · TVA FR44732829320", size=7)
    paper.text(
        20,
        284,
        "Pénalités de retard : 3 fois le taux légal. Indemnité de recouvrement : 40,00 €. Pas d’escompte.",
        size=7,
    )


def bank(paper: Paper, x: float, y: float) -> None:
    paper.text(x, y, "IBAN : FR76 3000 4000 0312 3456 7890 143", size=8)
    paper.text(x, y + 4, "BIC : BNPAFRPPXXX", size=8)


def table(
    paper: Paper, sold: Sold, y: float, *, headers: tuple[str, ...] = ("Désignation", "Qté", "P.U. HT", "Total HT")
) -> float:
    """The lines of the invoice; where it ends."""
    columns = (15, False), (125, True), (155, True), (190, True)
    for (x, right), header in zip(columns, headers, strict=True):
        paper.text(x, y, header, size=9, bold=True, right=right)
    for label, quantity, unit in sold.lines:
        y += 6
        for (x, right), cell in zip(
            columns, (label, str(quantity), sold.money(unit), sold.money(quantity * unit)), strict=True
        ):
            paper.text(x, y, cell, size=9, right=right)
    return y + 8


def totals(paper: Paper, sold: Sold, y: float, rows: list[tuple[str, Decimal]], *, label_x: float = 130) -> float:
    for label, value in rows:
        paper.text(label_x, y, label, size=10)
        paper.text(190, y, sold.money(value), size=10, right=True)
        y += 6
    return y


# --- Layouts -------------------------------------------------------------------------------------------------------


def classic(paper: Paper, sold: Sold) -> Truth:
    seller(paper)
    buyer(paper)
    paper.text(15, 70, f"FACTURE N° {sold.number}", size=14, bold=True)
    paper.text(15, 77, f"Date d’émission : {sold.date(sold.day)}")
    paper.text(15, 82, f"Date d’échéance : {sold.date(sold.due)}")
    y = table(paper, sold, 95)
    totals(paper, sold, y, [("Total HT", sold.ht), ("TVA 20 %", sold.vat), ("Total TTC", sold.ttc)])
    bank(paper, 15, 250)
    footer(paper)
    return sold.truth()


def header_table(paper: Paper, sold: Sold) -> Truth:
    """Labels in a row, their values below; so are the totals."""
    seller(paper)
    buyer(paper)
    paper.text(95, 15, "FACTURE", size=18, bold=True)
    heads = (
        ("N° facture", sold.number),
        ("Date", sold.date(sold.day)),
        ("N° client", "C00417"),
        ("Échéance", sold.date(sold.due)),
    )
    for rank, (head, value) in enumerate(heads):
        paper.text(15 + 45 * rank, 80, head, size=9, bold=True)
        paper.text(15 + 45 * rank, 85.5, value, size=9)
    y = table(paper, sold, 100) + 10
    for rank, (head, value) in enumerate((("Total HT", sold.ht), ("Total TVA", sold.vat), ("Total TTC", sold.ttc))):
        paper.text(100 + 30 * rank, y, head, size=9, bold=True, right=True)
        paper.text(100 + 30 * rank, y + 6, sold.money(value), size=9, right=True)
    footer(paper)
    return sold.truth()


def letter(paper: Paper, sold: Sold) -> Truth:
    """An exempt trainer, who writes it as a letter."""
    seller(paper)
    buyer(paper)
    paper.text(120, 75, f"Lyon, le {sold.date(sold.day + timedelta(days=1))}")
    paper.text(15, 90, f"Facture n° {sold.number} du {sold.date(sold.day)}", size=12, bold=True)
    paper.text(
        15, 98, "Objet : formation de Jeanne Lefèvre, du 05/10/2026 au 09/10/2026, 35 heures, dossier CPRO-2026-004217."
    )
    paper.text(15, 104, f"Prix horaire : {sold.money(Decimal('45.00'))}")
    paper.text(15, 112, f"Montant total HT : {sold.money(sold.ht)}")
    paper.text(15, 118, "TVA non applicable, article 261-4-4° a du CGI")
    paper.text(15, 124, f"Net à payer : {sold.money(sold.ht)}", bold=True)
    footer(paper)
    return sold.truth(amount_ttc=sold.ht)


def two_columns(paper: Paper, sold: Sold) -> Truth:
    """How to pay on the left of the totals, on the same lines."""
    seller(paper)
    buyer(paper)
    paper.text(15, 70, "Facture", size=16, bold=True)
    facts = (
        ("Numéro de facture", sold.number),
        ("Date de facturation", sold.date(sold.day)),
        ("Bon de commande", "BC-2026-7781"),
    )
    for rank, (label, value) in enumerate(facts):
        paper.text(15, 78 + 5 * rank, label, size=9)
        paper.text(55, 78 + 5 * rank, value, size=9)
    y = table(paper, sold, 105)
    rows = [("Total HT", sold.ht), ("Montant TVA", sold.vat), ("Total TTC", sold.ttc)]
    payment = ("Règlement : virement", "Échéance : " + sold.date(sold.due), "IBAN : FR76 3000 4000 0312 3456 7890 143")
    for rank, line in enumerate(payment):
        paper.text(15, y + 6 * rank, line, size=9)
    totals(paper, sold, y, rows)
    footer(paper)
    return sold.truth()


def instalment(paper: Paper, sold: Sold) -> Truth:
    """Part of it was paid before: what is left to pay is not the TTC."""
    seller(paper)
    buyer(paper)
    paper.text(120, 20, f"Facture n° : {sold.number}", bold=True)
    paper.text(120, 26, f"Émise le : {sold.date(sold.day)}")
    y = table(paper, sold, 90)
    paid = Decimal("250.00")
    rows = [
        ("Total HT", sold.ht),
        ("Total TVA", sold.vat),
        ("Total TTC", sold.ttc),
        ("Acompte versé", -paid),
        ("Net à payer", sold.ttc - paid),
    ]
    totals(paper, sold, y, rows)
    footer(paper)
    return sold.truth()


def several_rates(paper: Paper, sold: Sold) -> Truth:
    """Half at 20 %, half at 5.5 %, with a table of the VAT on the left of the totals."""
    seller(paper)
    buyer(paper)
    paper.text(15, 70, f"Facture {sold.number}", size=14, bold=True)
    paper.text(15, 77, f"Date de facture : {sold.date(sold.day)}")
    y = table(paper, sold, 90, headers=("Désignation", "Quantité", "Prix unitaire", "Montant HT"))
    low = Decimal("150.00")
    shares = (Decimal(20), sold.ht - low), (Decimal("5.5"), low)
    vat = sum((base * rate / 100).quantize(CENT) for rate, base in shares)
    for x, head in ((35, "Taux"), (65, "Base HT"), (100, "Montant TVA")):
        paper.text(x, y, head, size=8, bold=True, right=True)
    for rank, (rate, base) in enumerate(shares, 1):
        cells = (
            (35, f"{rate:.2f} %".replace(".", ",")),
            (65, sold.money(base)),
            (100, sold.money((base * rate / 100).quantize(CENT))),
        )
        for x, cell in cells:
            paper.text(x, y + 5 * rank, cell, size=8, right=True)
    totals(paper, sold, y + 2, [("Total H.T.", sold.ht), ("Total T.V.A.", vat), ("Total T.T.C.", sold.ht + vat)])
    footer(paper)
    return sold.truth(amount_ttc=sold.ht + vat, number=sold.number)


def discount(paper: Paper, sold: Sold) -> Truth:
    seller(paper)
    buyer(paper)
    paper.text(15, 70, f"Facture N° {sold.number}", size=13, bold=True)
    paper.text(120, 70, f"Date : {sold.date(sold.day)}")
    y = table(paper, sold, 85)
    ht = sold.ht - Decimal("50.00")
    vat = (ht * sold.rate / 100).quantize(CENT)
    rows = [
        ("Total HT", sold.ht),
        ("Remise exceptionnelle", Decimal("-50.00")),
        ("Total net HT", ht),
        ("TVA 20,00 %", vat),
        ("Total TTC", ht + vat),
        ("Net à payer", ht + vat),
    ]
    totals(paper, sold, y, rows, label_x=120)
    footer(paper)
    return sold.truth(amount_ht=ht, amount_ttc=ht + vat)


def leaders(paper: Paper, sold: Sold) -> Truth:
    """Dots from the label to the amount, in one line of text."""
    seller(paper)
    paper.text(15, 60, f"Référence facture : {sold.number}")
    paper.text(15, 65, f"Date facture : {sold.date(sold.day)}")
    paper.text(15, 70, "Référence client : HORIZON-44")
    y = table(paper, sold, 85)
    for rank, (label, value) in enumerate(
        (("Total hors taxes", sold.ht), ("Total TVA", sold.vat), ("Total toutes taxes comprises", sold.ttc))
    ):
        paper.text(100, y + 6 * rank, f"{label} {'.' * 12} {sold.money(value)}")
    footer(paper)
    return sold.truth()


def boxes(paper: Paper, sold: Sold) -> Truth:
    """What is to pay stands below its label, in a box; the VAT is exempt, and only mentioned."""
    seller(paper)
    buyer(paper)
    paper.text(15, 75, "Facture n°", size=9)
    paper.text(15, 80, sold.number, size=12, bold=True)
    paper.text(70, 75, "Date d’émission", size=9)
    paper.text(70, 80, sold.date(sold.day), size=12, bold=True)
    paper.text(125, 75, "Date limite de paiement", size=9)
    paper.text(125, 80, sold.date(sold.due), size=12, bold=True)
    y = table(paper, sold, 95, headers=("Description", "Nb", "Tarif", "Montant"))
    paper.text(190, y, f"Total HT : {sold.money(sold.ht)}", right=True)
    paper.text(190, y + 6, "Exonération de TVA, art. 261-4-4° du CGI", size=8, right=True)
    paper.text(170, y + 20, "NET À PAYER", size=11, bold=True)
    paper.text(170, y + 26, sold.money(sold.ht), size=11, bold=True)
    footer(paper)
    return sold.truth(amount_ttc=sold.ht)


def many_numbers(paper: Paper, sold: Sold) -> Truth:
    """Of an order, a delivery, a quotation, an agreement, a client; and the dates of all of them."""
    seller(paper)
    buyer(paper)
    paper.text(15, 62, f"Devis n° D-2026-118 du {sold.date(sold.day - timedelta(days=60))}", size=9)
    paper.text(15, 66, f"Bon de commande n° BC-778120 du {sold.date(sold.day - timedelta(days=40))}", size=9)
    paper.text(15, 70, f"Bon de livraison n° BL-5512, date : {sold.date(sold.day - timedelta(days=5))}", size=9)
    paper.text(15, 74, "Convention n° CV-2026-31 · N° client : 411HORIZON", size=9)
    paper.text(15, 84, f"N° de facture : {sold.number}", size=12, bold=True)
    paper.text(120, 84, f"Date de la facture : {sold.date(sold.day)}")
    paper.text(15, 92, "Dates de la session : du 05/10/2026 au 09/10/2026")
    paper.text(15, 97, "Date : 05/10/2026")
    y = table(paper, sold, 110)
    totals(paper, sold, y, [("Montant HT", sold.ht), ("TVA (20 %)", sold.vat), ("Montant TTC", sold.ttc)])
    bank(paper, 15, 255)
    footer(paper)
    return sold.truth()


def credit_note(paper: Paper, sold: Sold) -> Truth:
    seller(paper)
    buyer(paper)
    paper.text(15, 70, f"AVOIR N° {sold.number}", size=14, bold=True)
    paper.text(15, 77, f"Date d’émission : {sold.date(sold.day)}")
    paper.text(15, 83, "Annule la facture n° FA-2025-0999 du 02/12/2025")
    y = table(paper, sold, 95)
    totals(paper, sold, y, [("Total HT", -sold.ht), ("TVA 20 %", -sold.vat), ("Total TTC", -sold.ttc)])
    footer(paper)
    return sold.truth(amount_ht=-sold.ht, amount_ttc=-sold.ttc)


def three_pages(paper: Paper, sold: Sold) -> Truth:
    """The totals are on the last page; on the others, what is carried forward."""
    for page in (1, 2):
        seller(paper)
        paper.text(15, 60, f"Facture n° {sold.number} du {sold.date(sold.day)}", bold=True)
        paper.text(190, 60, f"Page {page}/3", right=True)
        y = table(paper, sold, 75)
        totals(paper, sold, y, [("Sous-total HT à reporter", sold.ht * page / 3)], label_x=110)
        footer(paper)
        paper.next_page()
    paper.text(15, 20, f"Facture n° {sold.number} du {sold.date(sold.day)}", bold=True)
    paper.text(190, 20, "Page 3/3", right=True)
    y = table(paper, sold, 40)
    totals(
        paper, sold, y, [("Total général HT", sold.ht), ("Dont TVA 20 %", sold.vat), ("Total général TTC", sold.ttc)]
    )
    footer(paper)
    return sold.truth()


def per_line_taxes(paper: Paper, sold: Sold) -> Truth:
    """A table whose lines have HT, VAT and TTC; its last line is a sum, which has no label of its own."""
    seller(paper)
    buyer(paper)
    paper.text(15, 70, f"Facture n° {sold.number}", size=13, bold=True)
    paper.text(15, 76, f"Facture émise le {sold.date(sold.day)}")
    columns = 110, 145, 190
    for x, head in zip(columns, ("Montant HT", "Montant TVA", "Montant TTC"), strict=True):
        paper.text(x, 90, head, size=9, bold=True, right=True)
    y = 90
    for label, quantity, unit in sold.lines:
        y += 6
        paper.text(15, y, label, size=8)
        ht = quantity * unit
        vat = (ht * sold.rate / 100).quantize(CENT)
        for x, value in zip(columns, (ht, vat, ht + vat), strict=True):
            paper.text(x, y, sold.money(value), size=8, right=True)
    y += 8
    paper.text(15, y, "Totaux", bold=True)
    for x, value in zip(columns, (sold.ht, sold.vat, sold.ttc), strict=True):
        paper.text(x, y, sold.money(value), size=9, right=True)
    footer(paper)
    return sold.truth()


def abroad(paper: Paper, sold: Sold) -> Truth:
    """In another currency: nobody is to type that."""
    seller(paper)
    paper.text(15, 70, f"Facture n° {sold.number} du {sold.date(sold.day)}", bold=True)
    for rank, (label, value) in enumerate((("Total HT", sold.ht), ("TVA", Decimal(0)), ("Total TTC", sold.ht))):
        paper.text(120, 90 + 6 * rank, f"{label} : {value:,.2f} USD")
    return sold.truth(amount_ht=None, amount_ttc=None)


LAYOUTS: dict[str, Callable[[Paper, Sold], Truth]] = {
    layout.__name__: layout
    for layout in (
        *(classic, header_table, letter, two_columns, instalment, several_rates, discount, leaders),
        *(boxes, many_numbers, credit_note, three_pages, per_line_taxes, abroad),
    )
}
