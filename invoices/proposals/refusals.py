"""What is no invoice of the portal by its own XML, and is refused on arrival (RULES.md §5.1)."""

from ..pdf.problems import PdfProblem
from ..pdf.reading import Reading, Source
from .values import CURRENCY

# BT-3 (UNTDID 1001): credit notes, corrected and self-billed ones among them; 381 is the usual one.
CREDIT_NOTES = frozenset({"81", "83", "261", "262", "296", "308", "381", "396", "420", "458", "502", "503", "532"})


def is_credit_note(reading: Reading) -> bool:
    """Whether the PDF says that it is « un avoir »."""
    return reading.type_code in CREDIT_NOTES


def is_in_another_currency(reading: Reading) -> bool:
    """Whether the PDF says that its amounts are not in euros."""
    return reading.currency not in ("", CURRENCY)


def refusal(reading: Reading | None) -> PdfProblem | None:
    """Why the file is refused, by its XML. Of what the text of a page seems to say, the person is told, no more."""
    if reading is None or reading.source != Source.XML:
        return None
    if is_credit_note(reading):
        return PdfProblem.CREDIT_NOTE
    return PdfProblem.OTHER_CURRENCY if is_in_another_currency(reading) else None
