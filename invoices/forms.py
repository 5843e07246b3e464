"""The field of one PDF, and the form of a document outside an invoice (RULES.md §8)."""

from typing import Any

from django import forms
from django.conf import settings

from dossiers.models import Dossier
from roles.enums import Side

from . import rules
from .enums import DocumentType


class PdfField(forms.FileField):
    """One PDF, chosen or dropped. Whether what arrives is acceptable is asked of invoices.pdf, not here."""

    def __init__(self, label: str | None = None, **kwargs: Any) -> None:
        super().__init__(
            label=label,
            help_text=f"Un PDF de {settings.MAX_FILE_BYTES // 1024**2} Mo au plus, à choisir ou à déposer ici.",
            widget=forms.FileInput({"accept": "application/pdf,.pdf", "class": "file-input"}),
            **kwargs,
        )


class OptionalDocumentForm(forms.Form):
    """One type, one PDF; the side too, where the person may act for both.

    `depot`, chosen when the form is shown, is the deposit's id: the same form sent twice is one deposit.
    """

    depot = forms.UUIDField(widget=forms.HiddenInput)
    fichier = forms.FileField(
        help_text="Un PDF de 10 Mo au plus, à choisir ou à déposer ici.",
        allow_empty_file=True,
        widget=forms.FileInput({"accept": "application/pdf,.pdf", "class": "file-input"}),
        error_messages={"required": "Choisissez un PDF."},
    )

    def __init__(self, *args: Any, dossier: Dossier, sides: list[Side], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["type"] = forms.TypedChoiceField(
            choices=[(type_.value, type_.label) for type_ in rules.document_types(dossier)],
            coerce=DocumentType,
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
        chosen = self["type"].value()
        self.fields["fichier"].label = DocumentType(chosen).label if chosen in DocumentType.values else "Document"

    def clean(self) -> dict[str, Any]:
        return {"side": self.only_side} | self.cleaned_data
