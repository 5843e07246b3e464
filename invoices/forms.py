"""The field of one PDF, and the form of a document outside an invoice (RULES.md §8)."""

from typing import Any

from django import forms
from django.utils.functional import lazy

from dossiers.models import Dossier
from roles.enums import Side

from . import rules
from .catalogue import in_force


def file_hint() -> str:
    """What stands beside a field for a file, with the limit in force."""
    return f"Un PDF de {in_force.limits().file_megabytes} Mo au plus, à choisir ou à déposer ici."


# As of each time that a page is written.
FILE_HINT = lazy(file_hint, str)()


class PdfField(forms.FileField):
    """One PDF, chosen or dropped. Whether what arrives is acceptable is asked of invoices.pdf, not here."""

    def __init__(self, label: str | None = None, **kwargs: Any) -> None:
        super().__init__(
            label=label,
            help_text=FILE_HINT,
            widget=forms.FileInput({"accept": "application/pdf,.pdf", "class": "file-input"}),
            **kwargs,
        )


class OptionalDocumentForm(forms.Form):
    """One type, one PDF; the side too, where the person may act for both.

    `depot`, chosen when the form is shown, is the deposit's id: the same form sent twice is one deposit.
    """

    depot = forms.UUIDField(widget=forms.HiddenInput)
    fichier = forms.FileField(
        help_text=FILE_HINT,
        allow_empty_file=True,
        widget=forms.FileInput({"accept": "application/pdf,.pdf", "class": "file-input"}),
        error_messages={"required": "Choisissez un PDF."},
    )

    def __init__(self, *args: Any, dossier: Dossier, sides: list[Side], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        types = rules.document_types(dossier, in_force.catalogue())
        self.fields["type"] = forms.ChoiceField(
            choices=list(types.items()),
            widget=forms.HiddenInput,
            error_messages={"invalid_choice": "Ce type de document n’est pas accepté pour ce dossier."},
        )
        if len(sides) > 1:
            self.fields["side"] = forms.TypedChoiceField(
                label="Vous déposez en tant que",
                choices=[(side.value, side.label) for side in sides],
                coerce=Side,
                widget=forms.RadioSelect,
                error_messages={"required": "Choisissez pour qui vous déposez."},
            )
        self.only_side = sides[0]
        self.fields["fichier"].label = types.get(self["type"].value(), "Document")

    def clean(self) -> dict[str, Any]:
        return {"side": self.only_side} | self.cleaned_data
