"""What an accepted PDF says of itself: read in the box, after its verdict, and trusted by nobody (RULES.md §5).

Runs in the box (invoices/pdf/box.py) with the probe, and imports nothing of the portal. What is not needed for a file
is not imported for it: each import here takes as long as it takes to read a page.
"""

from typing import Any


def read(content: bytes, invoices: list[bytes], *, is_invoice: bool) -> dict[str, Any] | None:
    """What a Reading (invoices/pdf/reading.py) is made of, as JSON has it; None where there is nothing to say.

    `content` is the PDF, `invoices` the XML of invoices found in it. Of other documents only the mentions are read.
    """
    if is_invoice and invoices:
        return {"source": "xml"} | _electronic(invoices)
    from invoices.extraction import mentions, pages, plain

    found = pages.pages(content)
    fields: dict[str, Any] = dict(plain.read(found)) if is_invoice else {}
    fields["mentions"] = mentions.mentions(cell.text for page in found for line in page for cell in line)
    return {"source": "text"} | fields if any(fields.values()) else None


def _electronic(invoices: list[bytes]) -> dict[str, Any]:
    if len(invoices) > 1:
        return {"problem": "several"}
    from invoices.extraction import electronic, mentions

    fields, texts = electronic.read(invoices[0])
    return fields | {"mentions": mentions.mentions(texts)}
