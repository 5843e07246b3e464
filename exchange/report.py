"""What became of each line of an import, for its page and as a file."""

from collections.abc import Iterator
from itertools import islice

from django.db.models import QuerySet

from invoices.overview.export import Value

from .enums import Outcome
from .models import Import, ImportPart

TITLES = ["Ligne", "Objet", "Résultat", "Colonne", "Avant", "Après", "Motif"]
SHOWN = 50


def rows(asked: Import) -> Iterator[list[Value]]:
    """A row for each change and each refusal, and one for each line that creates; read as it is iterated over."""
    for told in _lines(asked.parts.all()):
        beginning: list[Value] = [told["line"], told["key"], Outcome(told["outcome"]).label]
        for title, before, after in told["changes"]:
            yield [*beginning, title, before, after, ""]
        for title, reason in told["errors"]:
            yield [*beginning, title, "", "", reason]
        if not told["changes"] and not told["errors"]:
            yield [*beginning, "", "", "", ""]


def refused(asked: Import) -> list[dict]:
    """The first lines that are refused."""
    return _first(asked.parts.filter(refused__gt=0), (Outcome.REFUSED,))


def changed(asked: Import) -> list[dict]:
    """The first lines that change something."""
    return _first(asked.parts.filter(changed__gt=0), (Outcome.CHANGED,))


def _first(parts: "QuerySet[ImportPart]", outcomes: tuple[Outcome, ...]) -> list[dict]:
    # Each of these parts has one such line at least, unless its lines create.
    return list(islice((told for told in _lines(parts[:SHOWN]) if told["outcome"] in outcomes), SHOWN))


def _lines(parts: "QuerySet[ImportPart]") -> Iterator[dict]:
    for part in parts.iterator(chunk_size=1):
        yield from part.told
