"""What holds now: the types of documents and the limits, read by two short queries at most every CATALOGUE_SECONDS.

Each process keeps what it read for so long, so no page costs a query more, and a change is seen by every process
within that time; by the one that made it, at once.
"""

import time
from dataclasses import dataclass

from django.conf import settings

from .models import CatalogueEntry, Limits
from .values import Catalogue, LimitsInForce


@dataclass(frozen=True)
class Read:
    """What was read, and when by the process's own clock."""

    at: float
    catalogue: Catalogue
    limits: LimitsInForce


_read: Read | None = None


def catalogue() -> Catalogue:
    """The types of documents as they are now."""
    return _lately().catalogue


def limits() -> LimitsInForce:
    """The limits as they are now."""
    return _lately().limits


def type_label(code: str) -> str:
    """How a type of document is called now."""
    return catalogue().label(code)


def forget() -> None:
    """Read them again when next asked: this process has changed them, and committed."""
    global _read
    _read = None


def _lately() -> Read:
    global _read
    read = _read
    if read is None or time.monotonic() - read.at >= settings.CATALOGUE_SECONDS:
        read = _read = Read(
            time.monotonic(),
            Catalogue(tuple(entry.in_force for entry in CatalogueEntry.objects.all())),
            (Limits.objects.first() or Limits()).in_force,
        )
    return read
