"""The types of documents and the limits as values: no row, no input or output.

Rules and forms take these; invoices.catalogue.in_force reads them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType

MEGABYTE = 1024 * 1024  # as the guide's « 10 Mo » is counted


@dataclass(frozen=True)
class TypeInForce:
    """One type of document: its code, which never changes, its label, and where it is offered."""

    code: str
    label: str
    products: frozenset[str]
    statuses: frozenset[str]
    active: bool = True

    def offered_for(self, product: str, status: str) -> bool:
        """Whether a dossier of this product at this status takes such a document."""
        return self.active and product in self.products and status in self.statuses


@dataclass(frozen=True)
class Catalogue:
    """The types of documents in the order in which they are offered, those that are not offered any more included."""

    types: tuple[TypeInForce, ...]

    @cached_property
    def labels(self) -> Mapping[str, str]:
        """The label of each code, in order."""
        return MappingProxyType({type_.code: type_.label for type_ in self.types})

    def label(self, code: str) -> str:
        """How a type is called; one that the catalogue does not know, by its code."""
        return self.labels.get(code, code)


@dataclass(frozen=True)
class Bounds:
    """What an OPCO may choose a limit from, both ends included."""

    lowest: int
    highest: int


# The highest is what the portal was built and measured for: nginx and the box that reads PDFs take so much, and the
# constraints of documents and links hold it whatever the limit in force is.
BOUNDS = {
    "file_megabytes": Bounds(1, 20),
    "pdf_pages": Bounds(10, 5_000),
    "associated_dossiers": Bounds(1, 50),
    "supporting_documents": Bounds(1, 50),
    "invoice_age_years": Bounds(1, 10),
}
LARGEST_FILE_BYTES = BOUNDS["file_megabytes"].highest * MEGABYTE


@dataclass(frozen=True)
class LimitsInForce:
    """The limits that an OPCO may change; where it changed nothing, the guide's (RULES.md §2)."""

    file_megabytes: int = 10
    pdf_pages: int = 2_000
    associated_dossiers: int = 10
    supporting_documents: int = 30
    invoice_age_years: int = 5

    @property
    def file_bytes(self) -> int:
        """The size of the largest file."""
        return self.file_megabytes * MEGABYTE
