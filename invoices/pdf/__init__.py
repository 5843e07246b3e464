"""Is this PDF acceptable? (RULES.md §2 and §9)

`check_pdf` answers for one file. It knows no model and no form, and parses nothing of the PDF in the calling
process: whatever reads the PDF's structure runs in a process of its own, with limits: the box (box.py, started
by boxed.py).
"""

from invoices.pdf.check import PdfFacts, check_pdf
from invoices.pdf.problems import PdfProblem, PdfRefused

__all__ = ["PdfFacts", "PdfProblem", "PdfRefused", "check_pdf"]
