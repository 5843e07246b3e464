"""The form of a new import."""

from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError

from invoices.uploads import IncomingFile, IncomingFileHandler

from .enums import Kind


class ImportFileHandler(IncomingFileHandler):
    """As any file arrives, up to MAX_IMPORT_BYTES."""

    @property
    def limit(self) -> int:
        return settings.MAX_IMPORT_BYTES


class ImportForm(forms.Form):
    """What the lines are, and the file; `kinds` are those that the person may import."""

    kind = forms.ChoiceField(label="Contenu du fichier")
    file = forms.FileField(
        label="Fichier",
        help_text="CSV (séparé par des points-virgules, des virgules ou des tabulations) ou classeur Excel (.xlsx), "
        "avec une ligne de titres.",
        error_messages={"required": "Choisissez un fichier.", "empty": "Ce fichier est vide : choisissez-en un autre."},
    )
    invites = forms.BooleanField(
        label="Inviter les nouveaux comptes par e-mail",
        required=False,
        help_text="Pour les comptes seulement : chacun reçoit un lien pour choisir un mot de passe.",
    )

    def __init__(self, *args: Any, kinds: list[Kind], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = [(kind.value, kind.label) for kind in kinds]  # type: ignore[attr-defined]
        if Kind.ACCOUNTS not in kinds:
            del self.fields["invites"]

    def clean_file(self) -> IncomingFile:
        file: IncomingFile = self.cleaned_data["file"]
        if (file.size or 0) > settings.MAX_IMPORT_BYTES:
            most = settings.MAX_IMPORT_BYTES // 2**20
            raise ValidationError(f"Ce fichier a plus de {most} Mo : coupez-le en plusieurs, chacun avec les titres.")
        return file
