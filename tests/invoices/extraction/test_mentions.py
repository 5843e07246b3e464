"""Numbers and names by which a dossier may be known."""

import pytest

from invoices.extraction.mentions import mentions
from invoices.extraction.values import LONGEST, MOST_MENTIONS
from tests.invoices.extraction.producers import ReportLabPaper


@pytest.mark.parametrize(
    ("line", "mentioned"),
    [
        ("Dossier : CPRO-2026-004217.", ["CPRO-2026-004217"]),
        ("dossier n° cpro-2026-004217 (VAE.2026.7)", ["cpro-2026-004217", "VAE.2026.7"]),
        ("le 12/10/2026, 1 234,56 €, tél. 04.72.00.00.12", []),
        ("atteste que Mme Camille Martin a suivi", ["Camille Martin"]),
        ("M. DE LA TOUR Jean-Pierre,", ["DE LA TOUR Jean-Pierre", "TOUR Jean-Pierre"]),
        ("Œillet Anaïs", ["Œillet Anaïs"]),
        ("Stagiaire : MARTIN Camille, née à Lyon", ["MARTIN Camille"]),
        ("Anne Marie Le Goff", ["Anne Marie", "Anne Marie Le Goff", "Marie Le Goff"]),
        ("Formation de Martin", []),
        ("Camille, Martin", []),
    ],
)
def test_what_may_be_a_dossier_is_mentioned_as_written(line, mentioned):
    assert [name for name in mentions([line]) if name in mentioned] == mentioned
    assert mentioned or mentions([line]) == []


def test_they_are_bounded_and_each_is_told_once():
    lines = [f"Ab Cd{chr(97 + rank % 26) * (1 + rank // 26)} CPRO-2026-{rank:06d}" for rank in range(1000)]
    told = mentions([*lines, "X" * 500 + " Yz"])
    assert len(told) == len(set(told)) == MOST_MENTIONS
    assert max(map(len, told)) <= LONGEST


def test_of_a_certificate_only_the_mentions_are_read(read_in_box):
    paper = ReportLabPaper()
    paper.text(15, 30, "CERTIFICAT DE RÉALISATION", size=16, bold=True)
    paper.text(15, 50, "Je soussigné Paul Roche atteste que Mme Jeanne Lefèvre")
    paper.text(15, 56, "a suivi l’action du dossier CPRO-2026-004217. Facture n° FA-12, total TTC : 1 200,00 €")
    reading = read_in_box(paper.pdf(), is_invoice=False)
    assert {"CPRO-2026-004217", "Jeanne Lefèvre", "Paul Roche"} <= set(reading.mentions)
    assert (reading.number, reading.amount_ttc) == ("", None)
