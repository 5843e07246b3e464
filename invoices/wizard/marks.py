"""In « Détails de la facture »: where a value was read, and what differs from the invoice's XML (RULES.md §5.2)."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import astuple, dataclass
from typing import Any, Protocol, cast

from django import forms

from ..pdf.reading import Reading, Source
from ..proposals.values import differing_from_xml
from ..proposals.words import as_shown


def words_of(reading: Reading) -> str:
    """What stands beside a value that was read there."""
    if reading.source is Source.TEXT:
        return "proposé d’après votre PDF, à vérifier"
    return f"lu dans votre facture {reading.syntax}"


class MarkedForm(Protocol):
    """A form that says where values of its fields were read."""

    marks: Mapping[str, str]


class MarkedField(forms.BoundField):
    """A field of such a form; the words are tied to its control as a hint is."""

    @property
    def mark(self) -> str:
        """The words; none for a value that is not proposed."""
        return cast(MarkedForm, self.form).marks.get(self.name, "")

    @property
    def aria_describedby(self) -> str | None:
        described = super().aria_describedby
        return f"{described or ''} {self.auto_id}_mark".strip() if self.mark else described


@dataclass(frozen=True)
class Difference:
    """A field of which the XML of the invoice says something else than what was typed, as the page writes both."""

    label: str
    read: str
    typed: str


class Differences(list[Difference]):
    """All of them; `mark` stands for these very ones, and is what confirms them."""

    @property
    def mark(self) -> str:
        return hashlib.sha256(json.dumps([astuple(one) for one in self]).encode()).hexdigest()[:16]


def differences(reading: Reading | None, values: Mapping[str, Any], labels: Mapping[str, str]) -> Differences:
    """What differs from the XML; `values` as cleaned and `labels`, by field."""
    return Differences(
        Difference(labels[name], as_shown(name, getattr(reading, name)), as_shown(name, values[name]))
        for name in differing_from_xml(reading, values)
    )


class Tick(forms.widgets.Input):
    """A box to tick, whose value is what it confirms (templates/invoices/wizard/differences.html)."""

    input_type = "checkbox"


class Confirmation(forms.CharField):
    """« Je confirme … »: cleans to what was confirmed, an empty text when the box is not ticked."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, widget=Tick, **kwargs)
